"""Codes: right once, for 15 minutes, five tries, in one session."""

from __future__ import annotations

import datetime as dt

import pytest

from agreements.core import clock
from agreements.core.errors import Invalid
from agreements.people import emailed_codes
from agreements.people.emailed_codes import CodeSpent, IssuedCode, Purpose
from agreements.people.models import EmailedCode

pytestmark = pytest.mark.django_db
ALICE = "alice@uni.example"
NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)


def check(issued: IssuedCode, code: str, address: str = ALICE, purpose: Purpose = Purpose.SIGN_IN) -> None:
    emailed_codes.check(handle=issued.handle, address=address, purpose=purpose, code=code)


def test_the_right_code_is_taken_once() -> None:
    issued = emailed_codes.issue(address=ALICE, purpose=Purpose.SIGN_IN)
    check(issued, issued.text)
    with pytest.raises(CodeSpent, match="used already"):
        check(issued, issued.text)


@pytest.mark.parametrize("spell", [str.lower, lambda code: code.replace("-", " "), lambda code: f"  {code}\t"])
def test_case_dashes_and_spaces_do_not_matter(spell) -> None:  # type: ignore[no-untyped-def]
    issued = emailed_codes.issue(address=ALICE, purpose=Purpose.SIGN_IN)
    check(issued, spell(issued.text))


def test_full_width_characters_of_an_east_asian_keyboard_are_understood() -> None:
    issued = emailed_codes.issue(address=ALICE, purpose=Purpose.SIGN_IN)
    check(issued, "".join(chr(ord(c) + 0xFEE0) for c in issued.text if c != "-"))


def test_a_code_works_until_its_last_second_and_not_after() -> None:
    with clock.frozen(NOON):
        first = emailed_codes.issue(address=ALICE, purpose=Purpose.SIGN_IN)
        second = emailed_codes.issue(address=ALICE, purpose=Purpose.SIGN_IN)
    with clock.frozen(NOON + dt.timedelta(minutes=14, seconds=59)):
        check(first, first.text)
    with clock.frozen(NOON + dt.timedelta(minutes=15)), pytest.raises(CodeSpent, match="expired"):
        check(second, second.text)


def test_the_sixth_try_fails_even_with_the_right_code() -> None:
    issued = emailed_codes.issue(address=ALICE, purpose=Purpose.SIGN_IN)
    for left in (4, 3, 2, 1):
        with pytest.raises(Invalid, match=f"{left} tr"):
            check(issued, "AAA-AAA")
    with pytest.raises(CodeSpent, match="Too many"):
        check(issued, "AAA-AAA")
    with pytest.raises(CodeSpent, match="Too many"):
        check(issued, issued.text)


def test_a_code_is_bound_to_its_address_its_purpose_and_its_session() -> None:
    alices = emailed_codes.issue(address=ALICE, purpose=Purpose.SIGN_IN)
    eves = emailed_codes.issue(address="eve@elsewhere.example", purpose=Purpose.SIGN_IN)
    with pytest.raises(CodeSpent):
        check(eves, eves.text)  # her code, for Alice's address
    with pytest.raises(CodeSpent):
        check(alices, alices.text, purpose=Purpose.FRESH)
    with pytest.raises(Invalid):
        emailed_codes.check(
            handle=eves.handle, address="eve@elsewhere.example", purpose=Purpose.SIGN_IN, code=alices.text
        )
    check(alices, alices.text)


def test_the_code_itself_is_nowhere_in_the_database_nor_in_a_representation() -> None:
    issued = emailed_codes.issue(address=ALICE, purpose=Purpose.SIGN_IN)
    plain = issued.text.replace("-", "")
    row = EmailedCode.objects.get()
    assert not any(plain in str(value) or issued.text in str(value) for value in vars(row).values())
    assert issued.text not in repr(issued)


def test_two_codes_of_one_session_have_different_digests_even_for_the_same_text() -> None:
    assert emailed_codes._digest("a", "sign-in", "ABCDEF") != emailed_codes._digest("b", "sign-in", "ABCDEF")


def test_a_withdrawn_code_is_worth_nothing() -> None:
    issued = emailed_codes.issue(address=ALICE, purpose=Purpose.SIGN_IN)
    emailed_codes.withdraw(issued.handle)
    with pytest.raises(CodeSpent):
        check(issued, issued.text)


def test_addresses_that_anybody_typed_are_gone_after_a_day() -> None:
    with clock.frozen(NOON):
        emailed_codes.issue(address=ALICE, purpose=Purpose.SIGN_IN)
    with clock.frozen(NOON + dt.timedelta(days=1, seconds=1)):
        emailed_codes.issue(address="bob@uni.example", purpose=Purpose.SIGN_IN)
    assert list(EmailedCode.objects.values_list("address", flat=True)) == ["bob@uni.example"]
