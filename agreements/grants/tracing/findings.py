"""The seals that made the salts of a file: people's own and shared ones, running and ended, under every key we have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import QuerySet

from agreements.catalog.archives import index_of, ledger_name
from agreements.catalog.models import Archive, Dataset, SealKind
from agreements.core.secrets import SALT, UnknownKey, key_ring
from agreements.grants.models import DownloadOpened, Generation, Grant, Seal
from agreements.grants.passwords import password_of
from agreements.grants.seals import inputs_of
from agreements.grants.tracing.sample import Deadline, Limits, Sample
from agreements.people.models import User
from agreements.sealing import BadIndex, Candidates, FoundSalt, code_is_authentic, match_salts
from agreements.sealing.trace import SaltMatch
from agreements.vault.protocol import NoSuchObject, OutOfReach

Read = Callable[[int, int], Iterator[bytes]]
TAG_BYTES: Final = 10
LEAST_PROBES: Final = 2
MOST_READ: Final = 1024**3
"""Bytes of members that are read for their codes; the first member is read whatever its size."""


@dataclass(frozen=True, slots=True)
class Codes:
    """Authentication codes of members that the file holds whole: `whole` of them, some of which were checked.

    `wrong_names` are the names, as the file gives them, of those whose code was wrong.
    """

    whole: int
    right: int
    wrong_names: tuple[str, ...] = ()

    @property
    def wrong(self) -> int:
        return len(self.wrong_names)

    @property
    def checked(self) -> int:
        return self.right + self.wrong


@dataclass(frozen=True, slots=True)
class Finding:
    """A seal and the archive that was sealed under it. `grant` and `person` are None for a shared seal.

    `archives` are all that have this very content: more than one only if the same files were published twice.
    `handed_to` counts the grants that were handed a shared seal's object.
    """

    dataset: Dataset
    archives: tuple[Archive, ...]
    seal: Seal | Generation
    matched: int
    codes: Codes
    handed_to: int = 0

    @property
    def grant(self) -> Grant | None:
        return self.seal.grant if isinstance(self.seal, Seal) else None

    @property
    def person(self) -> User | None:
        return self.seal.person if isinstance(self.seal, Seal) else None

    @property
    def generation(self) -> int | None:
        return self.seal.generation if isinstance(self.seal, Generation) else None

    @property
    def is_signer(self) -> bool:
        """Return whether the seal is the signer's own and not a member's."""
        return isinstance(self.seal, Seal) and self.seal.person_id == self.seal.grant.holder_id

    @property
    def is_verified(self) -> bool:
        """Return whether bytes of the file were made under the seal's password, and none that were checked was not."""
        return self.codes.right > 0 and self.codes.wrong == 0

    @property
    def name(self) -> str:
        """Return the seal as the record names it: no person, no secret."""
        if self.grant is not None:
            return f"{self.grant.reference} seal {self.seal.number}"
        return f"{ledger_name(self.archives[0])} version {self.archives[0].version} generation {self.generation}"


@dataclass(slots=True)
class Search:
    """What was found, and what could not be looked at: archives without their index, seals (counted) by lost key."""

    findings: list[Finding] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    lost_keys: Counter[int] = field(default_factory=Counter)
    gave_up: bool = False


@dataclass(frozen=True, slots=True)
class _Piece:
    """The file: what was found in it, how to read it, and how much of that is allowed."""

    sample: Sample
    read: Read
    limits: Limits


def search(sample: Sample, *, read: Read, limits: Limits) -> Search:
    """Return the seals that made salts of a sample; `read` reads the file for the members' codes."""
    done, deadline, piece = Search(), Deadline(limits.seconds), _Piece(sample, read, limits)
    by_place: dict[tuple[int, str], list[tuple[Archive, Candidates]]] = {}
    for archive, candidates in _candidates(sample, done):
        # A shared seal belongs to one archive, a personal one to everything of its dataset.
        by_place.setdefault((archive.subset.dataset_id, archive.seal), []).append((archive, candidates))
    for (dataset_pk, kind), mine in by_place.items():
        archives: dict[bytes, list[Archive]] = {}
        for archive, each in mine:
            archives.setdefault(each.digest, []).append(archive)
        distinct = list({each.digest: each for _archive, each in mine}.values())
        seals = _seals(kind, dataset_pk, [archive.pk for archive, _each in mine])
        probes = max(LEAST_PROBES, limits.derived // max(1, seals.count() * len(distinct)))
        for pk, matches in match_salts(distinct, _salt_keys(seals, done, deadline), probes=probes):
            done.findings += _findings(seals, pk, matches, archives, piece)
    return done


def _candidates(sample: Sample, done: Search) -> Iterator[tuple[Archive, Candidates]]:
    """Yield the archives, withdrawn ones too, of which the sample may hold members."""
    sealed = Archive.objects.exclude(seal=SealKind.NONE).select_related("subset__dataset").order_by("pk")
    for archive in sealed if sample.salts else []:
        try:
            candidates = Candidates.of(index_of(archive), sample.salts)
        except (NoSuchObject, OutOfReach, BadIndex):
            done.unreadable.append(f"{ledger_name(archive)} version {archive.version}")
        else:
            if candidates:
                yield archive, candidates


def _seals(kind: str, dataset_pk: int, archive_pks: list[int]) -> QuerySet[Any]:
    """Return all seals, ended ones too, that may have been put on archives of a dataset."""
    if kind == SealKind.SHARED:
        return Generation.objects.filter(archive__in=archive_pks).select_related("archive").order_by("pk")
    return Seal.objects.filter(grant__dataset=dataset_pk).select_related("grant__dataset", "person").order_by("pk")


def _salt_keys(seals: QuerySet[Any], done: Search, deadline: Deadline) -> Iterator[tuple[int, bytes]]:
    """Yield (primary key, salt key) of each seal. Plain columns: a million rows as objects would take a minute."""
    ring = key_ring()
    columns = seals.select_related(None).values_list("pk", "seal_id", "number", "key_number")
    for pk, seal_id, number, key_number in columns.iterator(chunk_size=10_000):
        if deadline.is_over():
            done.gave_up = True
            return
        try:
            yield pk, ring.derive(SALT, *inputs_of(seal_id, number), number=key_number, length=32)
        except UnknownKey:
            done.lost_keys[key_number] += 1


def _findings(
    seals: QuerySet[Any],
    pk: int,
    matches: list[SaltMatch],
    archives: dict[bytes, list[Archive]],
    piece: _Piece,
) -> Iterator[Finding]:
    """Yield a finding for each archive of which a seal made salts."""
    seal: Seal | Generation = seals.get(pk=pk)
    by_digest: dict[bytes, list[SaltMatch]] = {}
    for match in matches:
        by_digest.setdefault(match.archive_digest, []).append(match)
    for digest, mine in by_digest.items():
        found_in = archives[digest]
        if isinstance(seal, Generation):
            found_in = [archive for archive in found_in if archive.pk == seal.archive_id]
            if not found_in:
                continue
        handed = DownloadOpened.objects.filter(generation=seal) if isinstance(seal, Generation) else None
        yield Finding(
            dataset=found_in[0].subset.dataset,
            archives=tuple(found_in),
            seal=seal,
            matched=len({match.number for match in mine}),
            codes=_codes(mine, password_of(seal), piece),
            handed_to=handed.values("grant").distinct().count() if handed is not None else 0,
        )


def _codes(matches: list[SaltMatch], password: str, piece: _Piece) -> Codes:
    """Check the codes of the smallest members that are whole, a few of them."""
    whole = [match.found for match in matches if _end(match.found) <= piece.sample.size]
    right, wrong = 0, list[str]()
    budget = MOST_READ
    for found in sorted(whole, key=lambda each: each.packed_size)[: piece.limits.codes]:
        if right + len(wrong) and found.packed_size > budget:
            break
        budget -= found.packed_size
        is_right = code_is_authentic(found, password, piece.read, piece.sample.size)
        if is_right:
            right += 1
        elif is_right is False:
            # As the file has it: it may hold whatever a terminal obeys.
            wrong.append(found.name if found.name.isprintable() else ascii(found.name))
    return Codes(whole=len(whole), right=right, wrong_names=tuple(wrong))


def _end(found: FoundSalt) -> int:
    return found.data_start + found.packed_size + TAG_BYTES
