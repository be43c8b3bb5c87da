from __future__ import annotations

import pytest

from agreements.core.countries import country_choices, country_code, country_name


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Poland", "PL"),
        (" poland.", "PL"),
        ("pl", "PL"),
        ("POL", "PL"),
        ("The Netherlands", "NL"),
        ("U.S.A.", "US"),
        ("United States", "US"),
        ("P. R. China", "CN"),
        ("Cote d’Ivoire", "CI"),
        ("Türkiye", "TR"),
        ("Turkey", "TR"),
        ("South Korea", "KR"),
        ("Korea (the Republic of)", "KR"),
        ("Hong Kong SAR", "HK"),
        ("Atlantis", ""),
        ("the", ""),
        ("", ""),
        ("???", ""),
    ],
)
def test_a_country_is_known_however_people_write_it(text: str, code: str) -> None:
    assert country_code(text) == code


def test_each_name_and_each_code_leads_to_its_country() -> None:
    for code, name in country_choices():
        assert country_code(name) == country_code(code) == country_code(country_name(code)) == code
