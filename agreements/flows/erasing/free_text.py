"""Texts that people wrote, wherever: those that name an erased person have the name and the address cut out."""

from __future__ import annotations

from typing import Final

from django.db.models import Model, Q

from agreements.applications.models import Application, Decision, Remark, SignedCopy
from agreements.bars.models import Bar
from agreements.catalog.models import Archive, Dataset, PublishJob, Reconciliation, Upload
from agreements.core.erased import Named
from agreements.documents.models import Inspection
from agreements.grants.models import GrantMember, Renewal, Suspension, TermsCampaign
from agreements.identity.models import DomainRule
from agreements.ledger.erased import cut_texts
from agreements.mail.inbox.models import InboundMail
from agreements.revocation.models import Destruction, Procedure

# The model, the field, and the field of the salt under which the record has a digest of it.
TEXTS: Final[tuple[tuple[type[Model], str, str], ...]] = (
    (Application, "intended_use", ""),
    (Decision, "reason", "reason_salt"),
    (Remark, "text", "text_salt"),
    (SignedCopy, "original_name", ""),
    (Suspension, "reason", "reason_salt"),
    (Suspension, "close_reason", "close_salt"),
    (GrantMember, "reason", "reason_salt"),
    (GrantMember, "explanation", "explanation_salt"),
    (Renewal, "use", "use_salt"),
    (TermsCampaign, "note", "note_salt"),
    (Procedure, "reason", "reason_salt"),
    (Procedure, "lift_reason", "lift_salt"),
    (Procedure, "scope_label", ""),
    (Procedure, "scope_value", "scope_salt"),
    (Destruction, "statement", "text_salt"),
    (Destruction, "remark", "text_salt"),
    (Bar, "reason", "reason_salt"),
    (Bar, "lift_reason", "lift_salt"),
    (DomainRule, "reason", "reason_salt"),
    (Archive, "withdrawal_reason", "withdrawal_salt"),
    (Dataset, "withdrawal_reason", "withdrawal_salt"),
    (Reconciliation, "reason", "reason_salt"),
    (Upload, "file_name", ""),
    (PublishJob, "source", ""),
    (PublishJob, "trouble", ""),
    (Inspection, "reason", ""),
    (InboundMail, "sender_name", ""),
    (InboundMail, "subject", ""),
    (InboundMail, "text", ""),
    (InboundMail, "reason", ""),
)


def cut(who: Named) -> set[str]:
    """Cut a person out of every text that names them in full; return the digests that nothing opens any more."""
    digests: set[str] = set()
    for model, text, salt in TEXTS:
        digests |= cut_texts(_naming(model, text, who), text=text, salt=salt, who=who, parts=False)
    return digests


def _naming(model: type[Model], text: str, who: Named) -> list[Model]:
    said = Q()
    for word in who.words():
        said |= Q(**{f"{text}__icontains": word})
    return list(model._default_manager.filter(said)) if said else []
