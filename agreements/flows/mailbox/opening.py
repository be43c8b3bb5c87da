"""Taking a message apart: what it claims, whether its sender is proven, and its papers put in line for `inspect`."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from agreements.core.addresses import comparison_key, normal
from agreements.core.clock import now
from agreements.core.errors import NotPossible
from agreements.core.wakeups import Wakeup, poke
from agreements.documents import inspecting, store
from agreements.documents.models import MailedPaper, StoredDocument
from agreements.flows.mailbox import naming
from agreements.mail.inbox.models import InboundMail, InboundState, Proof
from agreements.mail.inbox.parsing import Attachment, Parsed
from agreements.mail.inbox.proof import Examined

MOST_PAPERS: Final = 5
"""PDFs of one message that are opened; further ones are named and stay in the message."""
MOST_NAMED: Final = 50
_CLAIMED: Final = (
    "sender",
    "sender_key",
    "sender_name",
    "subject",
    "text",
    "message_id",
    "sent_at",
    "attachments",
    "application_reference",
    "dataset_slug",
)


def describe(mail: InboundMail, parsed: Parsed) -> None:
    """Set what a message claims of itself, and which application and dataset it names; nothing is saved."""
    mail.sender = normal(parsed.sender)[:320] if parsed.sender else ""
    mail.sender_key = comparison_key(parsed.sender)[:320] if parsed.sender else ""
    mail.sender_name, mail.subject = parsed.sender_name[:200], parsed.subject[:300]
    mail.text, mail.message_id, mail.sent_at = parsed.text, parsed.message_id[:300], parsed.sent_at
    mail.attachments = [_named(each) for each in parsed.attachments[:MOST_NAMED]]
    mail.application_reference = naming.application_named_in(parsed)
    mail.dataset_slug = naming.dataset_named_in(parsed)


def described(mail: InboundMail) -> dict[str, Any]:
    """Return what `describe` set, by column."""
    return {name: getattr(mail, name) for name in _CLAIMED}


def unproven(examined: Examined) -> Examined:
    """Return what is left of a proof that no name server would answer for."""
    words = _("No name server answered for a day: the signature could not be checked.")
    return replace(examined, proof=Proof.UNPROVEN, reasons=[*examined.reasons, _reason("not-looked-up", words)])


def begin(mail: InboundMail, parsed: Parsed, examined: Examined) -> bool:
    """Store the papers of a message and put them in line; False if the store has no room at present."""
    known = {document.sha256: document for document in papers_of(mail)}
    fresh: list[StoredDocument] = []
    try:
        for data in _pdfs(parsed):
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
        for name, value in described(mail).items():
            setattr(locked, name, value)
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


def _pdfs(parsed: Parsed) -> list[bytes]:
    """Return what begins as a PDF does, whatever it is called, without repetitions."""
    found = [each.data for each in parsed.attachments if is_paper(each.data)]
    return list(dict.fromkeys(found))[:MOST_PAPERS]


def is_paper(data: bytes) -> bool:
    """Return whether an attachment is opened: something like a PDF, not larger than an upload may be."""
    return b"%PDF-" in data[:1024] and len(data) <= settings.SIGNED_COPY_LIMIT


def _named(attachment: Attachment) -> dict[str, Any]:
    return {
        "name": attachment.name[:200],
        "type": attachment.type[:100],
        "size": len(attachment.data),
        "sha256": sha256(attachment.data).hexdigest(),
        "document": None,
    }


def _with_document(named: dict[str, Any], known: dict[str, StoredDocument]) -> dict[str, Any]:
    document = known.get(named["sha256"])
    return named | {"document": document.pk if document else None}


def _discard(documents: list[StoredDocument]) -> None:
    for document in documents:
        store.discard(document)


def _reason(code: str, words: str) -> dict[str, str]:
    return {"code": code, "words": words}
