"""The preview picture of a dataset: a JPEG of the steward's, kept in the store of archives."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from agreements.catalog.source_errors import BadSource
from agreements.vault import stores

LIMIT: Final = 5 * 1024 * 1024
"""Bytes; the picture is on the first page that people see."""
_JPEG: Final = b"\xff\xd8\xff"


def read(path: Path | None) -> bytes | None:
    """Return the picture, or None where there is no such file. Raises BadSource unless it is a JPEG of sane size."""
    if path is None or not path.is_file():
        return None
    if path.stat().st_size > LIMIT:
        raise BadSource(path.name, None, _("the picture has more than 5 MB."))
    data = path.read_bytes()
    if not data.startswith(_JPEG):
        raise BadSource(path.name, None, _("the picture is not a JPEG file."))
    return data


def store(picture: bytes) -> str:
    """Put the picture into the vault and return its key, which is made from its content."""
    key = f"preview-{sha256(picture).hexdigest()}.jpg"
    vault = stores.archives()
    vault.prepare()
    if not vault.exists(key):
        vault.put(key, [picture], expected_size=len(picture))
    return key
