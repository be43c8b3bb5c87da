"""The steward's own word about domains: longest suffix wins; among equals deny beats review beats allow."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import idna
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import Invalid, NotAllowed, NotPossible
from agreements.identity.models import DomainRule, Verdict
from agreements.ledger import act as ledger
from agreements.ledger.kinds import Kind

LONGEST: Final = 253
_STRENGTH: Final = {Verdict.ALLOW: 0, Verdict.REVIEW: 1, Verdict.DENY: 2}


class OfDataset(Protocol):
    """What is needed of a dataset here; its model belongs to a neighbour."""

    pk: Any
    slug: Any


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule in force, as a plain value."""

    suffix: str
    verdict: Verdict
    reason: str = ""


def rules_for(dataset: OfDataset) -> tuple[Rule, ...]:
    """Return the rules of a dataset that are in force now."""
    return tuple(Rule(row.suffix, Verdict(row.verdict), row.reason) for row in rows(dataset))


def rows(dataset: OfDataset) -> QuerySet[DomainRule]:
    """Return the same rules as rows, with their authors, for the steward's desk."""
    return _every(dataset).filter(_in_force()).order_by("suffix", "id")


def past(dataset: OfDataset) -> QuerySet[DomainRule]:
    """Return the rules that were ended, with `ended_by`, or ran out by themselves; the newest end first."""
    over = Coalesce("ended_at", "expires_at")
    return _every(dataset).exclude(_in_force()).annotate(over_at=over).order_by("-over_at", "-id")


def matching(rules: Iterable[Rule], domain: str) -> Rule | None:
    """Return the rule that decides about a domain (in ASCII form), or None."""
    fitting = [rule for rule in rules if domain == rule.suffix or domain.endswith(f".{rule.suffix}")]
    return max(fitting, key=lambda rule: (len(rule.suffix), _STRENGTH[rule.verdict]), default=None)


def add(
    *,
    dataset: OfDataset,
    suffix: str,
    verdict: Verdict,
    reason: str,
    by: Actor,
    expires_at: dt.datetime | None = None,
) -> DomainRule:
    """Return the new rule. Raises Invalid, or NotPossible where the same is in force already.

    The caller has settled that `by` is the dataset's steward, and has locked what stands for the dataset's rules.
    """
    if by.person_pk is None:
        raise NotAllowed(_("A rule about addresses is made by a person."))
    clean = check(suffix, verdict)
    if not reason.strip():
        raise Invalid(_("Please say why, so that the next steward understands this rule."), field="reason")
    if expires_at is not None and expires_at <= now():
        raise Invalid(_("The rule would have ended already."), field="expires_at")
    check_new(dataset, clean, verdict)
    with ledger.act() as act:
        salt = ledger.new_salt()
        rule = DomainRule.objects.create(
            dataset_id=dataset.pk,
            suffix=clean,
            verdict=verdict,
            reason=reason.strip(),
            reason_salt=salt,
            author_id=by.person_pk,
            expires_at=expires_at,
        )
        act.record(
            Kind.DOMAIN_RULE_ADDED,
            by=by,
            as_role="steward",
            subjects={"dataset": dataset.slug},
            suffix=clean,
            verdict=str(verdict),
            reason_digest=ledger.text_digest(rule.reason, salt=salt),
        )
    return rule


def end(*, rule: DomainRule, by: Actor) -> DomainRule:
    """End a rule and return it; the row stays. Raises NotPossible if it has ended already."""
    with ledger.act() as act:
        locked = DomainRule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
        ran_out = locked.expires_at is not None and locked.expires_at <= now()
        if locked.ended_at is not None or ran_out:
            raise NotPossible(_("This rule has ended already."))
        locked.ended_at, locked.ended_by_id = now(), by.person_pk
        locked.save(update_fields=["ended_at", "ended_by"])
        act.record(
            Kind.DOMAIN_RULE_ENDED,
            by=by,
            as_role="steward",
            subjects={"dataset": locked.dataset.slug},
            suffix=locked.suffix,
        )
    return locked


def check_new(dataset: OfDataset, suffix: str, verdict: Verdict) -> None:
    """Raise NotPossible where the same rule is in force already."""
    same = rows(dataset).filter(suffix=suffix, verdict=verdict).first()
    if same is not None:
        words = _("%(name)s made the same rule on %(date)s, and it is in force. End that one first to change it.")
        raise NotPossible(words % {"name": same.author.display_name, "date": date_format(localtime(same.created_at))})


def check(suffix: str, verdict: Verdict) -> str:
    """Return the domain in its one form. Raises Invalid for what is no domain, or too much to accept."""
    clean = normal_suffix(suffix)
    if verdict == Verdict.ALLOW and "." not in clean:
        raise Invalid(
            _("A rule cannot accept everything that ends in .%(suffix)s.") % {"suffix": clean}, field="suffix"
        )
    return clean


def normal_suffix(text: str) -> str:
    """Return `@*.HKU.hk.` as `hku.hk`, in the form in which addresses are stored (IDNA 2008). Raises Invalid."""
    bare = text.strip().rpartition("@")[2].removeprefix("*").strip(".")
    try:
        clean = idna.encode(unicodedata.normalize("NFKC", bare), uts46=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        clean = ""
    if not clean or len(clean) > LONGEST or any(not part.replace("-", "").isalnum() for part in clean.split(".")):
        raise Invalid(_("“%(text)s” is not a domain, such as hku.hk.") % {"text": text.strip()}, field="suffix")
    return clean


def _every(dataset: OfDataset) -> QuerySet[DomainRule]:
    return DomainRule.objects.filter(dataset_id=dataset.pk).select_related("author", "ended_by")


def _in_force() -> Q:
    return Q(ended_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now()))
