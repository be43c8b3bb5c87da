"""The life of an application, and everything about a person or an organization, within some datasets."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from agreements.applications.models import Application, Decision
from agreements.bars.models import Bar
from agreements.catalog.models import Dataset
from agreements.core.domains import domain_of, domains_of
from agreements.flows.questions import facts, reached
from agreements.grants.models import DownloadOpened, Grant, GrantMember
from agreements.grants.places import organization_key
from agreements.identity import lists
from agreements.ledger.act import text_digest
from agreements.ledger.kinds import Kind
from agreements.ledger.models import LedgerEntry, LedgerSubject
from agreements.ledger.queries import entries_about
from agreements.people.models import User, normal_address
from agreements.revocation.models import AffectedGrant, Destruction, Procedure, ScopeKind

_Found = TypeVar("_Found", bound=Model)
MOST: Final = 1_000
"""Things of each kind that an answer holds, the newest; a page that says so is better than one that never comes."""

_MOST_DOMAINS: Final = 20
_NOTHING: Final = Q(pk__in=[])


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything that is known within the datasets asked about. `downloads` counts requests for bytes."""

    facts: list[facts.Fact]
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
    concerns = Q(kind__in=reached.OF_A_WHOLE_PROCEDURE) | Q(sequence__in=named)
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
    affected = AffectedGrant.objects.filter(grant__holder=person, member=None) | reached.as_members(members)
    bars = Bar.objects.filter(dataset__in=within, person=person)
    on_domain = Bar.objects.filter(dataset__in=within, domain__in=domains_of(person.email))
    named = LedgerSubject.objects.filter(reference=str(person.public_id)).values("entry_id")
    grants = Grant.objects.filter(dataset__in=within, holder=person)
    procedures = _procedures(within, affected, scope=Q(scope=ScopeKind.PERSON, scope_value=str(person.public_id)))
    theirs = Q(sequence__in=named) | Q(actor=person.actor.id)
    theirs |= Q(sequence__in=reached.rows_about_memberships(members).values("entry_id"))
    theirs |= Q(sequence__in=reached.rows_about_procedures(procedures).values("sequence"))
    entries = _of(within).filter(theirs)
    if not any(known.exists() for known in (applications, grants, members, bars, entries)):
        return _nothing()
    return _answer(
        applications=applications,
        grants=grants,
        members=members,
        procedures=procedures,
        owed=reached.owed_after(affected, by_people=Q(person=person), within=within),
        bars=bars | on_domain,
        downloads=DownloadOpened.objects.filter(link__seal__person=person, grant__dataset__in=within).count(),
        entries=entries,
    )


def about_organization(*, name: str, domain: str, within: QuerySet[Dataset]) -> Answer:
    """Return everything about an organization, by its name however it is written, and by its domain and all below.

    Under a name also what is at the domains that its people write from, so that both questions answer alike.
    """
    key = organization_key(name.replace("\0", ""))
    asked = domain.replace("\0", "").strip().strip(".@").lower()
    domains = [asked] if asked else _domains_of(within, key)
    if not key and not domains:
        return _nothing()
    applications = _handed_in(within).filter(Q(pk__in=_named(within, key)) | _at("email", domains))
    grants = Grant.objects.filter(dataset__in=within).filter(
        (Q(organization_key=key) if key else _NOTHING)
        | _at("holder__email", domains)
        | _at("application__email", domains)
    )
    everybody = GrantMember.objects.filter(grant__dataset__in=within)
    members = everybody.filter(_at("email", domains) | Q(grant__in=grants))
    affected = AffectedGrant.objects.filter(grant__in=grants) | reached.as_members(members)
    bars = Bar.objects.filter(_below("domain", domains) | _at("person__email", domains), dataset__in=within)
    scope = Q(scope=ScopeKind.ORGANIZATION, scope_value=key) if key else _NOTHING
    scope |= Q(scope=ScopeKind.DOMAIN, scope_value__in=domains)
    procedures = _procedures(within, affected, scope=scope)
    known: tuple[Iterable[str], ...] = (
        applications.values_list("reference", flat=True)[:MOST],
        grants.values_list("reference", flat=True)[:MOST],
    )
    rows = Q(sequence__in=entries_about(*(reference for some in known for reference in some)).values("sequence"))
    rows |= Q(sequence__in=reached.rows_about_procedures(procedures).values("sequence"))
    rows |= Q(sequence__in=reached.rows_about_memberships(members).values("entry_id"))
    rows |= Q(sequence__in=_rows_of_bars(bars))
    return _answer(
        applications=applications,
        grants=grants,
        members=members,
        procedures=procedures,
        owed=reached.owed_after(affected, by_people=_at("person__email", domains), within=within),
        bars=bars,
        downloads=DownloadOpened.objects.filter(grant__in=grants).count(),
        entries=_of(within).filter(rows),
    )


def _nothing() -> Answer:
    return Answer([], 0, LedgerEntry.objects.none())


def _answer(
    *,
    applications: QuerySet[Application],
    grants: QuerySet[Grant],
    members: QuerySet[GrantMember],
    procedures: QuerySet[Procedure],
    owed: QuerySet[Destruction],
    bars: QuerySet[Bar],
    downloads: int,
    entries: QuerySet[LedgerEntry],
) -> Answer:
    decisions = Decision.objects.filter(application__in=applications)
    parts: tuple[list[facts.Fact], ...] = (
        [*map(facts.of_application, _newest(applications, "applicant"))],
        [*map(facts.of_decision, _newest(decisions, "application", "reviewer"))],
        [*map(facts.of_grant, _newest(grants, "holder", "application"))],
        [*map(facts.of_member, _newest(members, "person", "grant__application"))],
        [*map(facts.of_procedure, _newest(procedures, "begun_by"))],
        [*map(facts.of_owed, _newest(owed, "person", "affected__grant__application", "affected__procedure"))],
        [*map(facts.of_bar, _newest(bars, "set_by", "person"))],
    )
    told = sorted((fact for part in parts for fact in part), key=lambda fact: fact.at)
    return Answer(told, downloads, entries, is_cut=any(len(part) == MOST for part in parts))


def _newest(found: QuerySet[_Found], *related: str) -> QuerySet[_Found]:
    return found.select_related(*related).order_by("-pk")[:MOST]


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


def _domains_of(within: QuerySet[Dataset], key: str) -> list[str]:
    """Return the domains that an organization's people with access write from; a free mailbox is no organization's."""
    if not key:
        return []
    grants = Grant.objects.filter(dataset__in=within, organization_key=key)
    written = grants.values_list("holder__email", "application__email")[:MOST]
    domains = {domain_of(email) for pair in written for email in pair if "@" in email}
    known = lists.refresh()
    return sorted(each for each in domains if known.academic(each) or not known.free_provider(each))[:_MOST_DOMAINS]


def _at(field: str, domains: Iterable[str]) -> Q:
    """Return the condition that an address is at a domain or below it."""
    found = _NOTHING
    for domain in domains:
        found |= Q(**{f"{field}__iendswith": f"@{domain}"}) | Q(**{f"{field}__iendswith": f".{domain}"})
    return found


def _below(field: str, domains: Iterable[str]) -> Q:
    found = _NOTHING
    for domain in domains:
        found |= Q(**{field: domain}) | Q(**{f"{field}__iendswith": f".{domain}"})
    return found


def _rows_of_bars(bars: QuerySet[Bar]) -> QuerySet[LedgerEntry, int]:
    """Return the rows that tell of bars: of a person by their id, of a domain by its digest."""
    some = bars.select_related("person").order_by("-pk")[:MOST]
    people = [str(bar.person.public_id) for bar in some if bar.person is not None]
    digests = [text_digest(bar.domain, salt=bar.domain_salt) for bar in some if bar.domain and bar.domain_salt]
    named = LedgerSubject.objects.filter(reference__in=people).values("entry_id")
    told = LedgerEntry.objects.filter(kind__in=(Kind.BAR_SET, Kind.BAR_LIFTED))
    return told.filter(Q(sequence__in=named) | Q(payload__domain_digest__in=digests)).values_list("sequence", flat=True)


def _procedures(within: QuerySet[Dataset], affected: QuerySet[AffectedGrant], *, scope: Q) -> QuerySet[Procedure]:
    touched = Q(pk__in=affected.values("procedure"))
    return Procedure.objects.filter(touched | scope, dataset__in=within)


def _of(within: QuerySet[Dataset]) -> QuerySet[LedgerEntry]:
    slugs = list(within.values_list("slug", flat=True))
    named = LedgerSubject.objects.filter(role="dataset", reference__in=slugs).values("entry_id")
    return LedgerEntry.objects.filter(sequence__in=named).order_by("-sequence")
