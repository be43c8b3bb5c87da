"""The papers behind an access as the pages list them: each under its own digest, for both sides."""

from __future__ import annotations

import re
from functools import partial
from hashlib import sha256

import pytest
from django.test import Client

from agreements.applications import submission
from agreements.applications.models import Application, State
from agreements.documents import inspecting
from agreements.grants import executed
from agreements.grants.models import Grant
from tests.flows.scene import Scene, draft_with_signed_copy, signed_in, submitted
from tests.grants.executed.approved import approved
from tests.grants.executed.test_other_copies import sent_as_photographs, signed_here
from tests.web.test_opening_pages import text_of

LINE = re.compile(r'<a href="([^"]+)">([^<]+)</a>.*?SHA-256 <span class="digest">([0-9a-f]{64})</span>')


def papers_on(client: Client, page: str) -> list[tuple[str, str, str]]:
    """Return address, title and digest of each paper that a page links."""
    lines = client.get(page).content.decode().split("<li>")
    return [(found[1], found[2], found[3]) for line in lines if (found := LINE.search(line))]


@pytest.fixture
def photographed(scene: Scene) -> Grant:
    grant = approved(scene, signing_again=partial(sent_as_photographs, scene))
    executed.work_off()
    return grant


def test_each_digest_is_of_the_file_that_its_line_gives(scene: Scene, photographed: Grant) -> None:
    pages = {
        f"/grants/{photographed.reference}/": (scene.alice, "The files as you sent them (ZIP)"),
        f"/review/{photographed.application.reference}/": (scene.carol, "The files as they were sent (ZIP)"),
        f"/stewardship/genebody/grants/{photographed.reference}/": (scene.dan, "The files as they were sent (ZIP)"),
    }
    for page, (person, files) in pages.items():
        client = signed_in(person)
        listed = papers_on(client, page)
        titles = [title for _address, title, _digest in listed]
        assert titles[1:3] == [files, "Their pages as one file (PDF)"]
        for address, _title, digest in listed:
            answer = client.get(address)
            assert sha256(answer.content).hexdigest() == digest, (page, address)
    zipped = signed_in(scene.alice).get(f"/grants/{photographed.reference}/signed-copy.zip")
    assert zipped["Content-Disposition"] == f'attachment; filename="{photographed.reference}-signed-files.zip"'


def test_of_a_single_pdf_there_are_no_files(scene: Scene) -> None:
    grant = approved(scene)
    alice = signed_in(scene.alice)
    titles = [title for _address, title, _digest in papers_on(alice, f"/grants/{grant.reference}/")]
    assert titles == ["Your signed copy as you sent it (PDF)", "Agreement as it was issued (PDF)"]
    assert alice.get(f"/grants/{grant.reference}/signed-copy.zip").status_code == 404


def test_the_page_of_the_application_names_both_files_of_photographs(scene: Scene, photographed: Grant) -> None:
    page = text_of(signed_in(scene.alice).get(f"/applications/{photographed.application.reference}/"))
    assert "Your files as one PDF" in page
    assert "The files as you sent them (ZIP)" in page


@pytest.mark.parametrize("in_browser", [False, True])
def test_a_reviewer_fetches_the_signed_pdf_before_deciding(scene: Scene, in_browser: bool) -> None:
    application = draft_with_signed_copy(scene)
    if in_browser:
        signed_here(scene, application)
    inspecting.work_off()
    submission.submit(application=application, by=scene.alice.actor)
    carol = signed_in(scene.carol)
    page = carol.get(f"/review/{application.reference}/").content.decode()
    words = "The signed agreement (PDF)" if in_browser else "The file as it came (PDF)"
    address = f"/review/{application.reference}/signed-copy.pdf"
    assert f'<a href="{address}">{words}</a>' in page
    assert carol.get(address).content.startswith(b"%PDF-")


def test_a_decided_case_is_not_said_to_wait(scene: Scene) -> None:
    application = submitted(scene)
    carol = signed_in(scene.carol)
    assert "Waiting since" in text_of(carol.get("/review/"))
    Application.objects.update(state=State.DECLINED)
    decided = text_of(carol.get("/review/?show=decided"))
    assert application.reference in decided
    table = decided[decided.index("1 case") :]
    assert "Waiting since" not in table
    assert "minutes)" not in table


def test_signing_comes_before_the_copy_that_it_made(scene: Scene) -> None:
    application = draft_with_signed_copy(scene)
    signed_here(scene, application)
    page = text_of(signed_in(scene.alice).get(f"/applications/{application.reference}/"))
    assert page.index("Agreement signed in the browser") < page.rindex("Signed copy received")
