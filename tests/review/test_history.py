"""What earlier cases say about a person, a domain, an organization and a site: of the same dataset alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from agreements.applications.models import Application, State
from agreements.bars import barring
from agreements.catalog.models import Dataset
from agreements.core import clock
from agreements.flows.approving import approve
from agreements.grants.models import Grant, GrantState
from agreements.grants.places import organization_key
from agreements.people.models import User
from agreements.review import place_history
from agreements.review.history import Finding, history_findings
from agreements.review.place_history import place_findings
from tests.applications.cases import seen
from tests.flows.scene import Scene, submitted
from tests.identity.registered import Organization, Registry

FORM = {
    "organization": "Hong Kong University of Science and Technology",
    "site_department": "Computer Science",
    "site_city": "Hong Kong",
    "site_country": "HK",
}
UST = Organization("Hong Kong University of Science and Technology", "ust.hk", country="HK")


def earlier(mine: Application, email: str, reference: str, **fields: Any) -> Application:
    """Copy an application to another person, a day before."""
    person = User.objects.filter(email=email).first() or User.objects.create_user(email)
    copy = Application.objects.get(pk=mine.pk)
    copy.pk, copy.reference, copy.applicant, copy.email = None, reference, person, email
    assert copy.submitted_at is not None
    copy.submitted_at -= dt.timedelta(days=1)
    copy.state = State.APPROVED
    for name, value in fields.items():
        setattr(copy, name, value)
    copy.save()
    return copy


def of(findings: list[Finding], check: str) -> Finding | None:
    found = [each for each in findings if each["check"] == check]
    assert len(found) <= 1, found
    return found[0] if found else None


def test_the_first_application_from_a_domain_and_an_organization_is_called_that(scene: Scene) -> None:
    mine = submitted(scene)
    domain = of(history_findings(mine), "history-domain")
    assert domain is not None
    assert domain["summary"] == "This is the first application from connect.ust.hk."
    (organization,) = place_findings(mine, form=FORM)
    assert organization["summary"] == (
        "This is the first application from this organization, by its name and by the registry."
    )


@pytest.mark.parametrize("spelling", ["alice+again@connect.ust.hk", "alice+x@connect.ust.hk"])
def test_a_person_is_known_again_by_any_spelling_of_the_mailbox(scene: Scene, spelling: str) -> None:
    mine = submitted(scene)
    decided = dt.datetime(2026, 5, 4, tzinfo=dt.UTC)
    earlier(mine, spelling, "GB-A-ALICE2", state=State.DECLINED, decided_at=decided)
    person = of(history_findings(mine), "history-person")
    assert person is not None
    assert (person["outcome"], person["summary"]) == ("attention", "This person was declined before.")
    assert person["details"] == {"GB-A-ALICE2": "declined, 2026-05-04"}
    domain = of(history_findings(mine), "history-domain")
    assert domain is not None
    assert domain["summary"].startswith("This is the first application")


def test_access_that_was_revoked_is_told(scene: Scene) -> None:
    first = submitted(scene)
    approve(application=first, seen=seen(first), reason="No evidence needed.", by=scene.carol.actor)
    Grant.objects.update(state=GrantState.REVOKED)
    with clock.frozen(clock.now() + dt.timedelta(days=1)):
        again = submitted(scene)
        person = of(history_findings(again), "history-person")
    assert person is not None
    assert (person["outcome"], person["summary"]) == ("attention", "This person's access was revoked before.")
    assert person["details"][first.reference].endswith("access revoked")


@pytest.mark.parametrize(
    ("written", "email", "known"),
    [
        ("HONG KONG  University of Science and\u00a0Technology", "bob@elsewhere.example", True),
        ("Another name altogether", "bob@cse.ust.hk", True),
        ("Another name altogether", "bob@elsewhere.example", False),
    ],
)
def test_an_organization_is_known_again_by_its_name_or_in_the_registry(
    scene: Scene, written: str, email: str, known: bool
) -> None:
    mine = submitted(scene)
    earlier(mine, email, "GB-A-BOB222", organization=written, state=State.DECLINED)
    found = of(place_findings(mine, form=FORM, registry=Registry(UST)), "history-organization")
    assert found is not None
    assert (list(found["details"]) == ["GB-A-BOB222"]) == known
    if known:
        assert (found["outcome"], found["summary"]) == (
            "attention",
            "1 other person of this organization applied before. Among them are refusals, or access that was revoked.",
        )


def test_the_database_leaves_out_who_is_of_another_organization(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = submitted(scene)
    for number in range(12):
        earlier(mine, f"p{number}@elsewhere{number}.example", f"GB-A-ELSE{number}", organization=f"Institute {number}")
    soft = "Hong Kong Univer\u00adsity of Science and Technology"
    earlier(mine, "bob@elsewhere.example", "GB-A-BOB222", organization=soft)
    compared: list[str] = []

    def noted(name: str) -> str:
        compared.append(name)
        return organization_key(name)

    monkeypatch.setattr(place_history, "organization_key", noted)
    found = of(place_findings(mine, form=FORM, registry=Registry(UST)), "history-organization")
    assert found is not None
    assert list(found["details"]) == ["GB-A-BOB222"]
    assert not [name for name in compared if name.startswith("Institute")]


def test_a_free_mailbox_makes_nobody_a_colleague(scene: Scene) -> None:
    mine = submitted(scene)
    mine.email = "alice@gmail.com"
    earlier(mine, "bob@gmail.com", "GB-A-BOB222", organization="Elsewhere")
    registry = Registry(Organization("Google", "gmail.com", ("company",)))
    found = of(place_findings(mine, form=FORM, registry=registry), "history-organization")
    assert found is not None
    assert found["details"] == {}


@pytest.mark.parametrize(
    ("department", "city", "same"),
    [("computer  science", "HONG KONG", True), ("Physics", "Hong Kong", False), ("Computer Science", "Macau", False)],
)
def test_a_site_is_known_again_by_department_and_city(scene: Scene, department: str, city: str, same: bool) -> None:
    mine = submitted(scene)
    earlier(mine, "bob@connect.ust.hk", "GB-A-BOB222", site_department=department, site_city=city)
    found = of(place_findings(mine, form=FORM), "history-site")
    assert (found is not None) == same
    if found is not None:
        assert found["summary"] == "1 other person at the same site (department and city) applied before."
        assert found["details"] == {"GB-A-BOB222": "approved"}


def test_other_datasets_stay_out_of_it(scene: Scene) -> None:
    mine = submitted(scene)
    other = Dataset.objects.create(slug="other", reference_prefix="OT", title="Other", contact_address="o@o.example")
    for number, email in enumerate(("alice@connect.ust.hk", "bob@connect.ust.hk")):
        earlier(mine, email, f"OT-A-NONE2{number}", dataset=other, state=State.DECLINED)
    told = [*history_findings(mine), *place_findings(mine, form=FORM, registry=Registry(UST))]
    assert not any("OT-A" in str(finding) for finding in told)
    assert all(finding["outcome"] == "pass" for finding in told)


def test_bars_are_told_with_their_time_and_without_their_reasons(scene: Scene) -> None:
    mine = submitted(scene)
    by = scene.dan.actor
    with clock.frozen(dt.datetime(2026, 12, 1, tzinfo=dt.UTC)):
        until = dt.datetime(2027, 3, 1, tzinfo=dt.UTC)
        barring.set_bar(dataset=scene.dataset, domain="ust.hk", reason="a secret", until=until, by=by)
        barring.set_bar(dataset=scene.dataset, person=scene.alice, reason="a secret", by=by)
        bars = [finding for finding in history_findings(mine) if finding["check"] == "history-bar"]
    assert [finding["summary"] for finding in bars] == [
        "The organization behind this address is barred from applying.",
        "This person is barred from applying.",
    ]
    assert bars[0]["details"] == {"ust.hk": "since 2026-12-01, until 2027-03-01"}
    assert "a secret" not in str(bars)
