"""One of everything that an address can name, and everybody who may ask for it."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from agreements.applications import drafting
from agreements.applications.models import State
from agreements.catalog import invitations, roles
from agreements.catalog.models import (
    Access,
    Archive,
    Dataset,
    JobState,
    PublishJob,
    Role,
    RoleAssignment,
    SealKind,
    Subset,
    Upload,
)
from agreements.catalog.publishing import uploads
from agreements.catalog.publishing.publish import publish_archive
from agreements.core import actors
from agreements.core.clock import now
from agreements.documents import store
from agreements.documents.issuing import newest
from agreements.flows.agreement_issue import issue_agreement
from agreements.grants import executed
from agreements.grants.links import tokens
from agreements.grants.members import invitations as member_invitations
from agreements.grants.members import membership
from agreements.grants.models import Grant, Link
from agreements.grants.shared import generations
from agreements.identity import rules
from agreements.identity.models import Verdict
from agreements.ledger import checkpoints
from agreements.mail import outbox
from agreements.mail.models import MessageState, OutboxMessage
from agreements.people.models import User
from agreements.review import gathering
from tests.applications.cases import SYSTEM, put, staff
from tests.flows.scene import DETAILS, SITE, Scene, make_scene
from tests.flows.sending import receive_upload
from tests.web import mailbox_things, opening_things, terms_things
from tests.web.owed import what_is_owed
from tests.web.procedure_things import suspension_notice_and_bar

ROLES: Final = ("out", "eve", "bob", "alice", "carol", "dan", "audrey", "rory", "adam")
"""Signed out; a stranger; same institution; applicant and holder; reviewer; steward; auditor; reviewer of another
dataset; site administrator without a role."""

NOT_THERE: Final = {
    "draft": "GB-A-999999",
    "case": "GB-A-999998",
    "grant": "GB-G-999999",
    "slug": "nothing-here",
    "archive": "987654",
    "open": "987653",
    "link": "987654",
    "mail": "987654",
    "failed": "987654",
    "role": "987654",
    "rule": "987654",
    "shared": "987654",
    "token": "0" * 66,
    "invitation": "0" * 64,
    "member": "987654",
    "membership": "0" * 64,
    "person": "987654",
    "upload": "00000000-0000-4000-8000-000000000000",
    "job": "987654",
    "checkpoint": "987654",
    "procedure": "GB-R-999999",
    "affected": "987654",
    "destruction": "987654",
    "attested": "987654",
    "suspension": "GB-R-999998",
    "notice": "987654",
    "bar": "987654",
    **opening_things.NOT_THERE,
    **mailbox_things.NOT_THERE,
    **terms_things.NOT_THERE,
}


@dataclass(frozen=True, slots=True)
class Everything:
    """`names` fills the braces of an address; `clients` are browsers by role."""

    scene: Scene
    names: dict[str, str]
    clients: dict[str, Client]

    def address(self, template: str, **other: str) -> str:
        return template.format(**(self.names | other))


def build(folder: Path) -> Everything:
    """Return Alice's approved application with its grant, her next draft, and a thing behind every other address."""
    scene = make_scene(folder / "train40")
    people = {name: getattr(scene, name) for name in ("eve", "bob", "alice", "carol", "dan")}
    people |= {"audrey": staff(scene, "audrey", Role.AUDITOR), "rory": _reviewer_of_another()}
    people["adam"] = User.objects.create_superuser("adam@site.example")
    approved = put(scene, State.APPROVED)
    gathering.work_off()
    executed.work_off()
    grant = Grant.objects.get(application=approved)
    link = Link.objects.get(grant=grant)
    opened = _open_archive(scene, folder / "test10")
    invited = invitations.invite(
        dataset=scene.dataset, email="new@genebody.example", role=Role.AUDITOR, by=scene.dan.actor
    )
    colleague = membership.invite(grant=grant, email="new@connect.ust.hk", name="New", by=scene.alice.actor)
    rule = rules.add(dataset=scene.dataset, suffix="ust.hk", verdict=Verdict.ALLOW, reason="Known.", by=scene.dan.actor)
    message = OutboxMessage.objects.get(kind="application-received")
    names = {
        "slug": "genebody",
        "draft": _draft(scene),
        "case": approved.reference,
        "grant": grant.reference,
        "archive": str(link.archive_id),
        "archive_name": link.archive.name,
        "open": str(opened.pk),
        "open_name": opened.name,
        "link": str(link.pk),
        "shared": str(_shared_archive(scene, folder / "everyone").pk),
        "token": tokens.token(link),
        "mail": str(message.pk),
        "checkpoint": str(_checkpoint()),
        "failed": str(_failed(message).pk),
        "role": str(RoleAssignment.objects.get(user=scene.carol).pk),
        "rule": str(rule.pk),
        "invitation": invitations.token(invited),
        "invited": str(invited.pk),
        "person": str(scene.eve.pk),
        "member": str(colleague.pk),
        "membership": member_invitations.token(colleague),
        "upload": str(_uploaded(scene).pk),
        "job": str(_failed_job(scene).pk),
        **(owed := what_is_owed(scene, grant)),
        **opening_things.opened_offered_and_imported(scene, grant),
        **mailbox_things.message_with_paper(approved),
        **terms_things.agreed_to_and_asked(scene, grant),
        **suspension_notice_and_bar(scene, grant, procedure=owed["procedure"]),
    }
    clients = {"out": Client()} | {name: _browser(user) for name, user in people.items()}
    return Everything(scene, names, clients)


def _uploaded(scene: Scene) -> Upload:
    """Return a zip that came from Dan's browser and is not published yet."""
    with io.BytesIO() as made:
        with zipfile.ZipFile(made, "w") as archive:
            archive.writestr("a.txt", b"a")
        data = made.getvalue()
    subset = Subset.objects.select_related("dataset").get(dataset=scene.dataset, slug="train40")
    upload = uploads.begin(subset=subset, file_name="more.zip", size=len(data), by=scene.dan.actor)
    return uploads.append(upload=upload, offset=0, data=data, by=scene.dan.actor)


def _failed_job(scene: Scene) -> PublishJob:
    """Return a publishing that failed."""
    subset = Subset.objects.get(dataset=scene.dataset, slug="train40")
    told = {"state": JobState.FAILED, "trouble": "The vault was full.", "ended_at": now(), "seal": SealKind.PERSONAL}
    return PublishJob.objects.create(subset=subset, source="x.zip", name="train40.zip", asked_by=scene.dan, **told)


def _failed(like: OutboxMessage) -> OutboxMessage:
    """Return a mail about the dataset that was given up."""
    failed = outbox.queue(kind=like.kind, recipient=like.recipient, language="en", reference="GB-A-000001", values={})
    OutboxMessage.objects.filter(pk=failed.pk).update(state=MessageState.FAILED, last_error="550 no such user")
    return failed


def routes(urlconf: str) -> set[str]:
    """Return every route of an urlconf, as a match of the resolver names it."""
    return {route for route, _name in _walk(get_resolver(urlconf), "")}


def _walk(resolver: URLResolver, prefix: str) -> Any:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLPattern):
            yield route, pattern.name
        else:
            yield from _walk(pattern, route)


def without_what_differs_each_time(body: bytes, *own: str) -> str:
    """Return a page without CSRF tokens and without the names that the address itself held."""
    text = re.sub(r"[A-Za-z0-9]{64}", "…", body.decode())
    for name in own:
        text = text.replace(name, "…")
    return text


def _browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def _reviewer_of_another() -> User:
    other = Dataset.objects.create(slug="other", reference_prefix="OT", title="Other", contact_address="o@o.example")
    rory = User.objects.create_user("rory@other.example", name="Rory")
    roles.give(user=rory, dataset=other, role=Role.REVIEWER, by=SYSTEM)
    return rory


def _open_archive(scene: Scene, folder: Path) -> Archive:
    folder.mkdir()
    (folder / "readme.txt").write_text("open to all")
    subset = Subset.objects.create(dataset=scene.dataset, slug="test10", title="Test10", access=Access.OPEN)
    return publish_archive(subset=subset, source=folder, name="test10.zip", by=SYSTEM)


def _checkpoint() -> int:
    checkpoints.make(by=actors.job("checkpoints"))
    return checkpoints.every()[0].sequence


def _shared_archive(scene: Scene, folder: Path) -> Archive:
    folder.mkdir()
    (folder / "readme.txt").write_text("sealed once for all")
    archive = publish_archive(
        subset=Subset.objects.get(slug="train40"), source=folder, name="everyone.zip", by=SYSTEM, seal=SealKind.SHARED
    )
    generations.ask(archive=archive, by=SYSTEM)
    return archive


def _draft(scene: Scene) -> str:
    by = scene.alice.actor
    draft = drafting.start(dataset=scene.dataset, email=scene.alice.email, by=by)
    draft = drafting.save(application=draft, fields=DETAILS | SITE, by=by)
    issue_agreement(application=draft, by=by)
    issued = newest(draft.reference)
    assert issued is not None
    receive_upload(application=draft, data=store.read(issued.document), original_name="signed.pdf", by=by)
    return draft.reference
