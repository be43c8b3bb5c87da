"""The field of the organization, completed from the registry: by keyboard, by pointer, on a phone, without scripts."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.looking import PHONE
from tests.browser.people import Person
from tests.browser.site import DAN, Site
from tests.browser.visitor import Visitor
from tests.identity.dumps import record, write

pytestmark = pytest.mark.timeout(300)
WANDA = Person("Wanda", "wanda@connect.ust.hk")
PETER = Person("Peter", "peter@connect.ust.hk")
SIMON = Person("Simon", "simon@connect.ust.hk")
RECORDS = [
    record(1, "Hong Kong University of Science and Technology", other_names=["HKUST"], domains=["ust.hk"]),
    record(
        2, "University of Vienna", other_names=["Universität Wien"], domains=["univie.ac.at"], country="AT", city="Wien"
    ),
    record(3, "Vienna University of Economics and Business", domains=["wu.ac.at"], country="AT", city="Wien"),
    record(4, "TU Wien", other_names=["Vienna University of Technology"], domains=["tuwien.ac.at"], country="AT"),
]


@pytest.fixture(scope="module", autouse=True)
def registry(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small registry, loaded by the command."""
    dump = write(tmp_path_factory.mktemp("ror") / "v1.63-2025-04-03-ror-data.zip", RECORDS)
    site.manage("import_ror", str(dump))
    return dump


def at_details(browser: Browser, site: Site, person: Person, *, scripts: bool = True) -> Visitor:
    visitor = Visitor(browser, site, person, scripts=scripts)
    visitor.go("/datasets/genebody/apply/")
    visitor.sign_in()
    visitor.press("Start the application")
    visitor.page.wait_for_url("**/details/")
    return visitor


def offered(page: Page) -> Locator:
    """Return the options below the field; the list of countries has options too."""
    return page.get_by_role("listbox").get_by_role("option")


def chosen_option(page: Page) -> str:
    """Return the text of the option that a screen reader is told of."""
    active = page.get_by_role("combobox", name="Organization").get_attribute("aria-activedescendant") or ""
    return page.locator(f"#{active} .option-name").inner_text() if active else ""


def test_wanda_chooses_her_organization_with_the_keyboard_alone(site: Site, browser: Browser) -> None:
    wanda = at_details(browser, site, WANDA)
    page = wanda.page
    field = page.get_by_role("combobox", name="Organization")
    field.focus()
    expect(field).to_have_attribute("aria-expanded", "false")
    page.keyboard.type("vienna")
    options = offered(page)
    expect(options).to_have_count(3)
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_text("3 organizations. Up and down arrows to choose.")).to_be_attached()
    assert chosen_option(page) == "", "nothing is chosen before an arrow is pressed"
    page.keyboard.press("ArrowDown")
    first = chosen_option(page)
    wanda.look("51-organization-offered")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowDown")
    assert chosen_option(page) == first
    page.keyboard.press("Escape")
    expect(options).to_have_count(0)
    expect(field).to_have_value("vienna")
    expect(field).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(options).to_have_count(3)
    while chosen_option(page) != "University of Vienna":
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(field).to_have_value("University of Vienna")
    expect(options).to_have_count(0)
    expect(page.locator("[name=city]")).to_have_value("Wien")
    expect(page.locator("[name=country]")).to_have_value("AT")
    assert "/details/" in page.url, "Enter chose, and sent nothing"
    note = page.get_by_text("ust.hk belongs to Hong Kong University of Science and Technology")
    expect(note).to_be_visible()
    wanda.look("52-organization-elsewhere")
    field.fill("hkust")
    expect(options).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(note).to_have_count(0)
    expect(page.locator("[name=city]")).to_have_value("Wien")  # what is there is kept
    page.keyboard.press("Tab")
    expect(page.locator("[name=position]")).to_be_focused()
    assert wanda.findings == []


def test_peter_chooses_with_a_finger_on_a_phone_and_what_nobody_knows_is_taken_as_typed(
    site: Site, browser: Browser
) -> None:
    peter = at_details(browser, site, PETER)
    page = peter.page
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    field = page.get_by_role("combobox", name="Organization")
    field.press_sequentially("university of")
    expect(offered(page)).to_have_count(4)
    for option in offered(page).all():
        box = option.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
    offered(page).filter(has_text="Hong Kong University").click()
    expect(field).to_have_value("Hong Kong University of Science and Technology")
    expect(page.locator("[name=country]")).to_have_value("HK")
    field.fill("Institute of Nowhere")
    expect(page.get_by_text("The registry has none by this name")).to_be_visible()
    box = page.get_by_text("The registry has none by this name").bounding_box()
    assert box is not None
    assert box["height"] > 10
    expect(offered(page)).to_have_count(0)
    page.keyboard.press("Tab")
    expect(field).to_have_value("Institute of Nowhere")
    assert peter.findings == []


def test_a_server_that_does_not_answer_leaves_a_plain_field(site: Site, browser: Browser) -> None:
    peter = Visitor(browser, site, PETER)
    peter.go("/datasets/genebody/apply/")
    peter.sign_in()
    peter.go("/datasets/genebody/apply/")  # goes on where he was
    peter.page.wait_for_url("**/details/")
    peter.page.route("**/organizations/**", lambda route: route.abort())
    field = peter.page.get_by_role("combobox", name="Organization")
    with peter.page.expect_event("requestfailed"):
        field.press_sequentially("vienna")
    expect(offered(peter.page)).to_have_count(0)
    expect(peter.page.get_by_role("alert")).to_have_count(0)


def test_simon_without_scripts_types_and_is_told_after_saving(site: Site, browser: Browser) -> None:
    simon = at_details(browser, site, SIMON, scripts=False)
    page = simon.page
    expect(page.get_by_role("combobox", name="Organization")).to_have_count(0)
    simon.fill(
        {
            "name": "Simon",
            "organization": "TU Wien",
            "position": "Fellow",
            "address_line1": "Karlsplatz 13",
            "city": "Wien",
            "country": "AT",
        }
    )
    simon.press("Save and go on")
    page.wait_for_url("**/site/")
    page.go_back()
    simon.go(page.url)
    simon.says("ust.hk belongs to Hong Kong University of Science and Technology, and you wrote TU Wien")


def test_staff_see_the_sources_and_their_age(site: Site, browser: Browser) -> None:
    dan = Visitor(browser, site, DAN)
    dan.go("/review/")
    dan.sign_in()
    dan.go("/review/")
    dan.page.get_by_role("link", name="Sources about domains").click()
    dan.says("Research Organization Registry")
    dan.look("53-sources")
    assert dan.findings == []
