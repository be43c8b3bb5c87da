"""Settings of agreements as documents; a part of `settings.py`."""

from __future__ import annotations

from pathlib import Path

from portal import environment as env

_ROOT = Path(__file__).resolve().parent.parent

# A signed copy may have 25 MiB; a little more is read so that the page can say so instead of a bare 400.
SIGNED_COPY_LIMIT = 25 * 1024 * 1024

# --- The key that certifies what we issue: a PKCS#12 file, made by `manage.py make_signing_key`
SIGNING_KEY = Path(env.text("COUNTERSIGN_SIGNING_KEY", str(_ROOT / "var" / "signing-key.p12")))
SIGNING_PASSPHRASE = env.text("COUNTERSIGN_SIGNING_PASSPHRASE", "")
# A timestamp server (RFC 3161) for whatever is certified; empty: none is asked.
TIMESTAMP_URL = env.text("COUNTERSIGN_TIMESTAMP_URL", "")
