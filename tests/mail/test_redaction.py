"""What is cut out of words that came in by mail."""

from __future__ import annotations

import time

import pytest

from agreements.mail.redaction import cut_all_codes, cut_quoted_codes, cut_secrets

TOKEN = "Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6MDEyMzQ1"


@pytest.mark.parametrize(
    "text",
    [
        f"https://portal.example.org/l/{TOKEN}",
        f"https://portal.example.org/l/\n> {TOKEN}",
        f"HTTPS://PORTAL.EXAMPLE.ORG/L/{TOKEN}",
        f"https://safe.example/?url=https%3A%2F%2Fportal.example.org%2Fl%2F{TOKEN}&data=1",
        f"<https://safe.example/v2/portal.example.org%2Fl%2F{TOKEN}>",
        TOKEN,
        f"it says {TOKEN}.",
        "f" * 32 + "0" * 32,
        "7K2F-9MQX-3ABC-WZ8T-HJ4N",
    ],
)
def test_links_tokens_and_passwords_are_cut_wherever_they_stand(text: str) -> None:
    for cut in (cut_secrets, cut_all_codes, cut_quoted_codes):
        assert "…" in cut(text)
        for secret in (TOKEN, "f" * 32, "9MQX"):
            assert secret not in cut(text)


@pytest.mark.parametrize(
    "text",
    [
        "Your code is 482913",
        "Your code for Countersign is\n\n    482913\n",
        "> 482913",
        "> 482 913",
        "Alice wrote:\n482913",
        "-----Original Message-----\nFrom: the lab\n\n4829-1300",
        "BCDF-GHJK",
        "thank you\nBCDFGHJK",
    ],
)
def test_codes_are_cut_where_mail_is_quoted(text: str) -> None:
    for code in ("482913", "482 913", "4829-1300", "BCDF-GHJK", "BCDFGHJK"):
        assert code not in cut_quoted_codes(text)
        assert code not in cut_all_codes(text)


def test_what_people_write_stays() -> None:
    words = "Dear lab,\nmy telephone is +852 23588888, the project runs until 20271231: GB-A-7K2F9M.\n" + "-" * 60
    assert cut_quoted_codes(words) == words
    assert cut_quoted_codes("See https://uni.example/people/alice_liu.") == "See https://uni.example/people/alice_liu."


@pytest.mark.parametrize(
    "text", ["-" * 20_000, "a-" * 10_000, "1" * 20_000, "\n-" * 10_000, "A~" * 10_000, "> " * 9999]
)
def test_nothing_takes_long(text: str) -> None:
    started = time.process_time()
    cut_quoted_codes(text)
    cut_all_codes(text)
    assert time.process_time() - started < 1
