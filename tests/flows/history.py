"""A history of access that random acts make through the domain's own functions, and what the live system said of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final, NamedTuple, TypeVar

from agreements.catalog import roles
from agreements.catalog.models import Access, Dataset, Role, Subset, Terms
from agreements.core import clock
from agreements.documents.models import StoredDocument
from agreements.grants.models import Grant, GrantMember, MemberState, Seal
from agreements.grants.running import is_running
from agreements.people.models import User
from tests.flows.scene import SETUP

T = TypeVar("T")
START: Final = dt.datetime(2026, 1, 5, 9, 0, tzinfo=dt.UTC)
SUBSETS: Final = ("extended370", "train40")
HOLDERS: Final = 3
MEMBERS: Final = 2


class Who(NamedTuple):
    """Somebody who can open a subset: by grant, public id, standing and the terms that they accepted."""

    grant: str
    person: str
    is_member: bool
    terms: str


@dataclass
class World:
    """A dataset with subsets and no archives, people, and a clock that only goes forward."""

    dataset: Dataset
    terms: list[Terms]
    subsets: list[Subset]
    document: StoredDocument
    holders: list[User]
    colleagues: list[User]
    earlier: list[User]
    dan: User
    adam: User
    at: dt.datetime = START
    said: dict[dt.datetime, dict[str, set[Who]]] = field(default_factory=dict)
    numbers: Any = field(default_factory=count)

    def note(self) -> None:
        """Keep who can open what at this moment, as the pages and links decide it."""
        with clock.frozen(self.at):
            self.said[self.at] = {slug: set(_live(self.dataset, slug)) for slug in SUBSETS}


def make() -> World:
    """Return a world at its beginning."""
    with clock.frozen(START):
        dataset = Dataset.objects.create(
            slug="genebody",
            reference_prefix="GB",
            title="GeneBody",
            contact_address="contact@genebody.example",
        )
        terms = [_terms(dataset, version) for version in ("1.0", "1.1")]
        agreement = Access.AGREEMENT
        made = [Subset.objects.create(dataset=dataset, slug=each, title=each, access=agreement) for each in SUBSETS]
        people = [User.objects.create_user(f"holder{n}@connect.ust.hk") for n in range(HOLDERS)]
        colleagues = [User.objects.create_user(f"member{n}@connect.ust.hk") for n in range(MEMBERS)]
        # One mailbox, and an account for each way to spell it.
        earlier = [User.objects.create_user(f"{each}@connect.ust.hk") for each in ("earlier", "earlier+lab")]
        dan = User.objects.create_user("dan@genebody.example")
        roles.give(user=dan, dataset=dataset, role=Role.STEWARD, by=SETUP)
        document = StoredDocument.objects.create(store_key="0" * 32, sha256="0" * 64, size=1)
        adam = User.objects.create_superuser("adam@site.example")
        return World(dataset, terms, made, document, people, colleagues, earlier, dan, adam)


def _terms(dataset: Dataset, version: str) -> Terms:
    clauses = [{"id": "termination", "heading": "Termination", "paragraphs": ["At any time."]}]
    return Terms.objects.create(
        dataset=dataset,
        version=version,
        title="Agreement",
        effective_from=dt.date(2026, 1, 1),
        clauses=clauses,
        source="",
        sha256="0" * 64,
    )


def _live(dataset: Dataset, slug: str) -> list[Who]:
    """Return who could open a subset now: what runs, covers it, and has a seal whose person's account is open."""
    found = []
    for grant in Grant.objects.filter(dataset=dataset).select_related("dataset", "terms"):
        if not is_running(grant) or not grant.subsets.filter(slug=slug).exists():
            continue
        for seal in Seal.objects.filter(grant=grant, ended_at=None, person__is_active=True).select_related("person"):
            is_member = seal.person_id != grant.holder_id
            terms = _joined(grant, seal.person).terms if is_member else grant.terms
            assert terms is not None
            found.append(Who(grant.reference, str(seal.person.public_id), is_member, terms.version))
    return found


def _joined(grant: Grant, person: User) -> GrantMember:
    return GrantMember.objects.select_related("terms").get(grant=grant, person=person, state=MemberState.JOINED)
