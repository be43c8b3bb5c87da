# ruff: noqa: F811 - fixtures are imported and then named as arguments
"""Publishing through the pages, by a steward without a shell."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from agreements.applications.models import State
from agreements.catalog.models import Access, Archive, JobState, PublishJob, Subset
from agreements.catalog.publishing import jobs, uploads
from agreements.grants.models import Link
from agreements.ledger.verify import verify
from agreements.web import publish_pages
from tests.applications.cases import put
from tests.catalog.sources import zip_of
from tests.flows.scene import Scene
from tests.web.publishing_desk import ARCHIVES, PREVIEW, PUBLISH, dan, place, words, work_off  # noqa: F401


def test_a_zip_of_the_inbox_is_looked_at_and_published_as_the_next_version(scene: Scene, dan: Any, place: Path) -> None:
    put(scene, State.APPROVED)
    page = words(dan.get(PUBLISH))
    assert 'value="new.zip"' in page
    assert "Folder, 1 file" in page
    address = f"{PREVIEW}?subset=train40&inbox=new.zip"
    page = words(dan.get(address))
    assert "中文/empty.txt" in page
    assert "0 stored, 4 deflated as they are" in page
    assert "1 grant will be offered version 2." in page
    assert "1 link that is out goes on leading to the version it was made for." in page
    assert "The file stays in the inbox." in page
    assert "Personal seal" in page
    answer = dan.post(address, {"seal": "personal"})
    assert (answer.status_code, answer["Location"]) == (302, ARCHIVES)
    page = words(dan.get(ARCHIVES))
    assert "Waiting for a worker to take it up" in page
    assert 'hx-trigger="every 2s"' in page
    assert work_off().state == JobState.DONE
    page = words(dan.get(ARCHIVES))
    assert "Published as version 2." in page
    assert "Earlier version" in page
    assert "every 2s" not in page
    assert (place / "new.zip").exists()
    assert Link.objects.get().archive.version == 1
    assert verify().holds


def test_the_same_content_again_is_said_to_be_nothing_new(dan: Any, scene: Scene) -> None:
    for _round in range(2):
        dan.post(f"{PREVIEW}?subset=train40&inbox=new.zip", {"seal": "personal"})
        work_off()
    assert "Nothing new: the content is that of version 2, which is there." in words(dan.get(ARCHIVES))


def test_a_double_click_publishes_once(dan: Any) -> None:
    answers = [dan.post(f"{PREVIEW}?subset=train40&inbox=new.zip", {"seal": "personal"}) for _click in range(2)]
    assert [answer.status_code for answer in answers] == [302, 422]
    assert "train40.zip is being published already." in words(answers[1])
    assert PublishJob.objects.count() == 1


@pytest.mark.parametrize(
    "query",
    [
        "",
        "subset=train40",
        "inbox=new.zip",
        "subset=train40&inbox=",
        "subset=train40&inbox=..%2Fnew.zip",
        "subset=train40&inbox=%2Fetc",
        "subset=train40&inbox=.uploads",
        "subset=train40&inbox=new.zip%00",
        f"subset=train40&inbox={'x' * 5000}",
    ],
)
def test_what_is_not_offered_leads_back_to_the_choice_with_a_word(dan: Any, query: str) -> None:
    for ask in (dan.get, dan.post):
        answer = ask(f"{PREVIEW}?{query}", follow=True)
        assert answer.redirect_chain[-1][0] == PUBLISH
        page = words(answer)
        assert "Choose first what to publish." in page or "nothing of this name in the inbox" in page
    assert not PublishJob.objects.exists()


@pytest.mark.parametrize(
    "query",
    ["subset=other&inbox=new.zip", "subset=soon&inbox=new.zip", "subset=train40&upload=x", "subset=train40&upload="],
)
def test_what_does_not_exist_is_404(dan: Any, scene: Scene, query: str) -> None:
    Subset.objects.create(dataset=scene.dataset, slug="soon", title="Soon", access=Access.ANNOUNCED)
    assert dan.get(f"{PREVIEW}?{query}").status_code == 404


@pytest.mark.parametrize("data", [{}, {"seal": "none"}, {"seal": "invented"}])
def test_what_is_by_agreement_needs_a_seal(dan: Any, data: dict[str, str]) -> None:
    assert dan.post(f"{PREVIEW}?subset=train40&inbox=new.zip", data).status_code == 422
    assert not PublishJob.objects.exists()


@pytest.mark.parametrize(
    "name", ["a.tar", "..zip", "a b.zip", "中.zip", "x" * 117 + ".zip", '"><script>.zip', "a\0.zip", ""]
)
def test_a_bad_name_is_refused_with_the_page_as_it_was(dan: Any, name: str) -> None:
    answer = dan.post(f"{PREVIEW}?subset=train40&inbox=new.zip&name={quote(name)}", {"seal": "personal"})
    assert answer.status_code == 422
    assert "letters, digits, . _ - and no spaces, and ends in .zip" in words(answer)
    page = answer.content.decode()
    assert "<script>.zip" not in page
    assert not PublishJob.objects.exists()


def test_what_would_be_refused_is_named_and_cannot_be_published_from_the_page(dan: Any, place: Path) -> None:
    zip_of(place / "bad.zip", ["fine.txt", "../climbs.txt"])
    page = words(dan.get(f"{PREVIEW}?subset=train40&inbox=bad.zip"))
    assert "This would be refused" in page
    assert "leads out of the archive" in page
    assert "fine.txt" in page
    assert "Publish as version" not in page
    assert "Choose something else" in page
    assert "Version" not in page.partition("What was chosen")[2].partition("What it holds")[0]


def test_members_are_paged_and_searched(dan: Any, place: Path) -> None:
    zip_of(place / "many.zip", [f"amy/{number:04}.jpg" for number in range(450)])
    address = f"{PREVIEW}?subset=train40&inbox=many.zip"
    page = words(dan.get(address))
    assert "1 to 200 of 450" in page
    assert "amy/0200.jpg" not in page
    assert "amy/0200.jpg" in words(dan.get(f"{address}&page=2"))
    page = words(dan.get(f"{address}&words=044"))
    assert "amy/0449.jpg" in page
    assert "amy/0001.jpg" not in page
    assert publish_pages.MEMBERS_PER_PAGE == 200


def test_a_hostile_name_is_shown_as_text(dan: Any, place: Path) -> None:
    zip_of(place / "<img src=x onerror=alert(1)>.zip", ["<script>alert(2)</script>.txt"])
    assert "<img src=x" not in dan.get(PUBLISH).content.decode()
    page = dan.get(PREVIEW, {"subset": "train40", "inbox": "<img src=x onerror=alert(1)>.zip"}).content.decode()
    assert "&lt;script&gt;alert(2)" in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_an_empty_inbox_says_where_it_is_and_how_files_get_there(dan: Any, settings: Any, tmp_path: Path) -> None:
    settings.INBOX = tmp_path / "nowhere"
    page = words(dan.get(PUBLISH))
    assert "The inbox is empty" in page
    assert str(tmp_path / "nowhere" / "genebody") in page
    assert "sftp" in page
    assert "Sending a large file needs JavaScript" in page


def test_a_publishing_that_failed_says_why_and_is_tried_again(dan: Any, place: Path) -> None:
    dan.post(f"{PREVIEW}?subset=train40&inbox=new.zip", {"seal": "personal"})
    os.truncate(place / "new.zip", 100)
    job = work_off()
    page = words(dan.get(ARCHIVES))
    assert "new.zip is neither a folder nor a zip file." in page
    assert str(place) not in page
    zip_of(place / "new.zip")
    assert "is being published" in words(dan.post(f"{ARCHIVES}jobs/{job.pk}/again/", follow=True))
    assert work_off().state == JobState.DONE


def test_what_was_changed_after_the_preview_is_not_published(dan: Any, place: Path) -> None:
    address = f"{PREVIEW}?subset=train40&inbox=new.zip"
    shown = re.search(r'name="previewed" value="([0-9a-f]{64})"', words(dan.get(address)))
    assert shown is not None
    zip_of(place / "new.zip", ["something-else.txt"])
    dan.post(address, {"seal": "personal", "previewed": shown[1]})
    job = work_off()
    assert job.state == JobState.FAILED
    page = words(dan.get(ARCHIVES))
    assert "changed since it was previewed: look at it again" in page
    assert "Look at it again" in page
    assert Archive.objects.count() == 1


@pytest.fixture
def _open(scene: Scene) -> None:
    Subset.objects.create(dataset=scene.dataset, slug="test10", title="Test10", access=Access.OPEN)


@pytest.mark.usefixtures("_open")
def test_publishing_to_everybody_is_confirmed(dan: Any, place: Path) -> None:
    address = f"{PREVIEW}?subset=test10&inbox=new.zip"
    assert "Anybody may download these files" in words(dan.get(address))
    assert dan.post(address, {"seal": "none"}).status_code == 422
    assert not PublishJob.objects.exists()
    assert dan.post(address, {"seal": "none", "for_anybody": "on"}).status_code == 302
    assert "Anybody may download these files" not in words(dan.get(f"{PREVIEW}?subset=train40&inbox=new.zip"))


@pytest.mark.usefixtures("_open")
def test_an_upload_for_one_subset_is_not_previewed_for_another(dan: Any, scene: Scene, place: Path) -> None:
    data = (place / "new.zip").read_bytes()
    subset = Subset.objects.select_related("dataset").get(slug="train40")
    upload = uploads.begin(subset=subset, file_name="new.zip", size=len(data), by=scene.dan.actor)
    uploads.append(upload=upload, offset=0, data=data, by=scene.dan.actor)
    page = words(dan.get(f"{PREVIEW}?subset=test10&upload={upload.pk}", follow=True))
    assert "The upload of new.zip was begun for" in page
    assert f"preview/?subset=train40&amp;upload={upload.pk}" in page


def test_a_bad_name_is_kept_and_a_good_one_proposed(dan: Any) -> None:
    page = words(dan.get(f"{PREVIEW}?subset=train40&inbox=new.zip&name=extra%20notes.zip"))
    assert 'value="extra notes.zip"' in page
    assert "no spaces" in page
    assert "extra-notes.zip would do." in page
    assert "Publish as version" not in page


def test_a_publishing_is_stopped_and_the_page_looks_no_more(dan: Any) -> None:
    dan.post(f"{PREVIEW}?subset=train40&inbox=new.zip", {"seal": "personal"})
    job = PublishJob.objects.get()
    part = dan.get(f"{ARCHIVES}jobs/{job.pk}/")
    assert "HX-Refresh" not in part.headers
    page = words(dan.post(f"{ARCHIVES}jobs/{job.pk}/stop/", follow=True))
    assert "Nothing was published; what was stored already is found again next time." in page
    assert dan.get(f"{ARCHIVES}jobs/{job.pk}/").headers["HX-Refresh"] == "true"
    page = words(dan.post(f"{ARCHIVES}jobs/{job.pk}/stop/", follow=True))
    assert "is not being published any more" in page


def test_progress_is_shown_in_words_bytes_and_percent(dan: Any) -> None:
    dan.post(f"{PREVIEW}?subset=train40&inbox=new.zip", {"seal": "personal"})
    job = jobs.claim()
    assert job is not None
    mib = 1024 * 1024
    jobs.note(job, phase="writing", done=3 * mib, total=4 * mib)
    page = words(dan.get(f"{ARCHIVES}jobs/{job.pk}/"))
    assert "Writing to the vault: 3.0 MiB of 4.0 MiB (75 %)" in page
    assert f'max="{4 * mib}" value="{3 * mib}"' in page
