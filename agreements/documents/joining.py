"""Several PDFs of ours as one: their pages as they print, without the form fields and signatures on them."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO


def join(parts: Iterable[bytes]) -> bytes:
    """Return the pages of all parts in order. Only for PDFs that this portal made; the same parts give the same bytes.

    What is filled into form fields is not kept: give it parts that have it as text.
    """
    # Loaded only where something is joined: it would slow down the start of every command.
    import pikepdf

    out = BytesIO()
    with pikepdf.new() as joined:
        for part in parts:
            with pikepdf.open(BytesIO(part)) as source:
                for page in source.pages:
                    if "/Annots" in page:
                        del page.Annots
                joined.pages.extend(source.pages)
        joined.save(out, deterministic_id=True)
    return out.getvalue()
