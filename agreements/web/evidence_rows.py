"""Findings as the evidence part shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext_lazy as _

from agreements.applications.models import EvidenceRun

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_ABOUT: Final[dict[str, StrOrPromise]] = {
    "structure": _("Signed copy: the file"),
    "page_set": _("Signed copy: the pages"),
    "unchanged": _("Signed copy: the text"),
    "signed": _("Signed copy: the signature"),
    "resubmission": _("Since the last submission"),
    "address-domain": _("Address: who is behind it"),
    "address-registry": _("Address: the registry of organizations"),
    "address-rule": _("Address: the steward's rule"),
    "address-lookalike": _("Address: look-alikes"),
    "address-student": _("Address: students' host"),
    "address-organization": _("Address: the organization in the form"),
    "address-mail": _("Address: does it take mail"),
    "address-proof": _("Address: is it theirs"),
    "history-domain": _("Earlier cases: domain"),
    "history-organization": _("Earlier cases: organization"),
    "history-site": _("Earlier cases: site"),
    "history-person": _("Earlier cases: person"),
    "history-bar": _("Earlier cases: bar"),
    "evidence": _("Evidence"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One finding: `sign` is pass, attention, fail or unknown."""

    about: StrOrPromise
    sign: str
    finding: str
    looked_at: list[tuple[str, str]] = field(default_factory=list)
    at: datetime | None = None


def rows_of(run: EvidenceRun | None) -> list[Row]:
    """Return the rows of a finished run, the serious ones first."""
    if run is None:
        return []
    weight = {"fail": 0, "attention": 1, "unknown": 2, "pass": 3}
    rows = [_row(finding, run) for finding in run.findings]
    return sorted(rows, key=lambda row: weight.get(row.sign, 2))


def _row(finding: dict[str, Any], run: EvidenceRun) -> Row:
    check = str(finding["check"])
    about = _ABOUT.get(check) or (_("Address") if check.startswith("address") else check)
    looked = [(str(key).replace("_", " "), _plain(value)) for key, value in finding.get("details", {}).items()]
    return Row(about, str(finding["outcome"]), str(finding["summary"]), looked, run.finished_at)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{str(name).replace('_', ' ')} {_plain(item)}" for name, item in value.items())
    if isinstance(value, list | tuple):
        apart = "; " if any(isinstance(item, dict) for item in value) else ", "
        value = apart.join(_plain(item) for item in value)
    return str(value) or str(_("nothing"))
