"""A site in words, and by what an organization is known again."""

from __future__ import annotations

import pytest

from agreements.grants.places import organization_key, site_key, site_words

SITE = {"organization": "MIT", "department": "Vision", "city": "Cambridge", "country": "US"}


def test_a_site_is_named_with_its_country_in_words() -> None:
    assert site_words(SITE) == "MIT, Vision, Cambridge, United States of America"
    assert site_words(SITE, organization=False) == "Vision, Cambridge, United States of America"


def test_what_is_not_known_of_a_site_is_left_out_and_an_unknown_country_stays_as_its_code() -> None:
    assert site_words({"city": "Cambridge", "department": "", "country": "QQ"}) == "Cambridge, QQ"
    assert site_words({}) == ""


@pytest.mark.parametrize(
    "written",
    [
        f"M{sign}IT{sign}"
        for sign in "\u00ad\u034f\u115f\u1160\u17b4\u180b\u180e\u200b\u200c\u200d"
        "\u2060\u2800\u3164\ufe0f\uffa0\U000e0101"
    ]
    + ["\u3164 mit \u3164", "ＭＩＴ", "  MIT\u2003"],
)
def test_a_name_is_known_again_whatever_stands_in_it_that_shows_nothing(written: str) -> None:
    assert organization_key(written) == organization_key("MIT")
    assert site_key({"organization": written}) == site_key({"organization": "MIT"})


@pytest.mark.parametrize(("one", "other"), [("MIT", "M IT"), ("خانه", "خان"), ("가", "가나"), ("ETH", "EPFL")])
def test_other_names_stay_apart(one: str, other: str) -> None:
    assert organization_key(one) != organization_key(other)


def test_an_accent_is_the_same_however_it_is_encoded_and_whatever_stands_before_it() -> None:
    assert organization_key("Zu\u0308rich") == organization_key("Zürich") == organization_key("ZU\u034f\u0308RICH")
