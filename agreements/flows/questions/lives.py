"""The life of an application, and everything about a person or an organization, within some datasets."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from agreements.applications.models import Application, Decision
from agreements.bars.models import Bar
from agreements.catalog.models import Dataset
from agreements.core.domains import domains_of
from agreements.grants.models import DownloadOpened, Grant, GrantMember
from agreements.grants.places import organization_key
from agreements.ledger.kinds import Kind
from agreements.ledger.models import LedgerEntry, LedgerSubject
from agreements.ledger.queries import entries_about
from agreements.people.models import User, normal_address
from agreements.revocation.models import AffectedGrant, Procedure, ScopeKind

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MOST: Final = 1_000
"""Things of each kind that an answer holds, the newest; a page that says so is better than one that never comes."""

_OF_A_WHOLE_PROCEDURE: Final = (Kind.PROCEDURE_BEGUN, Kind.SUSPENSION_LIFTED)


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of an answer: what kind of thing, when, its reference, the application it belongs to, who, and how it is.

    `application` leads to a page; it is empty for a draft, which is its author's alone, and for what has none.
    """

    what: StrOrPromise
    at: dt.datetime
    reference: str
    application: str
    who: str
    state: StrOrPromise


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything that is known within the datasets asked about. `downloads` counts requests for bytes."""

    facts: list[Fact]
    downloads: int
    entries: QuerySet[LedgerEntry]
    is_cut: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.facts and not self.entries.exists()


def life_of(application: Application) -> QuerySet[LedgerEntry]:
    """Return every row that names an application or its grant, oldest first.

    Of a procedure that reached it: that it began, that it was lifted, and what names the applicant. The rest of its
    rows tell of others' access.
    """
    grants = Grant.objects.filter(application=application)
    procedures = AffectedGrant.objects.filter(grant__in=grants).values_list("procedure__reference", flat=True)
    own = entries_about(application.reference, *grants.values_list("reference", flat=True)).values("sequence")
    named = LedgerSubject.objects.filter(reference=str(application.applicant.public_id)).values("entry_id")
    concerns = Q(kind__in=_OF_A_WHOLE_PROCEDURE) | Q(sequence__in=named)
    theirs = entries_about(*procedures).filter(concerns).values("sequence")
    return LedgerEntry.objects.filter(Q(sequence__in=own) | Q(sequence__in=theirs)).order_by("sequence")


def find_person(who: str) -> User | None:
    """Return the person with an address or a public id, or None."""
    text = who.replace("\0", "").strip()
    try:
        return User.objects.filter(public_id=uuid.UUID(text)).first()
    except ValueError:
        return User.objects.filter(email=normal_address(text)).first() if "@" in text else None


def about_person(person: User | None, *, within: QuerySet[Dataset]) -> Answer:
    """Return everything about a person; somebody who is known elsewhere only is as nobody.

    A bar on a domain knows nobody who writes from there: it is told only of somebody who is known by something else.
    """
    if person is None:
        return _nothing()
    members = GrantMember.objects.filter(grant__dataset__in=within, person=person)
    applications = _handed_in(within).filter(applicant=person)
    reached = AffectedGrant.objects.filter(Q(grant__holder=person, member=None) | Q(member__person=person))
    bars = Bar.objects.filter(dataset__in=within, person=person)
    on_domain = Bar.objects.filter(dataset__in=within, domain__in=domains_of(person.email))
    named = LedgerSubject.objects.filter(reference=str(person.public_id)).values("entry_id")
    theirs = Q(sequence__in=named) | Q(actor=person.actor.id)
    grants, entries = Grant.objects.filter(dataset__in=within, holder=person), _of(within).filter(theirs)
    if not any(known.exists() for known in (applications, grants, members, bars, entries)):
        return _nothing()
    return _answer(
        applications=applications,
        grants=grants,
        members=members,
        procedures=_procedures(within, reached, scope=Q(scope=ScopeKind.PERSON, scope_value=str(person.public_id))),
        bars=bars | on_domain,
        downloads=DownloadOpened.objects.filter(link__seal__person=person, grant__dataset__in=within).count(),
        entries=entries,
    )


def about_organization(*, name: str, domain: str, within: QuerySet[Dataset]) -> Answer:
    """Return everything about an organization, by its name however it is written, and by its domain and all below."""
    key = organization_key(name.replace("\0", ""))
    below = domain.replace("\0", "").strip().strip(".@").lower()
    if not key and not below:
        return _nothing()
    applications = _handed_in(within).filter(Q(pk__in=_named(within, key)) | _at("email", below))
    grants = Grant.objects.filter(dataset__in=within).filter(
        (Q(organization_key=key) if key else Q(pk__in=[]))
        | _at("holder__email", below)
        | _at("application__email", below)
    )
    members = GrantMember.objects.filter(grant__dataset__in=within).filter(_at("email", below))
    reached = AffectedGrant.objects.filter(Q(grant__in=grants, member=None) | Q(member__in=members))
    scope = Q(pk__in=[])
    scope |= Q(scope=ScopeKind.ORGANIZATION, scope_value=key) if key else Q(pk__in=[])
    scope |= Q(scope=ScopeKind.DOMAIN, scope_value=below) if below else Q(pk__in=[])
    references = [*applications.values_list("reference", flat=True)[:MOST]]
    references += grants.values_list("reference", flat=True)[:MOST]
    return _answer(
        applications=applications,
        grants=grants,
        members=members,
        procedures=_procedures(within, reached, scope=scope),
        bars=Bar.objects.filter(_below("domain", below), dataset__in=within),
        downloads=DownloadOpened.objects.filter(grant__in=grants).count(),
        entries=_of(within).filter(sequence__in=entries_about(*references).values("sequence")),
    )


def _nothing() -> Answer:
    return Answer([], 0, LedgerEntry.objects.none())


def _answer(
    *,
    applications: QuerySet[Application],
    grants: QuerySet[Grant],
    members: QuerySet[GrantMember],
    procedures: QuerySet[Procedure],
    bars: QuerySet[Bar],
    downloads: int,
    entries: QuerySet[LedgerEntry],
) -> Answer:
    decisions = Decision.objects.filter(application__in=applications)
    parts = (
        [_application(each) for each in applications.select_related("applicant").order_by("-pk")[:MOST]],
        [_decision(each) for each in decisions.select_related("application", "reviewer").order_by("-pk")[:MOST]],
        [_grant(each) for each in grants.select_related("holder", "application").order_by("-pk")[:MOST]],
        [_member(each) for each in members.select_related("person", "grant__application").order_by("-pk")[:MOST]],
        [_procedure(each) for each in procedures.select_related("begun_by").order_by("-pk")[:MOST]],
        [_bar(each) for each in bars.select_related("set_by").order_by("-pk")[:MOST]],
    )
    facts = sorted((fact for part in parts for fact in part), key=lambda fact: fact.at)
    return Answer(facts, downloads, entries, is_cut=any(len(part) == MOST for part in parts))


def _handed_in(within: QuerySet[Dataset]) -> QuerySet[Application]:
    """Leave out drafts: nobody but their author reads those."""
    return Application.objects.filter(dataset__in=within).filter(
        Q(submitted_at__isnull=False)
        | Q(imported_at__isnull=False)
        | Exists(Grant.objects.filter(application=OuterRef("pk")))
    )


def _named(within: QuerySet[Dataset], key: str) -> list[int]:
    """Return the keys of applications whose organization, as it was written, is known under this key."""
    if not key:
        return []
    written: Iterable[tuple[int, str]] = _handed_in(within).values_list("pk", "organization")
    return [pk for pk, name in written if organization_key(name) == key][:MOST]


def _at(field: str, domain: str) -> Q:
    """Return the condition that an address is at a domain or below it."""
    if not domain:
        return Q(pk__in=[])
    return Q(**{f"{field}__iendswith": f"@{domain}"}) | Q(**{f"{field}__iendswith": f".{domain}"})


def _below(field: str, domain: str) -> Q:
    if not domain:
        return Q(pk__in=[])
    return Q(**{field: domain}) | Q(**{f"{field}__iendswith": f".{domain}"})


def _procedures(within: QuerySet[Dataset], reached: QuerySet[AffectedGrant], *, scope: Q) -> QuerySet[Procedure]:
    touched = Q(pk__in=reached.values("procedure"))
    return Procedure.objects.filter(touched | scope, dataset__in=within)


def _of(within: QuerySet[Dataset]) -> QuerySet[LedgerEntry]:
    slugs = list(within.values_list("slug", flat=True))
    named = LedgerSubject.objects.filter(role="dataset", reference__in=slugs).values("entry_id")
    return LedgerEntry.objects.filter(sequence__in=named).order_by("-sequence")


def _application(each: Application) -> Fact:
    reference, who = each.reference, each.name or each.applicant.display_name
    return Fact(_("Application"), each.created_at, reference, reference, who, each.get_state_display())


def _decision(each: Decision) -> Fact:
    reference = each.application.reference
    kind = each.get_kind_display()
    return Fact(_("Decision"), each.decided_at, reference, reference, each.reviewer.display_name, kind)


def _grant(each: Grant) -> Fact:
    application = each.application.reference
    return Fact(_("Access"), each.starts_at, each.reference, application, each.holder_name, each.get_state_display())


def _member(each: GrantMember) -> Fact:
    at, application = each.joined_at or each.invited_at, each.grant.application.reference
    return Fact(_("Membership"), at, each.grant.reference, application, each.display_name, each.get_state_display())


def _procedure(each: Procedure) -> Fact:
    return Fact(
        each.get_act_display(), each.begun_at, each.reference, "", each.begun_by.display_name, each.get_scope_display()
    )


def _bar(each: Bar) -> Fact:
    state = _("lifted") if each.lifted_at else _("set")
    return Fact(_("Bar"), each.set_at, each.domain, "", each.set_by.display_name, state)


def rows_of(facts: Iterable[Fact]) -> Iterator[list[object]]:
    """Yield the cells of each fact, for CSV."""
    for fact in facts:
        yield [fact.what, fact.at, fact.reference, fact.application, fact.who, fact.state]
