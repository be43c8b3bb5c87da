"""Dan publishes a zip from his own computer, over a connection that breaks, without a shell."""

from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.site import DAN, Site
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.timeout(600)
MIB = 1024 * 1024
SIZE = 30 * MIB
ARCHIVES = "/stewardship/genebody/archives/"
PUBLISH = f"{ARCHIVES}publish/"


@pytest.fixture
def parcel(tmp_path: Path) -> Path:
    """Return a zip of a little more than 30 MiB in forty files."""
    path = tmp_path / "train40-second.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(40):
            archive.writestr(f"amy/image/{number:02}/0000.jpg", os.urandom(SIZE // 40))
    return path


@pytest.fixture
def dan(site: Site, browser: Browser) -> Visitor:
    visitor = Visitor(browser, site, DAN)
    visitor.sign_in()
    return visitor


class Line:
    """The pieces on their way to the server: some are cut off before they arrive, some after."""

    def __init__(self, dan: Visitor, *, cut: dict[int, str]) -> None:
        self.offsets: list[int] = []
        self._cut = cut
        self._page = dan.page
        dan.page.route(re.compile(r"/uploads/[0-9a-f-]{36}/$"), self._carry)

    def _carry(self, route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        self.offsets.append(int(route.request.headers["upload-offset"]))
        how = self._cut.get(len(self.offsets), "")
        if how == "answer lost":
            route.fetch()
        if how:
            route.abort("connectionreset")
        else:
            route.continue_()


PROGRESS = re.compile(r"/archives/jobs/\d+/$")


def hold_progress(dan: Visitor) -> None:
    """Answer the page's questions about progress with nothing: it is not shown anew while it is looked at."""
    dan.page.route(PROGRESS, lambda route: route.fulfill(status=204))


def release_progress(dan: Visitor) -> None:
    dan.page.unroute(PROGRESS)
    dan.page.reload()


def choose(dan: Visitor, parcel: Path) -> None:
    dan.go(PUBLISH)
    dan.page.get_by_label("Subset").select_option("train40")
    dan.page.locator("#upload-file").set_input_files(parcel)
    expect(dan.page.locator("[data-upload-chosen]")).to_contain_text("train40-second.zip · 30.0 MiB")


def test_dan_sends_a_zip_over_a_broken_connection_and_publishes_it(dan: Visitor, parcel: Path, site: Site) -> None:
    line = Line(dan, cut={3: "answer lost", 5: "lost", 6: "lost"})
    dan.go(f"{ARCHIVES}")
    dan.look("60-archives")
    choose(dan, parcel)
    dan.look("61-publish")
    dan.press("Send the file")
    dan.page.wait_for_url("**/preview/**", timeout=60_000)
    assert len(line.offsets) > len(set(line.offsets)), "pieces were sent again"
    dan.says("amy/image/39/0000.jpg")
    dan.says("The uploaded file is deleted once it is published.")
    # Under a name of its own: what is offered as train40.zip is what other walks download.
    dan.page.locator("summary", has_text="Publish it under another name").click()
    dan.fill({"name": "train40 second.zip"})
    dan.press("Use this name")
    dan.says("train40-second.zip would do.")
    dan.look("62-name-refused")
    dan.fill({"name": "train40-second.zip"})
    dan.press("Use this name")
    dan.look("62-preview")
    hold_progress(dan)
    dan.press("Publish as version 1")
    dan.says("train40-second.zip is being published.")
    dan.look("63-being-published")
    release_progress(dan)
    # The page looks by itself until the job has ended, and is then shown anew.
    expect(dan.page.locator("main")).to_contain_text("Published as version 1.", timeout=60_000)
    dan.look("64-published")
    kept = site.folder / "inbox" / ".uploads"
    assert list(kept.iterdir()) == []
    digest = site.manage("shell", "-v", "0", "-c", _NEWEST).strip().splitlines()[-1]
    assert digest == f"1 40 {SIZE // 40 * 40}"
    dan.press("Withdraw… train40-second.zip v1")
    dan.says("No other version of it is left to offer.")
    dan.look("65-withdraw")
    dan.fill({"reason": "It was a rehearsal."})
    dan.press("Withdraw")
    dan.says("train40-second.zip, version 1 is withdrawn.")
    dan.look("66-withdrawn")
    assert dan.findings == []


_NEWEST = """
from agreements.catalog.models import Archive
newest = Archive.objects.order_by("-pk")[0]
print(newest.version, newest.member_count, newest.plain_size)
"""


def test_dan_closes_the_page_and_goes_on_later_with_the_same_file_only(
    dan: Visitor, parcel: Path, tmp_path: Path
) -> None:
    line = Line(dan, cut=dict.fromkeys(range(4, 1000), "lost"))
    choose(dan, parcel)
    dan.press("Send the file")
    expect(dan.page.locator("[data-upload-text]")).to_contain_text("The connection was lost", timeout=30_000)
    dan.look("67-connection-lost")
    dan.press("Pause")
    dan.says("Paused.")
    dan.look("68-paused")
    received = line.offsets[-1]
    assert received > 0
    dan.page.unroute_all()
    other = tmp_path / "other" / "train40-second.zip"
    other.parent.mkdir()
    other.write_bytes(b"PK" + os.urandom(parcel.stat().st_size - 2))
    dan.go(PUBLISH)
    dan.says("Choose the same file again to go on.")
    dan.page.get_by_label("Subset").select_option("train40")
    dan.page.locator("#upload-file").set_input_files(other)
    dan.press("Send the file")
    dan.says("This is another file than the one whose upload was begun")
    dan.look("69-another-file")
    line = Line(dan, cut={})
    choose(dan, parcel)
    dan.press("Send the file")
    dan.page.wait_for_url("**/preview/**", timeout=60_000)
    assert line.offsets[0] == received, "nothing was sent twice"
    dan.says("amy/image/39/0000.jpg")
    dan.go(PUBLISH)
    dan.page.locator("summary", has_text="Remove…").click()
    dan.press("Remove it")
    dan.says("The upload of train40-second.zip was removed.")
    assert dan.findings == []


def test_dan_cancels_after_a_question(dan: Visitor, parcel: Path, site: Site) -> None:
    Line(dan, cut=dict.fromkeys(range(2, 1000), "lost"))
    choose(dan, parcel)
    dan.press("Send the file")
    expect(dan.page.locator("[data-upload-text]")).to_contain_text("The connection was lost", timeout=30_000)
    dan.press("Cancel…")
    expect(dan.page.get_by_role("dialog")).to_contain_text("What has arrived is deleted from the server.")
    dan.look("70-cancel")
    dan.press("Cancel the upload")
    dan.says("The upload of train40-second.zip was removed.")
    assert list((site.folder / "inbox" / ".uploads").iterdir()) == []
    assert dan.findings == []


def test_without_javascript_the_inbox_is_the_way(site: Site, browser: Browser) -> None:
    folder = site.folder / "inbox" / "genebody" / "test10-new"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "readme.txt").write_text("open to all")
    dan = Visitor(browser, site, DAN, scripts=False)
    dan.sign_in()
    dan.go(PUBLISH)
    dan.says("Sending a large file needs JavaScript")
    expect(dan.page.locator("#upload-file")).to_be_hidden()
    dan.page.get_by_label("Subset").select_option("test10")
    dan.page.get_by_role("button", name="Preview test10-new").click()
    dan.says("Everybody can download it from the dataset's page at once.")
    dan.page.get_by_label("Anybody may download these files").check()
    dan.press("Publish as version 2")
    for _ in range(60):
        if dan.page.get_by_text("Published as version 2.").count():
            break
        dan.page.wait_for_timeout(500)
        dan.page.reload()
    dan.says("Published as version 2.")
    assert (folder / "readme.txt").exists()
    assert dan.watch.complaints == []
