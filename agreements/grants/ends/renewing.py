"""Renewal: what is still used, by whom and for what; the address proven again, the terms accepted again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from agreements.bars.checks import is_barred
from agreements.catalog import holding
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import Invalid, MovedOn, NotAllowed, NotPossible
from agreements.grants import lifecycle
from agreements.grants.ends import due, messages, proving
from agreements.grants.ends.terms import newer_terms, to_agree
from agreements.grants.members import membership
from agreements.grants.models import Cause, Grant, GrantMember, GrantState, Link, MemberState, Renewal
from agreements.grants.permissions import Permission, Standing, check_may
from agreements.ledger.act import Act, act, new_salt, text_digest
from agreements.ledger.kinds import Kind

NOT_USED: Final = "not-used"
USE_LIMIT: Final = 2000


def renew(
    *,
    grant: Grant,
    seen_end: dt.datetime | None,
    drop_subsets: Collection[str],
    drop_members: Collection[int],
    use: str,
    by: Actor,
) -> Renewal:
    """Prolong a grant for as long as the dataset now gives, from its end or from now, whichever is later.

    The caller has taken a code that was mailed to `due.address_of(grant)`, and the holder's word that the terms are
    accepted. `seen_end` is the end on the page that the holder filled in; `drop_subsets` (slugs) and `drop_members`
    (keys) go. Raises Invalid for the use or where nothing would be left, MovedOn if it was renewed meanwhile (a
    double click), NotPossible saying why, NotAllowed for others and for who is barred.
    """
    words = _checked_use(use)
    with act() as record:
        holding.hold(grant.dataset_id)
        locked = lifecycle.lock(grant)
        standing = check_may(Permission.RENEW, grant=locked, by=by)
        _check_renewable(locked, seen_end)
        _check_not_barred(locked)
        previous, was_expired = locked.ends_at, locked.state == GrantState.EXPIRED
        assert previous is not None, "what has no end is not renewable"
        locked = proving.note_proven(record, locked, by=by, as_role=standing)
        salt = new_salt()
        renewed = lifecycle.renew(
            grant=locked, ends_at=new_end(locked), use_digest=text_digest(words, salt=salt), by=by
        )
        _drop_subsets(record, renewed, drop_subsets, by=by, as_role=standing)
        _drop_members(renewed, drop_members, by=by)
        renewal = Renewal.objects.create(
            grant=renewed,
            renewed_by_id=by.pk,
            previous_end=previous,
            new_end=renewed.ends_at,
            use=words,
            use_salt=salt,
        )
        messages.queue_renewed(renewed, renewal)
        if was_expired:
            messages.queue_resumed_to_members(renewed)
    return renewal


def new_end(grant: Grant) -> dt.datetime | None:
    """Return until when a renewal at this moment would last, or None where the dataset now gives no end."""
    days = grant.dataset.grant_days
    return max(now(), grant.ends_at or now()) + dt.timedelta(days=days) if days else None


def why_not_renewable(grant: Grant) -> str | None:
    """Return in words why a grant cannot be renewed now, or None if it can. Bars are told only after the form."""
    names = {"reference": grant.reference, "dataset": grant.dataset.title, "state": grant.get_state_display()}
    if grant.state == GrantState.REVOKED:
        return _("Access %(reference)s is %(state)s.") % names
    if grant.closed_for:
        return _("Access %(reference)s was closed: %(cause)s.") % (names | {"cause": grant.get_closed_for_display()})
    if newer_terms(grant) is not None and (asked := to_agree(grant)) is not None:
        return _("Agree to terms %(version)s first: the page of your access leads there.") % {"version": asked.version}
    if due.suspensions(grant).exclude(cause=Cause.ADDRESS, procedure="").exists():
        return _("Access %(reference)s is suspended. It can be renewed once that is lifted.") % names
    if grant.imported_at is not None and grant.confirmed_at is None:
        return _("Confirm access %(reference)s first.") % names
    return _why_not_now(grant, names) or _why_not_offered(grant, names)


def _why_not_now(grant: Grant, names: dict[str, str]) -> str | None:
    window = due.renewal(grant)
    if window is None:
        return _("Access %(reference)s has no end date: there is nothing to renew.") % names
    if now() < window.opens:
        return _("Access %(reference)s can be renewed from %(day)s.") % (names | {"day": _day(window.opens)})
    if now() >= window.closes:
        return _("Access %(reference)s could be renewed until %(day)s.") % (names | {"day": _day(window.closes)})
    return None


def _why_not_offered(grant: Grant, names: dict[str, str]) -> str | None:
    if grant.dataset.withdrawn_at is not None:
        return _("%(dataset)s was withdrawn.") % names
    if grant.dataset.shut_at is not None:
        return _("%(dataset)s was restored from a backup and is being looked at. Try again later.") % names
    if newer_terms(grant) is not None:
        return _("The terms of %(dataset)s have changed: access under the earlier ones cannot be renewed.") % names
    return None


def _check_renewable(grant: Grant, seen_end: dt.datetime | None) -> None:
    if grant.ends_at != seen_end and grant.state == GrantState.ACTIVE:
        until = _day(grant.ends_at) if grant.ends_at else _("without an end date")
        raise MovedOn(_("This access was renewed already: %(until)s. Nothing more was done.") % {"until": until})
    if (why_not := why_not_renewable(grant)) is not None:
        raise NotPossible(why_not)


def _check_not_barred(grant: Grant) -> None:
    emails = (grant.holder.email, grant.application.email)
    if is_barred(dataset_pk=grant.dataset_id, person_pk=grant.holder_id, emails=emails):
        words = _("This access cannot be renewed at present. Write to %(contact)s to ask why.")
        raise NotAllowed(words % {"contact": grant.dataset.contact_address})


def _checked_use(text: str) -> str:
    use = text.strip()
    if not use:
        raise Invalid(_("Say in a line or two what you use the data for."), field="use")
    if len(use) > USE_LIMIT:
        raise Invalid(_("At most %(most)s characters.") % {"most": USE_LIMIT}, field="use")
    return use


def _drop_subsets(record: Act, grant: Grant, slugs: Collection[str], *, by: Actor, as_role: Standing) -> None:
    dropped = list(grant.subsets.filter(slug__in=slugs).order_by("pk"))
    if dropped and len(dropped) == grant.subsets.count():
        raise Invalid(_("Keep at least one. If you use none of it, let the access end."), field="subsets")
    for subset in dropped:
        grant.subsets.remove(subset)
        Link.objects.filter(grant=grant, archive__subset=subset, ended_at=None).update(ended_at=now())
        subjects = lifecycle.subjects(grant)
        record.record(Kind.SUBSET_TAKEN, by=by, as_role=as_role, subjects=subjects, subset=subset.slug, cause=NOT_USED)


def _drop_members(grant: Grant, keys: Collection[int], *, by: Actor) -> None:
    reason = _("%(holder)s renewed the access and said that you no longer work with the data.")
    for member in GrantMember.objects.filter(grant=grant, pk__in=keys, state=MemberState.JOINED).order_by("pk"):
        membership.remove(member=member, reason=reason % {"holder": grant.holder_name}, by=by)


def _day(at: dt.datetime) -> str:
    return date_format(at, "j F Y")
