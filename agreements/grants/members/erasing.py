"""Ending and erasing the part that somebody has, or was offered, in other people's grants."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from agreements.core import erased
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.erased import Named
from agreements.grants import lifecycle
from agreements.grants.links import making as links
from agreements.grants.models import Grant, GrantMember, MemberState, Seal
from agreements.ledger.act import Act
from agreements.ledger.erased import cut_texts, digests_of
from agreements.ledger.kinds import Kind
from agreements.people.models import User


def rows_of(person: User, who: Named) -> QuerySet[GrantMember]:
    """Return every membership and invitation of a person, of whichever of their mailboxes."""
    theirs = Q(person=person)
    for pattern in who.mailboxes():
        theirs |= Q(email__iregex=pattern)
    return GrantMember.objects.filter(theirs).select_related("grant__dataset", "person").order_by("grant", "pk")


def end(record: Act, *, member: GrantMember, grant: Grant, person: User, by: Actor) -> None:
    """End a person's part under a locked grant, or what invites them to it: links and seal stop with the commit."""
    if member.ended_at is not None:
        return
    joined = member.state == MemberState.JOINED
    member.state = MemberState.LEFT if joined else MemberState.WITHDRAWN
    member.ended_at, member.ended_by_id = now(), by.person_pk
    member.save(update_fields=["state", "ended_at", "ended_by"])
    if member.person_id is not None:
        links.end_all(grant=grant, person_pk=member.person_id)
        Seal.objects.filter(grant=grant, person_id=member.person_id, ended_at=None).update(ended_at=now())
    about = lifecycle.subjects(grant, person) | {"membership": f"{grant.reference}/{member.pk}"}
    if joined:
        record.record(Kind.MEMBER_LEFT, by=by, as_role="system", subjects=about)
    else:
        record.record(Kind.INVITATION_WITHDRAWN, by=by, as_role="system", subjects=about, assigned_role="member")


def erase(member: GrantMember, *, person: User) -> set[str]:
    """Erase who a member was; the row, its states and times stay. Return the digests that nothing opens any more."""
    digests = digests_of((member.reason, member.reason_salt), (member.explanation, member.explanation_salt))
    member.email, member.name = erased.address_of(person.public_id), ""
    member.reason = member.reason_salt = member.explanation = member.explanation_salt = ""
    member.save(update_fields=["email", "name", "reason", "reason_salt", "explanation", "explanation_salt"])
    return digests


def cut(grant: Grant, who: Named) -> set[str]:
    """Cut a holder out of what was written about the members; return the digests that nothing opens any more."""
    rows = GrantMember.objects.filter(grant=grant)
    digests = cut_texts(rows, text="reason", salt="reason_salt", who=who, parts=True)
    return digests | cut_texts(rows, text="explanation", salt="explanation_salt", who=who, parts=True)
