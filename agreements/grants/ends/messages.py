"""Mail about ends that nobody revokes: notices before and after, renewal, and the proof of the address."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.core.clock import now
from agreements.grants import messages, wording
from agreements.grants.ends import due
from agreements.grants.ends.terms import newer_terms, to_agree
from agreements.grants.links import addresses
from agreements.grants.members import queries as member_queries
from agreements.grants.models import Grant, GrantMember, GrantNotice, GrantState, MemberState, Renewal
from agreements.grants.running import is_running
from agreements.mail import registry
from agreements.mail.models import OutboxMessage
from agreements.mail.registry import MessageKind
from agreements.mail.rendering import Rendered

ENDS: Final = "grant-ends"
EXPIRED: Final = "grant-expired"
MEMBER_EXPIRED: Final = "member-expired"
RENEWED: Final = "grant-renewed"
PROOF_DUE: Final = "address-due"
SUSPENDED: Final = "address-overdue"
MEMBER_SUSPENDED: Final = "member-suspended"
MEMBER_RESUMED: Final = "member-resumed"


def register() -> None:
    """Make the kinds known to the outbox."""
    for kind in (
        MessageKind(ENDS, _render_ends, still_true=_still_ends, title=gettext_lazy("Your access ends soon")),
        MessageKind(EXPIRED, _render_expired, still_true=_still_expired, title=gettext_lazy("Your access has ended")),
        MessageKind(
            MEMBER_EXPIRED,
            _render_expired,
            still_true=_still_expired,
            title=gettext_lazy("The access that you share has ended"),
        ),
        MessageKind(RENEWED, _render_renewed, still_true=_still_renewed, title=gettext_lazy("Your access was renewed")),
        MessageKind(
            PROOF_DUE, _render_proof_due, still_true=_still_unproven, title=gettext_lazy("Prove your address again")
        ),
        MessageKind(
            SUSPENDED,
            _render_suspended,
            still_true=_still_suspended,
            title=gettext_lazy("Your access waits for a proof of your address"),
        ),
        MessageKind(
            MEMBER_SUSPENDED,
            _render_suspended,
            still_true=_still_suspended,
            title=gettext_lazy("The access that you share is suspended"),
        ),
        MessageKind(
            MEMBER_RESUMED, _render_resumed, still_true=_opens, title=gettext_lazy("The access that you share is open")
        ),
    ):
        registry.register(kind)


def queue_ends(grant: Grant, _notice: GrantNotice) -> None:
    """Tell the holder when the access ends, and how to renew it."""
    _to_holder(ENDS, grant, end=_iso(grant.ends_at))


def queue_expired(grant: Grant, _notice: GrantNotice) -> None:
    """Tell the holder and the members that the time is over."""
    _to_holder(EXPIRED, grant, end=_iso(grant.ends_at))
    _to_members(MEMBER_EXPIRED, grant, end=_iso(grant.ends_at))


def queue_renewed(grant: Grant, renewal: Renewal) -> None:
    """Confirm a renewal to the holder."""
    _to_holder(RENEWED, grant, renewal=renewal.pk)


def queue_proof_due(grant: Grant, notice: GrantNotice) -> None:
    """Ask the holder for the next proof of the address, and say what happens without it."""
    day = due.proof_due(grant)
    assert day is not None, "asked for where one is due"
    waits = max(day, notice.sent_at) + due.GRACE
    _to_holder(PROOF_DUE, grant, proven=_iso(grant.address_proven_at), due=_iso(day), waits=_iso(waits))


def queue_suspended(grant: Grant) -> None:
    """Tell the holder and the members that the access waits for a proof of the holder's address."""
    _to_holder(SUSPENDED, grant)
    _to_members(MEMBER_SUSPENDED, grant)


def queue_resumed_to_members(grant: Grant) -> None:
    """Tell the members that the access is open again."""
    _to_members(MEMBER_RESUMED, grant)


def _to_holder(kind: str, grant: Grant, **values: Any) -> None:
    messages.queue(kind, to=grant.holder, reference=grant.reference, values={"grant": grant.reference, **values})


def _to_members(kind: str, grant: Grant, **values: Any) -> None:
    for member in member_queries.joined(grant):
        assert member.person is not None, "who joined is a person"
        about = {"grant": grant.reference, "member": member.pk, **values}
        messages.queue(kind, to=member.person, reference=grant.reference, values=about)


def _render_ends(message: OutboxMessage) -> Rendered:
    grant = messages.grant_of(message)
    window = due.renewal(grant)
    assert window is not None, "still true, so it has an end"
    return messages.render(
        message,
        grant,
        _("your access %(reference)s ends on %(end)s") % {"reference": grant.reference, "end": _day(window.end, grant)},
        end=wording.moment(window.end, zone=grant.holder.time_zone),
        renew_from=_day(window.opens, grant) if window.opens > now() else "",
        members=member_queries.joined(grant).count(),
        newer=newer_terms(grant),
        is_asked=to_agree(grant) is not None,
        renew_url=_renew_page(grant),
    )


def _render_expired(message: OutboxMessage) -> Rendered:
    grant = messages.grant_of(message)
    window = due.renewal(grant)
    assert window is not None, "still true, so it had an end"
    zone = _zone(message, grant)
    return messages.render(
        message,
        grant,
        _("access %(reference)s has ended"),
        end=wording.moment(window.end, zone=zone),
        until=_day(window.closes, grant),
        newer=newer_terms(grant),
        is_asked=to_agree(grant) is not None,
        renew_url=_renew_page(grant),
    )


def _render_renewed(message: OutboxMessage) -> Rendered:
    grant = messages.grant_of(message)
    renewal = Renewal.objects.get(pk=message.values["renewal"])
    end = wording.moment(renewal.new_end, zone=grant.holder.time_zone) if renewal.new_end else ""
    return messages.render(
        message,
        grant,
        _("your access %(reference)s is renewed"),
        end=end,
        subsets=", ".join(grant.subsets.order_by("position").values_list("title", flat=True)),
        members=[member.display_name for member in member_queries.joined(grant)],
    )


def _render_proof_due(message: OutboxMessage) -> Rendered:
    grant = messages.grant_of(message)
    day, waits = _moment(message.values["due"]), _moment(message.values["waits"])
    return messages.render(
        message,
        grant,
        _("prove your address again for %(reference)s"),
        address=due.address_of(grant),
        day=_day(day, grant),
        is_over=day <= now(),
        waits=_day(waits, grant),
        proof_url=f"{addresses.grant_page(grant.reference)}address/",
    )


def _render_suspended(message: OutboxMessage) -> Rendered:
    grant = messages.grant_of(message)
    return messages.render(
        message,
        grant,
        _("access %(reference)s is suspended"),
        address=due.address_of(grant),
        proof_url=f"{addresses.grant_page(grant.reference)}address/",
    )


def _render_resumed(message: OutboxMessage) -> Rendered:
    return messages.render(message, messages.grant_of(message), _("access %(reference)s is open again"))


def _still_ends(message: OutboxMessage) -> bool:
    """Not if it was renewed, suspended or revoked meanwhile, nor once the end has come."""
    grant = messages.grant_of(message)
    is_same = _iso(grant.ends_at) == message.values["end"]
    return is_same and grant.state == GrantState.ACTIVE and grant.ends_at is not None and grant.ends_at > now()


def _still_expired(message: OutboxMessage) -> bool:
    grant = messages.grant_of(message)
    is_same = _iso(grant.ends_at) == message.values["end"]
    return is_same and grant.state == GrantState.EXPIRED and not grant.closed_for and _is_member_still(message)


def _still_renewed(message: OutboxMessage) -> bool:
    """Not if the access was suspended or ended since, nor after the next renewal."""
    grant = messages.grant_of(message)
    newest = Renewal.objects.filter(grant=grant).order_by("-renewed_at", "-pk").first()
    is_newest = newest is not None and newest.pk == message.values["renewal"]
    return is_newest and grant.state == GrantState.ACTIVE


def _still_unproven(message: OutboxMessage) -> bool:
    grant = messages.grant_of(message)
    return _iso(grant.address_proven_at) == message.values["proven"] and grant.state == GrantState.ACTIVE


def _still_suspended(message: OutboxMessage) -> bool:
    grant = messages.grant_of(message)
    return grant.state == GrantState.SUSPENDED and due.waits_for_proof(grant) and _is_member_still(message)


def _opens(message: OutboxMessage) -> bool:
    return is_running(messages.grant_of(message)) and _is_member_still(message)


def _is_member_still(message: OutboxMessage) -> bool:
    """Return whether whoever is told is the holder, or a member still."""
    pk = message.values.get("member")
    return pk is None or GrantMember.objects.filter(pk=pk, state=MemberState.JOINED).exists()


def _zone(message: OutboxMessage, grant: Grant) -> str:
    member = GrantMember.objects.filter(pk=message.values.get("member")).select_related("person").first()
    return member.person.time_zone if member and member.person else grant.holder.time_zone


def _renew_page(grant: Grant) -> str:
    """Return where to go on: who is asked to agree to new terms does that first, and then renews."""
    if newer_terms(grant) is not None and to_agree(grant) is not None:
        return addresses.terms_page(grant.reference)
    return f"{addresses.grant_page(grant.reference)}renew/"


def _day(at: dt.datetime, grant: Grant) -> str:
    return wording.day(at, zone=grant.holder.time_zone)


def _iso(at: dt.datetime | None) -> str:
    return at.isoformat() if at else ""


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
