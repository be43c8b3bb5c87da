"""Asks the inspector about a file that a stranger sent."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Final, Literal
from uuid import uuid4

from agreements.core.clock import now
from agreements.documents.inspection_answer import report_of
from agreements.documents.inspection_report import FLAGS, InspectionReport, Outcome, PageFinding, ended
from agreements.documents.inspector import child, frames, spool

__all__ = [
    "FLAGS",
    "MAX_UPLOAD",
    "InspectionReport",
    "Outcome",
    "PageFinding",
    "inspect",
    "looks_like_pdf",
    "refused_unread",
]

MAX_UPLOAD: Final = frames.MAX_FILE

_POLL_SECONDS: Final = 0.05


def looks_like_pdf(head: bytes) -> bool:
    """Whether the first bytes are those of a PDF. Cheap enough for the web process, and proves nothing."""
    return head.startswith(b"%PDF-")


def refused_unread(data: bytes) -> InspectionReport | None:
    """Return the report of what is no PDF, or too large, by its first bytes and its size; None of any other file."""
    if len(data) > MAX_UPLOAD:
        return ended("refused", "too-large")
    if not looks_like_pdf(data) and b"%PDF-" not in data[:4096]:
        return ended("refused", "not-a-pdf")
    return None


def inspect(
    data: bytes,
    *,
    form: Literal["pdf", "papers"] = "pdf",
    original: bytes | None = None,
    certificates: Sequence[bytes] = (),
    wall_seconds: float = 60,
    spool_folder: Path | None = None,
    limits: frames.Limits | None = None,
    is_urgent: bool = True,
) -> InspectionReport:
    """Look inside a file: in a limited child of this process, or by the service that watches `spool_folder`.

    `papers` is an archive of several files (`inspector/papers.py`). With `certificates` (DER, those that are ours) or
    an `original` that the file is expected to be, it is judged, too. What is not urgent waits behind all that is.
    Blocks for at most about `wall_seconds`. Raises nothing for anything that a file contains.
    """
    refused = refused_unread(data)
    if refused is not None and (form == "pdf" or refused.reason_code == "too-large"):
        return refused
    request = frames.request(
        data,
        limits=limits or frames.Limits(),
        form=form,
        original=original if original is not None and len(original) <= frames.MAX_FILE else b"",
        certificates=certificates,
        at=int(now().timestamp()),
    )
    if spool_folder is None:
        answer: child.Answer | None = child.run(request, wall_seconds=wall_seconds)
    else:
        answer = _by_spool(request, folder=spool_folder, wall_seconds=wall_seconds, is_urgent=is_urgent)
    if answer is None:
        return ended("failed", "no-answer")
    header = frames.read_header(BytesIO(request))
    report = report_of(answer, header)
    if report.judgement is None or not (header.original and original):
        return report
    return replace(report, judgement=replace(report.judgement, original_sha256=sha256(original).hexdigest()))


def _by_spool(asked: bytes, *, folder: Path, wall_seconds: float, is_urgent: bool) -> child.Answer | None:
    # The service takes requests by name; a UUID begins with 0 to f.
    request = folder / f"{'' if is_urgent else 'z-'}{uuid4()}{spool.REQUEST}"
    report = request.with_suffix(spool.REPORT)
    spool.put(request, asked)
    deadline = monotonic() + wall_seconds
    pause = Event()
    try:
        while monotonic() < deadline:
            with contextlib.suppress(FileNotFoundError):
                return _spooled(spool.take(report, most=frames.MAX_ANSWER + frames.MAX_HEADER))
            pause.wait(_POLL_SECONDS)
    except (OSError, ValueError):
        return child.Answer(b"", "flood")
    finally:
        request.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            report.unlink(missing_ok=True)
    return None


def _spooled(body: bytes) -> child.Answer:
    ended, number = "exited", 0
    for kind, content in frames.read(body):
        if kind == frames.ENDS:
            with contextlib.suppress(ValueError, TypeError, KeyError):
                said = json.loads(content)
                ended, number = str(said["ended"]), int(said["signal"])
    return child.Answer(body, ended, number)
