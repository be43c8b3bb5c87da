"""The three stores of an installation, from the settings.

`archives` holds what is released, in clear, and presigns open archives; `delivery` holds archives under shared seals
and presigns them; `papers` holds agreements and signed copies and never presigns.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from agreements.vault.folder import FolderStore
from agreements.vault.protocol import Store
from agreements.vault.s3 import S3Store
from agreements.vault.s3_client import Access
from agreements.vault.s3_prefix import Prefix


def archives() -> Store:
    """Return the store of archives, their indexes and previews."""
    return _of_settings(settings.VAULT_ARCHIVES, may_presign=True)


def delivery() -> Store:
    """Return the store of archives sealed once for all."""
    return _of_settings(settings.VAULT_DELIVERY, may_presign=True)


def papers() -> Store:
    """Return the private store of documents; its `presign` always answers None."""
    return _of_settings(settings.VAULT_PAPERS, may_presign=False)


def every() -> dict[str, Store]:
    """Return the three stores by their names."""
    return {"archives": archives(), "delivery": delivery(), "papers": papers()}


def prefix(address: str) -> Prefix:
    """Return what lies under `s3://bucket/prefix`, read with the account of the stores. Raises ValueError."""
    return Prefix(address, _access())


def _of_settings(address: str, *, may_presign: bool) -> Store:
    access = _access()
    # A server of one's own is seldom reached from outside by the name that we know it by; AWS is.
    reachable = bool(access.public_endpoint) or not access.endpoint
    # The process is part of the name: connections of a client must not be shared across a fork.
    return _opened(address, access, may_presign and reachable, os.getpid())


def _access() -> Access:
    return Access(
        endpoint=settings.S3_ENDPOINT,
        public_endpoint=settings.S3_PUBLIC_ENDPOINT,
        region=settings.S3_REGION,
        access_key=settings.S3_ACCESS_KEY,
        secret_key=settings.S3_SECRET_KEY,
    )


@lru_cache(maxsize=16)
def _opened(address: str, access: Access, may_presign: bool, _process: int) -> Store:
    kind, _, place = address.partition(":")
    if kind == "folder" and place:
        return FolderStore(Path(place))
    if kind == "s3" and place:
        return S3Store(place, access, may_presign=may_presign)
    raise ImproperlyConfigured(f"a vault is written folder:/path or s3:bucket, not {address!r}")
