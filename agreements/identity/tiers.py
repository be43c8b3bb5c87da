"""The tier of an address. It informs; a person decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from agreements.identity.lists import Match
from agreements.identity.lookalikes import Likeness, LookAlike
from agreements.identity.models import Verdict
from agreements.identity.rules import Rule


class Tier(models.TextChoices):
    INSTITUTIONAL = "institutional", _("institutional")
    REVIEW = "review", _("look closely")
    UNKNOWN = "unknown", _("not known")
    PERSONAL = "personal", _("personal mailbox")
    BLOCKED = "blocked", _("not acceptable")


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the lists, the letters and the steward's rules say about one domain."""

    domain: str
    registrable: str | None
    academic: tuple[Match, ...]
    academic_suffix: Match | None
    stopped: Match | None
    free: Match | None
    disposable: Match | None
    alumni_label: str | None
    student_label: str | None
    look_alike: LookAlike | None
    rule: Rule | None
    international: bool = False

    @property
    def positive(self) -> bool:
        """Whether anything says that an institution is behind the domain."""
        return bool(self.academic or self.academic_suffix)

    @property
    def mixed_script(self) -> bool:
        return self.look_alike is not None and self.look_alike.likeness is Likeness.MIXED_SCRIPT


_OF_VERDICT: Final = {
    Verdict.ALLOW: Tier.INSTITUTIONAL,
    Verdict.REVIEW: Tier.REVIEW,
    Verdict.DENY: Tier.BLOCKED,
}


def tier_of(facts: Facts) -> Tier:
    """Return the tier. No rule of a steward can make a bare public suffix or a mixed script acceptable."""
    if facts.registrable is None or facts.mixed_script:
        return Tier.BLOCKED
    if facts.rule is not None:
        return _OF_VERDICT[facts.rule.verdict]
    if facts.disposable:
        return Tier.BLOCKED
    if facts.free:
        # Five known domains, nus.edu.sg among them, are on both kinds of list.
        return Tier.REVIEW if facts.positive else Tier.PERSONAL
    if facts.stopped or facts.alumni_label or facts.international:
        return Tier.REVIEW
    return Tier.INSTITUTIONAL if facts.positive else Tier.UNKNOWN
