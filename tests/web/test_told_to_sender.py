"""What the sender of a signed copy is told about it: foreign pages, and digital signatures."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agreements.applications import drafting
from agreements.applications.models import Application
from agreements.documents import inspecting, store
from agreements.documents.issuing import newest
from agreements.flows.agreement_issue import issue_agreement
from tests.documents.signers import annotated, signed, signer
from tests.flows.scene import DETAILS, SITE, Scene, signed_in
from tests.web.test_paper_pages import draft, page_of, photographs_of, upload, upload_several

__all__ = ["draft"]


def test_a_photograph_of_somebody_elses_page_is_not_shown_as_a_page_of_theirs(scene: Scene, draft: Application) -> None:
    bob = scene.bob.actor
    other = drafting.start(dataset=scene.dataset, email=scene.bob.email, by=bob)
    issue_agreement(application=drafting.save(application=other, fields=DETAILS | SITE, by=bob), by=bob)
    upload_several(scene, draft, photographs_of(other)[0])
    inspecting.work_off()
    page = signed_in(scene.alice).get(page_of(draft)).content.decode()
    assert "<strong>Of another application</strong>" in page
    assert "Replace them by other files" in page


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda pdf: pdf, "Digitally signed by &quot;Alice&quot;: intact, covers the whole file; identity unverified."),
        (annotated, "intact, but the file was changed after it was signed"),
    ],
)
def test_who_signed_digitally_is_told_what_was_found(
    scene: Scene, draft: Application, change: Callable[[bytes], bytes], words: str
) -> None:
    issued = newest(draft.reference)
    assert issued is not None
    upload(scene, draft, change(signed(store.read(issued.document), signer("Alice"))))
    inspecting.work_off()
    assert words in signed_in(scene.alice).get(page_of(draft)).content.decode()
