"""Everything that a walk through the site leaves behind, as text in which a secret can be looked for."""

from __future__ import annotations

import base64
import binascii
import io
import logging
import pickle
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from celery.app.task import Task
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import connection, connections

from agreements.ledger import export
from portal.log_filter import CutTokens

_ENCODED: Final = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")


@dataclass
class Kept:
    """Texts by where they were found: `logs` as they are written, cut; `raw_logs` before anything was cut."""

    logs: list[str] = field(default_factory=list)
    raw_logs: list[str] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def places(self) -> dict[str, str]:
        """Return all there is now, by place; what is encoded in it is there decoded too."""
        texts = {
            "logs": self.logs,
            "logs before cutting": self.raw_logs,
            "task payloads": self.tasks,
            "exceptions": self.errors,
            "mails": list(_mails()),
            "database": [value for _table, value in values()],
            "ledger export": list(export.lines()),
        }
        return {place: "\n".join(part for text in found for part in opened(text)) for place, found in texts.items()}


@contextmanager
def keeping(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    """Collect every log record of every logger from DEBUG on, SQL included, and every task payload."""
    kept = Kept()
    handlers = [_Into(kept.raw_logs), _Into(kept.logs)]
    handlers[1].addFilter(CutTokens())

    def apply_async(task: Any, args: Any = None, kwargs: Any = None, **options: Any) -> None:
        kept.tasks.append(repr((task.name, args, kwargs, options)))

    with monkeypatch.context() as patch:
        patch.setattr(Task, "apply_async", apply_async)
        patch.setattr(connections["default"], "force_debug_cursor", True)
        loggers = [logging.getLogger(), *map(logging.getLogger, list(logging.Logger.manager.loggerDict))]
        levels = [(logger, logger.level) for logger in loggers]
        for logger in loggers:
            logger.setLevel(logging.DEBUG)
        heard = [logger for logger in loggers if logger.parent is None or not logger.propagate]
        for logger in heard:
            for handler in handlers:
                logger.addHandler(handler)
        try:
            yield kept
        finally:
            for logger in heard:
                for handler in handlers:
                    logger.removeHandler(handler)
            for logger, level in levels:
                logger.setLevel(level)


def spellings(secret: str | bytes) -> set[str]:
    """Return how a secret may be written: a text in any case and without dashes, bytes in the usual encodings."""
    if isinstance(secret, str):
        return {secret.lower(), secret.replace("-", "").lower()}
    plain, web = base64.b64encode(secret).decode(), base64.urlsafe_b64encode(secret).decode()
    written = {secret.hex(), plain.rstrip("="), web.rstrip("="), repr(secret)[2:-1], secret.decode("latin-1")}
    return {text.lower() for text in written}


def found(places: dict[str, str], secrets: dict[str, str | bytes]) -> list[str]:
    """Return where which secret is, in words; the secrets themselves are not told."""
    lowered = {place: text.lower() for place, text in places.items()}
    return [
        f"{name} in the {place}"
        for name, secret in secrets.items()
        for place, text in lowered.items()
        if any(spelling in text for spelling in spellings(secret))
    ]


class _Into(logging.Handler):
    """Writes records, tracebacks included, into a list. Gets a copy: filters rewrite records."""

    def __init__(self, texts: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._texts = texts

    def handle(self, record: logging.LogRecord) -> bool:
        return super().handle(logging.makeLogRecord(record.__dict__))

    def emit(self, record: logging.LogRecord) -> None:
        self._texts.append(logging.Formatter("%(name)s %(message)s").format(record))


def _mails() -> Iterator[str]:
    for message in mail.outbox:
        yield repr((message.subject, message.to, message.extra_headers, message.body))
        if isinstance(message, EmailMultiAlternatives):
            yield repr([str(alternative[0]) for alternative in message.alternatives])


def values() -> Iterator[tuple[str, str]]:
    """Yield every value of every table, and every session decoded, each with the name of its table."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            for row in cursor.fetchall():
                yield from ((table, _text(value)) for value in row)
    yield from (("decoded sessions", repr(session.get_decoded())) for session in Session.objects.all())


def _text(value: Any) -> str:
    if isinstance(value, memoryview | bytes):
        return f"{bytes(value).decode('latin-1')} {bytes(value).hex()}"
    return str(value)


def opened(text: str) -> Iterator[str]:
    """Yield a text, and what words of it hold that are base64, compressed or not, as caches and cookies keep it."""
    yield text
    for word in _ENCODED.findall(text):
        try:
            data = base64.b64decode(word.replace("-", "+").replace("_", "/") + "==")
        except (binascii.Error, ValueError):
            continue
        yield data.decode("latin-1")
        for unpack in (zlib.decompress, _unpickled):
            try:
                yield unpack(data).decode("latin-1")
            except Exception:
                continue


def _unpickled(data: bytes) -> bytes:
    """Return a pickle's values as text: written by this very test run into its own cache table."""
    if not data.startswith(b"\x80"):
        raise ValueError
    return repr(pickle.load(io.BytesIO(data))).encode()
