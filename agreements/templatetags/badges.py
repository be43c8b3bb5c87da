"""How something stands, as a badge: a word, a colour and an icon for each state. Shown by `parts/status_badge.html`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from agreements.applications.models import State
from agreements.grants.models import GrantState, MemberState
from agreements.mail.inbox.models import InboundState, Outcome, Proof

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Badge:
    """`tone` is good, attention, bad, quiet or accent; `icon` a symbol of `icons.svg`, or empty."""

    word: StrOrPromise
    tone: str = "quiet"
    icon: str = ""


BADGES: Final[dict[str, Badge]] = {
    State.DRAFT: Badge(State.DRAFT.label, "quiet", "draft"),
    State.SUBMITTED: Badge(State.SUBMITTED.label, "accent", "pending"),
    State.RETURNED: Badge(State.RETURNED.label, "attention", "return"),
    State.APPROVED: Badge(State.APPROVED.label, "good", "pass"),
    State.DECLINED: Badge(State.DECLINED.label, "bad", "fail"),
    State.WITHDRAWN: Badge(State.WITHDRAWN.label, "quiet", "ended"),
    State.LAPSED: Badge(State.LAPSED.label, "quiet", "ended"),
    GrantState.ACTIVE: Badge(GrantState.ACTIVE.label, "good", "open"),
    GrantState.SUSPENDED: Badge(GrantState.SUSPENDED.label, "attention", "pause"),
    GrantState.EXPIRED: Badge(GrantState.EXPIRED.label, "quiet", "pending"),
    GrantState.REVOKED: Badge(GrantState.REVOKED.label, "bad", "ended"),
    # Members.
    MemberState.INVITED: Badge(MemberState.INVITED.label, "accent", "mail"),
    MemberState.JOINED: Badge(_("Member"), "good", "pass"),
    MemberState.LEFT: Badge(MemberState.LEFT.label, "quiet", "ended"),
    MemberState.REMOVED: Badge(MemberState.REMOVED.label, "bad", "ended"),
    "run-out": Badge(_("Invitation run out"), "quiet", "pending"),
    # Findings, and runs of evidence.
    "pass": Badge(_("Pass"), "good", "pass"),
    "attention": Badge(_("Attention"), "attention", "attention"),
    "fail": Badge(_("Fail"), "bad", "fail"),
    "unknown": Badge(_("Unknown"), "quiet", "unknown"),
    "pending": Badge(_("Pending"), "quiet", "pending"),
    # Mail.
    "queued": Badge(_("Queued"), "quiet", "pending"),
    "sent": Badge(_("Sent"), "good", "mail"),
    "sent-to-dead": Badge(_("Sent"), "quiet", "mail"),
    "failed": Badge(_("Failed"), "bad", "fail"),
    "came-back": Badge(_("Came back"), "bad", "return"),
    "superseded": Badge(_("Superseded"), "quiet", "ended"),
    # Mail that came in, by what became of it.
    "mail-signed-copy": Badge(Outcome.SIGNED_COPY.label, "good", "pass"),
    "mail-shown": Badge(Outcome.SHOWN.label, "accent", "mail"),
    "mail-draft": Badge(Outcome.DRAFT.label, "good", "draft"),
    "mail-answered": Badge(Outcome.ANSWERED.label, "quiet", "mail"),
    "mail-kept": Badge(Outcome.KEPT.label, "quiet", "archive"),
    "mail-automatic": Badge(_("Automatic mail"), "quiet", "ended"),
    "mail-bounce": Badge(_("A mail came back"), "attention", "return"),
    "mail-unreadable": Badge(InboundState.UNREADABLE.label, "bad", "fail"),
    "proven": Badge(Proof.PROVEN.label, "good", "pass"),
    "unproven": Badge(Proof.UNPROVEN.label, "attention", "unknown"),
    # Publishings and versions of archives.
    "waiting": Badge(_("Waiting"), "quiet", "pending"),
    "running": Badge(_("Running"), "accent", "pending"),
    "done": Badge(_("Done"), "good", "pass"),
    "stopped": Badge(_("Stopped"), "quiet", "ended"),
    "offered": Badge(_("Offered"), "good", "pass"),
    "earlier": Badge(_("Earlier version"), "quiet", "archive"),
    # The destruction of copies.
    "due": Badge(_("Awaited"), "attention", "pending"),
    "late": Badge(_("Overdue"), "bad", "attention"),
    "attested": Badge(_("Attested"), "good", "pass"),
    "excused": Badge(_("Excused"), "quiet", "ended"),
    # Procedures: how far they are (`revocation.listing.Progress`).
    "overdue": Badge(_("Overdue"), "bad", "attention"),
    "pursued": Badge(_("Under way"), "accent", "pending"),
    "closed": Badge(_("Closed"), "good", "pass"),
    # Subsets.
    "open": Badge(_("Open"), "good", "open"),
    "agreement": Badge(_("By agreement"), "accent", "lock"),
    "announced": Badge(_("Coming soon"), "quiet", "calendar"),
}


def badge_of(state: str) -> Badge:
    """Return the badge of a state, its word with a capital; an unknown state is shown as its own text."""
    found = BADGES.get(state)
    return Badge(capfirst(found.word), found.tone, found.icon) if found else Badge(state)
