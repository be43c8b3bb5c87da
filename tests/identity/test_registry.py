"""The registry in memory, and completing a name from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agreements.core.actors import job
from agreements.core.clock import frozen, now
from agreements.core.errors import Invalid
from agreements.identity import completion, registry, registry_loading, sources
from agreements.identity.models import RegisteredDomain, RegisteredOrganization, SourceLoad
from agreements.identity.registry import RegistryMatch
from agreements.ledger.kinds import Kind
from agreements.ledger.models import LedgerEntry
from tests.identity.dumps import record, ror_id, write

pytestmark = pytest.mark.django_db
Load = Callable[..., SourceLoad]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load records as a release of the registry."""

    def loaded(*records: dict[str, Any], version: str = "v1.63", may_be_smaller: bool = True) -> SourceLoad:
        path = write(tmp_path / f"{version}-2025-04-03-ror-data.json", records)
        planned = registry_loading.plan(path, may_be_smaller=may_be_smaller)
        return registry_loading.carry_out(planned, by=job("import_ror"))

    return loaded


INRIA = record(1, "Inria", domains=["inria.fr"], types=["government", "facility"], country="FR", city="Le Chesnay")
TEAM = record(2, "Inria Team Graphdeco", website="https://www.inria.fr/graphdeco", country="FR", parent=[1])
VIENNA = record(
    3,
    "University of Vienna",
    other_names=["Universität Wien", "UW"],
    domains=["univie.ac.at"],
    country="AT",
    city="Wien",
)
ETH = record(4, "ETH Zurich", other_names=["Eidgenössische Technische Hochschule Zürich"], domains=["ethz.ch"])
TSINGHUA = record(5, "Tsinghua University", other_names=["清华大学"], website="https://www.tsinghua.edu.cn/")


def test_without_a_registry_nothing_is_known_and_nothing_is_offered() -> None:
    assert registry.load() is None
    assert completion.complete("university") == []
    assert completion.called("University of Vienna") == []


def test_a_domain_finds_its_organizations_its_own_before_websites(load: Load) -> None:
    load(INRIA, TEAM, VIENNA)
    held = registry.load()
    assert held is not None
    assert held.version == "v1.63"
    assert held.matches("lists.inria.fr") == [
        RegistryMatch("Inria", ror_id(1), ("government", "facility"), "FR", (), "inria.fr", from_website=False),
        RegistryMatch("Inria Team Graphdeco", ror_id(2), ("education",), "FR", ("Inria",), "inria.fr", True),
    ]
    assert [each.name for each in held.matches("univie.ac.at")] == ["University of Vienna"]
    assert held.matches("ac.at") == held.matches("nothing.example") == held.matches("") == []
    assert sorted(held.domains()) == ["inria.fr", "univie.ac.at"]
    assert held.family(ror_id(2)) == {ror_id(1), ror_id(2)}
    assert held.family("nobody") == frozenset()


def test_the_longest_entry_decides(load: Load) -> None:
    load(record(1, "University", domains=["university.edu"]), record(2, "Its Hospital", domains=["med.university.edu"]))
    held = registry.load()
    assert held is not None
    assert [each.name for each in held.matches("ward.med.university.edu")] == ["Its Hospital"]
    assert [each.name for each in held.matches("cs.university.edu")] == ["University"]


def test_organizations_that_are_part_of_each_other_in_a_circle_end_nothing(load: Load) -> None:
    load(record(1, "Hen", domains=["hen.edu"], parent=[2]), record(2, "Egg", domains=["egg.edu"], parent=[1]))
    held = registry.load()
    assert held is not None
    assert held.family(ror_id(1)) == {ror_id(1), ror_id(2)}


def test_it_is_read_once_and_again_when_another_release_counts(load: Load) -> None:
    load(INRIA, TEAM)
    first = registry.load()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert registry.load() is first
    assert len(asked) == 1
    load(INRIA, VIENNA, version="v1.64")
    second = registry.load()
    assert second is not None
    assert second is not first
    assert second.version == "v1.64"
    assert second.matches("univie.ac.at")
    assert first is not None
    assert not first.matches("univie.ac.at")


def test_the_earlier_load_stays_with_what_it_held(load: Load) -> None:
    first = load(INRIA, TEAM)
    second = load(VIENNA, version="v1.64")
    first.refresh_from_db()
    assert first.replaced_at == second.loaded_at
    assert RegisteredOrganization.objects.filter(load=first).count() == 2
    assert sources.current(sources.REGISTRY) == second
    assert [row.version for row in sources.every()] == ["v1.64", "v1.63"]
    told = LedgerEntry.objects.filter(kind=Kind.SOURCE_LOADED).order_by("pk")
    assert [row.payload["version"] for row in told] == ["v1.63", "v1.64"]
    assert told[0].payload == {"source": "ror", "version": "v1.63", "sha256": first.sha256, "entries": 2}


def test_the_same_file_twice_is_said_and_changes_nothing(load: Load) -> None:
    first = load(INRIA)
    with pytest.raises(sources.AlreadyLoaded, match=r"ror v1\.63 is loaded already") as refused:
        load(INRIA)
    assert refused.value.load == first
    with pytest.raises(sources.AlreadyLoaded):
        sources.note_load(
            source="ror", version="v1.63", sha256=first.sha256, entries=1, counts={}, by=job("import_ror")
        )
    assert SourceLoad.objects.count() == 1


def test_a_file_with_less_than_half_of_what_is_loaded_is_taken_for_incomplete(load: Load) -> None:
    load(INRIA, TEAM, VIENNA)
    with pytest.raises(Invalid, match="holds 1 active organizations; 3 are loaded"):
        load(ETH, version="v1.64", may_be_smaller=False)
    load(ETH, version="v1.64", may_be_smaller=True)


def test_an_interrupted_writing_leaves_all_as_it_was(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load(INRIA)
    with monkeypatch.context() as patched:
        patched.setattr(registry_loading, "_DOMAIN", ("no such field",))
        with pytest.raises(Exception, match="no such field"):
            load(VIENNA, version="v1.64")
    assert list(SourceLoad.objects.all()) == [first]
    assert RegisteredOrganization.objects.count() == 1
    held = registry.load()
    assert held is not None
    assert held.matches("inria.fr")


def test_earlier_loads_are_forgotten_on_request_but_not_that_they_were(load: Load) -> None:
    load(INRIA, TEAM)
    load(VIENNA, version="v1.64")
    assert registry_loading.forget(older_than=dt.timedelta(days=30)) == 0
    with frozen(now() + dt.timedelta(days=31)):
        assert registry_loading.forget(older_than=dt.timedelta(days=30)) == 2
    assert SourceLoad.objects.count() == 2
    assert list(RegisteredDomain.objects.values_list("domain", flat=True)) == ["univie.ac.at"]


def test_words_are_completed_wherever_they_begin_and_without_their_accents(load: Load) -> None:
    load(INRIA, TEAM, VIENNA, ETH, TSINGHUA)

    def names(words: str) -> list[str]:
        return [each.name for each in completion.complete(words)]

    assert names("wien univ") == names("UNIVERSITAT WI") == ["University of Vienna"]
    assert names("hochschule zür") == ["ETH Zurich"]
    assert names("清华") == ["Tsinghua University"]
    assert names("inria") == ["Inria", "Inria Team Graphdeco"]
    assert names("graph inr") == ["Inria Team Graphdeco"]
    assert names("nria") == names("un") == names("   ") == names("%%%") == names("___") == []
    assert (
        names("univ") == ["Tsinghua University", "University of Vienna"] or names("univ")[0] == "University of Vienna"
    )


def test_a_whole_name_comes_first_then_names_that_begin_so_then_short_ones(load: Load) -> None:
    load(
        record(1, "Research Institute of Vienna Water"),
        record(2, "Vienna Water Works"),
        record(3, "Vienna"),
        record(4, "New Vienna"),
    )
    assert [each.name for each in completion.complete("vienna")] == [
        "Vienna",
        "Vienna Water Works",
        "New Vienna",
        "Research Institute of Vienna Water",
    ]
    assert len(completion.complete("vienna", limit=2)) == 2


def test_a_suggestion_says_where_the_organization_is_and_its_domains(load: Load) -> None:
    load(VIENNA, TSINGHUA)
    assert completion.complete("vienna") == [
        completion.Suggestion("University of Vienna", "AT", "Wien", ror_id(3), ("univie.ac.at",))
    ]
    assert completion.complete("tsinghua")[0].domains == ("tsinghua.edu.cn",)


def test_only_the_release_that_counts_is_offered(load: Load) -> None:
    load(VIENNA)
    load(ETH, version="v1.64")
    assert completion.complete("vienna") == []


def test_a_name_is_found_exactly_whatever_its_accents(load: Load) -> None:
    load(VIENNA, ETH)
    assert completion.called("universitat  WIEN") == [ror_id(3)]
    assert completion.called("Wien") == completion.called("") == []


def test_text_of_any_kind_is_only_words(load: Load) -> None:
    load(VIENNA)
    for hostile in ("'; DROP TABLE x; --", "\0\0\0\0", "a" * 100_000, "\ud800\ud800\ud800", "％％％", "[(*+?" * 50):
        assert completion.complete(hostile) == []
        assert completion.called(hostile) == []
