"""Members of a grant: colleagues of the holder's site, each with a seal, a password and links of their own.

The holder invites an address; its owner joins by accepting the grant's own terms. What ends a member ends only theirs.
When the grant ends, its members end with it: its state decides, nothing is written about each of them.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.utils.translation import gettext as _

from agreements.bars.checks import is_barred
from agreements.catalog import holding
from agreements.core import addresses, invited, one_line, secrets
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import Invalid, NotAllowed, NotPossible, TooMany
from agreements.grants import lifecycle, seals
from agreements.grants.deliverable import deliverable
from agreements.grants.links import making as links
from agreements.grants.members import invitations, messages, parts, queries, refusing
from agreements.grants.models import Grant, GrantMember, GrantState, MemberState
from agreements.grants.permissions import Permission, Standing, check_may
from agreements.grants.running import check_running
from agreements.keys import master_keys
from agreements.ledger.act import Act, act, new_salt, text_digest
from agreements.ledger.kinds import Kind
from agreements.mail.models import OutboxMessage
from agreements.people.models import User, normal_address

MAILS_PER_DAY: Final = 20
"""Invitations that are mailed under one grant in 24 hours, those sent again included."""
EXPLANATION_LIMIT: Final = 1000
_NAME_LIMIT: Final = 120


def invite(*, grant: Grant, email: str, name: str, by: Actor, explanation: str = "") -> GrantMember:
    """Invite a colleague by mail. An invitation to the same mailbox that has run out is renewed.

    An address of another organization than the holder's needs an explanation, which the dataset's staff reads.
    Raises NotAllowed (not the holder), NotPossible (access not running, invited or joined already, no room, access
    ended by the lab before), Invalid for an address, a name or an explanation, TooMany.
    """
    address, called = normal_address(addresses.parse(email).normalized), _checked_name(name)
    words = _checked_explanation(explanation)
    with act() as record:
        locked = lifecycle.lock(grant)
        standing = check_may(Permission.INVITE_MEMBER, grant=locked, by=by)
        check_running(locked)
        member = _again(locked, address) or GrantMember(grant=locked, email=address)
        _check_room(locked)
        _check_mails(locked)
        if not words and queries.is_elsewhere(locked, address):
            raise Invalid(
                _("Explain why this address is of another organization: the lab reads it."), field="explanation"
            )
        member.name, member.explanation = called, words
        member.explanation_salt = new_salt() if words else ""
        _mail_invitation(member, by=by)
        _record_invited(record, member, by=by, as_role=standing)
        return member


def resend(*, member: GrantMember, by: Actor) -> GrantMember:
    """Mail an invitation again; its time begins anew. Raises NotAllowed, NotPossible, TooMany."""
    with act() as record:
        standing, locked = _locked(Permission.INVITE_MEMBER, member, by=by)
        check_running(locked.grant)
        _check_state(locked, MemberState.INVITED)
        refusing.check_wanted(locked.grant, email=locked.email)
        if not invitations.is_waiting(locked):
            _check_room(locked.grant)
        _check_mails(locked.grant)
        _mail_invitation(locked, by=by)
        _record_invited(record, locked, by=by, as_role=standing)
        return locked


def withdraw(*, member: GrantMember, by: Actor) -> None:
    """End an invitation that nobody took up. Raises NotAllowed, NotPossible."""
    with act() as record:
        standing, locked = _locked(Permission.REMOVE_MEMBER, member, by=by)
        _check_state(locked, MemberState.INVITED)
        parts.end([locked], MemberState.WITHDRAWN, by=by)
        record.record(
            Kind.INVITATION_WITHDRAWN,
            by=by,
            as_role=standing,
            subjects=parts.subjects_of(locked),
            assigned_role="member",
        )


def accept(*, token: str, by: Actor) -> GrantMember:
    """Make the signed-in person whose address was invited a member, bound by the grant's terms.

    They get a seal and links of their own, mailed to them. Raises NotPossible for an invitation that does not open,
    NotAllowed for somebody else's, and for whoever may not use the dataset.
    """
    with act() as record:
        found = invitations.find(token)
        if found is None:
            raise NotPossible(_("This invitation does not exist. Was its address copied whole?"))
        holding.hold(found.grant.dataset_id)
        grant = lifecycle.lock(found.grant)
        member = GrantMember.objects.select_for_update().get(pk=found.pk)
        member.grant = grant
        person = _invited_person(member, by=by)
        if (why_shut := invitations.why_shut(member)) is not None:
            raise NotPossible(why_shut)
        _check_may_join(grant, person, member)
        member.person, member.terms = person, grant.terms
        member.state, member.joined_at = MemberState.JOINED, now()
        member.save(update_fields=["person", "terms", "state", "joined_at"])
        record.record(
            Kind.MEMBER_JOINED, by=by, as_role="invited", subjects=parts.subjects_of(member), terms=grant.terms.version
        )
        _give_access(record, grant, person)
        return member


def leave(*, grant: Grant, by: Actor) -> None:
    """End one's own part in a grant: seal and links end, running downloads are cut. Raises NotAllowed, NotPossible."""
    with act() as record:
        locked = lifecycle.lock(grant)
        standing = check_may(Permission.LEAVE, grant=locked, by=by)
        if locked.state == GrantState.REVOKED:
            raise NotPossible(_("This access was revoked: there is nothing left to leave."))
        member = GrantMember.objects.select_for_update().get(
            grant=locked, person_id=by.person_pk, state=MemberState.JOINED
        )
        member.grant = locked
        parts.end([member], MemberState.LEFT, by=by)
        record.record(Kind.MEMBER_LEFT, by=by, as_role=standing, subjects=parts.subjects_of(member))


def remove(*, member: GrantMember, reason: str, by: Actor) -> None:
    """End a member's part: seal and links end, running downloads are cut, and the member is told the reason.

    The lab may remove who left as well: then nobody invites them again. Raises Invalid without a reason, NotAllowed,
    NotPossible for who is no member now.
    """
    if not reason.strip():
        raise Invalid(_("Give the reason: the member reads it."), field="reason")
    with act() as record:
        standing, locked = _locked(Permission.REMOVE_MEMBER, member, by=by)
        _check_can_be_removed(locked, standing)
        locked.reason, locked.reason_salt = reason.strip(), new_salt()
        parts.end([locked], MemberState.REMOVED, by=by)
        assert locked.person is not None, "who joined is a person"
        messages.queue_removed(locked, person=locked.person)
        record.record(
            Kind.MEMBER_REMOVED,
            by=by,
            as_role=standing,
            subjects=parts.subjects_of(locked),
            reason_digest=text_digest(locked.reason, salt=locked.reason_salt),
        )


def _locked(permission: Permission, member: GrantMember, *, by: Actor) -> tuple[Standing, GrantMember]:
    """Return by which standing it is allowed, and the member as it is now, locked with its grant."""
    grant = lifecycle.lock(member.grant)
    standing = check_may(permission, grant=grant, by=by)
    locked = GrantMember.objects.select_for_update().get(pk=member.pk)
    locked.grant = grant
    return standing, locked


def _record_invited(record: Act, member: GrantMember, *, by: Actor, as_role: Standing) -> None:
    salt = member.explanation_salt
    digest = text_digest(member.explanation, salt=salt) if salt else None
    subjects = parts.subjects_of(member)
    record.record(Kind.MEMBER_INVITED, by=by, as_role=as_role, subjects=subjects, explanation_digest=digest)


def _mail_invitation(member: GrantMember, *, by: Actor) -> None:
    """Let the time of an invitation begin now. Its address stays while the key it was made under is the newest."""
    current = secrets.key_ring().current
    master_keys.confirm(current)
    if member.key_number != current:
        member.nonce, member.key_number = invited.new_nonce(), current
    member.invited_at, member.invited_by_id = now(), by.pk
    member.save()
    messages.queue_invited(member, language=member.grant.holder.language)


def _again(grant: Grant, address: str) -> GrantMember | None:
    """Return the invitation of this mailbox that has run out, if there is one. Raises NotPossible."""
    key, named = addresses.comparison_key(address), {"email": address}
    if key == addresses.comparison_key(grant.holder.email):
        raise NotPossible(_("This is your own address: you have access already."))
    refusing.check_wanted(grant, email=address)
    earlier = [row for row in queries.every(grant) if addresses.comparison_key(row.email) == key]
    running = next((row for row in earlier if row.ended_at is None), None)
    if running is None:
        return None
    if running.state == MemberState.JOINED:
        raise NotPossible(_("%(email)s is a member already.") % named)
    if invitations.is_waiting(running):
        raise NotPossible(_("%(email)s is invited already. The invitation can be sent again.") % named)
    running.grant = grant
    return running


def _check_room(grant: Grant) -> None:
    most = grant.dataset.max_members
    if queries.taken(grant) >= most:
        raise NotPossible(_("At most %(most)s people can be members of this access at a time.") % {"most": most})


def _check_mails(grant: Grant) -> None:
    since = now() - dt.timedelta(days=1)
    mails = OutboxMessage.objects.filter(kind=messages.INVITED, subject_reference=grant.reference)
    if mails.filter(created_at__gt=since).count() >= MAILS_PER_DAY:
        raise TooMany(_("Many invitations were mailed today. Go on tomorrow."), retry_after=86_400)


def _invited_person(member: GrantMember, *, by: Actor) -> User:
    person = User.objects.filter(pk=by.person_pk or 0, is_active=True).first()
    if person is None or not invitations.is_for(member, person):
        raise NotAllowed(_("This invitation is for another address. Sign in with the address it was sent to."))
    return person


def _check_may_join(grant: Grant, person: User, member: GrantMember) -> None:
    if is_barred(dataset_pk=grant.dataset_id, person_pk=person.pk, emails=(person.email, member.email)):
        raise NotAllowed(_("You cannot join at present. Write to the dataset's contact to ask why."))
    if refusing.is_refused(dataset_pk=grant.dataset_id, email=person.email, person_pk=person.pk):
        raise NotAllowed(_("The lab has ended your access to this dataset. You may apply for access of your own."))
    if refusing.is_held_shut(dataset_pk=grant.dataset_id, person_pk=person.pk):
        raise NotAllowed(_("Your own access to this dataset is suspended: you cannot join another's meanwhile."))
    if seals.running_seal(grant=grant, person_pk=person.pk) is not None:
        raise NotPossible(_("You have access already."))
    if queries.joined(grant).count() >= grant.dataset.max_members:
        raise NotPossible(
            _("This access has as many members as it can have. Ask %(holder)s.") % {"holder": grant.holder_name}
        )


def _checked_name(text: str) -> str:
    """Return a name as a mail may carry it: one line, and nothing that a mail program takes for an address."""
    name = text.strip()
    if len(name) > _NAME_LIMIT:
        raise Invalid(_("At most %(most)s characters.") % {"most": _NAME_LIMIT}, field="name")
    one_line.check(name, field="name")
    return name


def _checked_explanation(text: str) -> str:
    words = text.strip()
    if len(words) > EXPLANATION_LIMIT:
        raise Invalid(_("At most %(most)s characters.") % {"most": EXPLANATION_LIMIT}, field="explanation")
    return words


def _check_can_be_removed(member: GrantMember, standing: Standing) -> None:
    if member.state != MemberState.LEFT or standing != Standing.STEWARD:
        _check_state(member, MemberState.JOINED)
    elif queries.joined(member.grant).filter(person_id=member.person_id).exists():
        raise NotPossible(_("%(email)s is a member again: remove that membership.") % {"email": member.email})


def _check_state(member: GrantMember, state: MemberState) -> None:
    if member.state != state:
        words = {"email": member.email, "state": member.get_state_display()}
        raise NotPossible(_("%(email)s: %(state)s. This can no longer be done.") % words)


def _give_access(record: Act, grant: Grant, person: User) -> None:
    seal = seals.new_seal(grant=grant, person_pk=person.pk)
    made = [
        links.create(record, grant=grant, seal=seal, archive=archive, by=person.actor, as_role=Standing.MEMBER)
        for archive in deliverable(grant)
    ]
    messages.queue_joined(grant, links=made, person=person)
