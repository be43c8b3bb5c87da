"""Taking an uploaded signed copy in: cheap checks, the file, then the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agreements.applications import signing
from agreements.applications.models import Application, SignedCopy
from agreements.core.actors import Actor
from agreements.core.errors import Invalid
from agreements.documents import papers, store
from agreements.documents.inspection import looks_like_pdf
from agreements.documents.models import Form

FIELD: Final = "file"
_LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Sent:
    """One file as it was sent: its name is what people are told of it, and nothing else."""

    name: str
    data: bytes = field(repr=False)


def receive_files(*, application: Application, files: Sequence[Sent], by: Actor) -> SignedCopy:
    """Keep uploaded files as the signed copy; `inspect` opens them afterwards. Raises Invalid with what to do.

    One PDF stays what it is; pictures, and several files, are kept together as they were sent.
    Raises NotAllowed, NotPossible and TooMany before anything is kept.
    """
    signing.check_may_receive(application=application, by=by)
    _check(files)
    if len(files) == 1 and looks_like_pdf(files[0].data[:1024]):
        data, form = files[0].data, Form.PDF
    else:
        data, form = papers.bundle([each.data for each in files]), Form.PAPERS
    if len(data) > settings.SIGNED_COPY_LIMIT:
        raise Invalid(_too_large(len(files)), field=FIELD)
    # The file is written before the transaction begins: 25 MiB take time, and SQLite holds off all other writers.
    document = store.save(data, form=form)
    try:
        return signing.receive(application=application, document=document, original_name=_called(files), by=by)
    except Exception:
        store.discard(document)  # nothing refers to it: what is refused does not fill the disk
        raise


def _check(files: Sequence[Sent]) -> None:
    """Raise Invalid for what can be told without opening anything. Every file that is wrong is named."""
    if len(files) > papers.MOST_FILES:
        raise Invalid(
            _("These are %(count)d files; at most %(most)d can be sent. Send the pages of the agreement alone.")
            % {"count": len(files), "most": papers.MOST_FILES},
            field=FIELD,
        )
    if sum(len(each.data) for each in files) > settings.SIGNED_COPY_LIMIT:
        raise Invalid(_too_large(len(files)), field=FIELD)
    wrong = [problem for number, each in enumerate(files, start=1) if (problem := _problem(each, number, len(files)))]
    if wrong or not files:
        raise Invalid("\n".join(wrong) or _("There is no file. Choose the signed pages."), field=FIELD)


def _problem(file: Sent, number: int, count: int) -> str:
    """Return what is wrong with one file, or nothing."""
    which = {"number": number, "name": file.name}
    if not file.data:
        if count == 1:
            return _("The file is empty. Choose the signed pages again.")
        return _("File %(number)d (%(name)s) is empty. Choose it again.") % which
    if papers.is_page(file.data[: papers.HEAD]):
        return ""
    if count == 1:
        return _("This is neither a PDF nor a picture. Send a PDF, or photographs as JPEG, PNG or HEIC.")
    return _("File %(number)d (%(name)s) is neither a PDF nor a picture in JPEG, PNG or HEIC.") % which


def _too_large(count: int) -> str:
    """Return what to do about files that are too large; how large they are is not said: not all was read."""
    limit = {"limit": settings.SIGNED_COPY_LIMIT // 2**20}
    return (
        ngettext(
            "The file is larger than %(limit)d MiB. Scan it in grey at 150 dpi, or save it as a smaller PDF.",
            "The files are larger than %(limit)d MiB together. Send smaller pictures, or scan them in grey at 150 dpi.",
            count,
        )
        % limit
    )


def _called(files: Sequence[Sent]) -> str:
    """Return how the copy is called: the names in the order in which the files were sent."""
    names = ", ".join(each.name for each in files)
    if len(names) <= _LONGEST_NAME:
        return names
    first, others = files[0].name[: _LONGEST_NAME // 2], len(files) - 1
    if not others:
        return first
    return ngettext("%(name)s and %(count)d more", "%(name)s and %(count)d more", others) % {
        "name": first,
        "count": others,
    }
