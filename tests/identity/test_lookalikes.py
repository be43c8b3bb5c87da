from __future__ import annotations

import pytest

from agreements.identity import lists
from agreements.identity.lookalikes import mixed_script_label, skeleton


@pytest.mark.parametrize(
    ("domain", "label"),
    [
        ("mіt.edu", "mіt"),  # Cyrillic i
        ("www.hκu.hk", "hκu"),  # Greek kappa
        ("例子.公司.cn", None),
        ("東京ひらカナ.jp", None),
        ("서울大.kr", None),
        ("abc公司.cn", None),
        ("münchen.de", None),
        ("мгу.рф", None),
        ("ひ서.jp", "ひ서"),
    ],
)
def test_only_scripts_that_honest_names_mix_may_be_mixed(domain: str, label: str | None) -> None:
    assert mixed_script_label(domain) == label


@pytest.mark.parametrize("forged", ["rnit.edu", "mіt.edu", "mít.edu"])
def test_names_that_look_alike_have_one_skeleton(forged: str) -> None:
    assert skeleton(forged) == skeleton("mit.edu")


def test_no_list_says_that_a_public_suffix_is_an_institution() -> None:
    tables = lists.load()
    assert tables.swot
    assert tables.institutions
    for domain in ("edu.gy", "edu.tm", "mil.lv", "glow.sch.uk"):
        assert domain not in tables.swot
        assert domain not in tables.institutions
