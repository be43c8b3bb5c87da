from __future__ import annotations

import pytest

from agreements.identity import lists
from agreements.identity.lookalikes import Likeness, find, mixed_script_label, skeleton


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


@pytest.mark.parametrize(
    ("domain", "likeness", "resembles"),
    [
        ("mit.edu.co", Likeness.NAME_INSIDE, "mit.edu"),
        ("harvard.edu.pl", Likeness.NAME_INSIDE, "harvard.edu"),
        ("edu.harvard.xyz", Likeness.NAME_INSIDE, "edu"),
        ("harvardedu.com", Likeness.NAME_INSIDE, "harvard.edu"),
        ("harvard-edu.com", Likeness.NAME_INSIDE, "harvard.edu"),
        ("mail-ieee.org", Likeness.NAME_INSIDE, "ieee.org"),
        ("ieee-mail.org", Likeness.NAME_INSIDE, "ieee.org"),
        ("ac.uk.evil.com", Likeness.NAME_INSIDE, "ac.uk"),
        ("edu.evil.com", Likeness.NAME_INSIDE, "edu"),
        ("harvard.xyz", Likeness.SAME_NAME, "harvard.edu"),
        ("stanford.top", Likeness.SAME_NAME, "stanford.edu"),
        ("mlt.edu", Likeness.SIMILAR_LETTERS, "mit.edu"),
        ("1eee.org", Likeness.SIMILAR_LETTERS, "ieee.org"),
    ],
)
def test_what_is_made_to_look_like_a_known_domain_is_found(domain: str, likeness: Likeness, resembles: str) -> None:
    found = find(domain, ascii_domain=domain, tables=lists.load())
    assert found is not None
    assert (found.likeness, found.resembles) == (likeness, resembles)


@pytest.mark.parametrize(
    "domain",
    # Known ones; one under an ending for schools alone; a short name that meets another by chance in another country.
    ["mit.edu", "cs.ox.ac.uk", "somewhere-new.edu.cn", "ieee.org", "acm.org", "turing.ac.uk", "gmail.com", "a.example"],
)
def test_what_nobody_made_to_look_like_another_is_left_alone(domain: str) -> None:
    assert find(domain, ascii_domain=domain, tables=lists.load()) is None


def test_weak_likeness_changes_no_tier() -> None:
    assert {each for each in Likeness if each.is_weak} == {Likeness.SIMILAR_LETTERS, Likeness.SAME_NAME}
