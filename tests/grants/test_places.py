"""A site in words."""

from __future__ import annotations

from agreements.grants.places import site_words

SITE = {"organization": "MIT", "department": "Vision", "city": "Cambridge", "country": "US"}


def test_a_site_is_named_with_its_country_in_words() -> None:
    assert site_words(SITE) == "MIT, Vision, Cambridge, United States of America"
    assert site_words(SITE, organization=False) == "Vision, Cambridge, United States of America"


def test_what_is_not_known_of_a_site_is_left_out_and_an_unknown_country_stays_as_its_code() -> None:
    assert site_words({"city": "Cambridge", "department": "", "country": "QQ"}) == "Cambridge, QQ"
    assert site_words({}) == ""
