"""What the page of an access shows to whom: the holder sees everybody's doings, a member their own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from agreements.catalog.models import Archive, SealKind
from agreements.grants import queries
from agreements.grants.deliverable import deliverable, withdrawn_from
from agreements.grants.links import addresses, scripts, tokens
from agreements.grants.links import making as links
from agreements.grants.members import queries as member_queries
from agreements.grants.models import Grant, GrantMember, Link, MemberState
from agreements.grants.permissions import Permission, may
from agreements.grants.running import is_running, why_not_running
from agreements.grants.shared import generations
from agreements.ledger.kinds import Kind
from agreements.ledger.models import LedgerEntry
from agreements.ledger.queries import entries_about
from agreements.mail import dead_addresses
from agreements.people.models import User
from agreements.revocation.held_shut import held_shut
from agreements.revocation.queries import owed_to_attest
from agreements.web import access, access_opening, access_terms, agreement_papers
from agreements.web.renewal_context import ends_of
from agreements.web.timeline import timeline_of

# What happens to an access happens to all who share it.
_OF_ALL: Final = frozenset(
    {
        Kind.GRANT_ISSUED,
        Kind.GRANT_SUSPENDED,
        Kind.GRANT_RESUMED,
        Kind.GRANT_EXPIRED,
        Kind.GRANT_RENEWED,
        Kind.GRANT_CLOSED,
        Kind.GRANT_REVOKED,
    }
)


@dataclass(frozen=True, slots=True)
class Offer:
    """An archive with the newest link to it, if one is running, and the `others` that are, the newest first.

    `newer`: the version that came after this one.
    """

    archive: Archive
    link: Link | None
    landing: str
    direct: str
    newer: Archive | None
    is_being_sealed: bool
    others: tuple[Link, ...] = ()

    @property
    def is_shared(self) -> bool:
        return self.archive.seal == SealKind.SHARED


def context(grant: Grant, *, viewer: User) -> dict[str, Any]:
    """Return what the page of an access shows to one of its people."""
    by = viewer.actor
    opens = is_running(grant) and may(Permission.REVEAL_PASSWORD, grant=grant, by=by)
    sees_all = may(Permission.SEE_PEOPLE, grant=grant, by=by)
    ever = list(member_queries.every(grant))
    joined = [member for member in ever if member.state == MemberState.JOINED]
    return {
        "grant": grant,
        "owed": owed_to_attest(viewer.pk).filter(affected__grant=grant),
        "opens": opens,
        "is_holder": sees_all,
        "membership": next((row for row in joined if row.person_id == viewer.pk), None),
        "members": joined if sees_all else [],
        "may_leave": may(Permission.LEAVE, grant=grant, by=by),
        "named": member_queries.named_and_not_invited(grant) if sees_all and is_running(grant) else [],
        "downloads": queries.downloads_of(grant, person_pk=None if sees_all else viewer.pk),
        "downloads_shown": queries.SHOWN,
        "by_person": sees_all and bool(joined),
        "ends": ends_of(grant, viewer=viewer),
        "dead": dead_addresses.is_dead(viewer.email),
        "held_shut": held_shut(grant),
        "why_not": why_not_running(grant),
        **access.revocation_of(grant),
        "papers": agreement_papers.own(grant) if grant.holder_id == viewer.pk else [],
        **access_terms.questions_about(grant, is_holder=grant.holder_id == viewer.pk),
        **access_opening.questions_to(grant, is_holder=grant.holder_id == viewer.pk),
        "timeline": timeline_of(
            _seen_by(viewer, entries_about(grant.reference), all_of_them=sees_all),
            viewer=viewer,
            known=_names(grant, ever),
        ),
        **(_downloads(grant, viewer) if opens else {"offers": []}),
    }


def _downloads(grant: Grant, viewer: User) -> dict[str, Any]:
    offers = _offers(grant, viewer)
    files = scripts.files(grant, person_pk=viewer.pk)
    return {
        "offers": offers,
        "missing": sum(offer.link is None and offer.newer is None for offer in offers),
        "files": files,
        "not_in_links": scripts.not_in_links(files),
        "first_file": files[0] if files else None,
        "any_shared": any(offer.is_shared for offer in offers),
        "withdrawn": withdrawn_from(grant, person_pk=viewer.pk),
    }


def _offers(grant: Grant, viewer: User) -> list[Offer]:
    running: dict[int, list[Link]] = {}
    for link in links.running(grant=grant, person_pk=viewer.pk):
        running.setdefault(link.archive_id, []).append(link)
    archives = list(deliverable(grant))
    ready = generations.ready_of(archives)
    newest: dict[tuple[int, str], Archive] = {}
    offers = []
    for archive in archives:
        newer = newest.setdefault((archive.subset_id, archive.name), archive)
        to_it = running.get(archive.pk, [])
        mine = to_it[0] if to_it else None
        token = tokens.token(mine) if mine else ""
        offers.append(
            Offer(
                archive=archive,
                link=mine,
                landing=addresses.landing(token) if mine else "",
                direct=addresses.direct(token, archive.name) if mine else "",
                newer=None if newer == archive else newer,
                is_being_sealed=archive.seal == SealKind.SHARED and archive.pk not in ready,
                others=tuple(to_it[1:]),
            )
        )
    return offers


def _seen_by(viewer: User, entries: Iterable[LedgerEntry], *, all_of_them: bool) -> list[LedgerEntry]:
    return [
        entry
        for entry in entries
        if all_of_them
        or entry.kind in _OF_ALL
        or entry.actor == viewer.actor.id
        or entry.subjects.get("member") == str(viewer.public_id)
    ]


def _names(grant: Grant, ever: list[GrantMember]) -> dict[str, str]:
    people = [grant.holder, *(member.person for member in ever if member.person)]
    return {person.actor.id: person.display_name for person in people}
