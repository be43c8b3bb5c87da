"""Everything that opens a grant's archives, shown at once: the person's own password, and those of shared archives."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, Q

from agreements.catalog.archives import ledger_name
from agreements.catalog.models import Archive, SealKind
from agreements.core.actors import Actor
from agreements.grants import lifecycle, passwords, seals
from agreements.grants.deliverable import deliverable
from agreements.grants.models import DownloadOpened, Generation, GenerationState, Grant
from agreements.grants.permissions import Permission, check_may
from agreements.grants.running import check_running
from agreements.keys import master_keys
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind


@dataclass(frozen=True, slots=True)
class SharedPassword:
    """The password of one generation of a shared archive; `is_current`: that is what downloads give now."""

    archive: Archive
    generation: Generation
    password: str = field(repr=False)

    @property
    def groups(self) -> list[str]:
        """Return the password as people read it out."""
        return self.password.split("-")

    @property
    def is_current(self) -> bool:
        return self.generation.state == GenerationState.READY


@dataclass(frozen=True, slots=True)
class Revealed:
    """`own` is empty where a grant opens shared archives only. `preparing`: shared archives not sealed yet."""

    own: str = field(repr=False)
    shared: tuple[SharedPassword, ...]
    preparing: tuple[Archive, ...]

    @property
    def own_groups(self) -> list[str]:
        """Return the person's own password as people read it out."""
        return self.own.split("-")


def reveal_all(*, grant: Grant, by: Actor) -> Revealed:
    """Return every password that a person needs under a grant, and record each one that is shown.

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
        own = "" if archives and all(is_shared) else passwords.reveal(grant=locked, by=by)
        shown = tuple(_shared(locked, archives))
        for each in shown:
            master_keys.confirm(each.generation.key_number)
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
        return Revealed(own, shown, tuple(preparing))


def _shared(grant: Grant, archives: list[Archive]) -> list[SharedPassword]:
    """The generation that is handed out of each archive, and earlier ones that this grant was handed, newest first."""
    handed = DownloadOpened.objects.filter(grant=grant, generation=OuterRef("pk"))
    current = Q(state=GenerationState.READY, archive__in=[archive.pk for archive in archives])
    earlier = Q(state=GenerationState.RETIRED) & Q(Exists(handed))
    found = Generation.objects.filter(current | earlier).select_related("archive__subset__dataset")
    ordered = found.order_by("archive__subset__position", "archive__name", "-archive__version", "-generation")
    return [SharedPassword(each.archive, each, passwords.password_of(each)) for each in ordered]
