"""Asks the inspector about a file that a stranger sent, and reads its answer with suspicion.

The answer comes from a process that had the hostile file in its hands, so nothing in it is believed beyond its shape:
sizes, counts and names are checked here, and page codes are verified by whoever has the keys (evidence.py).
"""

from __future__ import annotations

import contextlib
import json
import signal
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any, Final, Literal
from uuid import uuid4

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from agreements.documents.inspector import child, frames, spool
from agreements.documents.inspector.field_names import LONGEST

MAX_UPLOAD: Final = frames.MAX_FILE
Outcome = Literal["ok", "refused", "failed"]

_POLL_SECONDS: Final = 0.05
_PNG_START: Final = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
_MOST_CODES: Final = 8
_LONGEST_CODE: Final = 200
FLAGS: Final = frozenset(
    {
        "javascript",
        "launch",
        "submit-form",
        "import-data",
        "embedded-file",
        "xfa",
        "rich-media",
        "trailing-bytes",
        "no-end",
        "repaired",
        "too-complex",
        "many-fields",
        "long-field",
        "odd-field",
    }
)

# Refusals are about the file and can be cured by whoever sent it; failures are about the check.
_REFUSALS: Final = {
    "not-a-pdf": gettext_noop("The file is not a PDF."),
    "header-late": gettext_noop("Something stands before the beginning of the PDF; save it as PDF again."),
    "encrypted": gettext_noop("The PDF is encrypted; save it without a password."),
    "damaged": gettext_noop("The PDF is damaged and could not be opened; scan or export it again."),
    "too-large": gettext_noop("The file is larger than 25 MiB; scan it at a lower resolution."),
}
_FAILURES: Final = {
    "memory": gettext_noop("The check was ended: reading the file took more memory than is allowed."),
    "processor": gettext_noop("The check was ended: reading the file took more processor time than is allowed."),
    "timeout": gettext_noop("The check was ended: reading the file took too long."),
    "flood": gettext_noop("The check was ended: its answer was larger than is allowed."),
    "unreadable": gettext_noop("The check could not read a page of the file."),
    "no-answer": gettext_noop("The inspection service did not answer in time; it may not be running."),
    "killed-the-service": gettext_noop("The check was given up: the inspection service ended twice on this file."),
    "bad-request": gettext_noop("The inspection service did not understand the request."),
    "bad-answer": gettext_noop("The answer of the inspection did not make sense."),
}


@dataclass(frozen=True, slots=True)
class PageFinding:
    """One page: number from 1, size of its picture in pixels, texts of its QR codes (unverified), the picture."""

    number: int
    width: int
    height: int
    codes: tuple[str, ...]
    png: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class InspectionReport:
    """`refused`: the file is not accepted as it is. `failed`: the check did not come to an end, and may be run again.

    `reason` is a sentence for people, empty if `ok`; `reason_code` is the same for programs. `flags` name what was
    found inside (FLAGS). A failed report keeps the pages that were read before the end. `fields` are the texts that
    somebody typed into our blank form, by the names of its fields; of other forms nothing.
    """

    outcome: Outcome
    reason: str
    reason_code: str
    pages: tuple[PageFinding, ...]
    flags: tuple[str, ...]
    fields: Mapping[str, str] = field(default_factory=dict)


def looks_like_pdf(head: bytes) -> bool:
    """Whether the first bytes are those of a PDF. Cheap enough for the web process, and proves nothing."""
    return head.startswith(b"%PDF-")


def inspect(
    data: bytes,
    *,
    wall_seconds: float = 60,
    spool_folder: Path | None = None,
    limits: frames.Limits | None = None,
) -> InspectionReport:
    """Look inside a file: in a limited child of this process, or by the service that watches `spool_folder`.

    Blocks for at most about `wall_seconds`. Raises nothing for anything that a file contains.
    """
    if len(data) > MAX_UPLOAD:
        return _ended("refused", "too-large")
    if not looks_like_pdf(data) and b"%PDF-" not in data[:4096]:
        return _ended("refused", "not-a-pdf")
    limits = limits or frames.Limits()
    if spool_folder is None:
        answer: child.Answer | None = child.run(data, limits=limits, wall_seconds=wall_seconds)
    else:
        answer = _by_spool(data, limits, folder=spool_folder, wall_seconds=wall_seconds)
    return _ended("failed", "no-answer") if answer is None else _report(answer, limits)


def _by_spool(data: bytes, limits: frames.Limits, *, folder: Path, wall_seconds: float) -> child.Answer | None:
    request = folder / f"{uuid4()}{spool.REQUEST}"
    report = request.with_suffix(spool.REPORT)
    spool.put(request, frames.request_header(len(data), limits) + data)
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


class _BadAnswer(ValueError):
    pass


def _report(answer: child.Answer, limits: frames.Limits) -> InspectionReport:
    pages: list[PageFinding] = []
    flags: list[str] = []
    fields: dict[str, str] = {}
    end: tuple[Outcome, str, dict[str, int]] | None = None
    try:
        for kind, value in _values(answer.body):
            if kind == frames.FLAG and value["name"] in FLAGS:
                flags.append(value["name"])
            elif kind == frames.FORM:
                fields = _fields(value["texts"])
            elif kind == frames.PAGE:
                pages.append(_page(value, after=len(pages), limits=limits))
            elif kind == frames.STOP:
                end = _stopped(value)
            elif kind == frames.DONE:
                end = ("ok", "", {})
    except (ValueError, TypeError, KeyError, AttributeError):
        end = ("failed", "bad-answer", {})
    if end is None or (end[0] == "ok" and answer.ended != "exited"):
        return _cut_short(answer, tuple(pages), tuple(flags))
    report = _ended(end[0], end[1], end[2], pages=tuple(pages), flags=tuple(flags))
    return replace(report, fields=fields) if report.outcome == "ok" else report


def _fields(texts: dict[str, Any]) -> dict[str, str]:
    if not all(
        name in LONGEST and isinstance(text, str) and len(text) <= LONGEST[name] for name, text in texts.items()
    ):
        raise _BadAnswer("not our fields")
    return {name: text.encode("utf-8", "replace").decode().replace("\0", "") for name, text in texts.items()}


def _values(body: bytes) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Yield each frame's JSON; a page's picture is joined to it as `png`."""
    page: dict[str, Any] | None = None
    for kind, content in frames.read(body):
        if kind == frames.PNG:
            if page is None:
                raise _BadAnswer("a picture without a page")
            yield frames.PAGE, page | {"png": content}
            page = None
        elif kind == frames.PAGE:
            page = json.loads(content)
        elif kind == frames.DONE:
            yield kind, {}
        else:
            yield kind, json.loads(content)


def _page(value: dict[str, Any], *, after: int, limits: frames.Limits) -> PageFinding:
    png: bytes = value["png"]
    width, height = int(value["width"]), int(value["height"])
    if value["number"] != after + 1 or after >= limits.max_pages:
        raise _BadAnswer("page number")
    if not png.startswith(_PNG_START) or struct.unpack_from(">II", png, len(_PNG_START)) != (width, height):
        raise _BadAnswer("not the picture it says")
    if not 0 < width * height <= limits.max_page_pixels * 1.1:
        raise _BadAnswer("picture size")
    codes = tuple(str(code)[:_LONGEST_CODE] for code in value["codes"][:_MOST_CODES])
    return PageFinding(after + 1, width, height, codes, png)


def _stopped(value: dict[str, Any]) -> tuple[Outcome, str, dict[str, int]]:
    code = str(value["code"])
    numbers = {str(name): int(number) for name, number in value["values"].items()}
    if code in _REFUSALS or code == "page-count":
        return "refused", code, numbers
    return "failed", code if code in _FAILURES else "bad-answer", {}


def _cut_short(answer: child.Answer, pages: tuple[PageFinding, ...], flags: tuple[str, ...]) -> InspectionReport:
    if answer.ended in {"timeout", "flood"}:
        return _ended("failed", answer.ended, pages=pages, flags=flags)
    if answer.signal_number == signal.SIGXCPU:
        return _ended("failed", "processor", pages=pages, flags=flags)
    if answer.signal_number:
        reason = _("The check was ended by signal %(number)d while it read the file.") % {
            "number": answer.signal_number
        }
        return InspectionReport("failed", reason, "signal", pages, flags)
    return _ended("failed", "bad-answer", pages=pages, flags=flags)


def _ended(
    outcome: Outcome,
    code: str,
    numbers: dict[str, int] | None = None,
    *,
    pages: tuple[PageFinding, ...] = (),
    flags: tuple[str, ...] = (),
) -> InspectionReport:
    if code == "page-count":
        count, most = (numbers or {}).get("pages", 0), (numbers or {}).get("most", 0)
        reason = ngettext(
            "The PDF has %(count)d page; between 1 and %(most)d are accepted.",
            "The PDF has %(count)d pages; between 1 and %(most)d are accepted.",
            count,
        ) % {"count": count, "most": most}
    else:
        reason = _(_REFUSALS.get(code) or _FAILURES[code]) if code else ""
    return InspectionReport(outcome, reason, code, pages, flags)
