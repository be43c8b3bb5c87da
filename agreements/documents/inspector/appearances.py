"""What a file shows in some programs and not in others, or on paper and not on a screen: looked for, not judged.

The pictures that are compared are drawn by one program. What stands here is what others are known to draw differently.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream

# ISO 32000-2, table 167: flags of an annotation.
_NO_VIEW: Final = 32
_TOGGLE_NO_VIEW: Final = 256
_MOST_FIELDS: Final = 2000
_DEEPEST: Final = 8

Numbers = tuple[float, ...]


def unjudged(data: bytes, original: bytes, *, continues: bool) -> list[str]:
    """Return in what a file cannot be judged: some of `form-fields`, `layers`, `annotations`.

    `continues`: the file begins with the original, so that objects have kept their numbers.
    """
    with pikepdf.open(BytesIO(data), suppress_warnings=True) as sent, pikepdf.open(BytesIO(original)) as issued:
        before = {one.objgen: one for one in _widgets(issued)} if continues else {}
        found = []
        if not all(_is_plain(one, before.get(one.objgen)) for one in _widgets(sent)):
            found.append("form-fields")
        if "/OCProperties" in sent.Root and "/OCProperties" not in issued.Root:
            found.append("layers")
        if _notes(sent) - _notes(issued):
            found.append("annotations")
        return found


def _notes(pdf: pikepdf.Pdf) -> Counter[tuple[int, str]]:
    """Return what is laid over each page and is no form field, by page and kind."""
    return Counter(
        (index, str(one.get("/Subtype")))
        for index, page in enumerate(pdf.pages)
        for one in _annotations(page)
        if one.get("/Subtype") != Name.Widget
    )


def _annotations(page: Any) -> list[Any]:
    found = page.get("/Annots", ())
    return [one for one in found if isinstance(one, Dictionary)] if isinstance(found, Array) else []


def _widgets(pdf: pikepdf.Pdf) -> Iterator[Any]:
    """Return what form fields show: those of the pages, and those that only the form names."""
    for page in pdf.pages:
        yield from (one for one in _annotations(page) if one.get("/Subtype") == Name.Widget)
    form = pdf.Root.get("/AcroForm")
    waiting = [(one, 0) for one in form.get("/Fields", ())] if isinstance(form, Dictionary) else []
    for _turn in range(_MOST_FIELDS):
        if not waiting:
            return
        field, depth = waiting.pop()
        if not isinstance(field, Dictionary):
            continue
        if depth < _DEEPEST and isinstance(field.get("/Kids"), Array):
            waiting += [(one, depth + 1) for one in field.Kids]
        if "/Rect" in field or "/AP" in field:
            yield field


def _is_plain(widget: Any, before: Any) -> bool:
    """Return whether every program draws a field within its rectangle, on paper as on a screen."""
    place = _numbers(widget.get("/Rect"), 4)
    if place is None or "/OC" in widget:
        return False
    flags = _flags(widget)
    if before is not None and (flags != _flags(before) or place != _numbers(before.get("/Rect"), 4)):
        return False
    if before is None and flags & (_NO_VIEW | _TOGGLE_NO_VIEW):
        return False
    if not _area(place):
        return "/AP" not in widget
    return all(_is_clipped(stream) for stream in _drawn(widget.get("/AP", Dictionary())))


def _drawn(states: Any) -> Iterator[Any]:
    """Return all that a field may show: a drawing for each way of pointing at it, or one for each of its values."""
    for _way, drawing in states.items():
        if isinstance(drawing, Dictionary) and not isinstance(drawing, Stream):
            yield from (one for _value, one in drawing.items())
        else:
            yield drawing


def _is_clipped(drawing: Any) -> bool:
    if not isinstance(drawing, Stream) or "/OC" in drawing:
        return False
    box = _numbers(drawing.get("/BBox"), 4)
    matrix = _numbers(drawing.get("/Matrix", Array([1, 0, 0, 1, 0, 0])), 6)
    if box is None or matrix is None:
        return False
    return _area(box) > 0 and matrix[0] * matrix[3] - matrix[1] * matrix[2] != 0


def _flags(widget: Any) -> int:
    flags = widget.get("/F", 0)
    return flags if isinstance(flags, int) else -1


def _area(box: Numbers) -> float:
    return abs((box[2] - box[0]) * (box[3] - box[1]))


def _numbers(array: Any, count: int) -> Numbers | None:
    """Return an array as numbers; None if it has more or fewer, or anything else in it."""
    if not isinstance(array, Array) or len(array) != count:
        return None
    try:
        return tuple(float(one) for one in array)
    except (TypeError, ValueError):
        return None
