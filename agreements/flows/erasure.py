"""Erasing a person: everything that names them goes, the record stays and says which of its rows nothing opens.

Other people's names stay, and so does what the lab decided about others in this person's hand, without their name.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.utils.translation import gettext as _

from agreements.applications import erasing as application_erasing
from agreements.applications.models import Application
from agreements.applications.transition import subjects
from agreements.bars import erasing as bar_erasing
from agreements.catalog import erasing as roles_erasing
from agreements.core.actors import Actor
from agreements.core.erased import address_of, named
from agreements.core.errors import Invalid, NotAllowed, NotPossible
from agreements.documents import erasing as papers
from agreements.documents.models import StoredDocument
from agreements.flows.erasing import free_text
from agreements.flows.erasing.obstacles import in_the_way
from agreements.flows.erasing.reach import Reach, reach_of
from agreements.flows.erasing.telling import goes, mails, stays
from agreements.flows.mailbox import forgetting as mailbox_forgetting
from agreements.flows.mailbox import raw as mail_bytes
from agreements.grants import erasing as grant_erasing
from agreements.grants import lifecycle
from agreements.grants.members import erasing as member_erasing
from agreements.grants.models import Grant
from agreements.ledger.act import Act, act, new_salt, text_digest
from agreements.ledger.erased import rows_holding
from agreements.ledger.kinds import Kind
from agreements.mail import forgetting
from agreements.people import erasing as account_erasing
from agreements.people.models import User
from agreements.review import erasing as review_erasing
from agreements.revocation import erasing as procedure_erasing
from agreements.vault.protocol import OutOfReach

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Preview:
    """What an erasure would do, in words: what goes, what stays though it is about them, what stands in the way."""

    goes: list[str]
    stays: list[str]
    in_the_way: list[str]


@dataclass(frozen=True, slots=True)
class Erased:
    """What was done. The reason stands nowhere but in this `receipt`: with its salt it opens the record's digest.

    `files_left` counts papers whose files a store that was out of reach still has; the daily task deletes them.
    """

    person: str
    rows: list[int]
    applications: int
    documents: int
    receipt: str
    files_left: int


def preview(person: User, *, colleagues_papers: bool = False) -> Preview:
    """Return what `erase` would do, and change nothing."""
    reach = reach_of(person)
    return Preview(
        goes=goes(reach, colleagues_papers=colleagues_papers),
        stays=stays(reach, colleagues_papers=colleagues_papers),
        in_the_way=in_the_way(reach, colleagues_papers=colleagues_papers),
    )


def is_named(person: User) -> bool:
    """Return whether anything but the account itself names a person."""
    reach = reach_of(person)
    return bool(reach.applications or reach.grants or reach.memberships or reach.colleagues) or mails(reach) > 0


def erase(*, person: User, reason: str, by: Actor, colleagues_papers: bool = False) -> Erased:
    """Erase a person in one transaction, then delete the files. For operators.

    `colleagues_papers`: erase the papers of colleagues that name them too. Raises Invalid without a reason, NotAllowed
    for a person, NotPossible if they were erased before or something stands in the way, naming all of it.
    """
    if by.is_person:
        raise NotAllowed(_("A person is erased by an operator, on the server."))
    if not reason.strip():
        raise Invalid(_("Give the reason, such as the request and its date."), field="reason")
    salt = new_salt()
    naming = mailbox_forgetting.bytes_naming(reach_of(person).who)
    with act() as record:
        locked = account_erasing.lock(person)
        if locked.erased_at is not None:
            raise NotPossible(_("This person was erased already."))
        reach = reach_of(locked)
        grants = lifecycle.lock_all({*(each.pk for each in reach.grants), *(row.grant_id for row in reach.memberships)})
        own = application_erasing.lock_all([*reach.applications, *reach.colleagues])
        reach = _as_locked(reach_of(locked), {*(each.pk for each in grants), *(-each.pk for each in own)})
        if obstacles := in_the_way(reach, colleagues_papers=colleagues_papers):
            raise NotPossible(" ".join(obstacles))
        documents = _documents(reach, colleagues_papers)
        _end_everything(record, reach, {each.pk: each for each in grants}, by=by)
        digests = {document.sha256 for document in documents}
        for application in own:
            if application.applicant_id == locked.pk:
                digests |= _erase_application(record, application, by=by)
            else:
                digests |= application_erasing.cut(application, reach.who)
        digests |= _erase_the_rest(reach, {each.pk: each for each in grants})
        keys = mailbox_forgetting.let_go_of_bytes(naming)
        rows = rows_holding(digests, about=reach.references)
        record.record(
            Kind.PERSON_ERASED,
            by=by,
            as_role="system",
            subjects={"person": str(locked.public_id)},
            rows=rows,
            applications=len(reach.applications),
            documents=len(documents),
            reason_digest=text_digest(reason.strip(), salt=salt),
        )
    erase_what_came_late(by)
    return Erased(str(locked.public_id), rows, len(reach.applications), len(documents), salt, _remove_files(keys))


def erase_what_came_late(by: Actor) -> int:
    """Erase applications that were begun in the very moment in which their applicant was erased; return how many."""
    late = 0
    for application in Application.objects.filter(applicant__erased_at__isnull=False, erased_at=None).order_by("pk"):
        with act() as record:
            (locked,) = application_erasing.lock_all([application])
            who = named([locked.email], [locked.name])
            _erase_application(record, locked, by=by)
            forgetting.forget_about(locked.reference, who=who)
            mailbox_forgetting.erase_about(locked.reference)
        late += 1
    return late


def _as_locked(reach: Reach, locked: set[int]) -> Reach:
    """Return what is about a person now that the locks are held. Raises NotPossible if more came before they were.

    Grants are locked by their keys, applications by their keys negated. A grant of their own that is new is not
    looked for: it runs, and that stands in the way by itself.
    """
    now_there = {row.grant_id for row in reach.memberships} | {-each.pk for each in reach.applications}
    if not now_there | {-each.pk for each in reach.colleagues} <= locked:
        raise NotPossible(_("Something of this person's began in this moment. Do it again."))
    return reach


def _documents(reach: Reach, colleagues_papers: bool) -> list[StoredDocument]:
    """Mark the papers before the rows that lead to them lose what they are found by."""
    return papers.mark([*reach.own_papers(), *(reach.colleagues_papers() if colleagues_papers else [])])


def _end_everything(record: Act, reach: Reach, grants: dict[int, Grant], *, by: Actor) -> None:
    """End what still runs: roles, parts in colleagues' grants, administration."""
    roles_erasing.end_roles(reach.person, by=by)
    for member in reach.memberships:
        member_erasing.end(record, member=member, grant=grants[member.grant_id], person=reach.person, by=by)
    if reach.person.is_staff:
        about = {"person": str(reach.person.public_id)}
        record.record(Kind.ADMINISTRATOR_ENDED, by=by, as_role="system", subjects=about)


def _erase_application(record: Act, application: Application, *, by: Actor) -> frozenset[str]:
    if application.erased_at is not None:
        return frozenset()
    application_erasing.end(record, application=application, by=by)
    gone = application_erasing.erase(application)
    rows = rows_holding(gone.digests, about=[application.reference])
    record.record(
        Kind.APPLICATION_ERASED, by=by, as_role="system", subjects=subjects(application), cause="person", rows=rows
    )
    return gone.digests


def _erase_the_rest(reach: Reach, grants: dict[int, Grant]) -> set[str]:
    person, who = reach.person, reach.who
    digests: set[str] = set()
    for grant in grants.values():
        if grant.holder_id == person.pk:
            digests |= grant_erasing.erase(grant) | member_erasing.cut(grant, who)
        else:
            grant_erasing.cut_site(grant, who)
    for member in reach.memberships:
        digests |= member_erasing.erase(member, person=person)
    for procedure in reach.procedures:
        digests |= procedure_erasing.erase(procedure, person_pk=person.pk, who=who)
    digests |= procedure_erasing.erase_attestations(person.pk, who=who)
    digests |= procedure_erasing.cut_domains(reach.domains)
    digests |= bar_erasing.erase(person_pk=person.pk, addresses=who.addresses, domains=reach.domains)
    digests |= application_erasing.erase_remarks_of(person.pk)
    digests |= mailbox_forgetting.erase(mailbox_forgetting.of_person(who, reach.own_references))
    digests |= free_text.cut(who)
    forgetting.forget_about(*reach.own_references, who=who)
    review_erasing.forget_in_lists(*reach.own_references)
    review_erasing.erase(person.pk)
    forgetting.forget_person(who, address=address_of(person.public_id))
    roles_erasing.erase(person, who)
    account_erasing.erase(person, who)
    return digests


def _remove_files(mails: list[str]) -> int:
    """Delete the files of what was marked, and these bytes of mail; return how many papers' files are still there."""
    try:
        mail_bytes.discard(mails)
        papers.remove_files()
        mailbox_forgetting.remove_files()
    except OutOfReach as failure:
        log.error("files of erased papers are still there: %s", failure)
    return papers.still_there().count()
