"""How each question of a campaign stands: the one table behind its counts, its list, its filters and its CSV."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    TextChoices,
    Value,
    When,
)
from django.utils.translation import gettext_lazy as _

from agreements.grants.ends import due
from agreements.grants.models import ConsentAnswer, TermsCampaign, TermsConsent
from agreements.grants.terms_change import reach


class Standing(TextChoices):
    """Each question has one of them. `ENDED`: who did not agree, and whose access ended otherwise since."""

    WAITING = "waiting", _("No answer yet")
    AGREED = "agreed", _("Agreed")
    DECLINED = "declined", _("Does not agree")
    ENDED = "ended", _("Ended otherwise")


@dataclass(frozen=True, slots=True)
class Counts:
    """How far a campaign is: `asked` is the sum of `agreed`, `declined`, `waiting` (no answer yet) and `ended`.

    `ended`: access of who did not agree, and that ended otherwise since. `suspended`: those of `declined` and `waiting`
    whose access is suspended for it. `left`: not asked yet, which takes moments.
    """

    asked: int
    agreed: int
    declined: int
    waiting: int
    suspended: int
    ended: int = 0
    left: int = 0


def standing_of(consents: QuerySet[TermsConsent]) -> QuerySet[TermsConsent]:
    """Return questions with their `standing`, and `is_suspended`: it waits or was declined, and is suspended for it."""
    goes_on = Exists(reach.unsettled().filter(pk=OuterRef("pk")))
    standing = Case(
        When(answer=ConsentAnswer.AGREED, then=Value(Standing.AGREED.value)),
        When(~goes_on, then=Value(Standing.ENDED.value)),
        When(answer=ConsentAnswer.DECLINED, then=Value(Standing.DECLINED.value)),
        default=Value(Standing.WAITING.value),
        output_field=CharField(),
    )
    is_open = Q(standing__in=[Standing.WAITING, Standing.DECLINED])
    suspended = Case(
        When(is_open & Q(due.suspended_for_terms("grant")), then=Value(value=True)),
        default=Value(value=False),
        output_field=BooleanField(),
    )
    return consents.annotate(standing=standing).annotate(is_suspended=suspended)


def counted(campaigns: Iterable[TermsCampaign]) -> Mapping[int, Counts]:
    """Return how far campaigns are, by their keys. Needs `terms`."""
    known = list(campaigns)
    rows = standing_of(TermsConsent.objects.filter(campaign__in=known)).order_by()
    found: dict[int, dict[str, int]] = {each.pk: dict.fromkeys(["suspended", *Standing.values], 0) for each in known}
    grouped: QuerySet[TermsConsent, dict[str, Any]]
    grouped = rows.values("campaign", "standing", "is_suspended")  # type: ignore[misc]  # annotated above
    for row in grouped.annotate(n=Count("pk")):
        numbers = found[row["campaign"]]
        numbers[row["standing"]] += row["n"]
        numbers["suspended"] += row["n"] if row["is_suspended"] else 0
    return {each.pk: _counts(found[each.pk], left=_left(each)) for each in known}


def _counts(numbers: Mapping[str, int], *, left: int) -> Counts:
    return Counts(asked=sum(numbers[each] for each in Standing.values), left=left, **numbers)


def _left(campaign: TermsCampaign) -> int:
    return reach.to_ask(campaign).count() if campaign.ended_at is None else 0
