"""Shared seals: an archive sealed once for everyone, in generations. Each has a password and an object of its own."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterable
from typing import Final

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from agreements.catalog.archives import ledger_name
from agreements.catalog.models import Archive, SealKind
from agreements.catalog.permissions import Permission, Standing, check_may
from agreements.core import sweep
from agreements.core.actors import Actor, job
from agreements.core.clock import now
from agreements.core.errors import NotPossible
from agreements.core.secrets import UnknownKey, key_ring
from agreements.core.wakeups import Wakeup, poke
from agreements.grants.models import Generation, GenerationState
from agreements.grants.shared import claims, messages, sealing
from agreements.grants.shared.claims import UNDER_WAY, Claim, LostClaim
from agreements.grants.shared.sealing import NotAsWritten, Over
from agreements.keys import master_keys
from agreements.ledger.act import Act, act
from agreements.ledger.kinds import Kind
from agreements.vault.protocol import NoSuchObject, OutOfReach

log = logging.getLogger(__name__)

SLICE: Final = sweep.BUDGET
"""Seconds after which a worker stores the part under way and lets others have their turn."""


def ask(*, archive: Archive, by: Actor) -> Generation:
    """Put the next generation of an archive in line; the one that is ready serves until then.

    Raises NotAllowed (as for publishing), NotPossible: not under a shared seal, withdrawn, or one is under way under
    the present master key.
    """
    with act():
        check_may(Permission.PUBLISH, dataset=archive.subset.dataset, by=by)
        locked = Archive.objects.select_for_update().get(pk=archive.pk)
        if locked.seal != SealKind.SHARED:
            raise NotPossible(_("%(archive)s has no shared seal.") % {"archive": locked.name})
        if locked.withdrawn_at is not None:
            raise NotPossible(_("%(archive)s was withdrawn.") % {"archive": locked.name})
        newest = Generation.objects.filter(archive=locked).order_by("-generation").first()
        if newest is not None and newest.state in {*UNDER_WAY, GenerationState.FAILED}:
            # One begun under a key that was replaced since would have to be sealed again at once.
            if newest.state in UNDER_WAY and newest.key_number == key_ring().current:
                raise NotPossible(_("The next generation of %(archive)s is being sealed.") % {"archive": locked.name})
            _retire(newest)
        made = _create(locked, number=newest.generation + 1 if newest else 1, asked_by=by.person_pk)
        poke(Wakeup.SEALING)
    return made


def try_again(*, generation: Generation, by: Actor) -> None:
    """Take up a generation whose sealing failed; what is stored of it stays. Raises NotAllowed, NotPossible."""
    with act():
        check_may(Permission.PUBLISH, dataset=generation.archive.subset.dataset, by=by)
        failed = Generation.objects.filter(pk=generation.pk, state=GenerationState.FAILED)
        if not failed.update(state=GenerationState.WAITING, attempts=0, trouble="", due_at=now()):
            raise NotPossible(_("This generation has not failed, or it was taken up again already."))
        poke(Wakeup.SEALING)


def ready(archive: Archive) -> Generation | None:
    """Return the generation that is handed out, or None: not under a shared seal, or not sealed yet."""
    return Generation.objects.filter(archive=archive, state=GenerationState.READY).first()


def ready_of(archives: Iterable[Archive]) -> dict[int, Generation]:
    """Return the same for several archives, by the archive's key, in one query."""
    found = Generation.objects.filter(archive__in=[a.pk for a in archives], state=GenerationState.READY)
    return {generation.archive_id: generation for generation in found}


def sealed_sha256(archive: Archive) -> str | None:
    """Return the SHA-256, in hex, of the file as downloaded; None where it is another for each person, or not known."""
    return sealed_sha256_of([archive]).get(archive.pk)


def sealed_sha256_of(archives: Iterable[Archive]) -> dict[int, str]:
    """Return the same for several archives, by the archive's key, in one query; those not known are left out."""
    listed = list(archives)
    known = {archive.pk: archive.pack_sha256 for archive in listed if archive.seal == SealKind.NONE}
    shared = [archive for archive in listed if archive.seal == SealKind.SHARED]
    return known | {pk: generation.sha256 for pk, generation in ready_of(shared).items()} if shared else known


def begin_missing() -> int:
    """Put the first generation in line for each archive that was published under a shared seal; return how many."""
    none_yet = ~Exists(Generation.objects.filter(archive=OuterRef("pk")))
    begun = 0
    for archive in Archive.objects.filter(none_yet, seal=SealKind.SHARED, withdrawn_at=None):
        try:
            with transaction.atomic():
                _create(archive, number=1, asked_by=None)
            begun += 1
        except IntegrityError:  # another worker, or a steward, was faster
            continue
    return begun


def work_off(*, slice_seconds: float = SLICE) -> None:
    """Seal what is due, for about two minutes; what remains goes on at the next call, which is asked for at once."""
    begin_missing()
    over = _deadline(slice_seconds)
    for claim in sweep.taken(claims.take, budget=slice_seconds):
        if not _work(claim, over):
            poke(Wakeup.SEALING)
            return


def work_off_one(generation_pk: int, *, slice_seconds: float = SLICE) -> bool:
    """Work on one generation for a slice; return whether it is settled: ready, failed, or not to be worked on."""
    claim = claims.take_one(generation_pk)
    if claim is None:
        return not Generation.objects.filter(pk=generation_pk, state__in=UNDER_WAY).exists()
    _work(claim, _deadline(slice_seconds))
    return not Generation.objects.filter(pk=generation_pk, state__in=UNDER_WAY).exists()


def retire_withdrawn() -> int:
    """Retire the generations of archives that were withdrawn since; return how many."""
    gone = Generation.objects.filter(archive__withdrawn_at__isnull=False).exclude(state=GenerationState.RETIRED)
    retired = 0
    for generation in gone.select_related("archive__subset__dataset"):
        with act() as record:
            locked = Generation.objects.select_for_update().get(pk=generation.pk)
            if locked.state == GenerationState.READY:
                _record_retired(record, generation, by=job("sealing"), as_role=Standing.SYSTEM)
            if locked.state != GenerationState.RETIRED:
                _retire(locked)
                retired += 1
    return retired


def _work(claim: Claim, over: Over) -> bool:
    """Work on what is claimed; return False if it only wants more time."""
    try:
        if not sealing.store_parts(claim, over) or over():
            claim.release()
            return False
        _make_ready(claim, sealing.checked_sha256(claim))
    except (DatabaseError, LostClaim):
        # Nothing can be written, or it is another's: the lease runs out, or the other goes on.
        log.warning("sealing of generation %s was left", claim.generation.pk, exc_info=True)
    except NotAsWritten:
        _begin_anew(claim)
    except Exception as error:
        log.exception("sealing of generation %s failed", claim.generation.pk)
        _give_up(claim, error)
    return True


def _make_ready(claim: Claim, sha256: str) -> None:
    """In one transaction: this generation is handed out from now on, the one before no longer."""
    generation, archive = claim.generation, claim.generation.archive
    asked_by = generation.asked_by
    by, role = (asked_by.actor, Standing.STEWARD) if asked_by else (job("sealing"), Standing.SYSTEM)
    with act() as record:
        standing = Archive.objects.select_for_update().filter(pk=archive.pk, withdrawn_at=None)
        if standing.first() is None or claim.still_held().select_for_update().first() is None:
            raise LostClaim
        formers = list(Generation.objects.filter(archive=archive, state=GenerationState.READY))
        for former in formers:
            _retire(former)
            former.archive = archive
            _record_retired(record, former, by=by, as_role=role)
        claim.still_held().update(
            state=GenerationState.READY, sha256=sha256, ready_at=now(), claimed_until=None, upload="", trouble=""
        )
        record.record(
            Kind.GENERATION_SEALED,
            by=by,
            as_role=role,
            subjects=_subjects(archive),
            version=archive.version,
            generation=generation.generation,
            sha256=sha256,
            size=archive.sealed_size,
        )
        # Of a replaced master key people are told once, by the mail about their own password.
        if formers and asked_by:
            messages.queue_sealed_anew(generation)


def _give_up(claim: Claim, error: Exception) -> None:
    try:
        claim.give_up(_words(error))
    except LostClaim:
        log.warning("generation %s was taken over by another worker", claim.generation.pk)


def _begin_anew(claim: Claim) -> None:
    """What was stored is not what was written: none of it is kept, and a person decides whether to try again."""
    log.error("generation %s was not given back as it was written", claim.generation.pk)
    try:
        sealing.discard(claim.generation)
        claim.renew(upload="", done=0, checked=0)
        claim.give_up(
            _("The store gave back other bytes than were written to it. They were deleted; check the store's disks."),
            for_good=True,
        )
    except (LostClaim, OutOfReach):
        log.warning("generation %s could not be begun anew yet", claim.generation.pk)


def _words(error: Exception) -> str:
    """Return what a steward should read: no address, no name of a key, no bucket."""
    if isinstance(error, UnknownKey):
        return _("The master key that this generation was begun under is not configured any more. Seal a new one.")
    if isinstance(error, NoSuchObject):
        return _("The published archive is not in the vault as it should be: manage.py check_vault says what is gone.")
    if isinstance(error, OSError):
        return _("The object store could not be reached, or had no room, or broke off. What is stored so far is kept.")
    return _("Sealing stopped for an unexpected reason (%(kind)s). The worker's log says more.") % {
        "kind": type(error).__name__
    }


def _create(archive: Archive, *, number: int, asked_by: int | None) -> Generation:
    current = key_ring().current
    master_keys.confirm(current)
    return Generation.objects.create(
        seal_id=secrets.token_hex(16),
        key_number=current,
        archive=archive,
        generation=number,
        # Random: whoever may read the bucket's names learns nothing, and no two ever meet.
        object_key=f"{secrets.token_hex(16)}.zip",
        asked_by_id=asked_by,
    )


def _retire(generation: Generation) -> None:
    Generation.objects.filter(pk=generation.pk).update(
        state=GenerationState.RETIRED, ended_at=now(), claimed_until=None
    )


def _record_retired(record: Act, generation: Generation, *, by: Actor, as_role: str) -> None:
    record.record(
        Kind.GENERATION_RETIRED,
        by=by,
        as_role=as_role,
        subjects=_subjects(generation.archive),
        version=generation.archive.version,
        generation=generation.generation,
    )


def _subjects(archive: Archive) -> dict[str, str]:
    return {"dataset": archive.subset.dataset.slug, "archive": ledger_name(archive)}


def _deadline(seconds: float) -> Over:
    stop = time.monotonic() + seconds
    return lambda: time.monotonic() >= stop
