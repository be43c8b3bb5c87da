"""What a steward chose to publish, before it is asked for: where it lies, and what the archive would be called."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agreements.catalog import shelf
from agreements.catalog.models import Subset, Upload
from agreements.catalog.publishing import inbox, uploads
from agreements.catalog.publishing.publish import checked_name, suggested_name
from agreements.core.errors import Invalid


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to be published: `source`, a name in the inbox, or an upload; `place` is where it lies.

    `name` is what the archive would be called; `refusal` says why the name that was asked for cannot be,
    and `suggestion` is one like it that can ("" for none).
    """

    subset: Subset
    name: str
    source: str
    upload: Upload | None
    place: Path
    refusal: str
    suggestion: str = ""

    @property
    def called(self) -> str:
        """Return what people call the source."""
        return called(source=self.source, upload=self.upload)


def choose(*, subset: Subset, name: str | None, source: str = "", upload: Upload | None = None) -> Chosen:
    """Return the choice of a name of the inbox, or of an upload; unless its name can be, the archive has the usual one.

    Raises Invalid or NotPossible when the source is not there.
    """
    place = place_of(subset=subset, source=source, upload=upload)
    usual = shelf.usual_name(subset, source=called(source=source, upload=upload))
    try:
        return Chosen(subset, checked_name(usual if name is None else name), source, upload, place, refusal="")
    except Invalid as bad:
        return Chosen(subset, usual, source, upload, place, refusal=str(bad), suggestion=suggested_name(name or ""))


def place_of(*, subset: Subset, source: str, upload: Upload | None) -> Path:
    """Return where an upload lies, or else a name of the inbox of the subset's dataset.

    Raises Invalid or NotPossible when it is not there, or is an upload for another subset.
    """
    if upload is None:
        return inbox.find(subset.dataset, source)
    uploads.check_subset(upload, subset)
    return uploads.path_of(upload)


def called(*, source: str, upload: Upload | None) -> str:
    """Return what a person calls an upload, or else a name of the inbox."""
    return upload.file_name if upload else source
