"""In which order the files of a signed copy were put, and how that is said."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def order_of(sources: Sequence[int]) -> list[int]:
    """Return the numbers of the files (from 1, as they were sent) in the order of the pages; empty for a single PDF."""
    return [source for source, _pages in groupby(sources) if source]


def in_words(sources: Sequence[int]) -> str:
    """Return a sentence about the order of two files or more, or nothing."""
    order = order_of(sources)
    count = len(set(order))
    if count < 2:
        return ""
    if order == sorted(order):
        return ngettext(
            "It came as %(count)d file.",
            "It came as %(count)d files, kept in the order in which they were sent.",
            count,
        ) % {"count": count}
    words = {"count": count, "order": ", ".join(map(str, order))}
    return _("It came as %(count)d files, which were put in the order %(order)s.") % words
