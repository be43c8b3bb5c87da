"""The world that lives begin in: two subsets, two versions of the terms, four applications, one access brought in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agreements.applications import drafting, submission
from agreements.applications.models import Application
from agreements.catalog import roles
from agreements.catalog.models import Access, Role, Subset, Terms
from agreements.catalog.publishing.publish import publish_archive
from agreements.core import clock
from agreements.documents import store
from agreements.flows.agreement_issue import issue_agreement
from agreements.grants import places
from agreements.grants.models import Grant
from agreements.people.models import User
from agreements.revocation.models import ScopeKind
from tests.applications.cases import with_evidence
from tests.flows.scene import DETAILS, SETUP, SITE, Scene, make_scene
from tests.flows.sending import receive_upload
from tests.web.opening_things import bring_in

START: Final = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
_ELSEWHERE: Final = DETAILS | SITE | {"organization": "ETH Zürich", "site_city": "Zürich", "site_country": "CH"}


@dataclass(frozen=True, slots=True)
class World:
    scene: Scene
    applications: tuple[Application, ...]
    people: tuple[User, ...]

    def scope_value(self, kind: ScopeKind, number: int) -> str:
        """Return one of the values that a scope of a kind can have here; some name nothing."""
        application = self.applications[number % len(self.applications)]
        site = {
            "organization": application.organization,
            "department": application.site_department,
            "city": application.site_city,
            "country": application.site_country,
        }
        return {
            ScopeKind.GRANT: self._grant(application),
            ScopeKind.PERSON: str(self.people[number % len(self.people)].public_id),
            ScopeKind.ORGANIZATION: places.organization_key(application.organization),
            ScopeKind.DOMAIN: application.email.rpartition("@")[2],
            ScopeKind.SITE: places.site_key(site),
            ScopeKind.SUBSET: ("train40", "extended")[number % 2],
            ScopeKind.TERMS: application.terms.version,
            ScopeKind.DATASET: "",
        }[kind]

    @staticmethod
    def _grant(application: Application) -> str:

        found = Grant.objects.filter(application=application).first()
        return found.reference if found else "GB-G-222222"


def make_world(folder: Path) -> World:
    """Return the world; `folder` is where archives are made."""
    scene = make_scene(folder / "train40")
    dataset = scene.dataset
    dataset.grant_days = 365
    dataset.save()
    extended = Subset.objects.create(dataset=dataset, slug="extended", title="Extended", access=Access.AGREEMENT)
    publish_archive(subset=extended, source=folder / "train40", name="extended.zip", by=SETUP)
    applicants = [scene.alice, scene.bob, scene.eve, _person("mia@connect.ust.hk")]
    applications = [_submitted(scene, person) for person in applicants[:2]]
    _publish_second_terms(scene)
    with clock.frozen(START + dt.timedelta(days=1)):
        applications += [_submitted(scene, person) for person in applicants[2:]]
    audrey = _person("audrey@genebody.example")
    roles.give(user=audrey, dataset=dataset, role=Role.AUDITOR, by=SETUP)
    max_ = _person("max@ethz.ch")
    applications.append(bring_in(scene, max_).application)
    people = (*applicants, scene.carol, scene.dan, audrey, max_)
    return World(scene, tuple(applications), people)


def _submitted(scene: Scene, applicant: User) -> Application:
    by = applicant.actor
    application = drafting.start(dataset=scene.dataset, email=applicant.email, by=by)
    fields = _ELSEWHERE if applicant.email.endswith("@ethz.ch") else DETAILS | SITE
    application = drafting.save(application=application, fields=fields, by=by)
    issued = issue_agreement(application=application, by=by)
    receive_upload(application=application, data=store.read(issued.document), original_name="signed.pdf", by=by)
    submission.submit(application=application, by=by)
    with_evidence(application)
    application.refresh_from_db()
    return application


def _publish_second_terms(scene: Scene) -> None:
    first = Terms.objects.get(dataset=scene.dataset)
    Terms.objects.create(
        dataset=scene.dataset,
        version="2.0",
        title=first.title,
        effective_from=(START + dt.timedelta(days=1)).date(),
        clauses=first.clauses,
        source="",
        sha256="1" * 64,
    )


def _person(email: str) -> User:
    return User.objects.create_user(email, name=email.partition("@")[0].title())
