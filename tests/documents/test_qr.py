from __future__ import annotations

import pytest

from agreements.documents import qr
from tests.documents.papers import KEY, KEYS, OTHER_KEY

CODE = qr.PageCode("GB-A-7K2F9M", "1.0", 2, 1, 3, 1)


def test_a_code_says_again_what_was_put_in() -> None:
    assert qr.parse_and_verify(qr.payload(CODE, KEY), KEYS) == CODE


def test_the_published_example() -> None:
    """The tag was made with openssl and base32.

    A change of the format must change its mark, or printed agreements can no longer be checked.
    """
    assert qr.payload(CODE, KEY) == "CS1:GB-A-7K2F9M:1.0:2:1:3:1:RZKIPNS5QCPZIUGE"


def test_every_changed_field_is_noticed() -> None:
    parts = qr.payload(CODE, KEY).split(":")
    for at, other in ((1, "GB-A-7K2F9N"), (2, "1.1"), (3, "3"), (4, "2"), (5, "4"), (7, "AAAAAAAAAAAAAAAA")):
        changed = [*parts[:at], other, *parts[at + 1 :]]
        with pytest.raises(qr.ForgedCode):
            qr.parse_and_verify(":".join(changed), KEYS)


def test_a_code_under_another_key_is_forged_even_with_our_number() -> None:
    with pytest.raises(qr.ForgedCode):
        qr.parse_and_verify(qr.payload(CODE, OTHER_KEY), KEYS)


def test_a_key_number_that_does_not_exist_is_forged() -> None:
    with pytest.raises(qr.ForgedCode):
        qr.parse_and_verify(qr.payload(CODE, KEY), {2: KEY})


@pytest.mark.parametrize(
    "text", ["", "https://example.org", "CS1:", "CS1:A:1:1:1:1:1:short", "CS2:A:1:1:1:1:1:" + "A" * 16]
)
def test_other_peoples_codes_are_foreign(text: str) -> None:
    with pytest.raises(qr.ForeignCode):
        qr.parse_and_verify(text, KEYS)


@pytest.mark.parametrize("value", ["a:b", "ü", "", "x" * 33])
def test_a_reference_that_a_code_cannot_carry_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="page code"):
        qr.field(value)


def test_the_code_stays_small_enough_for_thirty_millimetres() -> None:
    assert len(qr.modules(qr.payload(CODE, KEY))) == 29
