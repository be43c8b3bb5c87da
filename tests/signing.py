"""Signing keys for tests. This file is read by the settings: it imports no models."""

from __future__ import annotations

import contextlib
import datetime as dt
from pathlib import Path

from agreements.core.clock import frozen
from agreements.keys import signing_key_file
from agreements.keys.signing_key_file import SigningKey

# Valid whenever a test stops the clock.
FROM = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
DAYS = 36_000


def a_key(common_name: str = "testserver", *, since: dt.datetime = FROM, days: int = DAYS) -> SigningKey:
    """Return a fresh key with a certificate of its own."""
    with frozen(since):
        return signing_key_file.make(common_name=common_name, days=days)


def key_for_this_run(path: Path, *, passphrase: str) -> None:
    """Write the key of a run of tests, if it has none yet."""
    if not path.exists():
        with contextlib.suppress(signing_key_file.KeyFileExists):  # another process of this run was faster
            signing_key_file.write(a_key(), path, passphrase=passphrase)
