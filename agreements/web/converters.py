"""What parts of an address may look like. What cannot be one is no address: it never reaches a page or the database."""

from __future__ import annotations


class _Text:
    regex = ""

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class Reference(_Text):
    """`GB-A-7K2F9M`: a dataset's prefix, the kind, the rest (see `core/references.py`)."""

    regex = "[0-9A-Za-z-]{1,20}"


class Version(_Text):
    """`1.0`: a version of terms."""

    regex = "[0-9A-Za-z._-]{1,20}?"


class Word(_Text):
    """A token of letters and digits."""

    regex = "[0-9A-Za-z_-]{1,200}"
