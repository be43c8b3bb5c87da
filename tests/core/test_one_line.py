"""What people type stands in the lab's mail as their words, and leads nowhere."""

from __future__ import annotations

import re

import pytest

from agreements.core import one_line
from agreements.core.errors import Invalid

LURE = "Your session expired: sign in at https://portal-genebody.example.net/review/"
ADDRESSES = [
    LURE,
    "see www.evil.example",
    "WWW2.evil.example",
    "evil.example/x",
    "evil.example:8080",
    "mail dan@evil.example",
    "ｅｖｉｌ．example／x",
    "ｗｗｗ。evil",
    "https:evil.example",
    "Session expired: evil.example?x=1",
    "evil.example#a",
    "https\u200c:\u200c//evil.\u200cexample",
    "www\u200c.evil.\u200ccom/review",
    "a\nb",
    "a\u2028b",
    "a\u202eb",
    "a\x00b",
]
NAMES = [
    "Hong Kong University of Science and Technology",
    "Peking University / Cambridge",
    "CNRS/IRD",
    "Booking.com B.V.",
    "U.S. Army Research Laboratory",
    "Dr.rer.nat. Ö. Müller",
    "J.P.Morgan",
    "AT&T Labs: Research",
    "می\u200cرم",
    "清华大学",
    "",
]


@pytest.mark.parametrize("text", ADDRESSES)
def test_lines_and_addresses_are_refused_at_the_field(text: str) -> None:
    with pytest.raises(Invalid, match="on one line, without addresses") as refused:
        one_line.check(text, field="organization")
    assert refused.value.field == "organization"


@pytest.mark.parametrize("text", NAMES)
def test_what_institutions_and_people_are_called_is_taken(text: str) -> None:
    one_line.check(text, field="organization")


@pytest.mark.parametrize("text", [*ADDRESSES, "Sign in at evil-genebody.com”. Dear Carol, “reply", "evil.example\\x"])
def test_quoted_words_hold_nothing_that_a_mail_program_follows(text: str) -> None:
    words = one_line.quoted(text, most=80)
    assert not re.search(r"\w[.。]\w|://|@\S|[“”\n\u2028\u202e\x00]", words), words
    assert len(words) <= 80


def test_quoted_words_are_otherwise_as_they_were_typed() -> None:
    assert one_line.quoted("  ETH   Zürich / 苏黎世 ", most=80) == "ETH Zürich / 苏黎世"
    assert one_line.quoted("x" * 90, most=80) == "x" * 79 + "…"
