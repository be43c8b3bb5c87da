"""Photographs of the signed pages, sent in the wrong order by choosing and by dropping, are put right."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import Browser, expect

from demo.signing import print_sign_scan
from tests.browser import chain
from tests.browser.conftest import running_site
from tests.browser.site import ALICE, Site
from tests.browser.visitor import Visitor
from tests.documents.photographs import TABLE, jpeg, on_a_table

pytestmark = pytest.mark.timeout(600)

SCAN = "scanned.pdf"

_DROP = """
([name, type, text]) => {
  const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
  const carrier = new DataTransfer();
  carrier.items.add(new File([bytes], name, { type }));
  const zone = document.querySelector(".file-drop-zone");
  for (const kind of ["dragenter", "dragover", "drop"]) {
    zone.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: carrier }));
  }
}
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """An installation of its own: Alice comes for the first time."""
    yield from running_site(second_factor=False)


def test_three_photographs_in_the_wrong_order_are_put_right(site: Site, browser: Browser, tmp_path: Path) -> None:
    alice = Visitor(browser, site, ALICE)
    page = alice.page
    chain.begin(alice)
    chain.fill_in(alice)
    one, two, three, *rest = photographs(alice, tmp_path)
    alice.look("60-photographs-none")

    field = page.locator("input[name=file]")
    listed = page.locator(".file-list li")
    field.set_input_files([three, one])
    expect(listed).to_have_count(2)
    drop(alice, two)
    for other in rest:
        drop(alice, other)
    count = 3 + len(rest)
    expect(listed).to_have_count(count)
    expect(page.locator(".file-list canvas:visible")).to_have_count(count)
    alice.look("61-photographs-chosen")

    note = tmp_path / "shopping list.jpg"
    note.write_bytes(b"milk, bread, toner")
    field.set_input_files(note)
    expect(listed).to_have_count(count + 1)
    alice.press("Upload")
    alice.says(f"File {count + 1} (shopping list.jpg) is neither a PDF nor a picture")
    expect(listed).to_have_count(count + 1)  # nothing that was chosen is lost
    alice.look("62-photographs-refused")
    page.get_by_role("button", name="Remove shopping list.jpg").click()
    expect(listed).to_have_count(count)

    slowly(alice, bytes_a_second=400_000)
    alice.press("Upload")
    progress = page.locator("[data-progress]")
    expect(progress.get_by_role("status")).to_have_text(re.compile(r"^[\d.]+ \w+ of [\d.]+ \w+ sent$"))
    expect(progress.get_by_role("button", name="Stop")).to_be_visible()
    page.wait_for_function("0 < document.querySelector('[data-progress] progress').value")
    slowly(alice, bytes_a_second=-1)
    alice.says("was received")
    order = ", ".join(["2", "3", "1", *(str(number) for number in range(4, count + 1))])
    opened = page.locator("#copy-state").get_by_text(f"It came as {count} files, which were put in the order {order}.")
    expect(opened).to_be_visible(timeout=60_000)  # asked for by the page itself, until it is there
    expect(page.locator(".found-pages li").first).to_contain_text(re.compile(rf"Page 1 of {count}\s*file 2"))
    alice.look("63-photographs-in-order")
    with page.expect_download() as coming:
        page.get_by_role("link", name="Download them as one PDF").click()
    pdf = chain.saved(coming.value, tmp_path).read_bytes()
    assert len(pypdfium2.PdfDocument(pdf)) == count
    replace(alice, tmp_path)
    chain.hand_in(alice)
    assert alice.findings == []


def photographs(who: Visitor, folder: Path) -> list[Path]:
    """Make the agreement, print it, sign it, and photograph its pages; come to the page on which they are sent."""
    who.press("Make my agreement")
    with who.page.expect_download() as coming:
        who.press("Download the agreement (PDF)")
    scan = print_sign_scan(chain.saved(coming.value, folder).read_bytes(), name=who.person.name)
    (folder / SCAN).write_bytes(scan)
    who.press("Go on to the signature")
    document = pypdfium2.PdfDocument(scan)
    shots = []
    for at in range(len(document)):
        shot = on_a_table(document[at].render(scale=130 / 72).to_pil(), lean=0.02, seed=at)
        turned = shot.rotate(90 * (at % 2), expand=True, fillcolor=TABLE)  # some are taken with the telephone sideways
        path = folder / f"IMG_{2041 + at}.jpg"
        path.write_bytes(jpeg(turned))
        shots.append(path)
    document.close()
    return shots


def slowly(who: Visitor, *, bytes_a_second: int) -> None:
    """Send from now on at this pace; -1 for as fast as it goes."""
    client = who.context.new_cdp_session(who.page)
    pace = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_a_second}
    client.send("Network.enable")
    client.send("Network.emulateNetworkConditions", pace)


def replace(who: Visitor, folder: Path) -> None:
    """Send the scan in place of the photographs; it counts from then on, and nothing of theirs is shown."""
    who.page.get_by_text("Replace them by other files").click()
    who.page.locator("input[name=file]").set_input_files(folder / SCAN)
    expect(who.page.locator(".file-list li")).to_have_count(1)
    who.press("Upload")
    opened = who.page.locator("#copy-state").get_by_text(re.compile(rf"{SCAN} was opened: \d+ pages?"))
    expect(opened).to_be_visible(timeout=60_000)
    expect(who.page.locator(".found-pages")).to_have_count(0)
    who.look("64-photographs-replaced")


def drop(who: Visitor, path: Path) -> None:
    """Drop a file on the field, as from a folder."""
    who.page.evaluate(_DROP, [path.name, "image/jpeg", base64.b64encode(path.read_bytes()).decode()])
