from __future__ import annotations

import pytest

from agreements.core.errors import Invalid
from agreements.identity.addresses import parse


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
