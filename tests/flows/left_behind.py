"""Everything that an installation keeps, opened as far as it can be: each value of each table, and each stored file."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import suppress

import pikepdf

from agreements.vault import stores
from tests.flows.kept import opened, values


def places() -> Iterator[tuple[str, str]]:
    """Yield where something is kept, and what it says."""
    for table, value in values():
        for text in opened(value):
            yield f"table {table}", text
    for name, store in stores.every().items():
        for key in store.names():
            data = b"".join(store.open_range(key, 0, store.size(key)))
            for text in file_texts(data):
                yield f"{name}/{key}", text
            yield f"{name}, names", key


def found(*words: str) -> set[str]:
    """Return the places that hold one of the words, in any case and spelling, with the word."""
    spelt = {word: {word.lower(), word.encode("unicode_escape").decode().lower()} for word in words}
    return {
        f"{word} in {place}"
        for place, text in places()
        for word, spellings in spelt.items()
        if any(spelling in text.lower() for spelling in spellings)
    }


def file_texts(data: bytes) -> Iterator[str]:
    """Yield what a file says: as bytes in two encodings, the streams and texts of a PDF, the members of a zip."""
    yield from _spelt(data)
    if data.startswith(b"%PDF"):
        # What only says that it is a PDF was read as bytes.
        with suppress(pikepdf.PdfError):
            yield from _pdf(data)
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                yield info.filename
                if not info.flag_bits & 1:
                    yield from _spelt(archive.read(info))


def _pdf(data: bytes) -> Iterator[str]:
    import pypdf

    with pikepdf.open(io.BytesIO(data)) as pdf:
        yield repr(dict(pdf.docinfo))
        for thing in pdf.objects:
            if isinstance(thing, pikepdf.Stream):
                try:
                    yield from _spelt(thing.read_bytes())
                except pikepdf.PdfError:
                    yield from _spelt(thing.read_raw_bytes())
            else:
                yield str(thing.to_json()) if hasattr(thing, "to_json") else repr(thing)
    # Text is drawn by the numbers of glyphs: only who maps them back reads it.
    yield "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)


def _spelt(data: bytes) -> Iterator[str]:
    yield data.decode("utf-8", "replace")
    yield data.decode("utf-16-be", "replace")
