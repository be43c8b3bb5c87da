"""Attesting that the copies are gone, by whoever held them; and excusing who cannot, by a steward."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

from django.utils.translation import gettext as _

from agreements.catalog.permissions import Permission, check_may
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import Invalid, NotAllowed, NotPossible
from agreements.documents import store
from agreements.documents.fonts import unprintable
from agreements.grants import wording
from agreements.grants.permissions import Standing
from agreements.grants.terms_change.past import terms_at
from agreements.ledger.act import act, new_salt, text_digest
from agreements.ledger.kinds import Kind
from agreements.revocation import certifying, messages, queries
from agreements.revocation.models import Destruction, DestructionState

LONGEST_NAME: Final = 200
LONGEST_REMARK: Final = 2000
_WORD: Final = re.compile(r"\w+")


class Statement(NamedTuple):
    """What is attested: an opening, and the points that are ticked one by one."""

    opening: str
    points: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return it word for word, as it is kept and printed."""
        return "\n".join([self.opening, *(f"{at}. {point}" for at, point in enumerate(self.points, start=1))])


def statement_of(destruction: Destruction) -> Statement:
    """Return what a person attests, in the active language."""
    reached = destruction.affected
    names = {
        "lab": reached.grant.dataset.organization,
        "dataset": reached.grant.dataset.title,
        "reference": reached.grant.reference,
    }
    if reached.subset is None:
        opening = _("I attest to %(lab)s, for what I had of %(dataset)s under access %(reference)s:") % names
    else:
        names["subset"] = reached.subset.title
        opening = _("I attest to %(lab)s, for what I had of %(subset)s of %(dataset)s under access %(reference)s:")
        opening %= names
    terms = terms_at(reached.grant, reached.procedure.begun_at)
    return Statement(
        opening,
        (
            _("I have destroyed every copy: %(copies)s.") % {"copies": wording.copies(terms.version)},
            _("No copy is left in backups, on shared or remote storage, or on any other device."),
            _("Nobody who is not named under this access got a copy from me."),
        ),
    )


def attest(*, destruction: Destruction, name: str, remark: str = "", by: Actor) -> Destruction:
    """Settle what a person owes by their own word; their certificate is drawn, the mail that thanks them queued.

    Not for a transaction. `name` is kept as typed. Raises NotAllowed for anybody else, Invalid for a name or a remark
    that is missing, too long or cannot be printed, NotPossible if it was settled before, or the store is out of reach.
    """
    if by.person_pk != destruction.person_id:
        raise NotAllowed(_("Only the person who owes it can attest this."))
    name, remark = name.strip(), remark.replace("\r\n", "\n").strip()
    _check_text(name, field="name", longest=LONGEST_NAME)
    _check_text(remark, field="remark", longest=LONGEST_REMARK)
    if not name:
        raise Invalid(_("Write your full name: it stands for your signature."), field="name")
    current = queries.destructions().get(pk=destruction.pk)
    _check_due(current)
    known, statement, at = queries.name_on_agreement(current), statement_of(current).text, now()
    # Drawn before the transaction, and thrown away if somebody was quicker.
    certificate = certifying.draw_destruction(
        current,
        name=name,
        known_as="" if name == known else known,
        remark=remark,
        statement=statement,
        at=at,
    )
    try:
        with act() as record:
            settled = _lock(current)
            settled.state = DestructionState.ATTESTED
            settled.signed_name, settled.statement, settled.remark = name, statement, remark
            settled.text_salt = new_salt()
            settled.settled_at, settled.settled_by_id = at, by.pk
            settled.certificate = certificate
            settled.save()
            messages.queue_attested(settled)
            record.record(
                Kind.DESTRUCTION_ATTESTED,
                by=by,
                as_role=Standing.HOLDER if queries.is_holders(settled) else Standing.MEMBER,
                subjects=certifying.subjects(settled.affected, settled.person),
                statement_digest=text_digest(statement, salt=settled.text_salt),
                certificate_sha256=certificate.sha256,
            )
    except BaseException:
        store.discard(certificate)
        raise
    return settled


def excuse(*, destruction: Destruction, reason: str, by: Actor) -> Destruction:
    """Settle what a person owes without their word, by a steward, who says why.

    Raises NotAllowed, also for the steward's own; Invalid without a reason; NotPossible if it was settled before.
    """
    standing = check_may(Permission.END_ACCESS, dataset=destruction.affected.grant.dataset, by=by)
    if by.person_pk == destruction.person_id:
        raise NotAllowed(_("This is your own to attest: another steward has to do this."))
    reason = reason.strip()
    if not reason:
        raise Invalid(_("Give the reason: it is kept beside what was owed."), field="reason")
    _check_length(reason, field="reason", longest=LONGEST_REMARK)
    with act() as record:
        settled = _lock(destruction)
        settled.state, settled.remark, settled.text_salt = DestructionState.EXCUSED, reason, new_salt()
        settled.settled_at, settled.settled_by_id = now(), by.pk
        settled.save()
        record.record(
            Kind.DESTRUCTION_EXCUSED,
            by=by,
            as_role=standing,
            subjects=certifying.subjects(settled.affected, settled.person),
            reason_digest=text_digest(reason, salt=settled.text_salt),
        )
    return settled


def names_agree(typed: str, known: str) -> bool:
    """Return whether two spellings may well be one name; accents, cases, order and further names do not count."""
    ours, theirs = _words(typed), _words(known)
    if not theirs or sorted(ours) == sorted(theirs) or "".join(ours) == "".join(theirs):
        return True
    fewer, more = sorted((set(ours), set(theirs)), key=len)
    return len(fewer) > 1 and fewer <= more


def _words(name: str) -> list[str]:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return _WORD.findall("".join(c for c in decomposed if not unicodedata.combining(c)))


def _check_text(text: str, *, field: str, longest: int) -> None:
    _check_length(text, field=field, longest=longest)
    if bad := unprintable(text):
        raise Invalid(
            _("The certificate cannot be printed with: %(characters)s. Please write it another way.")
            % {"characters": ", ".join(bad)},
            field=field,
        )


def _check_length(text: str, *, field: str, longest: int) -> None:
    if len(text) > longest:
        raise Invalid(_("Please keep to %(longest)d characters.") % {"longest": longest}, field=field)


def _lock(destruction: Destruction) -> Destruction:
    """Return what is owed as it is now, its row locked until the act ends."""
    locked = queries.destructions().select_for_update(of=("self",)).get(pk=destruction.pk)
    _check_due(locked)
    return locked


def _check_due(destruction: Destruction) -> None:
    if destruction.state == DestructionState.ATTESTED:
        raise NotPossible(_("This was attested already; the certificate is made."))
    if destruction.state == DestructionState.EXCUSED:
        raise NotPossible(_("A steward has settled this already; nothing is owed any more."))
