"""Everything that opens a grant's archives, shown at once: the person's own password, and those of shared archives."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, Q

from agreements.catalog.archives import ledger_name
from agreements.catalog.models import Archive, SealKind
from agreements.core.actors import Actor
from agreements.grants import lifecycle, passwords, seals
from agreements.grants.deliverable import deliverable
from agreements.grants.models import DownloadOpened, Generation, GenerationState, Grant, Seal
from agreements.grants.permissions import Permission, check_may
from agreements.grants.running import check_running
from agreements.keys import master_keys
from agreements.keys.master_keys import WrongKey
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind


@dataclass(frozen=True, slots=True)
class SharedPassword:
    """The password of one generation of a shared archive; `is_current`: that is what downloads give now.

    Where its key is not the right one here the password is empty, and `trouble` says so.
    """

    archive: Archive
    generation: Generation
    password: str = field(repr=False)
    trouble: str = ""

    @property
    def groups(self) -> list[str]:
        """Return the password as people read it out."""
        return self.password.split("-")

    @property
    def is_current(self) -> bool:
        return self.generation.state == GenerationState.READY


@dataclass(frozen=True, slots=True)
class Revealed:
    """`own` is empty where a grant opens shared archives only, and where `own_trouble` says why it is not shown.

    `own_opens`: the archives it is for. `preparing`: shared archives not sealed yet.
    """

    own: str = field(repr=False)
    shared: tuple[SharedPassword, ...]
    preparing: tuple[Archive, ...]
    own_trouble: str = ""
    own_opens: tuple[Archive, ...] = ()

    @property
    def own_groups(self) -> list[str]:
        """Return the person's own password as people read it out."""
        return self.own.split("-")


def reveal_all(*, grant: Grant, by: Actor) -> Revealed:
    """Return every password that a person needs under a grant, and record each one that is shown.

    One whose master key is not the right one here leaves the others as they are.
    Raises NotAllowed for whoever has no seal under the grant, NotPossible unless the access is running.
    """
    with act() as record:
        locked = lifecycle.lock(grant)
        standing = check_may(Permission.REVEAL_PASSWORD, grant=locked, by=by)
        check_running(locked)
        archives = list(deliverable(locked))
        seal = seals.running_seal(grant=locked, person_pk=by.person_pk)
        subjects = lifecycle.subjects(locked, seal.person if seal else None)
        is_shared = [archive.seal == SealKind.SHARED for archive in archives]
        own, own_trouble = ("", "") if archives and all(is_shared) else _own(locked, seal, by=by)
        shown = tuple(_shared(locked, archives, person_pk=by.person_pk))
        for each in shown:
            if each.trouble:
                continue
            record.record(
                Kind.GENERATION_REVEALED,
                by=by,
                as_role=standing,
                subjects=subjects | {"archive": ledger_name(each.archive)},
                version=each.archive.version,
                generation=each.generation.generation,
            )
        ready = {each.archive.pk for each in shown if each.is_current}
        preparing = [a for a, shared in zip(archives, is_shared, strict=True) if shared and a.pk not in ready]
        own_opens = tuple(archive for archive, shared in zip(archives, is_shared, strict=True) if not shared)
        return Revealed(own, shown, tuple(preparing), own_trouble, own_opens)


def _own(grant: Grant, seal: Seal | None, *, by: Actor) -> tuple[str, str]:
    """Return the person's own password, or why it is not shown."""
    if seal is not None:
        try:
            master_keys.confirm_same(seal.key_number)
            master_keys.confirm(seal.key_number)
        except WrongKey as wrong:
            return "", str(wrong)
    return passwords.reveal(grant=grant, by=by), ""


def _shared(grant: Grant, archives: list[Archive], *, person_pk: int | None) -> list[SharedPassword]:
    """The generation handed out of each archive, and earlier ones that this person was handed here, newest first."""
    mine = DownloadOpened.objects.filter(grant=grant, link__seal__person_id=person_pk)
    handed = mine.filter(generation=OuterRef("pk"))
    current = Q(state=GenerationState.READY, archive__in=[archive.pk for archive in archives])
    earlier = Q(state=GenerationState.RETIRED) & Q(Exists(handed))
    found = Generation.objects.filter(current | earlier).select_related("archive__subset__dataset")
    ordered = found.order_by("archive__subset__position", "archive__name", "-archive__version", "-generation")
    return [_opened(each) for each in ordered]


def _opened(generation: Generation) -> SharedPassword:
    try:
        # A compromised key, too: what was downloaded under it opens with nothing else.
        master_keys.confirm_same(generation.key_number)
    except WrongKey as wrong:
        return SharedPassword(generation.archive, generation, "", str(wrong))
    return SharedPassword(generation.archive, generation, passwords.password_of(generation))
