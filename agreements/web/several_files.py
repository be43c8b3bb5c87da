"""A form field for one or more files, and how much of them is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile


class SeveralFilesInput(forms.FileInput):
    """A file input from which several can be chosen."""

    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """Cleans to a list of uploaded files, in the order in which they were sent; empty only if it is not required."""

    widget = SeveralFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        """Return the files. Raises ValidationError as for one file."""
        files = data if isinstance(data, list | tuple) else [data]
        return [cleaned for each in files or [None] if (cleaned := super(SeveralFilesField, self).clean(each, initial))]


def read_all(files: Sequence[UploadedFile[Any]], *, most: int) -> Iterable[tuple[str, bytes]]:
    """Yield names and contents; of all together one byte more than `most` is read, enough to know it is too much."""
    left = most + 1
    for file in files:
        data = file.read(left)
        left -= len(data)
        yield file.name or "", data
        if left <= 0:
            return
