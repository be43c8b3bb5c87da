"""Reads what the inspector said of signatures: believed in its shape only, for a hostile file was in its hands."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any, Final, get_args

from agreements.documents.inspector.limits import LONGEST_NAME, MOST_SIGNATURES
from agreements.documents.judgement import Certification, Changes, Identity, Judgement, Permits, Signature, Unjudged

TROUBLES: Final = frozenset({"", "memory", "unreadable", "too-many-signatures"})
_SHA256: Final = 64


class BadJudgement(ValueError):
    """It is not a judgement."""


def judgement_of(said: Mapping[str, Any], *, max_pages: int) -> Judgement:
    """Return a judgement from what a child of the inspector wrote. Raises BadJudgement; missing parts are as new."""
    plain = Judgement()
    signatures = said.get("signatures", [])
    if not isinstance(signatures, list) or len(signatures) > MOST_SIGNATURES:
        raise BadJudgement("signatures")
    return Judgement(
        certification=_one_of(said, "certification", Certification, plain.certification),
        permits=_one_of(said, "permits", Permits, plain.permits),
        changes=_one_of(said, "changes", Changes, plain.changes),
        revision_sha256=_digest(said, "revision_sha256"),
        certificate=_digest(said, "certificate"),
        continues=_maybe(said, "continues"),
        pages_differ=_pages(said.get("pages_differ"), max_pages),
        pictures=_pages(said.get("pictures"), max_pages) or (),
        signatures=tuple(_signature(one) for one in signatures),
        unjudged=_unjudged(said.get("unjudged", [])),
        trouble=_trouble(said.get("trouble", "")),
    )


def _signature(said: Any) -> Signature:
    if not isinstance(said, dict):
        raise BadJudgement("signature")
    return Signature(
        field=_text(said, "field"),
        intact=_bool(said, "intact"),
        whole_file=_bool(said, "whole_file"),
        changes=_one_of(said, "changes", Changes, None),
        identity=_one_of(said, "identity", Identity, None),
        signer=_text(said, "signer"),
    )


def _one_of(said: Mapping[str, Any], name: str, values: Any, otherwise: Any) -> Any:
    value = said.get(name, otherwise)
    if not isinstance(value, str) or value not in get_args(values):
        raise BadJudgement(name)
    return value


def _digest(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name, "")
    if not isinstance(value, str) or len(value) not in {0, _SHA256} or set(value) - set("0123456789abcdef"):
        raise BadJudgement(name)
    return value


def _bool(said: Mapping[str, Any], name: str) -> bool:
    value = said.get(name)
    if not isinstance(value, bool):
        raise BadJudgement(name)
    return value


def _maybe(said: Mapping[str, Any], name: str) -> bool | None:
    return None if said.get(name) is None else _bool(said, name)


def _pages(said: Any, most: int) -> tuple[int, ...] | None:
    if said is None:
        return None
    if not isinstance(said, list) or not all(type(page) is int and 0 < page <= most for page in said):
        raise BadJudgement("pages")
    if said != sorted(set(said)):
        raise BadJudgement("pages")
    return tuple(said)


def _text(said: Mapping[str, Any], name: str) -> str:
    """Return a short text on one line, with nothing in it that a reader does not see."""
    value = said.get(name, "")
    if not isinstance(value, str) or len(value) > LONGEST_NAME:
        raise BadJudgement(name)
    return "".join(one for one in value if not unicodedata.category(one).startswith(("C", "Z")) or one == " ").strip()


def _unjudged(said: Any) -> tuple[Unjudged, ...]:
    known: tuple[Unjudged, ...] = get_args(Unjudged)
    if not isinstance(said, list) or any(one not in known for one in said):
        raise BadJudgement("unjudged")
    return tuple(one for one in known if one in said)


def _trouble(said: Any) -> str:
    if not isinstance(said, str) or said not in TROUBLES:
        raise BadJudgement("trouble")
    return said
