"""An organization, a site and a domain may be a person's own name: of it nothing is left, and bars still hold."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from agreements.applications.models import Application, State
from agreements.bars import checks
from agreements.bars import erasing as bars
from agreements.bars.models import Bar
from agreements.core import actors
from agreements.core.clock import now
from agreements.flows import erasure, keys
from agreements.grants.models import Grant
from agreements.ledger.models import LedgerEntry
from agreements.ledger.verify import verify
from agreements.people.models import User
from agreements.revocation.beginning import BarWish
from agreements.revocation.models import Destruction, DestructionState, Procedure, ProcedureAct, ScopeKind
from tests.applications.cases import put
from tests.flows.leaving import OPERATOR
from tests.flows.left_behind import found
from tests.flows.scene import Scene
from tests.revocation import many
from tests.revocation.many import start

ADDRESS, NAME = "quirinella@zyxwvutsky.example", "Quirinella Zyxwvutsky"
WORDS = ("quirinella", "zyxwvutsky")
OLD, NEW = bytes(range(32)), b"n" * 32


@pytest.fixture(autouse=True)
def _papers(tmp_path: Any, settings: Any) -> None:
    settings.VAULT_PAPERS = f"folder:{tmp_path / 'papers'}"


def erased(person: User) -> User:
    """Return a person who owed nothing any more and was erased."""
    Destruction.objects.update(state=DestructionState.EXCUSED, settled_at=now())
    erasure.erase(person=User.objects.get(pk=person.pk), reason="Asked.", by=OPERATOR)
    return person


def ended_by_her_name(scene: Scene) -> tuple[Grant, list[Procedure]]:
    """Return her access, ended by her organization, her site and her domain, with somebody else at that site."""
    site = {"department": "Zyxwvutsky Lab", "city": "Cambridge", "country": "US"}
    organization = f"Dr. {NAME} Consulting"
    own, _other = many.grants(scene.dataset, [ADDRESS, "p@mit.edu"], organization=organization, site=site)
    User.objects.filter(pk=own.holder_id).update(name=NAME)
    by_name = start(scene.dataset, ScopeKind.ORGANIZATION, own.organization, by=scene.dan, act=ProcedureAct.SUSPEND)
    at_site = start(scene.dataset, ScopeKind.SITE, own.site_key, by=scene.dan, act=ProcedureAct.SUSPEND)
    wish = BarWish(domain="zyxwvutsky.example")
    domain = start(scene.dataset, ScopeKind.DOMAIN, "zyxwvutsky.example", by=scene.dan, bar=wish)
    return own, [by_name, at_site, domain]


def test_the_record_never_names_an_organization_a_site_or_a_domain(scene: Scene) -> None:
    _own, procedures = ended_by_her_name(scene)
    for row in LedgerEntry.objects.all():
        assert not any(word in f"{row.subjects} {row.payload}".lower() for word in WORDS), row
    begun = LedgerEntry.objects.filter(kind="procedure.begun").order_by("sequence")
    assert [row.payload["scope"] for row in begun] == ["organization", "site", "domain"]
    assert len({row.payload["scope_digest"] for row in begun}) == len(procedures)


def test_of_a_scope_that_is_her_name_nothing_is_left(scene: Scene) -> None:
    own, procedures = ended_by_her_name(scene)
    digests = {row.payload["scope_digest"] for row in LedgerEntry.objects.filter(kind="procedure.begun")}
    # What the other one wrote of themselves is theirs.
    Application.objects.exclude(applicant=own.holder).update(organization="MIT")
    Grant.objects.exclude(pk=own.pk).update(organization="MIT", organization_key="mit", site={}, site_key="")
    erased(own.holder)
    assert found(*WORDS) == set()
    rows = LedgerEntry.objects.get(kind="person.erased").payload["rows"]
    told = LedgerEntry.objects.filter(sequence__in=rows, kind="procedure.begun")
    assert {row.payload["scope_digest"] for row in told} == digests
    assert not Procedure.objects.exclude(scope_salt="").exists()
    assert len(procedures) == 3
    assert verify().holds


def test_a_bar_on_a_domain_that_was_her_name_still_holds(scene: Scene) -> None:
    own, _procedures = ended_by_her_name(scene)
    erased(own.holder)
    assert "zyxwvutsky" not in Bar.objects.get().domain
    for email, barred in ((ADDRESS, True), ("x@lab.Zyxwvutsky.example", True), ("x@example.org", False)):
        assert checks.on_organization(dataset_pk=scene.dataset.pk, email=email).exists() == barred


def test_the_domain_of_an_organization_of_others_stays_readable(scene: Scene) -> None:
    one, _other = many.grants(scene.dataset, ["a@stanford.edu", "b@stanford.edu"])
    User.objects.filter(pk=one.holder_id).update(name="Leland Stanford")
    start(scene.dataset, ScopeKind.DOMAIN, "stanford.edu", by=scene.dan, bar=BarWish(domain="stanford.edu"))
    erased(one.holder)
    assert (Procedure.objects.get().scope_value, Bar.objects.get().domain) == ("stanford.edu", "stanford.edu")


def test_who_comes_back_by_any_address_that_was_known_is_still_barred(scene: Scene) -> None:
    put(scene, State.APPROVED)
    institutional, private = scene.alice.email, "alice.private@mail.example"
    User.objects.filter(pk=scene.alice.pk).update(email=private)
    start(scene.dataset, ScopeKind.PERSON, str(scene.alice.public_id), by=scene.dan, bar=BarWish(person=True))
    erased(scene.alice)
    for email, barred in ((institutional, True), (private.upper(), True), (scene.eve.email, False)):
        assert checks.on_person(dataset_pk=scene.dataset.pk, person_pk=0, email=email) == barred


def test_a_key_by_which_a_bar_knows_its_person_does_not_go_silently(
    scene: Scene, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.MASTER_KEYS = {1: OLD}
    put(scene, State.APPROVED)
    email = scene.alice.email
    start(scene.dataset, ScopeKind.PERSON, str(scene.alice.public_id), by=scene.dan, bar=BarWish(person=True))
    erased(scene.alice)
    settings.MASTER_KEYS = {1: OLD, 2: NEW}
    assert keys.replace(1, by=actors.job("tests")).bars == 1
    assert keys.plan(1).bars == 1
    assert checks.on_person(dataset_pk=scene.dataset.pk, person_pk=0, email=email)
    settings.MASTER_KEYS = {2: NEW}
    bars._complain.cache_clear()
    with caplog.at_level(logging.ERROR):
        for _time in range(3):
            assert not checks.on_person(dataset_pk=scene.dataset.pk, person_pk=0, email=email)
    assert [record.message for record in caplog.records if "Master key 1 is not configured" in record.message] == [
        "Master key 1 is not configured: bars of erased people under it stop nobody. Put it back."
    ]
