"""Reads the inspector's answer with suspicion.

It comes from a process that had the hostile file in its hands, so nothing in it is believed beyond its shape: sizes,
counts and names are checked here, and page codes are verified by whoever has the keys (evidence.py).
"""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from django.utils.translation import gettext as _

from agreements.documents import plain_png
from agreements.documents.inspection_report import (
    COUNTED,
    FAILURES,
    FLAGS,
    REFUSALS,
    InspectionReport,
    Outcome,
    PageFinding,
    ended,
)
from agreements.documents.inspector import child, frames
from agreements.documents.inspector.field_names import LONGEST
from agreements.documents.inspector.limits import LONGEST_CODE, MOST_CODES
from agreements.documents.judgement import Judgement
from agreements.documents.judgement_answer import judgement_of

_MOST_FILES: Final = 1000


class _BadAnswer(ValueError):
    pass


class _Reading:
    """What was read of an answer so far."""

    def __init__(self, header: frames.Header) -> None:
        self.header = header
        self.pages: list[PageFinding] = []
        self.flags: list[str] = []
        self.fields: dict[str, str] = {}
        self.assembled = b""
        self.judgement: Judgement | None = None
        self.end: tuple[Outcome, str, dict[str, int]] | None = None

    def take(self, kind: bytes, value: dict[str, Any]) -> None:
        if self.end is not None:
            if kind == frames.JUDGEMENT and self.header.judging and self.judgement is None:
                self.judgement = judgement_of(value, max_pages=self.header.limits.max_pages)
            elif kind != frames.ENDS:
                raise _BadAnswer("more after the end")
        elif kind == frames.FLAG and value["name"] in FLAGS:
            self.flags.append(value["name"])
        elif kind == frames.FORM:
            self.fields = _fields(value["texts"])
        elif kind == frames.PDF:
            self.assembled = _assembled(value["pdf"], self.header)
        elif kind == frames.PAGE:
            self.pages.append(_page(value, after=len(self.pages), header=self.header))
        elif kind == frames.STOP:
            self.end = _stopped(value)
        elif kind == frames.DONE:
            self.end = ("ok", "", {})


def report_of(answer: child.Answer, header: frames.Header) -> InspectionReport:
    """Return what an answer to a request says, or that it makes no sense."""
    read = _Reading(header)
    try:
        for kind, value in _values(answer.body):
            read.take(kind, value)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        read.end = ("failed", "bad-answer", {})
    pages, flags = tuple(read.pages), tuple(read.flags)
    if read.end is None:
        return _cut_short(answer, pages, flags)
    report = ended(*read.end, pages=pages, flags=flags)
    if report.outcome != "ok":
        return report
    if header.form == "papers" and not read.assembled:
        return ended("failed", "bad-answer", pages=pages, flags=flags)
    if header.judging and read.judgement is None:
        # The pages were all there before; what is missing is only what was to be said about them.
        read.judgement = Judgement(trouble=_cut_short(answer, (), ()).reason_code)
    return replace(report, fields=read.fields, judgement=read.judgement, assembled=read.assembled)


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
        elif kind == frames.PDF:
            yield kind, {"pdf": content}
        elif kind == frames.DONE:
            yield kind, {}
        else:
            yield kind, json.loads(content)


def _page(value: dict[str, Any], *, after: int, header: frames.Header) -> PageFinding:
    png: bytes = value["png"]
    limits = header.limits
    width, height = int(value["width"]), int(value["height"])
    if value["number"] != after + 1 or after >= limits.max_pages:
        raise _BadAnswer("page number")
    picture = plain_png.taken_apart(png)
    if (picture.width, picture.height) != (width, height):
        raise _BadAnswer("not the picture it says")
    if not 0 < width * height <= limits.max_page_pixels * 1.1:
        raise _BadAnswer("picture size")
    plain_png.check_lines(picture)
    codes = tuple(str(code)[:LONGEST_CODE] for code in value["codes"][:MOST_CODES])
    source = int(value["source"])
    if not (0 < source <= _MOST_FILES if header.form == "papers" else source == 0):
        raise _BadAnswer("source")
    return PageFinding(after + 1, width, height, codes, png, source)


def _assembled(pdf: bytes, header: frames.Header) -> bytes:
    if header.form != "papers" or not pdf.startswith(b"%PDF-") or len(pdf) > frames.MAX_FILE:
        raise _BadAnswer("not asked for")
    return pdf


def _stopped(value: dict[str, Any]) -> tuple[Outcome, str, dict[str, int]]:
    code = str(value["code"])
    numbers = {str(name): int(number) for name, number in value["values"].items()}
    if code in REFUSALS or code in COUNTED:
        return "refused", code, numbers
    return "failed", code if code in FAILURES else "bad-answer", {}


def _cut_short(answer: child.Answer, pages: tuple[PageFinding, ...], flags: tuple[str, ...]) -> InspectionReport:
    if answer.ended in {"timeout", "flood"}:
        return ended("failed", answer.ended, pages=pages, flags=flags)
    if answer.signal_number == signal.SIGXCPU:
        return ended("failed", "processor", pages=pages, flags=flags)
    if answer.signal_number:
        reason = _("The check was ended by signal %(number)d while it read the file.") % {
            "number": answer.signal_number
        }
        return InspectionReport("failed", reason, "signal", pages, flags)
    return ended("failed", "bad-answer", pages=pages, flags=flags)
