"""Erasing what was noted of a reviewer, and what mail to reviewers says of a case whose words are erased."""

from __future__ import annotations

from django.db.models import Q

from agreements.core.clock import now
from agreements.core.erased import WORD
from agreements.mail.forgetting import give_up
from agreements.mail.models import MessageState, OutboxMessage
from agreements.review.models import ReviewerNotices
from agreements.review.notice_messages import DIGEST, REMINDER


def erase(person_pk: int) -> None:
    """Delete what mail a person wanted, and when they were told."""
    ReviewerNotices.objects.filter(person=person_pk).delete()


def forget_in_lists(*references: str) -> int:
    """Cut cases out of the mails that listed them among others; return how many mails said something of one.

    A list that is being sent in this moment could write down afterwards what it says: it gives that up, and with it
    the sending if that has not begun. The next morning has another.
    """
    lists = OutboxMessage.objects.filter(kind__in=[DIGEST, REMINDER])
    under_way = lists.filter(state=MessageState.QUEUED, leased_until__gt=now())
    said = Q()
    for reference in references:
        said |= Q(sent_text__contains=reference)
    if not said:
        return 0
    give_up(under_way)
    count = 0
    for mail in lists.filter(said).only("pk", "sent_text").iterator(chunk_size=500):
        text = without(mail.sent_text, *references)
        count += OutboxMessage.objects.filter(pk=mail.pk).update(sent_text=text)
    return count


def without(text: str, *references: str) -> str:
    """Return a list as it was mailed without what it says of some cases: their lines, and those indented below."""
    heads = tuple(f"{reference} " for reference in references)
    kept, is_cut = [], False
    for line in text.split("\n"):
        if line.startswith(heads):
            kept.append(f"{line.split(maxsplit=1)[0]} {WORD}")
            is_cut = True
            continue
        is_cut = is_cut and line.startswith(" ")
        if not is_cut:
            kept.append(line)
    return "\n".join(kept)
