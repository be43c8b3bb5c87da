"""Completing an organization, the gentle word about another one's address, and the page of sources."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from agreements.applications import drafting
from agreements.applications.models import Application
from agreements.core.actors import job
from agreements.core.clock import frozen, now
from agreements.identity import registry_loading, sources, sources_shown
from agreements.identity.models import SourceLoad
from agreements.web import typing_limit
from tests.flows.scene import DETAILS, Scene, signed_in
from tests.identity.dumps import record, write

ROOT = Path(__file__).resolve().parents[2]
RECORDS = [
    record(1, "Hong Kong University of Science and Technology", other_names=["HKUST"], domains=["ust.hk"]),
    record(2, "University of Vienna", domains=["univie.ac.at"], country="AT", city="Vienna"),
    record(3, "HKUST Jockey Club Institute", parent=[1], website="https://ias.hkust.edu.hk/"),
    record(4, "Nowhere <script>alert(1)</script> Institute", country="XX", city="", domains=["nowhere.org"]),
]
# Told by her domain: connect.ust.hk is under the domain of the university.
HINT = "Your address is at another organization"


def load_registry(folder: Path, records: list[dict[str, Any]], version: str = "v1.63") -> SourceLoad:
    path = write(folder / f"{version}-2025-04-03-ror-data.json", records)
    return registry_loading.carry_out(registry_loading.plan(path, may_be_smaller=True), by=job("import_ror"))


@pytest.fixture
def loaded(db: None, tmp_path: Path) -> SourceLoad:
    return load_registry(tmp_path, RECORDS)


@pytest.fixture(autouse=True)
def _nobody_typed_before() -> Iterator[None]:
    typing_limit.forget()
    yield
    typing_limit.forget()


@pytest.fixture
def draft(scene: Scene) -> Application:
    return drafting.start(dataset=scene.dataset, email=scene.alice.email, by=scene.alice.actor)


def found(client: Client, words: str) -> Any:
    return client.get("/organizations/", {"words": words}).json()["organizations"]


def test_typing_finds_organizations_with_city_country_and_domain(scene: Scene, loaded: SourceLoad) -> None:
    assert found(signed_in(scene.eve), "vienna") == [
        {
            "name": "University of Vienna",
            "place": "Vienna, Austria",
            "city": "Vienna",
            "country": "AT",
            "domain": "univie.ac.at",
        }
    ]
    # A city that is its country is said once; a country nobody knows is not said.
    assert found(signed_in(scene.eve), "hkust sci")[0]["place"] == "Hong Kong"
    assert found(signed_in(scene.eve), "nowhere")[0]["place"] == ""
    assert found(signed_in(scene.eve), "x") == []


def test_without_a_registry_nothing_is_found_and_the_field_is_a_plain_one(scene: Scene, draft: Application) -> None:
    assert found(signed_in(scene.alice), "vienna") == []
    page = signed_in(scene.alice).get(f"/applications/{draft.reference}/details/").content.decode()
    assert "combobox.js" not in page
    assert "data-complete" not in page
    assert 'name="organization"' in page


def test_with_a_registry_the_field_says_where_to_ask_and_what_to_fill(
    scene: Scene, draft: Application, loaded: SourceLoad
) -> None:
    page = signed_in(scene.alice).get(f"/applications/{draft.reference}/details/").content.decode()
    assert "combobox.js" in page
    for attribute in (
        'data-complete="/organizations/"',
        'data-fills-city="id_city"',
        'data-fills-country="id_country"',
    ):
        assert attribute in page


def test_nobody_asks_without_end(scene: Scene, loaded: SourceLoad, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typing_limit, "MOST", 3)
    eve = signed_in(scene.eve)
    for _ in range(3):
        assert found(eve, "vienna")
    answer = eve.get("/organizations/", {"words": "vienna"})
    assert answer.status_code == 429
    assert answer["Retry-After"] == "600"
    assert found(signed_in(scene.bob), "vienna"), "the limit is each person's own"
    with frozen(now() + dt.timedelta(minutes=11)):
        assert found(eve, "vienna")


def test_a_different_organization_than_the_address_is_pointed_out_and_nothing_is_stopped(
    scene: Scene, draft: Application, loaded: SourceLoad
) -> None:
    alice = signed_in(scene.alice)
    part = f"/applications/{draft.reference}/organization/"
    said = alice.get(part, {"organization": "University of Vienna"}).content.decode()
    assert HINT in said
    assert (
        "ust.hk belongs to Hong Kong University of Science and Technology, and you wrote University of Vienna" in said
    )
    address = f"/applications/{draft.reference}/details/"
    answer = alice.post(address, DETAILS | {"organization": "University of Vienna"})
    assert answer.status_code == 302, "it never blocks"
    assert HINT in alice.get(address).content.decode()


@pytest.mark.parametrize(
    "organization",
    [
        "Hong Kong University of Science and Technology",
        "hkust",
        "HKUST Jockey Club Institute",
        "An Organization the Registry Does Not Know",
        "",
        "\0",
    ],
)
def test_its_own_a_part_of_it_or_an_unknown_one_gets_no_word(
    organization: str, scene: Scene, draft: Application, loaded: SourceLoad
) -> None:
    part = f"/applications/{draft.reference}/organization/"
    assert HINT not in signed_in(scene.alice).get(part, {"organization": organization}).content.decode()


def test_an_address_that_the_registry_does_not_know_gets_no_word(scene: Scene, loaded: SourceLoad) -> None:
    draft = drafting.start(dataset=scene.dataset, email=scene.eve.email, by=scene.eve.actor)
    part = f"/applications/{draft.reference}/organization/"
    assert HINT not in signed_in(scene.eve).get(part, {"organization": "University of Vienna"}).content.decode()


def test_names_are_never_markup(scene: Scene, draft: Application, loaded: SourceLoad) -> None:
    said = signed_in(scene.alice).get(
        f"/applications/{draft.reference}/organization/", {"organization": RECORDS[3]["names"][0]["value"]}
    )
    assert HINT in said.content.decode()
    assert "<script>" not in said.content.decode()


def test_staff_see_each_source_with_its_version_and_age(scene: Scene, tmp_path: Path) -> None:
    with frozen(dt.datetime(2025, 4, 12, tzinfo=dt.UTC)):
        load_registry(tmp_path, RECORDS)
    with frozen(dt.datetime(2025, 4, 15, 12, tzinfo=dt.UTC)):
        newest = load_registry(tmp_path, RECORDS[:3], version="v1.64")
        page = signed_in(scene.carol).get("/record/sources/").content.decode()
    assert "ROR v1.64" in page
    assert "(12 days ago)" in page
    assert "by manage.py import_ror" in page
    assert newest.sha256 in page
    assert "1 earlier load" in page
    for package, (version, _) in sources_shown.RELEASED.items():
        assert f"{package} {version}" in page


def test_a_release_older_than_a_year_is_marked(scene: Scene, loaded: SourceLoad) -> None:
    def of_registry() -> sources_shown.Shown:
        return next(each for each in sources_shown.every() if each.name == sources.REGISTRY)

    with frozen(dt.datetime(2026, 4, 3, tzinfo=dt.UTC)):
        assert not of_registry().is_old
    with frozen(dt.datetime(2026, 4, 4, tzinfo=dt.UTC)):
        assert of_registry().is_old
        page = signed_in(scene.dan).get("/record/sources/").content.decode()
    assert "An operator can load a newer release: manage.py import_ror" in page


def test_without_a_registry_the_page_says_what_that_means(scene: Scene) -> None:
    page = signed_in(scene.carol).get("/record/sources/").content.decode()
    assert "not loaded" in page
    assert "An operator loads it: manage.py import_ror FILE" in page


def test_the_days_of_release_are_those_of_the_locked_versions() -> None:
    lock = (ROOT / "requirements" / "runtime.lock").read_text(encoding="utf-8")
    for package, (version, _) in sources_shown.RELEASED.items():
        assert f"\n{package}=={version} " in lock, f"look up when the locked release of {package} came out"
