"""On what grounds access is ended or suspended: what the people concerned are told, and what the record refers to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from agreements.catalog.models import Terms
from agreements.core.errors import Invalid
from agreements.ledger.act import text_digest


@dataclass(frozen=True, slots=True)
class Grounds:
    """A clause of the terms, a reason with the salt that is kept beside it, and the procedure it is all part of.

    `destroy_by` is the day by which copies have to be destroyed; none for a suspension. `is_carried_over`: its
    procedure is older than the access, whose terms need not have the clause.
    """

    procedure: str
    clause_id: str
    reason: str
    reason_salt: str
    destroy_by: dt.date | None = None
    is_carried_over: bool = False

    @property
    def digest(self) -> str:
        """Return what the record keeps of the reason."""
        return text_digest(self.reason, salt=self.reason_salt)

    def check(self, versions: Iterable[Terms]) -> None:
        """Raise Invalid unless each of these versions of the terms has the clause."""
        if self.is_carried_over:
            return
        lacking = sorted({terms.version for terms in versions if not has_clause(terms, self.clause_id)})
        if lacking:
            words = _("These terms have no such clause: version %(versions)s.")
            raise Invalid(words % {"versions": ", ".join(lacking)}, field="clause_id")


def has_clause(terms: Terms, clause_id: str) -> bool:
    """Return whether a version of the terms has a clause."""
    return any(clause["id"] == clause_id for clause in terms.clauses)
