"""What stands in the way of erasing a person, in words for the operator."""

from __future__ import annotations

from django.utils.translation import gettext as _

from agreements.catalog import erasing as roles_erasing
from agreements.catalog.models import Dataset
from agreements.flows.erasing.reach import Reach
from agreements.grants import erasing as grant_erasing
from agreements.grants.models import Grant
from agreements.grants.states import NOT_ENDED
from agreements.people import erasing as account_erasing
from agreements.revocation import erasing as procedure_erasing


def in_the_way(reach: Reach, *, colleagues_papers: bool) -> list[str]:
    """Return every obstacle as it is now, each with what to do about it; empty if nothing stands in the way."""
    person = reach.person
    found = [
        _("%(grant)s runs: end it first, so that the person is asked to destroy their copies.") % {"grant": each}
        for each in grant_erasing.not_ended_of(person.pk).values_list("reference", flat=True)
    ]
    found += [
        _("%(procedure)s: the destruction of copies under %(grant)s is awaited until %(date)s; settle it first.")
        % {
            "procedure": owed.affected.procedure.reference,
            "grant": owed.affected.grant.reference,
            "date": owed.due_on.isoformat(),
        }
        for owed in procedure_erasing.awaited(person.pk)
    ]
    found += [
        _("%(dataset)s: this is its last steward; invite another first.") % {"dataset": title}
        for title in roles_erasing.last_steward_of(person.pk)
    ]
    if account_erasing.is_last_administrator(person):
        found.append(_("This is the last site administrator; make another one first."))
    for dataset in Dataset.objects.order_by("pk"):
        if any(reach.who.owns(address) for address in (dataset.contact_address, *dataset.copy_addresses)):
            found.append(
                _("%(dataset)s: its folder names this address as a contact; change dataset.toml and load it.")
                % {"dataset": dataset.title}
            )
    if colleagues_papers:
        running = Grant.objects.filter(application__in=reach.colleagues, state__in=NOT_ENDED)
        found += [
            _("%(grant)s of a colleague runs, and rests on a paper that names this person: end it first.")
            % {"grant": reference}
            for reference in running.values_list("reference", flat=True)
        ]
    return found
