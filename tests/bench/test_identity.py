"""The labelled list of the bench: nobody is misled about any domain on it, with a registry or without."""

from __future__ import annotations

from collections import Counter

import pytest

from bench import identity
from bench.identity import INSTITUTIONS, KINDS, Judged, Label


def test_the_list_is_as_wide_as_was_promised() -> None:
    some = identity.labels()
    assert len({label.domain for label in some}) == len(some) >= 300
    assert len({label.country for label in some if label.country}) >= 40
    assert {label.kind for label in some} == set(KINDS)


def test_nobody_is_misled_by_the_packaged_lists() -> None:
    assert _wrong(identity.judged(identity.labels(), registry=None)) == []


@pytest.mark.django_db
def test_nobody_is_misled_with_a_registry_which_knows_what_the_lists_do_not() -> None:
    registry = identity.import_registry()
    found = identity.judged(identity.labels(), registry=registry)
    assert _wrong(found) == []
    tiers = {each.label.domain: each.tier for each in found}
    for known in ("cern.ch", "nih.gov", "inria.fr", "igd.fraunhofer.de", "sensetime.com", "jpl.nasa.gov"):
        assert tiers[known] == "institutional", known
    for webmail in ("yahoo.co.jp", "zoho.com", "sapo.pt", "daum.net", "orange.fr"):
        assert tiers[webmail] == "personal", webmail
    assert tiers["pjlab.org.cn"] == "unknown"
    # Bare public endings and shared hosts of the extract make nobody an institution.
    assert registry.matches("any-college.edu.mx") == registry.matches("sites.google.com")[1:] == []
    counts = Counter(each.tier for each in found if each.label.kind in INSTITUTIONS)
    assert counts["unknown"] < 30
    quiet = {each.label.domain for each in found if each.look_alike == "pass"}
    assert [
        each.label.domain for each in found if each.label.kind in INSTITUTIONS if each.label.domain not in quiet
    ] == []
    assert [each.label.domain for each in found if each.label.kind == "lookalike" if each.label.domain in quiet] == []


@pytest.mark.parametrize(
    ("kind", "tier", "wrong"),
    [
        ("webmail", "institutional", True),
        ("disposable", "institutional", True),
        ("alumni", "institutional", True),
        ("lookalike", "institutional", True),
        ("university", "personal", True),
        ("company", "blocked", True),
        ("university", "review", False),
        ("webmail", "unknown", False),
    ],
)
def test_what_counts_as_an_error(kind: str, tier: str, wrong: bool) -> None:
    assert Judged(Label("x.example", "", kind), tier, "pass").is_error == wrong


def _wrong(found: list[Judged]) -> list[str]:
    return [f"{each.label.domain} ({each.label.kind}) is called {each.tier}" for each in found if each.is_error]
