from __future__ import annotations

import re

import pytest

from agreements.core.addresses import comparison_key, normal, parse, same_mailbox_pattern
from agreements.core.errors import Invalid


@pytest.mark.parametrize(
    ("typed", "normalized", "ascii_domain", "key"),
    [
        (" Alice@HKU.HK ", "Alice@hku.hk", "hku.hk", "alice@hku.hk"),
        ("alice+genebody@hku.hk", "alice+genebody@hku.hk", "hku.hk", "alice@hku.hk"),
        ("a.l.i.c.e@googlemail.com", "a.l.i.c.e@googlemail.com", "googlemail.com", "alice@gmail.com"),
        ("a.lice@hku.hk", "a.lice@hku.hk", "hku.hk", "a.lice@hku.hk"),
        ("alice@ust。hk", "alice@ust.hk", "ust.hk", "alice@ust.hk"),
        ("alice@xn--mt-hoc.edu", "alice@mіt.edu", "xn--mt-hoc.edu", "alice@xn--mt-hoc.edu"),
    ],
)
def test_spellings_of_one_mailbox_have_one_key(typed: str, normalized: str, ascii_domain: str, key: str) -> None:
    address = parse(typed)
    assert (address.normalized, address.ascii_domain, address.comparison_key) == (normalized, ascii_domain, key)


@pytest.mark.parametrize(
    "typed",
    ["", "alice", "a@b@hku.hk", "alice@[127.0.0.1]", "x" * 65 + "@hku.hk", "alice@hku.hk\nBcc: eve@evil.com", "a@hku"],
)
def test_what_mail_cannot_reach_is_refused_with_the_field_named(typed: str) -> None:
    with pytest.raises(Invalid, match="not an e-mail address") as refused:
        parse(typed)
    assert refused.value.field == "email"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" Carol@GeneBody.example ", "carol@genebody.example"),
        ("carol@ｇenebody.example", "carol@genebody.example"),
        ("carol@genebody。example", "carol@genebody.example"),
        ("carol+x@genebody.example", "carol+x@genebody.example"),
        ("alice@mіt.edu", "alice@xn--mt-hoc.edu"),
        ("nonsense", "nonsense"),
        ("a@..", "a@.."),
    ],
)
def test_an_address_is_stored_in_one_spelling(typed: str, stored: str) -> None:
    assert (normal(typed), normal(stored)) == (stored, stored)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("carol@genebody.example", "Carol+a+b@ｇenebody.example", True),
        ("c.a.rol@gmail.com", "ca.rol+x@googlemail.com", True),
        ("c.arol@genebody.example", "carol@genebody.example", False),
        ("carol@genebody.example", "carola@genebody.example", False),
        ("carol@genebody.example", "carol@genebodyxexample", False),
        ("carol@gmail.com", "xcarol@gmail.com", False),
    ],
)
def test_the_key_and_the_pattern_for_the_database_agree(one: str, other: str, same: bool) -> None:
    assert (comparison_key(one) == comparison_key(other)) is same
    assert bool(re.search(same_mailbox_pattern(one), normal(other))) is same
