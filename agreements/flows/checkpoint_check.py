"""Kept checkpoints against the record, in words for whoever kept them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from agreements.keys.models import MasterKey
from agreements.ledger import checkpoints
from agreements.ledger.checkpoint_text import parse
from agreements.ledger.checkpoints import Agreement, Finding, Signature
from agreements.ledger.verify import Verdict, verify

WALKED: Final = 50_000
"""Rows up to which a page walks the chain itself; more is for `manage.py verify_ledger`."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding, with what the keys and a walk along the chain add to it."""

    finding: Finding
    compromised_at: dt.datetime | None
    verdict: Verdict | None = None

    @property
    def made(self) -> dt.datetime:
        return dt.datetime.fromisoformat(self.finding.checkpoint.made)

    @property
    def agrees(self) -> bool:
        return self.finding.agreement == Agreement.AGREES

    @property
    def holds(self) -> bool:
        """Whether this checkpoint proves that the record up to it is what it was."""
        return self.finding.is_trustworthy and self.agrees and (self.verdict is None or self.verdict.holds)

    def place(self, agreed: int) -> str:
        """Return the rows among which the fault lies, if `agreed` is the last that another checkpoint confirms."""
        finding = self.finding
        if finding.agreement == Agreement.SHORTER:
            return str(finding.rows + 1)
        last = finding.checkpoint.count
        return str(last) if last <= agreed + 1 else f"{agreed + 1} to {last}"

    @property
    def signature_words(self) -> str:
        """Return whose signature it is."""
        words = {
            Signature.OURS: _("The signature is good: this site made it, under master key %(key)s."),
            Signature.RECORDED: _(
                "The signature is good. Master key %(key)s is not configured here any more; the record names its "
                "public key as one of this site's."
            ),
            Signature.COMPROMISED: _(
                "It is signed under master key %(key)s, which others may have: whoever has it can sign such a text. It "
                "proves nothing."
            ),
            Signature.FOREIGN: _("This site did not sign it: the key is none of its own. It proves nothing."),
            Signature.BROKEN: _("The signature does not fit: something in the text was changed. It proves nothing."),
        }
        return words[self.finding.signature] % {"key": self.finding.checkpoint.key_number}

    @property
    def compromised_words(self) -> str:
        """Return since when others may have its key, and whether the record tells of it from before; or nothing."""
        if self.compromised_at is None or self.finding.signature != Signature.COMPROMISED:
            return ""
        values = {"key": self.finding.checkpoint.key_number, "day": date_format(self.compromised_at, "DATE_FORMAT")}
        row = checkpoints.row_of(self.finding.checkpoint)
        if row is None or row.at >= self.compromised_at:
            return _("Master key %(key)s was marked as compromised on %(day)s.") % values
        words = _(
            "Master key %(key)s was marked as compromised on %(day)s; row %(row)s of this record, written before, "
            "tells of this checkpoint. That counts as far as the record itself does."
        )
        return words % (values | {"row": row.sequence})

    @property
    def chain_words(self) -> str:
        """Return how the record stands to it."""
        finding = self.finding
        values = {"row": finding.checkpoint.count, "rows": finding.rows}
        if finding.agreement == Agreement.SHORTER:
            return (
                _(
                    "the record ends at row %(rows)s, before row %(row)s: its tail was cut, or an older database "
                    "restored"
                )
                % values
            )
        if finding.agreement == Agreement.DIFFERS:
            return (
                _("row %(row)s is another one than at that time: the record was written anew, somewhere up to there")
                % values
            )
        if self.verdict is not None and not self.verdict.holds:
            return _("row %(wrong)s is wrong: %(fault)s") % {
                "wrong": self.verdict.sequence,
                "fault": self.verdict.fault,
            }
        if self.verdict is None:
            return (
                _(
                    "row %(row)s is the same as at that time; that the rows before it lead there is for the operator's "
                    "“manage.py verify_ledger” to say"
                )
                % values
            )
        return _("the record agrees: rows 1 to %(row)s are what they were at that time") % values


def judge(text: str, *, walk: bool = False) -> list[Judged]:
    """Return what is to be said of each checkpoint in a text. Raises Invalid where none can be read.

    With `walk`, the chain is verified up to the newest that agrees, if that is not too far for a page.
    """
    marked = dict(MasterKey.objects.exclude(compromised_at=None).values_list("number", "compromised_at"))
    findings = [checkpoints.check(checkpoint, compromised=marked) for checkpoint in parse(text)]
    reach = max((each.checkpoint.count for each in findings if _is_worth_it(each)), default=0)
    verdict = verify(until=reach) if walk and 0 < reach <= WALKED else None
    return [
        Judged(each, marked.get(each.checkpoint.key_number), _cut(verdict, each) if _is_worth_it(each) else None)
        for each in findings
    ]


def _is_worth_it(finding: Finding) -> bool:
    return finding.is_trustworthy and finding.agreement == Agreement.AGREES


def _cut(verdict: Verdict | None, finding: Finding) -> Verdict | None:
    """Return the verdict on the rows up to a checkpoint, from that on more of them."""
    if verdict is None or verdict.holds or (verdict.sequence or 0) <= finding.checkpoint.count:
        return verdict
    return Verdict(finding.checkpoint.count, finding.checkpoint.head_hash)
