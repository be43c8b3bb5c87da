"""Terms on the desk: what is listed, and publishing a version from the browser."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agreements.applications.models import State
from agreements.catalog.models import Role, Terms
from agreements.core import clock
from agreements.grants.models import Grant
from agreements.ledger.models import LedgerEntry
from tests.applications.cases import put, staff
from tests.flows.scene import Scene, signed_in
from tests.web.terms_things import CHANGED, TITLE, asked, publish
from tests.web.test_opening_pages import text_of

DESK = "/stewardship/genebody/terms/"
NEW = "/stewardship/genebody/terms/new/"


@pytest.fixture
def dan(scene: Scene) -> Client:
    return signed_in(scene.dan)


def form(**other: str) -> dict[str, str]:
    day = (clock.today() + dt.timedelta(days=30)).isoformat()
    return {"version": "1.1", "title": TITLE, "effective_from": day, "clauses": CHANGED, "action": "look"} | other


def shown_values(page: Any) -> dict[str, Any]:
    return {name: page.context["form"][name].value() for name in ("version", "title", "effective_from", "clauses")}


def test_the_form_begins_with_the_newest_text_under_the_next_number(dan: Client) -> None:
    values = shown_values(dan.get(NEW))
    assert (values["version"], values["title"]) == ("1.1", TITLE)
    assert values["clauses"].startswith("## Research only {#research-only}\n\nFor research, not for business.")


def test_the_differences_are_shown_before_anything_is_published_and_then_it_is(scene: Scene, dan: Client) -> None:
    looked = dan.post(NEW, form())
    said = text_of(looked)
    assert "1 clause changed, 1 clause is new; 1 stays as it is." in said
    assert "Version 1.1 cannot be changed afterwards, nor its day" in said
    assert Terms.objects.count() == 1
    hidden = {field.name: field.value() for field in looked.context["publish"]}
    assert hidden["action"] == "publish"
    done = dan.post(NEW, hidden, follow=True)
    assert done.redirect_chain[-1][0] == "/stewardship/genebody/terms/1.1/"
    assert "Terms 1.1 are published." in text_of(done)
    made = Terms.objects.get(version="1.1")
    assert [clause["id"] for clause in made.clauses] == ["research-only", "pictures", "termination"]
    entry = LedgerEntry.objects.get(kind="terms.published", payload__version="1.1")
    assert entry.actor == scene.dan.actor.id


def test_going_back_to_the_text_loses_nothing(dan: Client) -> None:
    typed = form(title="Another title", version="2.0")
    back = dan.post(NEW, typed | {"action": "edit"})
    assert back.status_code == 200
    assert shown_values(back) == {name: typed[name] for name in ("version", "title", "effective_from", "clauses")}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"clauses": "## A {#a}\n\nText.\n\n## No id\n\nText."}, "Line 5: A clause begins with a line such as"),
        ({"clauses": "## A {#a}\n\nA smile 😀 here."}, "Line 3: this cannot be printed on the agreement: 😀"),
        ({"version": "1.0"}, "Version 1.0 is published already."),
        ({"version": "one"}, "one to three numbers"),
        ({"effective_from": "2020-01-01"}, "cannot take effect in the past (2020-01-01)"),
        ({"effective_from": ""}, "This field is required."),
    ],
)
def test_what_is_wrong_is_said_and_everything_typed_stays(dan: Client, wrong: dict[str, str], words: str) -> None:
    typed = form(**wrong)
    for action in ("look", "publish"):
        page = dan.post(NEW, typed | {"action": action})
        assert page.status_code == 422
        assert words in text_of(page).replace("&#x27;", "'")
        assert {name: str(value) for name, value in shown_values(page).items()} == {
            name: typed[name] for name in ("version", "title", "effective_from", "clauses")
        }
    assert Terms.objects.count() == 1


def test_a_second_press_of_publish_says_that_it_is_published(dan: Client) -> None:
    dan.post(NEW, form(action="publish"))
    again = dan.post(NEW, form(action="publish"))
    assert again.status_code == 422
    assert "Version 1.1 is published already." in text_of(again)
    assert Terms.objects.count() == 2


def test_the_desk_lists_versions_checksums_running_access_and_what_is_to_be_decided(scene: Scene, dan: Client) -> None:
    put(scene, State.APPROVED)
    dan.post(NEW, form(action="publish"))
    page = text_of(dan.get(DESK))
    made = Terms.objects.get(version="1.1")
    assert made.sha256 in page
    assert "Running access is under earlier terms than 1.1" in page
    assert "To be decided" in page
    asked(scene, Grant.objects.get(), terms=made)
    page = text_of(dan.get(DESK))
    assert "To be decided" not in page
    assert "0 of 1 agreed" in page


def test_only_what_was_published_here_is_said_to_stand_in_no_folder(dan: Client) -> None:
    assert "not from the folder of the dataset" not in text_of(dan.get(DESK))
    dan.post(NEW, form(action="publish"))
    assert "Published here, and not from the folder of the dataset: 1.1." in text_of(dan.get(DESK))


def test_a_version_that_holds_from_today_is_not_said_to_be_announced(dan: Client) -> None:
    later = text_of(dan.post(NEW, form()))
    assert "the pages announce it for" in later
    assert "It holds at once" not in later
    at_once = text_of(dan.post(NEW, form(effective_from=clock.today().isoformat())))
    assert "It holds at once: whoever starts an application from now on agrees to it" in at_once
    assert "the pages announce it for" not in at_once


def test_auditors_read_and_publish_nothing(scene: Scene) -> None:
    audrey = signed_in(staff(scene, "audrey", Role.AUDITOR))
    page = audrey.get(DESK)
    assert page.status_code == 200
    assert "Publish a new version" not in text_of(page)
    assert audrey.get(NEW).status_code == 404
    assert audrey.post(NEW, form(action="publish")).status_code == 404


def test_more_versions_are_not_more_queries(scene: Scene, dan: Client) -> None:
    put(scene, State.APPROVED)
    grant = Grant.objects.select_related("dataset", "holder", "application", "terms").get()
    asked(scene, grant)
    with CaptureQueriesContext(connection) as few:
        dan.get(DESK)
    for number in range(2, 6):
        text = CHANGED.replace("teaching", f"teaching {number}")
        asked(scene, grant, terms=publish(scene, f"1.{number}", clauses=text, days=30 + number))
    publish(scene, "1.6", clauses=CHANGED.replace("teaching", "learning"), days=60)
    with CaptureQueriesContext(connection) as many:
        page = dan.get(DESK)
    assert [row.waits for row in page.context["rows"]] == [True, *[False] * 6]
    assert [row.campaign is not None for row in page.context["rows"]] == [False, *[True] * 5, False]
    # One more: how many accesses the version concerns that waits for a decision.
    assert len(many) <= len(few) + 3


@pytest.mark.parametrize("hidden", ["\u2028", "\x85", "\x1c", "\x0b", "\x0c", "\u202e", "\u00ad", "\ufeff"])
def test_a_character_that_hides_is_refused_wherever_it_stands(dan: Client, hidden: str) -> None:
    said = text_of(dan.post(NEW, form(action="publish", clauses=f"## A{hidden}b {{#a}}\n\nText.")))
    assert f"Line 1: this cannot be printed on the agreement: U+{ord(hidden):04X}" in said
    said = text_of(dan.post(NEW, form(action="publish", clauses=f"## A {{#a}}\r\n\r\nSome{hidden}text.")))
    assert f"Line 3: this cannot be printed on the agreement: U+{ord(hidden):04X}" in said
    dan.post(NEW, form(action="publish", title=f"Ti{hidden}tle"))
    assert Terms.objects.count() == 1


@pytest.mark.parametrize("title", ["\U0001f600 Terms", "ภาษา"])
def test_a_title_that_cannot_be_printed_is_refused(dan: Client, title: str) -> None:
    assert "This cannot be printed on the agreement" in text_of(dan.post(NEW, form(action="publish", title=title)))
    assert Terms.objects.count() == 1


def test_a_day_and_a_number_that_nothing_could_follow_are_refused(dan: Client) -> None:
    assert "within two years" in text_of(dan.post(NEW, form(action="publish", effective_from="9999-12-31")))
    assert "up to 8 digits each" in text_of(dan.post(NEW, form(action="publish", version="9" * 20)))
    assert Terms.objects.count() == 1


@pytest.mark.parametrize(("last", "offered"), [("1.99999999", "2.0"), ("99999999.99999999", "99999999.99999999.1")])
def test_the_number_offered_is_one_that_can_be_published(scene: Scene, dan: Client, last: str, offered: str) -> None:
    Terms.objects.filter(dataset=scene.dataset).update(version=last)
    assert shown_values(dan.get(NEW))["version"] == offered
