"""The people and things that tests about access share: GeneBody in small, with real archives in the run's vault."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from agreements.applications.form import form_of, form_sha256
from agreements.applications.models import Application, SignedCopy, State, Submission
from agreements.catalog.models import Access, Archive, Dataset, Role, RoleAssignment, Subset, Terms
from agreements.catalog.publishing.publish import publish_archive
from agreements.core import actors
from agreements.documents import store
from agreements.grants import issuing
from agreements.grants.models import Grant, Link
from agreements.people.models import User

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)

MEMBERS = {
    "amanda/image/00/0000.jpg": bytes(range(256)) * 900,
    "amanda/param/amanda.npy": b"parameters" * 7000,
    "amanda/smpl/0000.obj": b"o" * 70_001,
}


@dataclass
class Scene:
    dataset: Dataset
    terms: Terms
    train40: Subset
    test10: Subset
    sealed: Archive
    open: Archive
    alice: User
    bob: User
    carol: User
    dan: User
    eve: User
    application: Application
    grant: Grant

    @property
    def link(self) -> Link:
        return Link.objects.select_related("grant", "seal", "archive").get(grant=self.grant, archive=self.sealed)


def person(name: str, host: str = "mit.example.edu") -> User:
    return User.objects.create_user(f"{name}@{host}", name=name.title())


def build(folder: Path) -> Scene:
    """Return the scene with Alice's access issued a moment ago."""
    alice, bob, carol, dan = (
        person("alice"),
        person("bob"),
        person("carol", "lab.example.org"),
        person("dan", "lab.example.org"),
    )
    eve = person("eve", "elsewhere.example.net")
    dataset = Dataset.objects.create(
        slug="genebody",
        reference_prefix="GB",
        title="GeneBody",
        summary="Human captures.",
        organization="The Lab",
        contact_address="contact@lab.example.org",
        mail_subject="GeneBody Agreement",
    )
    terms = Terms.objects.create(
        dataset=dataset,
        version="1.0",
        title="Release agreement",
        effective_from=dt.date(2026, 1, 1),
        clauses=[
            {
                "id": "no-redistribution",
                "heading": "No redistribution",
                "paragraphs": ["You do not pass the data on."],
            },
            {"id": "termination", "heading": "Termination", "paragraphs": ["Access may be ended at any time."]},
        ],
        source="",
        sha256="0" * 64,
    )
    train40 = Subset.objects.create(
        dataset=dataset, slug="train40", title="Train40", access=Access.AGREEMENT, position=1
    )
    test10 = Subset.objects.create(dataset=dataset, slug="test10", title="Test10", access=Access.OPEN, position=0)
    for user, role in ((carol, Role.REVIEWER), (dan, Role.STEWARD)):
        RoleAssignment.objects.create(user=user, dataset=dataset, role=role)
    by = actors.job("tests")
    sealed = publish_archive(subset=train40, source=_files(folder), by=by)
    plain = publish_archive(subset=test10, source=_files(folder), by=by)
    application = approved(dataset, terms, alice)
    grant = issuing.issue(submission=handed_in(application), by=carol.actor, as_role="reviewer")
    return Scene(dataset, terms, train40, test10, sealed, plain, alice, bob, carol, dan, eve, application, grant)


def approved(dataset: Dataset, terms: Terms, applicant: User) -> Application:
    """Return an application as an approval leaves it."""
    return Application.objects.create(
        reference=f"GB-A-{applicant.name.upper()[:6]}",
        dataset=dataset,
        terms=terms,
        applicant=applicant,
        state=State.APPROVED,
        name=f"{applicant.name} Example",
        organization="Massachusetts Institute of Examples",
        email=applicant.email,
        site_department="Vision",
        site_city="Cambridge",
        site_country="US",
    )


def handed_in(application: Application) -> Submission:
    """Return what was submitted, as it is frozen."""
    form = form_of(application)
    copy = SignedCopy.objects.create(
        application=application, document=store.save(b"%PDF-1.7 signed"), original_name="signed.pdf"
    )
    return Submission.objects.create(
        application=application,
        number=1,
        form=form,
        form_sha256=form_sha256(form),
        signed_copy=copy,
        terms=application.terms,
    )


def _files(folder: Path) -> Path:
    for name, data in MEMBERS.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return folder
