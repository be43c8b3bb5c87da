"""A zip that comes from a steward's browser piece by piece, over as many connections and days as it takes.

The bytes lie in a hidden folder beside the inboxes, for the portal's own user only. `received` counts what is safely
there: a piece is appended exactly at it or refused, so that a piece sent twice or two at once do no harm.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from django.db import transaction
from django.db.models import F, QuerySet, Sum
from django.utils.translation import gettext as _

from agreements.catalog.models import Dataset, JobState, PublishJob, Subset, Upload
from agreements.catalog.permissions import Permission, check_may
from agreements.catalog.publishing import inbox
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import DomainError, Invalid, NotAllowed, NotPossible
from agreements.vault.folder_parts import write_at

MIB: Final = 1024 * 1024
PIECE: Final = 8 * MIB
"""The largest piece, in bytes."""
LARGEST: Final = 16 * 1024 * 1024 * MIB
OPEN_AT_ONCE: Final = 5
"""Unfinished or unpublished uploads of one dataset."""
KEPT: Final = dt.timedelta(days=7)
"""How long an upload that nobody touches is kept."""
RESERVE: Final = 256 * MIB
"""Bytes of the disk that uploads leave free for everything else."""
SAMPLE, SAMPLES = 16 * 1024, 16
"""Of what was received, so many places of so many bytes are compared before an upload goes on."""

_FOLDER: Final = ".uploads"
_EMPTY_ZIP: Final = 22


class WrongOffset(DomainError):
    """A piece does not begin where the upload ends; `received` says where that is."""

    def __init__(self, received: int) -> None:
        super().__init__(_("This piece does not follow what is there."))
        self.received = received


def begin(*, subset: Subset, file_name: str, size: int, by: Actor) -> Upload:
    """Return a new upload, or the one that this person began with a file of this name and size.

    Raises Invalid, NotAllowed, and NotPossible when the disk or the dataset has no room for it, or when that upload was
    begun for another subset.
    """
    check_may(Permission.PUBLISH, dataset=subset.dataset, by=by)
    _check_announced(file_name, size)
    with transaction.atomic():
        # The dataset's row is the lock: two beginnings at once count each other.
        Dataset.objects.select_for_update().get(pk=subset.dataset_id)
        going = waiting(subset.dataset).filter(created_by=by.pk, file_name=file_name, size=size).first()
        if going is not None:
            check_subset(going, subset)
            return going
        if waiting(subset.dataset).count() >= OPEN_AT_ONCE:
            text = _("%(count)d uploads are kept for this dataset already. Publish or remove one of them first.")
            raise NotPossible(text % {"count": OPEN_AT_ONCE})
        upload = Upload(id=uuid.uuid4(), subset=subset, file_name=file_name, size=size, created_by_id=by.pk)
        _make_file(upload)
        upload.save(force_insert=True)
    return upload


def check_subset(upload: Upload, subset: Subset) -> None:
    """Raise NotPossible unless the upload was begun for this subset: it moves to no other one."""
    if upload.subset_id != subset.pk:
        text = _(
            "The upload of %(name)s was begun for %(subset)s. Choose that subset, or remove the upload first and send "
            "the file again."
        )
        raise NotPossible(text % {"name": upload.file_name, "subset": upload.subset.title})


def append(*, upload: Upload, offset: int, data: bytes, by: Actor) -> Upload:
    """Append a piece and return the upload as it is then.

    Raises WrongOffset unless the piece begins at `received`; Invalid for one that is too large or more than was
    announced; NotPossible when the upload was removed or the disk is full; NotAllowed.
    """
    check_may(Permission.PUBLISH, dataset=upload.subset.dataset, by=by)
    if upload.created_by_id != by.person_pk:
        raise NotAllowed(_("Somebody else began this upload."))
    if len(data) > PIECE:
        raise Invalid(_("A piece may have at most %(most)d bytes.") % {"most": PIECE})
    with _opened(upload) as file:
        upload.refresh_from_db(fields=["received", "removed_at", "touched_at"])
        _agree(upload, file)
        if offset != upload.received:
            raise WrongOffset(upload.received)
        if offset + len(data) > upload.size:
            raise Invalid(_("More was sent than was announced."))
        _write(file, offset, data)
        upload.received, upload.touched_at = offset + len(data), now()
        standing = Upload.objects.filter(pk=upload.pk, received=offset, removed_at=None)
        if not standing.update(received=upload.received, touched_at=upload.touched_at):
            raise _gone()
    return upload


def samples(upload: Upload) -> list[tuple[int, int]]:
    """Return the places [start, stop) of what was received that are compared before the upload goes on."""
    if upload.received <= SAMPLE * SAMPLES:
        return [(0, upload.received)] if upload.received else []
    starts = (number * (upload.received - SAMPLE) // (SAMPLES - 1) for number in range(SAMPLES))
    return [(start, start + SAMPLE) for start in starts]


def is_same_file(*, upload: Upload, data: bytes) -> bool:
    """Tell whether `data`, the bytes at the places of `samples` one after the other, are what was received there.

    Another file of the same name and size is noticed here unless it differs between the places only; then the
    checksums of the zip's members notice it, before anything is published.
    """
    with _opened(upload) as file:
        there = b"".join(os.pread(file, stop - start, start) for start, stop in samples(upload))
    return there == data


def path_of(upload: Upload) -> Path:
    """Return where the bytes lie. Raises NotPossible when they were removed or are not complete."""
    if upload.removed_at is not None:
        raise _gone()
    with _opened(upload):
        pass
    if upload.received < upload.size:
        raise NotPossible(_("%(name)s has not arrived completely.") % {"name": upload.file_name})
    return _place(upload)


def waiting(dataset: Dataset) -> QuerySet[Upload]:
    """Return the uploads of a dataset whose bytes are kept, newest first."""
    found = Upload.objects.filter(subset__dataset=dataset, removed_at=None)
    return found.select_related("subset__dataset", "created_by").order_by("-created_at", "-pk")


def remove(*, upload: Upload, by: Actor) -> None:
    """Delete an upload's bytes, whoever of the dataset's stewards began it. Raises NotAllowed, NotPossible."""
    check_may(Permission.PUBLISH, dataset=upload.subset.dataset, by=by)
    with transaction.atomic():
        locked = Upload.objects.select_for_update().get(pk=upload.pk)
        if _is_needed(locked):
            raise NotPossible(_("%(name)s is being published. Stop that first.") % {"name": locked.file_name})
        Upload.objects.filter(pk=locked.pk, removed_at=None).update(removed_at=now())
    _place(upload).unlink(missing_ok=True)


def discard(upload: Upload) -> None:
    """Delete the bytes of an upload that was published."""
    Upload.objects.filter(pk=upload.pk, removed_at=None).update(removed_at=now())
    _place(upload).unlink(missing_ok=True)


def forget_abandoned() -> int:
    """Delete the bytes of uploads that were published or that nobody touched for a week; return how many."""
    forgotten = 0
    published = PublishJob.objects.filter(state=JobState.DONE, upload__removed_at=None).values("upload")
    old = Upload.objects.filter(removed_at=None, touched_at__lt=now() - KEPT)
    for upload in [*old, *Upload.objects.filter(pk__in=published)]:
        with transaction.atomic():
            locked = Upload.objects.select_for_update().get(pk=upload.pk)
            if _is_needed(locked) or locked.touched_at != upload.touched_at:
                continue
            Upload.objects.filter(pk=locked.pk).update(removed_at=now())
        _place(upload).unlink(missing_ok=True)
        forgotten += 1
    _sweep_strays()
    return forgotten


def _check_announced(file_name: str, size: int) -> None:
    plain = file_name.isprintable() and "/" not in file_name and "\\" not in file_name and len(file_name) <= 255
    if not plain or not file_name.lower().endswith(".zip"):
        raise Invalid(_("Choose a zip file: its name has to end in .zip."), field="name")
    if not _EMPTY_ZIP <= size <= LARGEST:
        raise Invalid(_("A file of this size is no zip that can be published."), field="size")


def _make_file(upload: Upload) -> None:
    try:
        free = inbox.free()
        promised = Upload.objects.filter(removed_at=None).aggregate(missing=Sum(F("size") - F("received")))["missing"]
        if upload.size + (promised or 0) + RESERVE > free:
            raise NotPossible(_("There is not enough room on the server for a file of this size."))
        _prepare_folder()
        os.close(os.open(_place(upload), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        text = _("The server's inbox cannot be written (%(why)s). Whoever runs the server has to look at it.")
        raise NotPossible(text % {"why": error.strerror}) from error


def _prepare_folder() -> None:
    """Make the folder of uploads if it is missing. Raises OSError, and NotPossible if it is not the portal's own."""
    with suppress(FileExistsError):
        (inbox.prepare_root() / _FOLDER).mkdir(mode=0o700)
    _check_folder()


def _check_folder() -> None:
    """Raise NotPossible unless uploads lie where nobody but the portal could have put or changed them."""
    try:
        status = (inbox.root() / _FOLDER).lstat()
    except OSError:
        raise _gone() from None
    own = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
    if not own or status.st_mode & 0o077:
        text = _(
            "The server's folder for uploads is not the portal's alone: it has to be a real folder of the portal's "
            "user with the rights 0700. Whoever runs the server has to look at it."
        )
        raise NotPossible(text)


@contextmanager
def _opened(upload: Upload) -> Iterator[int]:
    """Open the bytes of an upload, for one at a time in all processes. Raises NotPossible when they are gone."""
    _check_folder()
    try:
        # Without O_NONBLOCK a pipe that was put there would be waited for.
        file = os.open(_place(upload), os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        raise _gone() from None
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise _gone()
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)


def _agree(upload: Upload, file: int) -> None:
    """Make file and row agree: a process may have died between them, and a power cut may have taken bytes."""
    there = os.fstat(file).st_size
    if there > upload.received:
        os.ftruncate(file, upload.received)
    elif there < upload.received:
        Upload.objects.filter(pk=upload.pk).update(received=there)
        upload.received = there


def _write(file: int, offset: int, data: bytes) -> None:
    try:
        write_at(file, data, offset)
        # What the browser is told of must survive a power cut: it never sends it again.
        os.fsync(file)
    except OSError as error:
        os.ftruncate(file, offset)
        text = _("The piece could not be kept (%(why)s). What came before it is safe.")
        raise NotPossible(text % {"why": error.strerror}) from error


def _is_needed(upload: Upload) -> bool:
    return PublishJob.objects.filter(upload=upload, state__in=[JobState.WAITING, JobState.RUNNING]).exists()


def _sweep_strays() -> None:
    """Delete files without a row, which a crash at a beginning may leave."""
    folder = inbox.root() / _FOLDER
    for path in folder.iterdir() if folder.is_dir() and not folder.is_symlink() else ():
        try:
            known = Upload.objects.filter(pk=uuid.UUID(path.name), removed_at=None).exists()
            if not known and now().timestamp() - path.lstat().st_mtime > KEPT.total_seconds():
                path.unlink()
        except (ValueError, OSError):
            continue


def _place(upload: Upload) -> Path:
    return inbox.root() / _FOLDER / str(upload.pk)


def _gone() -> NotPossible:
    return NotPossible(_("This upload is no longer kept: it was published, removed, or left alone for a week."))
