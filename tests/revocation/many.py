"""Access for many people at once, written straight into the tables: what procedures of every scope have to hit."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from typing import Final

from agreements.applications.models import Application, State
from agreements.catalog.models import Access, Archive, Dataset, Subset, Terms
from agreements.core.clock import now
from agreements.grants import places
from agreements.grants.models import Grant, GrantMember, GrantState, Link, MemberState, Seal
from agreements.people.models import User
from agreements.revocation.beginning import BarWish, begin
from agreements.revocation.hits import hit_by
from agreements.revocation.models import Procedure, ProcedureAct, ScopeKind
from agreements.revocation.scope import Scope

REASON: Final = "The images were posted on a public page."
SITE: Final = {"department": "Vision", "city": "Cambridge", "country": "US"}


def person(email: str) -> User:
    """Return the person of an address, made if need be."""
    found = User.objects.filter(email=email).first()
    return found or User.objects.create_user(email, name=email.partition("@")[0].title())


def grants(
    dataset: Dataset,
    emails: Sequence[str],
    *,
    organization: str = "MIT",
    site: dict[str, str] | None = None,
    terms: Terms | None = None,
    subsets: Sequence[Subset] = (),
    state: GrantState = GrantState.ACTIVE,
    members: int = 0,
) -> list[Grant]:
    """Return a grant for each address, each with a seal, a link to each archive, and members with theirs."""
    terms = terms or Terms.objects.filter(dataset=dataset).latest("effective_from")
    covered = list(subsets) or list(Subset.objects.filter(dataset=dataset, access=Access.AGREEMENT))
    place = {"organization": organization} | (site or SITE)
    holders = _people(emails)
    applications = Application.objects.bulk_create(
        Application(
            reference=f"{dataset.reference_prefix}-A-{secrets.token_hex(5)}",
            dataset=dataset,
            terms=terms,
            applicant=holder,
            state=State.APPROVED,
            name=holder.name,
            organization=organization,
            email=holder.email,
        )
        for holder in holders
    )
    made = Grant.objects.bulk_create(
        Grant(
            reference=f"{dataset.reference_prefix}-G-{secrets.token_hex(5).upper()}",
            application=application,
            dataset=dataset,
            terms=terms,
            holder=application.applicant,
            holder_name=application.name,
            organization=organization,
            organization_key=places.organization_key(organization),
            site=place,
            site_key=places.site_key(place),
            state=state,
            starts_at=now(),
        )
        for application in applications
    )
    through = Grant.subsets.through
    through.objects.bulk_create(through(grant=grant, subset=subset) for grant in made for subset in covered)
    _seal([(grant, grant.holder) for grant in made], covered)
    for number in range(members):
        join(made, [f"member{number}.{grant.holder.email}" for grant in made])
    return made


def join(made: Sequence[Grant], emails: Sequence[str]) -> list[GrantMember]:
    """Make the person of each address a member of the grant at the same place."""
    pairs = list(zip(made, _people(emails), strict=True))
    found = GrantMember.objects.bulk_create(
        GrantMember(
            grant=grant,
            email=who.email,
            name=who.name,
            state=MemberState.JOINED,
            nonce=secrets.token_hex(16),
            key_number=1,
            invited_by=grant.holder,
            person=who,
            terms=grant.terms,
            joined_at=now(),
        )
        for grant, who in pairs
    )
    _seal(pairs, list(Subset.objects.filter(dataset=made[0].dataset)))
    return found


def invite(grant: Grant, email: str) -> GrantMember:
    """Return an invitation that waits."""
    return GrantMember.objects.create(
        grant=grant, email=email, nonce=secrets.token_hex(16), key_number=1, invited_by=grant.holder
    )


def second_dataset(like: Dataset) -> Dataset:
    """Return another dataset of the lab, with a clause of the same name."""
    other = Dataset.objects.create(
        slug="other", reference_prefix="OT", title="Other", contact_address=like.contact_address
    )
    terms = Terms.objects.filter(dataset=like).latest("effective_from")
    Terms.objects.create(
        dataset=other,
        version=terms.version,
        effective_from=terms.effective_from,
        clauses=terms.clauses,
        sha256="2" * 64,
    )
    for subset in Subset.objects.filter(dataset=like):
        Subset.objects.create(dataset=other, slug=subset.slug, title=subset.title, access=subset.access)
    return other


def second_terms(dataset: Dataset, *clauses: str) -> Terms:
    """Return a later version of the terms, with these clauses."""
    texts = [{"id": clause, "heading": f"Of {clause}", "paragraphs": ["x"]} for clause in clauses]
    return Terms.objects.create(
        dataset=dataset, version="2.0", title="t", effective_from=dt.date(2026, 2, 1), clauses=texts, sha256="1" * 64
    )


def start(
    dataset: Dataset,
    kind: ScopeKind,
    value: str = "",
    *,
    by: User,
    act: ProcedureAct = ProcedureAct.REVOKE,
    clause: str = "termination",
    expected: int | None = None,
    bar: BarWish | None = None,
    withdraw_dataset: bool = False,
) -> Procedure:
    """Begin a procedure as a steward who has just looked."""
    scope = Scope(dataset, kind, value)
    return begin(
        scope=scope,
        act=act,
        clause_id=clause,
        reason=REASON,
        by=by.actor,
        expected=hit_by(scope, act=act).count if expected is None else expected,
        bar=bar,
        withdraw_dataset=withdraw_dataset,
    )


def states(made: Sequence[Grant]) -> list[str]:
    """Return the states of grants as they are now, in their order."""
    now_are = dict(Grant.objects.filter(pk__in=[grant.pk for grant in made]).values_list("pk", "state"))
    return [now_are[grant.pk] for grant in made]


def _people(emails: Sequence[str]) -> list[User]:
    known = {user.email: user for user in User.objects.filter(email__in=emails)}
    fresh = [
        User(email=email, name=email.partition("@")[0].title(), password="!")
        for email in dict.fromkeys(emails)
        if email not in known
    ]
    known |= {user.email: user for user in User.objects.bulk_create(fresh)}
    return [known[email] for email in emails]


def _seal(pairs: Sequence[tuple[Grant, User]], covered: Sequence[Subset]) -> None:
    sealed = Seal.objects.bulk_create(
        Seal(seal_id=secrets.token_hex(16), grant=grant, person=who, key_number=1) for grant, who in pairs
    )
    archives = list(Archive.objects.filter(subset__in=covered))
    Link.objects.bulk_create(
        Link(
            link_id=secrets.token_hex(16),
            grant=seal.grant,
            seal=seal,
            archive=archive,
            key_number=1,
            expires_at=now() + dt.timedelta(days=7),
        )
        for seal in sealed
        for archive in archives
    )
