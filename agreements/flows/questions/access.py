"""Who could open what on a given moment under which terms: answered from rows of the record alone.

A pure replay. It knows nothing of grants as they are now, so that it can be held against them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from agreements.ledger.kinds import Kind


class Row(NamedTuple):
    """What is read of a row of the record."""

    sequence: int
    at: dt.datetime
    kind: str
    subjects: Mapping[str, str]
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Holding:
    """Somebody who could open a subset: under which grant and terms, and by which rows (their numbers, in order)."""

    grant: str
    person: str
    is_member: bool
    terms: str
    by_rows: tuple[int, ...]


class _Member(NamedTuple):
    terms: str
    row: int


@dataclass(slots=True)
class _Grant:
    holder: str
    terms: str
    starts: dt.datetime
    ends: dt.datetime | None
    granted: int
    subsets: dict[str, int | None]
    members: dict[str, _Member] = field(default_factory=dict)
    suspensions: int = 0
    is_over: bool = False
    is_ended: bool = False
    is_confirmed: bool = True
    confirmed: int | None = None
    renewed: int | None = None
    resumed: int | None = None
    agreed: int | None = None

    def opens(self, subset: str, at: dt.datetime) -> bool:
        """Return whether it opened a subset; an end that had passed counts, whether or not it was noted yet."""
        is_running = not (self.suspensions or self.is_over or self.is_ended) and self.is_confirmed
        is_in_time = self.starts <= at and (self.ends is None or at < self.ends)
        return is_running and is_in_time and subset in self.subsets


@dataclass(slots=True)
class _State:
    grants: dict[str, _Grant] = field(default_factory=dict)
    closed_accounts: set[str] = field(default_factory=set)
    account_opened: dict[str, int] = field(default_factory=dict)
    is_withdrawn: bool = False
    is_shut: bool = False
    opened_again: int | None = None


def holders_at(entries: Iterable[Row], *, subset: str, at: dt.datetime) -> list[Holding]:
    """Return everybody who could open a subset at a moment, by grant, the holder before the members.

    `entries` are rows of one dataset's record and of accounts, oldest first (see `KINDS`); later ones are left out.
    """
    state = _State()
    for row in entries:
        if row.at <= at and (change := _CHANGES.get(row.kind)) is not None:
            change(state, row)
    return _open_at(state, sorted(state.grants), subset, at)


def holders_during(entries: Iterable[Row], *, subset: str, start: dt.datetime, end: dt.datetime) -> list[Holding]:
    """Return everybody who could open a subset at any moment from `start` up to `end`, each as they last could.

    `entries` as for `holders_at`. Whoever lost it meanwhile could before the row that says so.
    """
    state, found = _State(), dict[tuple[str, bool, str], Holding]()

    def look(at: dt.datetime, references: Iterable[str]) -> None:
        found.update(
            {(each.grant, each.is_member, each.person): each for each in _open_at(state, references, subset, at)}
        )

    is_within, last = False, start
    for row in entries:
        if row.at >= end or (change := _CHANGES.get(row.kind)) is None:
            continue
        if row.at >= start and not is_within:
            is_within = True
            look(start, state.grants)
        named = row.subjects.get("grant")
        touched = [named] if named else list(state.grants)
        if is_within:
            look(last, touched)
        change(state, row)
        if is_within:
            look(row.at, touched)
            last = row.at
    look(start if not is_within else last, state.grants)
    look(end - dt.timedelta(microseconds=1), state.grants)
    return [found[key] for key in sorted(found)]


def _open_at(state: _State, references: Iterable[str], subset: str, at: dt.datetime) -> list[Holding]:
    """Return who could open a subset under some grants, the holder before the members."""
    found: list[Holding] = []
    if state.is_withdrawn or state.is_shut:
        return found
    for reference in references:
        grant = state.grants.get(reference)
        if grant is not None and grant.opens(subset, at):
            found += _of_grant(state, reference, grant, subset)
    return found


def _of_grant(state: _State, reference: str, grant: _Grant, subset: str) -> list[Holding]:
    """Return the holder and the members of a grant whose accounts are open."""
    shared = (grant.granted, grant.confirmed, grant.renewed, grant.resumed, grant.subsets[subset], state.opened_again)
    people: list[tuple[str, bool, str, int | None]] = [(grant.holder, False, grant.terms, grant.agreed)]
    people += [(person, True, joined.terms, joined.row) for person, joined in sorted(grant.members.items())]
    return [
        Holding(reference, person, is_member, terms, _numbers(*shared, row, state.account_opened.get(person)))
        for person, is_member, terms, row in people
        if person not in state.closed_accounts
    ]


def _numbers(*rows: int | None) -> tuple[int, ...]:
    return tuple(sorted({row for row in rows if row is not None}))


def _granted(state: _State, row: Row) -> None:
    payload = row.payload
    state.grants[row.subjects["grant"]] = _Grant(
        holder=row.subjects["person"],
        terms=payload["terms"],
        starts=dt.datetime.fromisoformat(payload["starts"]),
        ends=_moment(payload["ends"]),
        granted=row.sequence,
        subsets=dict.fromkeys(payload["subsets"]),
        is_confirmed=row.kind != Kind.GRANT_IMPORTED,
    )


def _confirmed(grant: _Grant, row: Row) -> None:
    grant.is_confirmed, grant.confirmed, grant.terms = True, row.sequence, row.payload["terms"]
    # The same mailbox may be another account's by now: the access is whose confirmed it.
    grant.holder = row.subjects["person"]


def _agreed(grant: _Grant, row: Row) -> None:
    grant.terms, grant.agreed = row.payload["terms"], row.sequence


def _suspended(grant: _Grant, row: Row) -> None:
    grant.suspensions += 1


def _resumed(grant: _Grant, row: Row) -> None:
    grant.suspensions = max(0, grant.suspensions - 1)
    grant.resumed = row.sequence


def _expired(grant: _Grant, row: Row) -> None:
    grant.is_over = True


def _renewed(grant: _Grant, row: Row) -> None:
    grant.is_over, grant.renewed = False, row.sequence
    grant.ends, grant.terms = _moment(row.payload["ends"]), row.payload["terms"]


def _ended(grant: _Grant, row: Row) -> None:
    grant.is_ended = True


def _taken(grant: _Grant, row: Row) -> None:
    grant.subsets.pop(row.payload["subset"], None)


def _given(grant: _Grant, row: Row) -> None:
    grant.subsets[row.payload["subset"]] = row.sequence


def _joined(grant: _Grant, row: Row) -> None:
    grant.members[row.subjects["member"]] = _Member(row.payload["terms"], row.sequence)


def _left(grant: _Grant, row: Row) -> None:
    grant.members.pop(row.subjects.get("member", ""), None)


def _account_closed(state: _State, row: Row) -> None:
    state.closed_accounts.add(row.subjects["person"])


def _account_opened(state: _State, row: Row) -> None:
    state.closed_accounts.discard(row.subjects["person"])
    state.account_opened[row.subjects["person"]] = row.sequence


def _withdrawn(state: _State, _row: Row) -> None:
    state.is_withdrawn = True


def _offered_again(state: _State, row: Row) -> None:
    state.is_withdrawn, state.opened_again = False, row.sequence


def _shut(state: _State, _row: Row) -> None:
    state.is_shut = True


def _reopened(state: _State, row: Row) -> None:
    state.is_shut, state.opened_again = False, row.sequence


def _to_grant(change: Callable[[_Grant, Row], None]) -> Callable[[_State, Row], None]:
    """Return the change of the grant that a row names. One of before the record began is not known here."""

    def changed(state: _State, row: Row) -> None:
        grant = state.grants.get(row.subjects.get("grant", ""))
        if grant is not None:
            change(grant, row)

    return changed


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


_CHANGES: Final[Mapping[str, Callable[[_State, Row], None]]] = {
    Kind.GRANT_ISSUED: _granted,
    Kind.GRANT_IMPORTED: _granted,
    Kind.GRANT_CONFIRMED: _to_grant(_confirmed),
    Kind.TERMS_AGREED: _to_grant(_agreed),
    Kind.GRANT_SUSPENDED: _to_grant(_suspended),
    Kind.GRANT_RESUMED: _to_grant(_resumed),
    Kind.GRANT_EXPIRED: _to_grant(_expired),
    Kind.GRANT_RENEWED: _to_grant(_renewed),
    Kind.GRANT_CLOSED: _to_grant(_ended),
    Kind.GRANT_REVOKED: _to_grant(_ended),
    Kind.SUBSET_TAKEN: _to_grant(_taken),
    Kind.SUBSET_GIVEN_BACK: _to_grant(_given),
    Kind.SUBSET_ADDED: _to_grant(_given),
    Kind.MEMBER_JOINED: _to_grant(_joined),
    Kind.MEMBER_LEFT: _to_grant(_left),
    Kind.MEMBER_REMOVED: _to_grant(_left),
    Kind.ACCOUNT_CLOSED: _account_closed,
    Kind.ACCOUNT_OPENED: _account_opened,
    Kind.PERSON_ERASED: _account_closed,
    Kind.DATASET_WITHDRAWN: _withdrawn,
    Kind.DATASET_OFFERED_AGAIN: _offered_again,
    Kind.DATASET_SHUT: _shut,
    Kind.DATASET_REOPENED: _reopened,
}
ABOUT_ACCOUNTS: Final = frozenset({Kind.ACCOUNT_CLOSED, Kind.ACCOUNT_OPENED, Kind.PERSON_ERASED})
KINDS: Final = frozenset(map(str, _CHANGES))
"""Every kind of row that decides."""
