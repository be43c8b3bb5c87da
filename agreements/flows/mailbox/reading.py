"""Reading what was taken in: one step of one message after another, whatever is killed in between.

A message is taken apart outside of any transaction; then its papers are opened by `inspect`; then `settling` decides.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import Final

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db.models import Case, Q, When
from django.utils.translation import gettext as _
from django.utils.translation import override

from agreements.core import sweep
from agreements.core.clock import now
from agreements.documents import inspecting
from agreements.documents.models import Inspection, InspectionState
from agreements.flows.mailbox import bounced, claims, opening, raw, settling
from agreements.flows.mailbox.addresses import ours
from agreements.mail import bounces, dead_addresses
from agreements.mail.inbox import automatic, parsing, proof
from agreements.mail.inbox.caps import Unreadable
from agreements.mail.inbox.models import InboundMail, InboundState, Outcome, Proof
from agreements.vault.protocol import NoSuchObject

log = logging.getLogger(__name__)

# A claim outlives one step: taking a message apart, or one look of `inspect` (60 s).
CLAIM: Final = dt.timedelta(seconds=120)
ATTEMPTS: Final = 3
WAIT_FOR_INSPECTION: Final = 5
WAIT_FOR_SERVICES: Final = 60
# So long a signature is looked up again when no name server answers: some six times, each pause three times as long as
# the message waited already. Whoever runs a silent name server makes each look last seconds.
LOOKED_UP_FOR: Final = dt.timedelta(days=1)
FIRST_PAUSE: Final = dt.timedelta(minutes=5)
# Seconds of one sweep, so that nobody's mail keeps the worker for long.
BUDGET: Final = 60.0


class _Later(Exception):
    """Something else has to happen first; `seconds` says when to look again."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


def work_off() -> int:
    """Read the messages that are due, for a minute at most; return how many were settled."""
    return sum(step(mail) for mail in sweep.taken(claim_due, budget=BUDGET))


def claim_due() -> InboundMail | None:
    """Take one due message for this process, or return None. The attempt is counted before the work.

    What waits for name servers comes after all others.
    """
    waiting = Q(state=InboundState.TAKEN) | Q(state=InboundState.OPENING)
    put_off = Case(When(proof=Proof.UNKNOWN, then=1), default=0)
    due = InboundMail.objects.filter(waiting, due_at__lte=now()).order_by(put_off, "due_at", "pk")
    for mail in due[:10]:
        taken = due.filter(pk=mail.pk, attempts=mail.attempts, due_at=mail.due_at)
        if taken.order_by().update(due_at=now() + CLAIM, attempts=mail.attempts + 1):
            mail.refresh_from_db()
            return mail
    return None


def step(mail: InboundMail) -> bool:
    """Go one step on with a claimed message; return whether it is settled. Nothing in a message stops the others."""
    # What is written down is for the lab, not for one reader: it is in the site's language.
    with override(settings.LANGUAGE_CODE):
        try:
            if mail.attempts > ATTEMPTS:
                words = _("Reading it stopped %(times)d times without an end.") % {"times": ATTEMPTS}
                raise Unreadable("gave-up", words)
            return _take_apart(mail) if mail.state == InboundState.TAKEN else _open(mail)
        except _Later as later:
            return _put_off(mail, later.seconds)
        except (OperationalError, InterfaceError, OSError) as failure:
            log.warning("mail %d waits: %s", mail.pk, type(failure).__name__)
            return _put_off(mail, WAIT_FOR_SERVICES)
        except Exception as failure:
            reason = _reason(mail, failure)
            return settling.unreadable(mail, code=reason.code, words=reason.words)


def _reason(mail: InboundMail, failure: Exception) -> Unreadable:
    """Return why a message could not be read. The words of an exception may hold what the message holds: not kept."""
    if isinstance(failure, Unreadable):
        return failure
    if isinstance(failure, NoSuchObject):
        return Unreadable("gone", _("Its bytes are not in the store any more."))
    log.error("mail %d could not be read: %s", mail.pk, type(failure).__name__)
    words = _("Reading it failed (%(kind)s). The message is kept as it came.")
    return Unreadable("error", words % {"kind": type(failure).__name__})


def _take_apart(mail: InboundMail) -> bool:
    data = raw.bytes_of(mail)
    parsed = parsing.read(data)
    opening.describe(mail, parsed)
    if (bounce := bounces.note_bounce(data)) is not None:
        mail.application_reference = bounced.application_of(bounce.message) or mail.application_reference
        words = _("Mail to %(address)s came back: %(status)s.")
        told = words % {"address": bounce.recipient or "?", "status": bounce.status or "?"}
        return settling.without_answer(mail, Outcome.BOUNCE, code="bounce", words=told)
    if why := automatic.why_automatic(parsed):
        return settling.without_answer(mail, Outcome.AUTOMATIC, code="automatic", words=why)
    examined = proof.examine(data, our_addresses=ours(), at=mail.taken_at)
    if examined.proof == Proof.UNKNOWN:
        if now() - mail.taken_at < LOOKED_UP_FOR:
            # It may have been erased while name servers were asked.
            InboundMail.objects.filter(pk=mail.pk, state=InboundState.TAKEN, erased_at=None).update(
                proof=Proof.UNKNOWN, proof_reasons=list(examined.reasons), **claims.of_row(mail)
            )
            raise _Later(_pause(mail))
        examined = opening.unproven(examined)
    if not opening.begin(mail, parsed, examined):
        raise _Later(WAIT_FOR_SERVICES)
    return False


def _open(mail: InboundMail) -> bool:
    """Wait for the papers of a message, or open one of them; then settle it."""
    waiting = Inspection.objects.filter(document__in=opening.papers_of(mail), state=InspectionState.PENDING)
    inspection = waiting.select_related("document").order_by("pk").first()
    if inspection is None:
        dead_addresses.note_letter(mail)  # first: the answer goes to where mail is sent again
        settling.settle(mail)
        return True
    if not inspecting.claim(inspection):
        raise _Later(WAIT_FOR_INSPECTION)
    inspecting.settle(inspection)
    raise _Later(0)


def _put_off(mail: InboundMail, seconds: float) -> bool:
    """Give a claimed message back; waiting for something else is not a failed attempt."""
    InboundMail.objects.filter(pk=mail.pk, state=mail.state).update(
        due_at=now() + dt.timedelta(seconds=seconds), attempts=max(mail.attempts - 1, 0)
    )
    return False


def _pause(mail: InboundMail) -> float:
    waited = now() - mail.taken_at
    return min(max(3 * waited, FIRST_PAUSE), LOOKED_UP_FOR - waited).total_seconds()
