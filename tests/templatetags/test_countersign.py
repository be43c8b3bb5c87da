"""Values as templates show them."""

from __future__ import annotations

import pytest

from agreements.templatetags.countersign import binary_size, browser_name, code_in_backticks, country_name, label_head

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Safari/604.1"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0"


def test_a_size_is_written_in_binary_units() -> None:
    assert binary_size(4 * 1024 * 1024) == "4.0 MiB"


def test_a_country_is_shown_by_name_and_an_unknown_code_as_it_is() -> None:
    assert country_name("HK") == "Hong Kong"
    assert country_name("Atlantis") == "Atlantis"


def test_backticks_mark_code_and_everything_is_escaped() -> None:
    assert code_in_backticks("a `b<c` & {d}") == "a <code>b&lt;c</code> &amp; {d}"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (CHROME, "Chrome on Linux"),
        (SAFARI, "Safari on iOS"),
        (EDGE, "Edge on Windows"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "an unknown browser"),
    ],
)
def test_a_browser_is_named_in_two_words(said: str, shown: str) -> None:
    assert browser_name(said) == shown


def test_a_label_goes_before_a_colon_without_a_stop_or_colon_of_its_own() -> None:
    assert label_head("I agree to “Termination” as it reads now.") == "I agree to “Termination” as it reads now"
    assert label_head("Type your name here: this is your signature") == "Type your name here"
    assert label_head("Name") == "Name"
