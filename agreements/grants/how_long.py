"""How long things last, as one table: the dataset's page and the documentation show these rows, from these numbers."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agreements.catalog import invitations
from agreements.catalog.models import Dataset
from agreements.grants.downloads import sources
from agreements.grants.links import lifetimes
from agreements.grants.members import invitations as member_invitations
from agreements.grants.terms_change import campaigns
from agreements.grants.wording import duration
from agreements.people import emailed_codes

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Row:
    """`key` names the key of dataset.toml that sets it; empty where it is the same for all datasets."""

    what: str
    how_long: str
    since: str
    key: str = ""


def rows(dataset: Dataset) -> Sequence[Row]:
    """Return what lasts how long for a dataset, the things a researcher meets first at the top."""
    access = duration(dt.timedelta(days=dataset.grant_days)) if dataset.grant_days else _("until the lab ends it")
    least, most = campaigns.GRACE_DAYS
    return (
        Row(_("A draft of an application"), _days(dataset.draft_days), _("since its last change"), "draft_days"),
        Row(_("Access"), access, _("since the approval"), "grant_days"),
        Row(
            _("Destroying copies, and attesting it"),
            _days(dataset.destroy_days),
            _("since the access was ended"),
            "destroy_days",
        ),
        Row(
            _("A proof of the institutional address"),
            _days(dataset.address_days) if dataset.address_days else _("as long as the access"),
            _("since it was given; access waits for the next one a month after that"),
            "address_days",
        ),
        Row(
            _("Agreeing to new terms, if the lab asks for it"),
            _("as many days as the steward gives, %(least)d to %(most)d") % {"least": least, "most": most},
            _("since the decision, or since they took effect; then access waits for it"),
        ),
        Row(
            _("What was written in an application that led to no access"),
            _days(dataset.forget_days) if dataset.forget_days else _("it is kept"),
            _("since its last step"),
            "forget_days",
        ),
        Row(_("A signed copy"), _years(dataset.copy_years), _("since the end of the access"), "copy_years"),
        Row(
            _("A download link"),
            duration(lifetimes.of_dataset(dataset)),
            _("since its first mail"),
            "link_lifetime_hours",
        ),
        Row(
            _("An address of the object store, to which a link of a shared or open archive leads"),
            duration(dt.timedelta(seconds=sources.PRESIGNED)),
            _("since the link was opened; a download that runs goes on"),
        ),
        Row(_("An invitation to a member"), duration(member_invitations.LIFETIME), _("since it was mailed last")),
        Row(_("An invitation to the staff"), duration(invitations.LIFETIME), _("since it was mailed")),
        Row(_("A code in a mail"), duration(emailed_codes.LIFETIME), _("since it was mailed; it works once")),
        Row(
            _("The proof that opens the page of the password"),
            duration(emailed_codes.FRESH_FOR),
            _("since the code or the second factor was typed in"),
        ),
        Row(_("Staying signed in"), duration(dt.timedelta(seconds=settings.SESSION_COOKIE_AGE)), _("since signing in")),
    )


def _days(count: int) -> str:
    return duration(dt.timedelta(days=count))


def _years(count: int | None) -> str:
    if count is None:
        return _("it is kept")
    return ngettext("%(count)d year", "%(count)d years", count) % {"count": count}
