"""Filling in an application, a page at a time; each page is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from agreements.applications.form import FIELDS
from agreements.applications.models import Application, ApplicationMember
from agreements.applications.permissions import Permission, Standing, check_may
from agreements.applications.states import EDITABLE, RUNNING
from agreements.applications.transition import lock, subjects
from agreements.catalog.models import Dataset, Terms
from agreements.catalog.terms import NoTerms, in_force
from agreements.catalog.visibility import takes_applications
from agreements.core import one_line
from agreements.core.actors import Actor
from agreements.core.addresses import comparison_key, normal
from agreements.core.clock import now
from agreements.core.errors import Invalid, NotPossible
from agreements.core.references import APPLICATION, free_reference
from agreements.documents import printed_scripts
from agreements.documents.fonts import unprintable
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind

LONGEST_NAME: Final = 120
LONGEST_ADDRESS: Final = 254
_QUOTED: Final = frozenset({"name", "organization", "position"})
"""Mail of the lab says them to others: to reviewers, colleagues, stewards."""


def start(*, dataset: Dataset, email: str, by: Actor) -> Application:
    """Return the person's running application for the dataset, or a new draft under the terms in force.

    Raises NotPossible where there is nothing to apply for.
    """
    if dataset.withdrawn_at is not None:
        raise NotPossible(_("%(dataset)s has been withdrawn.") % {"dataset": dataset.title})
    running = Application.objects.filter(dataset=dataset, applicant_id=by.person_pk, state__in=RUNNING)
    if (found := running.first()) is not None:
        return found
    if not takes_applications(dataset):
        raise NotPossible(_("There is nothing to apply for in %(dataset)s.") % {"dataset": dataset.title})
    try:
        with transaction.atomic():
            return _create(dataset=dataset, email=email, by=by)
    except IntegrityError:
        # A double click: the other request was first, and its draft is theirs too.
        if (found := running.first()) is None:
            raise
        return found


def _create(*, dataset: Dataset, email: str, by: Actor) -> Application:
    with act() as record:
        application = Application.objects.create(
            reference=free_reference(Application.objects.all(), prefix=dataset.reference_prefix, kind=APPLICATION),
            dataset=dataset,
            terms=_terms(dataset),
            applicant_id=by.pk,
            email=email,
        )
        record.record(
            Kind.APPLICATION_STARTED,
            by=by,
            as_role=Standing.APPLICANT,
            subjects=subjects(application),
            terms=application.terms.version,
        )
    return application


def _terms(dataset: Dataset) -> Terms:
    try:
        return in_force(dataset)
    except NoTerms:
        raise NotPossible(_("No terms of %(dataset)s are in force yet.") % {"dataset": dataset.title}) from None


def save(*, application: Application, fields: Mapping[str, str], by: Actor) -> Application:
    """Keep some of the form's fields. Raises Invalid as `check_field`, naming the field."""
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise ValueError(f"not fields of the form: {sorted(unknown)}")
    for field, value in fields.items():
        check_field(value, field=field)
    with act():
        locked = lock_editable(application, by=by)
        for field, value in fields.items():
            setattr(locked, field, value.strip())
        locked.updated_at = now()
        locked.save(update_fields=[*fields, "updated_at"])
    return locked


def set_members(*, application: Application, members: Sequence[tuple[str, str]], by: Actor) -> None:
    """Replace the named colleagues by (name, address) pairs. Raises Invalid for duplicates or too many."""
    addresses = [normal(email) for _name, email in members]
    if len({comparison_key(address) for address in addresses}) != len(addresses):
        raise Invalid(_("An address is named twice."), field="members")
    for name, email in members:
        if len(name.strip()) > LONGEST_NAME or len(email.strip()) > LONGEST_ADDRESS:
            raise Invalid(_("“%(name)s…” is too long.") % {"name": name.strip()[:30]}, field="members")
        check_member(name, email)
    with act():
        locked = lock_editable(application, by=by)
        if len(members) > locked.dataset.max_members:
            limit = locked.dataset.max_members
            raise Invalid(_("At most %(limit)d colleagues can be named.") % {"limit": limit}, field="members")
        if comparison_key(locked.email) in map(comparison_key, addresses):
            raise Invalid(_("You are bound as the signer; name only your colleagues here."), field="members")
        ApplicationMember.objects.filter(application=locked).delete()
        ApplicationMember.objects.bulk_create(
            ApplicationMember(application=locked, name=name.strip(), email=address)
            for (name, _email), address in zip(members, addresses, strict=True)
        )


def save_site(
    *, application: Application, fields: Mapping[str, str], members: Sequence[tuple[str, str]], by: Actor
) -> Application:
    """Keep the page about the site with its colleagues, or nothing of it. Raises as `save` and `set_members` do."""
    with act():
        saved = save(application=application, fields=fields, by=by)
        set_members(application=saved, members=members, by=by)
    return saved


def is_open(application: Application) -> bool:
    """Return whether an application can still be changed by its applicant."""
    return application.state in EDITABLE


def why_closed(application: Application) -> str:
    """Return why an application can no longer be changed by its applicant, as a sentence; "" while it can."""
    if is_open(application):
        return ""
    return _("%(reference)s is %(state)s: it can no longer be changed.") % {
        "reference": application.reference,
        "state": application.get_state_display(),
    }


def lock_editable(application: Application, *, by: Actor) -> Application:
    """Return the locked application. Raises NotAllowed, or NotPossible once it is no longer open for changes."""
    locked = lock(application)
    check_may(Permission.EDIT, application=locked, by=by)
    if why := why_closed(locked):
        raise NotPossible(why)
    return locked


def check_field(value: str, *, field: str) -> None:
    """Raise Invalid for what the form does not take: more than one line, unprintable, addresses where mail quotes it.

    It asks of what is typed from now on; what stands there from before, or was brought in, may be otherwise.
    """
    if field in _QUOTED:
        _check_words(value, field=field)
        return
    if field != "intended_use":
        _check_one_line(value, field=field)
    _check_printable(value, field=field)


def check_member(name: str, email: str) -> None:
    """Raise Invalid for a colleague's name that the form does not take; who has none is called by their address."""
    if normal(name) != normal(email):
        _check_words(name, field="members")


def _check_words(value: str, *, field: str) -> None:
    _check_one_line(value, field=field)
    _check_printable(value, field=field)
    one_line.check(value, field=field)


def _check_one_line(value: str, *, field: str) -> None:
    """Raise Invalid for line breaks: more lines than the form has could pass for somebody else's words."""
    if len(value.strip().splitlines()) > 1:
        raise Invalid(_("Write this on one line."), field=field)


def _check_printable(value: str, *, field: str) -> None:
    """Raise Invalid if the agreement could not be printed with this text, naming each character."""
    if bad := unprintable(value):
        words = _("The agreement cannot be printed with: %(characters)s. Please write it another way.")
        words %= {"characters": ", ".join(bad)}
        if without := printed_scripts.lacking_for(value):
            why = _("This server has no font for %(scripts)s yet: use Latin letters, or ask the lab to install one.")
            words = f"{words} {why % {'scripts': ', '.join(without)}}"
        raise Invalid(words, field=field)
