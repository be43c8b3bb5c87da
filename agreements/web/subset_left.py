"""What stays of a subset that is ended for everybody: its archives, which the end of access does not withdraw."""

from __future__ import annotations

from django.utils.translation import gettext as _

from agreements.catalog import archives
from agreements.catalog.models import Access, Dataset, Subset
from agreements.revocation.models import ProcedureAct, ScopeKind


def words(dataset: Dataset, *, act: str, kind: str, value: str) -> str:
    """Return what a steward should know of the subset that an act ends for good; empty for any other act."""
    if act != ProcedureAct.REVOKE or kind != ScopeKind.SUBSET:
        return ""
    subset = Subset.objects.filter(dataset=dataset, slug=value, access=Access.AGREEMENT).first()
    published = [archive.name for archive in archives.current(subset)] if subset is not None else []
    if subset is None or not published:
        return ""
    told = _(
        "New approvals leave %(subset)s out: access to it is ended for everybody. Its archives stay published all the "
        "same: %(names)s. Withdraw them too if nobody is to get them any more."
    )
    return told % {"subset": subset.title, "names": ", ".join(published)}
