"""What is held about a person as plain values, one function for each file of what they download.

What staff wrote for themselves is not in it, nor who on the staff did what, nor anything that opens something.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from django.db.models import Q, QuerySet

from agreements.applications.models import Application
from agreements.catalog.models import Interest, RoleAssignment
from agreements.core.erased import named
from agreements.flows.holding import chosen
from agreements.grants import executed
from agreements.grants.members import erasing as memberships
from agreements.grants.models import DownloadClosed, DownloadOpened, Grant, GrantMember, Link, Renewal, TermsConsent
from agreements.ledger.kinds import Kind
from agreements.ledger.queries import entries_about
from agreements.mail.inbox.models import InboundMail, Proof
from agreements.mail.models import OutboxMessage
from agreements.people import sessions
from agreements.people.models import User
from agreements.revocation.models import AffectedGrant, Destruction

Row = Mapping[str, Any]

# What staff did among themselves, of which an applicant is told by its outcome.
INTERNAL: Final = frozenset({Kind.EVIDENCE_GATHERED, Kind.EVIDENCE_REQUESTED, Kind.APPROVAL_GIVEN, Kind.REMARK_ADDED})
_OTHERS: Final = frozenset({"person", "member", "applicant"})


def account(person: User) -> list[Row]:
    """Return the account, and where it is signed in."""
    places = sessions.places(user=person, current_key=None)
    roles = RoleAssignment.objects.filter(user=person).select_related("dataset").order_by("pk")
    return [
        {
            "email": person.email,
            "name": person.name,
            "language": person.language,
            "time_zone": person.time_zone,
            "since": person.date_joined,
            "public_id": str(person.public_id),
            "site_administrator": person.is_staff,
            "roles": [
                {"dataset": each.dataset.slug, "role": each.role, "given": each.given_at, "ended": each.ended_at}
                for each in roles
            ],
            "mail_about_cases": chosen.notices(person),
            "signed_in": [
                {"browser": each.browser, "address": each.address, "since": each.since, "last_seen": each.last_seen}
                for each in places
            ],
        }
    ]


def grants(person: User) -> Iterator[Row]:
    """Yield the access that a person holds or held, with whom they invited, and their own links and uses."""
    for grant in Grant.objects.filter(holder=person).select_related("dataset", "terms", "application").order_by("pk"):
        members = GrantMember.objects.filter(grant=grant)
        ends = AffectedGrant.objects.filter(grant=grant, member=None).select_related("procedure", "subset")
        yield {
            "reference": grant.reference,
            "application": grant.application.reference,
            "dataset": grant.dataset.slug,
            "terms": grant.terms.version,
            "state": grant.state,
            "holder": grant.holder_name,
            "organization": grant.organization,
            "site": grant.site,
            "starts": grant.starts_at,
            "ends": grant.ends_at,
            "ended": grant.ended_at,
            "invited": [{"name": each.name, "email": each.email, "at": each.invited_at} for each in members],
            "renewals": [
                {"at": each.renewed_at, "use": each.use}
                for each in Renewal.objects.filter(grant=grant, renewed_by=person)
            ],
            "new_terms": [_answer(each) for each in _asked(grant)],
            "ended_by": [_ending(each) for each in ends],
            "executed_agreement": _executed(grant),
            "links": list(_links(grant, person)),
        }


def parts(person: User) -> Iterator[Row]:
    """Yield their parts, and invitations to parts, in other people's access."""
    for row in memberships.rows_of(person, named([person.email], [])):
        yield {
            "grant": row.grant.reference,
            "dataset": row.grant.dataset.slug,
            "name": row.name,
            "email": row.email,
            "state": row.state,
            "invited": row.invited_at,
            "joined": row.joined_at,
            "ended": row.ended_at,
            "reason": row.reason,
            "explanation": row.explanation,
            "links": list(_links(row.grant, person)),
        }


def destructions(person: User) -> Iterator[Row]:
    """Yield what they had to destroy, and what they attested."""
    for row in Destruction.objects.filter(person=person).select_related("affected__procedure", "affected__grant"):
        yield {
            "procedure": row.affected.procedure.reference,
            "grant": row.affected.grant.reference,
            "due": row.due_on,
            "state": row.state,
            "signed_name": row.signed_name,
            "statement": row.statement,
            # Of somebody who was excused it is the steward's note.
            "remark": row.remark if row.settled_by_id == person.pk else "",
            "settled": row.settled_at,
        }


def downloads(person: User) -> Iterator[Row]:
    """Yield every download with a link of theirs."""
    opened = DownloadOpened.objects.filter(link__seal__person=person).select_related("archive", "grant")
    ends = DownloadClosed.objects.filter(opened__link__seal__person=person).in_bulk(field_name="opened_id")
    for row in opened.order_by("at", "pk").iterator(chunk_size=1000):
        closed = ends.get(row.pk)
        yield {
            "grant": row.grant.reference if row.grant else "",
            "archive": row.archive.name,
            "version": row.archive.version,
            "at": row.at,
            "range": [row.range_start, row.range_stop],
            "sent": closed.bytes_sent if closed else None,
            "end": closed.how if closed else "",
        }


def mails(person: User) -> Iterator[Row]:
    """Yield the mails to their mailboxes as they were sent, in which no address opens anything."""
    for row in sent_to(person).iterator(chunk_size=1000):
        yield {
            "kind": row.kind,
            "to": row.recipient,
            "about": row.subject_reference,
            "state": row.state,
            "at": row.sent_at or row.created_at,
            "subject": row.sent_subject,
            "text": row.sent_text,
        }


def mails_in(person: User) -> Iterator[Row]:
    """Yield the mails that came in and are proven to be theirs; what somebody else sent in their name is not."""
    theirs = Q()
    for pattern in _mailboxes(person):
        theirs |= Q(sender__iregex=pattern)
    found = InboundMail.objects.filter(theirs, proof=Proof.PROVEN, erased_at=None).order_by("pk")
    for row in found.iterator(chunk_size=1000) if theirs else ():
        yield {
            "from": row.sender,
            "about": row.application_reference,
            "at": row.taken_at,
            "subject": row.subject,
            "text": row.text,
            "attachments": [
                {"name": each["name"], "size": each["size"], "sha256": each["sha256"]} for each in row.attachments
            ],
            "outcome": row.outcome,
            "sha256": row.sha256,
        }


def interests(person: User) -> Iterator[Row]:
    """Yield of which subsets they asked to be told."""
    for row in Interest.objects.filter(person=person).select_related("subset__dataset"):
        about = {"dataset": row.subset.dataset.slug, "subset": row.subset.slug}
        yield about | {"asked": row.asked_at, "told": row.told_at, "ended": row.ended_at}


def record(person: User) -> Iterator[Row]:
    """Yield the rows of the record that name them, without who on the staff acted and which others are named."""
    own = str(person.public_id)
    for row in entries_about(own).exclude(kind__in=INTERNAL).iterator(chunk_size=1000):
        yield {
            "sequence": row.sequence,
            "at": row.at,
            "by": "you"
            if row.actor == person.actor.id
            else ("system" if row.actor.startswith("system:") else row.role),
            "kind": row.kind,
            "about": {role: name for role, name in row.subjects.items() if role not in _OTHERS or name == own},
            "payload": row.payload,
            "hash": row.hash,
        }


def sent_to(person: User) -> QuerySet[OutboxMessage]:
    """Return the mails that went to a person's mailboxes, oldest first."""
    theirs = Q()
    for pattern in _mailboxes(person):
        theirs |= Q(recipient__iregex=pattern)
    found = OutboxMessage.objects.filter(theirs) if theirs else OutboxMessage.objects.none()
    return found.order_by("pk")


def _mailboxes(person: User) -> list[str]:
    addresses = {person.email, *Application.objects.filter(applicant=person).values_list("email", flat=True)}
    return named(addresses, []).mailboxes()


def plain(value: Any) -> str | list[Any]:
    """Return what JSON has no word for: moments and days in ISO 8601, iterables as lists."""
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, Iterable):
        return list(value)
    raise TypeError(f"{type(value).__name__} is not written")


def _executed(grant: Grant) -> Row | None:
    made = executed.of(grant)
    if made is None or made.document is None:
        return None
    return {"at": made.made_at, "sha256": made.document.sha256, "signed_copy": made.original_sha256}


def _ending(affected: AffectedGrant) -> Row:
    """Return why access ended, as the notice said it."""
    procedure = affected.procedure
    return {
        "procedure": procedure.reference,
        "act": procedure.act,
        "subset": affected.subset.slug if affected.subset else None,
        "clause": procedure.clause_id,
        "reason": procedure.reason,
        "at": procedure.begun_at,
        "destroy_by": procedure.destroy_by,
    }


def _asked(grant: Grant) -> QuerySet[TermsConsent]:
    asked = TermsConsent.objects.filter(grant=grant).select_related("campaign__terms", "previous_terms", "document")
    return asked.order_by("asked_at", "pk")


def _answer(consent: TermsConsent) -> Row:
    """Return what was asked about new terms, and what was answered."""
    return {
        "version": consent.campaign.terms.version,
        "previous": consent.previous_terms.version,
        "asked": consent.asked_at,
        "until": consent.grace_ends_at,
        "why": consent.campaign.note,
        "answer": consent.answer,
        "answered": consent.answered_at,
        "consent_sha256": consent.document.sha256 if consent.document else None,
    }


def _links(grant: Grant, person: User) -> Iterator[Row]:
    for link in Link.objects.filter(grant=grant, seal__person=person).select_related("archive").order_by("pk"):
        made = {"archive": link.archive.name, "version": link.archive.version, "made": link.created_at}
        yield made | {"until": link.expires_at, "ended": link.ended_at}
