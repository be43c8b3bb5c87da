"""The types that a payload's fields may have.

Each is such that its JSON is the same after a database has kept it, on PostgreSQL (whose `jsonb` rewrites numbers
with a point and refuses NUL) as on SQLite: the hash covers the JSON. Hence no floats and no control characters.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.utils.formats import date_format
from django.utils.timezone import localtime

from agreements.core.sizes import size

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,59}")
_LONGEST: Final = 250
_BIGGEST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class FieldType:
    """`name` and `words` are for the documentation; `fits` tells whether a value is one; `show` is for people."""

    name: str
    words: str
    fits: Callable[[Any], bool]
    example: Any
    show: Callable[[Any], str] = str


def optional(kind: FieldType, *, absent: StrOrPromise) -> FieldType:
    """Return the type that may also be null; a sentence says `absent` then."""
    return FieldType(
        f"{kind.name} or null",
        f"{kind.words}, or null",
        lambda value: value is None or kind.fits(value),
        kind.example,
        lambda value: str(absent) if value is None else kind.show(value),
    )


def list_of(kind: FieldType) -> FieldType:
    """Return the type of a list of such values, shown with commas."""
    return FieldType(
        f"list of {kind.name}",
        f"list of: {kind.words}",
        lambda value: type(value) is list and all(kind.fits(item) for item in value),
        [kind.example],
        lambda value: ", ".join(kind.show(item) for item in value),
    )


def by_name(kind: FieldType) -> FieldType:
    """Return the type of an object whose values are of a type, shown as `name value` with commas."""
    return FieldType(
        f"names with {kind.name}",
        f"object of: {kind.words}",
        lambda value: type(value) is dict and all(_is_text(name) and kind.fits(value[name]) for name in value),
        {"address": kind.example},
        lambda value: ", ".join(f"{name} {kind.show(item)}" for name, item in sorted(value.items())),
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.isprintable() and 0 < len(value) <= _LONGEST


def _is_hex(length: int) -> Callable[[Any], bool]:
    digits = re.compile(rf"[0-9a-f]{{{length}}}")
    return lambda value: isinstance(value, str) and digits.fullmatch(value) is not None


def _is_moment(value: Any) -> bool:
    try:
        return isinstance(value, str) and dt.datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and dt.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_code(value: Any) -> bool:
    return isinstance(value, str) and _CODE.fullmatch(value) is not None


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _BIGGEST


def _is_hash_or_empty(value: Any) -> bool:
    return value == "" or SHA256.fits(value)


def _beginning(value: str) -> str:
    return f"{value[:12]}…"


# What people or operators named: one line, no sentence of a person.
TEXT: Final = FieldType("text", "text, one line, at most 250 characters", _is_text, "1.0")
# A word of ours for a cause, a choice, a role.
CODE: Final = FieldType(
    "word", "word of letters, digits and `._:-`", _is_code, "steward", lambda value: value.replace("-", " ")
)
FLAG: Final = FieldType("flag", "true or false", lambda value: type(value) is bool, True)
COUNT: Final = FieldType("count", "whole number from 0", _is_count, 3)
NUMBER: Final = FieldType("number", "whole number from 1", lambda value: _is_count(value) and value > 0, 2)
SIZE: Final = FieldType("size", "whole number of bytes", _is_count, 4096, size)
SHA256: Final = FieldType("sha256", "SHA-256, 64 hex digits", _is_hex(64), "0" * 63 + "1", _beginning)
DIGEST: Final = FieldType(
    "digest",
    "HMAC-SHA256 of a text under a salt, 64 hex digits",
    _is_hex(64),
    "0" * 63 + "2",
    _beginning,
)
# A case whose evidence was never gathered has none.
DIGEST_OR_EMPTY: Final = FieldType(
    "sha256 or empty",
    "SHA-256, 64 hex digits, or empty",
    _is_hash_or_empty,
    "0" * 63 + "3",
    _beginning,
)
ED25519_KEY: Final = FieldType(
    "public key", "Ed25519 public key, 64 hex digits", _is_hex(64), "0" * 63 + "4", _beginning
)
ED25519_SIGNATURE: Final = FieldType(
    "signature", "Ed25519 signature, 128 hex digits", _is_hex(128), "0" * 127 + "5", _beginning
)
MOMENT: Final = FieldType(
    "moment",
    "ISO 8601 moment with its zone",
    _is_moment,
    "2026-03-02T12:00:00+00:00",
    lambda value: date_format(localtime(dt.datetime.fromisoformat(value)), "DATETIME_FORMAT"),
)
DATE: Final = FieldType(
    "date",
    "ISO 8601 date",
    _is_date,
    "2026-03-02",
    lambda value: date_format(dt.date.fromisoformat(value), "DATE_FORMAT"),
)
