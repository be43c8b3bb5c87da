"""Taking a message apart: what it claims, whether its sender is proven, and its papers put in line for `inspect`."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from agreements.core.clock import now
from agreements.core.errors import NotPossible
from agreements.core.wakeups import Wakeup, poke
from agreements.documents import inspecting, store
from agreements.documents.models import MailedPaper, StoredDocument
from agreements.flows.mailbox import claims
from agreements.mail.inbox.models import InboundMail, InboundState, Proof
from agreements.mail.inbox.parsing import Parsed
from agreements.mail.inbox.proof import Examined


def describe(mail: InboundMail, parsed: Parsed) -> None:
    """Set what a message claims of itself, and which application and dataset it names; nothing is saved."""
    claims.put(mail, claims.of_message(parsed))


def unproven(examined: Examined) -> Examined:
    """Return what is left of a proof that no name server would answer for."""
    words = _("No name server answered for a day: the signature could not be checked.")
    return replace(examined, proof=Proof.UNPROVEN, reasons=[*examined.reasons, _reason("not-looked-up", words)])


def begin(mail: InboundMail, parsed: Parsed, examined: Examined) -> bool:
    """Store the papers of a message and put them in line; False if the store has no room at present."""
    known = {document.sha256: document for document in papers_of(mail)}
    fresh: list[StoredDocument] = []
    try:
        for data in claims.papers_in(parsed):
            digest = sha256(data).hexdigest()
            if digest not in known:
                fresh.append(store.save(data))
                known[digest] = fresh[-1]
    except NotPossible:
        _discard(fresh)
        return False
    try:
        written = _write(mail, examined, known, fresh)
    except BaseException:
        _discard(fresh)
        raise
    if not written:
        _discard(fresh)
    return True


def papers_of(mail: InboundMail) -> list[StoredDocument]:
    """Return the PDFs of a message in the order in which they came."""
    return [paper.document for paper in MailedPaper.objects.filter(mail=mail).select_related("document")]


def _write(
    mail: InboundMail, examined: Examined, known: dict[str, StoredDocument], fresh: list[StoredDocument]
) -> bool:
    with transaction.atomic():
        locked = InboundMail.objects.select_for_update().get(pk=mail.pk)
        if locked.state != InboundState.TAKEN or locked.erased_at is not None:
            return False
        claims.put(locked, claims.of_row(mail))
        locked.attachments = [_with_document(each, known) for each in mail.attachments]
        for document in fresh:
            MailedPaper.objects.create(mail=locked, document=document)
        for document in known.values():
            inspecting.ask(document=document)
        locked.proof, locked.proof_domain = Proof(examined.proof), examined.domain[:253]
        locked.proof_reasons, locked.proven_signature = list(examined.reasons), ""
        locked.state, locked.attempts, locked.due_at = InboundState.OPENING, 0, now()
        locked.save()
        if locked.proof == Proof.PROVEN:
            _use_up(locked, examined.signature_sha256)
        poke(Wakeup.INBOUND)
    return True


def _use_up(mail: InboundMail, signature: str) -> None:
    """Let a signature prove this message and no other: the header fields it does not cover can be varied at will."""
    try:
        with transaction.atomic():
            InboundMail.objects.filter(pk=mail.pk).update(proven_signature=signature)
    except IntegrityError:
        words = _("Seen before: the signature is that of an earlier message, whose sender it proved.")
        reasons = [*mail.proof_reasons, _reason("seen-before", words)]
        InboundMail.objects.filter(pk=mail.pk).update(proof=Proof.UNPROVEN, proof_reasons=reasons)


def _with_document(named: dict[str, Any], known: dict[str, StoredDocument]) -> dict[str, Any]:
    document = known.get(named["sha256"])
    return named | {"document": document.pk if document else None}


def _discard(documents: list[StoredDocument]) -> None:
    for document in documents:
        store.discard(document)


def _reason(code: str, words: str) -> dict[str, str]:
    return {"code": code, "words": words}
