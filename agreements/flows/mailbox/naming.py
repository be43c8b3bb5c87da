"""What a message names, before its papers are opened: an application by its reference or thread, a dataset by the
subject or the address. All of it is only claimed, and leads no further than to whom the message is shown."""

from __future__ import annotations

import re
from typing import Final

from agreements.applications.models import Application
from agreements.catalog.models import Dataset
from agreements.core.addresses import comparison_key
from agreements.core.references import ALPHABET, APPLICATION, LENGTH
from agreements.grants.queries import application_behind
from agreements.mail.inbox.parsing import Parsed
from agreements.mail.models import OutboxMessage

_REFERENCE: Final = re.compile(rf"(?<![A-Z0-9-])[A-Z0-9]{{1,4}}-{APPLICATION}-[{ALPHABET}]{{{LENGTH}}}(?![A-Z0-9-])")
_THREAD: Final = 20


def application_named_in(parsed: Parsed) -> str:
    """Return the reference of the application that the subject names, or whose mail this answers; else ''."""
    named = set(_REFERENCE.findall(parsed.subject.upper()))
    known = list(Application.objects.filter(reference__in=named).values_list("reference", flat=True)[:2])
    if len(known) == 1:
        return known[0]
    return _by_thread([each for each in (parsed.in_reply_to, *parsed.references[-_THREAD:]) if each])


def dataset_named_in(parsed: Parsed) -> str:
    """Return the slug of the one dataset whose mail subject the subject holds, or whose address it came to; else ''."""
    subject = " ".join(parsed.subject.split()).casefold()
    offered = list(Dataset.objects.filter(withdrawn_at=None))
    holding = [each for each in offered if each.mail_subject and each.mail_subject.casefold() in subject]
    # Of “GeneBody Agreement” and “Agreement” the longer one is meant.
    longest = max((len(each.mail_subject) for each in holding), default=0)
    by_subject = [each.slug for each in holding if len(each.mail_subject) == longest]
    if len(by_subject) == 1:
        return by_subject[0]
    reached = {comparison_key(each) for each in (*parsed.to, *parsed.cc)}
    by_address = [each.slug for each in offered if comparison_key(each.contact_address) in reached]
    return by_address[0] if len(by_address) == 1 else ""


def _by_thread(message_ids: list[str]) -> str:
    answered = OutboxMessage.objects.filter(message_id__in=message_ids).exclude(subject_reference="")
    references = list(answered.order_by("-pk").values_list("subject_reference", flat=True)[:_THREAD])
    behind = (application_behind(reference) for reference in references)
    return next((application.reference for application in behind if application is not None), "")
