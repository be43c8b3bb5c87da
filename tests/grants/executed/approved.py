"""Alice's access, approved, with a signed copy of one kind or another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from io import BytesIO

import pypdfium2
from PIL import Image, ImageDraw

from agreements.applications import signing, submission
from agreements.applications.models import Application
from agreements.core import clock
from agreements.documents import inspecting, store
from agreements.documents.issuing import newest
from agreements.flows.approving import approve
from agreements.grants import executed
from agreements.grants.models import ExecutedAgreement, Grant
from tests.applications.cases import seen, with_evidence
from tests.flows.scene import Scene, draft_with_signed_copy

MARCH = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


def approved(
    scene: Scene,
    *,
    scan: bytes | None = None,
    is_opened: bool = True,
    signing_again: Callable[[Application], object] | None = None,
) -> Grant:
    """Return Alice's access; `scan` is what came back, the agreement as it was issued if none is given.

    `is_opened`: the pictures of its pages were drawn. `signing_again` has another copy come in, whichever way.
    """
    with clock.frozen(MARCH):
        application = draft_with_signed_copy(scene)
        if scan is not None:
            received(application, scan, scene)
        if signing_again is not None:
            signing_again(application)
        if is_opened:
            inspecting.work_off()
        submission.submit(application=application, by=scene.alice.actor)
        with_evidence(application)
        approve(application=application, seen=seen(application), reason="Known.", by=scene.carol.actor)
    return Grant.objects.select_related("application", "holder", "dataset").get(application=application)


def received(application: Application, data: bytes, scene: Scene) -> None:
    """Have another signed copy come in."""
    signing.receive(application=application, document=store.save(data), original_name="scan.pdf", by=scene.alice.actor)


def made(grant: Grant) -> ExecutedAgreement:
    """Return the executed agreement, which is there."""
    found = executed.of(grant)
    assert found is not None
    assert found.document is not None
    return found


def file_of(grant: Grant) -> bytes:
    """Return its bytes."""
    document = made(grant).document
    assert document is not None
    return store.read(document)


def scanned(application: Application) -> bytes:
    """Return what a scanner makes of the issued agreement once it was signed: pictures in a PDF."""
    issued = newest(application.reference)
    assert issued is not None
    return as_scan(store.read(issued.document))


def as_scan(pdf: bytes, *, dots_per_inch: int = 110) -> bytes:
    """Return the pages of a PDF as a scanner sees them, with a stroke of ink on the last one."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        sheets = [page.render(scale=dots_per_inch / 72).to_pil().convert("L") for page in document]
    finally:
        document.close()
    ink = ImageDraw.Draw(sheets[-1])
    ink.line([(200, 700), (260, 660), (300, 720), (380, 670)], fill=30, width=4)
    out = BytesIO()
    first, *others = [sheet.rotate(0.4, fillcolor=255) for sheet in sheets]
    first.save(out, "PDF", save_all=True, append_images=others, resolution=dots_per_inch)
    return out.getvalue()


def pages_of(pdf: bytes) -> list[Image.Image]:
    """Return the pages drawn as pictures."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.render(scale=1.2, may_draw_forms=False).to_pil() for page in document]
    finally:
        document.close()


def texts_of(pdf: bytes) -> list[str]:
    """Return the text of each page, in one line each."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [" ".join(page.get_textpage().get_text_range().split()) for page in document]
    finally:
        document.close()
