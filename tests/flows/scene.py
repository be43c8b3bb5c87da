"""The people and the dataset of the whole-chain tests, and the steps that several of them walk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.test import Client

from agreements.applications import drafting, submission
from agreements.applications.models import Application
from agreements.catalog import roles
from agreements.catalog.models import Access, Dataset, Role, Subset, Terms
from agreements.catalog.publishing.publish import publish_archive
from agreements.core import actors
from agreements.documents import store
from agreements.documents.issuing import newest
from agreements.flows.agreement_issue import issue_agreement
from agreements.people.models import User
from tests.flows.sending import receive_upload

SETUP = actors.job("setup")
DETAILS = {
    "name": "Alice Zhang 张爱丽",
    "organization": "Hong Kong University of Science and Technology",
    "position": "Research scientist",
    "address_line1": "Clear Water Bay",
    "address_line2": "",
    "city": "Hong Kong",
    "country": "HK",
}
SITE = {
    "site_department": "Computer Science",
    "site_city": "Hong Kong",
    "site_country": "HK",
    "intended_use": "Novel view synthesis of clothed people.",
}


@dataclass(frozen=True, slots=True)
class Scene:
    """A dataset with one archive by agreement, and everybody who has to do with it."""

    dataset: Dataset
    alice: User
    bob: User
    carol: User
    dan: User
    eve: User


def make_scene(folder: Path) -> Scene:
    """Return a scene; `folder` is where the archive's files are made."""
    dataset = _dataset()
    people = {name: User.objects.create_user(_address(name), name=name.title()) for name in _ADDRESSES}
    roles.give(user=people["carol"], dataset=dataset, role=Role.REVIEWER, by=SETUP)
    roles.give(user=people["dan"], dataset=dataset, role=Role.STEWARD, by=SETUP)
    _publish(dataset, folder)
    return Scene(dataset, **people)


def signed_in(person: User) -> Client:
    """Return a browser in which a person is signed in."""
    client = Client()
    client.force_login(person)
    return client


def draft_with_signed_copy(scene: Scene) -> Application:
    """Return Alice's application, ready to be submitted."""
    by = scene.alice.actor
    application = drafting.start(dataset=scene.dataset, email=scene.alice.email, by=by)
    application = drafting.save(application=application, fields=DETAILS | SITE, by=by)
    issue_agreement(application=application, by=by)
    issued = newest(application.reference)
    assert issued is not None
    receive_upload(application=application, data=store.read(issued.document), original_name="signed.pdf", by=by)
    return application


def submitted(scene: Scene) -> Application:
    """Return Alice's application, submitted; its evidence is not gathered yet."""
    application = draft_with_signed_copy(scene)
    submission.submit(application=application, by=scene.alice.actor)
    application.refresh_from_db()
    return application


_ADDRESSES = {
    "alice": "alice@connect.ust.hk",
    "bob": "bob@connect.ust.hk",
    "carol": "carol@genebody.example",
    "dan": "dan@genebody.example",
    "eve": "eve@ethz.ch",
}


def _address(name: str) -> str:
    return _ADDRESSES[name]


def _dataset() -> Dataset:
    dataset = Dataset.objects.create(
        slug="genebody",
        reference_prefix="GB",
        title="GeneBody",
        summary="People, from all sides.",
        organization="The lab",
        contact_address="contact@genebody.example",
        mail_subject="GeneBody Agreement",
    )
    clauses = [
        {"id": "research-only", "heading": "Research only", "paragraphs": ["For research, not for business."]},
        {"id": "termination", "heading": "Termination", "paragraphs": ["The lab may end access at any time."]},
    ]
    Terms.objects.create(
        dataset=dataset,
        version="1.0",
        title="Release agreement",
        effective_from=date(2026, 1, 1),
        clauses=clauses,
        source="",
        sha256="0" * 64,
    )
    Subset.objects.create(dataset=dataset, slug="train40", title="Train40", access=Access.AGREEMENT)
    return dataset


def _publish(dataset: Dataset, folder: Path) -> None:
    (folder / "amy" / "image").mkdir(parents=True)
    (folder / "amy" / "image" / "0000.jpg").write_bytes(bytes(range(256)) * 40)
    (folder / "annots.npy").write_bytes(b"annotations")
    subset = Subset.objects.get(dataset=dataset, slug="train40")
    publish_archive(subset=subset, source=folder, name="train40.zip", by=SETUP)
