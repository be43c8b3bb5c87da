"""Sessions whose table does not say by which cookie they are used: a stolen database signs nobody in.

The cookie carries the key; the table has a digest of it, in Django's own column of 40 characters. A digest needs no
salt here: keys are random (165 bits), so nobody guesses one from 160 bits of SHA-256.
"""

from __future__ import annotations

import datetime as dt
from hashlib import sha256
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession

from agreements.core.clock import now


def digest(key: str) -> str:
    """Return what tables have of a session's key."""
    return sha256(key.encode()).hexdigest()[:40]


class SessionStore(db.SessionStore):
    """Django's own, but for the name of the row. The name of the class is part of how the data is signed."""

    def get_expiry_date(self, **given: Any) -> dt.datetime:
        return super().get_expiry_date(**{"modification": now(), **given})

    def exists(self, session_key: str) -> bool:
        return super().exists(digest(session_key))

    async def aexists(self, session_key: str) -> bool:
        return await super().aexists(digest(session_key))

    def create_model_instance(self, data: Any) -> AbstractBaseSession:
        row = super().create_model_instance(data)
        row.session_key = digest(row.session_key)
        return row

    async def acreate_model_instance(self, data: Any) -> AbstractBaseSession:
        row = await super().acreate_model_instance(data)
        row.session_key = digest(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            super().delete(digest(key))

    async def adelete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            await super().adelete(digest(key))

    def load(self) -> dict[str, Any]:
        row = self._row()
        if row is None:
            self._session_key = None
            return {}
        return self.decode(row.session_data)

    async def aload(self) -> dict[str, Any]:
        return await sync_to_async(self.load)()

    def _row(self) -> AbstractBaseSession | None:
        rows = self.model.objects.filter(session_key=digest(self.session_key or ""), expire_date__gt=now())
        return rows.first()
