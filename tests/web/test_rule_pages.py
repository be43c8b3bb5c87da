from __future__ import annotations

from typing import Any

import pytest

from agreements.applications import drafting
from agreements.applications.models import EvidenceRun, State
from agreements.catalog.models import Role
from agreements.identity.models import DomainRule
from agreements.people.models import User
from agreements.web import rule_pages
from tests.applications.cases import put, staff
from tests.flows.scene import Scene, signed_in

RULES = "/stewardship/genebody/rules/"
CHOSEN = f"{RULES}add/?suffix=ust.hk&verdict=deny&until="
GIVEN = {"suffix": "ust.hk", "verdict": "deny", "until": "", "reason": "They imitate another."}


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_a_steward_sees_whom_a_rule_touches_then_makes_it_and_ends_it(scene: Scene) -> None:
    case, dan = put(scene, State.SUBMITTED), signed_in(scene.dan)
    page = text(dan.get(CHOSEN))
    assert ">1 running application; the tier changes</h2>" in page
    assert case.reference in page
    assert "Gather the evidence of the 1 waiting case again" in page
    assert '<input type="hidden" name="suffix" value="ust.hk"' in page
    assert not DomainRule.objects.exists()
    page = text(dan.post(f"{RULES}add/", GIVEN | {"gather_again": "on"}, follow=True))
    assert "The rule about ust.hk holds from now on. The evidence of 1 waiting case is gathered again." in page
    assert "They imitate another." in page
    assert EvidenceRun.objects.count() == 2
    rule = DomainRule.objects.get()
    page = text(dan.get(f"{RULES}{rule.pk}/end/"))
    assert "Dan said on" in page
    assert "No case waits whose evidence would come out otherwise" in page
    page = text(dan.post(f"{RULES}{rule.pk}/end/", follow=True))
    assert "The rule about ust.hk has ended. Evidence that was gathered stays as it is." in page
    assert '<h2 id="past">Over</h2>' in page
    assert dan.get(f"{RULES}{rule.pk}/end/").status_code == 404


@pytest.mark.parametrize(
    ("state", "alone", "with_two"),
    [
        (State.SUBMITTED, "1 running application", "3 running applications"),
        (State.APPROVED, "Access of 1 person", "2 running applications and access of 1 person"),
    ],
)
def test_how_far_a_rule_reaches_is_said_in_words(scene: Scene, state: State, alone: str, with_two: str) -> None:
    put(scene, state)
    dan = signed_in(scene.dan)

    def said(suffix: str, verdict: str) -> str:
        page = text(dan.get(f"{RULES}add/?suffix={suffix}&verdict={verdict}&until="))
        return page.partition('<h2 id="reach">')[2].partition("</h2>")[0]

    assert said("hk", "deny") == f"{alone}; the tier changes"
    assert said("ust.hk", "allow") == f"{alone}; no tier changes"
    assert said("ethz.ch", "deny") == "Nobody yet"
    for name in ("bob", "ben"):
        person = User.objects.create_user(f"{name}@{name}.hk", name=name)
        drafting.start(dataset=scene.dataset, email=person.email, by=person.actor)
    assert said("hk", "deny") == f"{with_two}; for all of them the tier changes"
    dan.post(f"{RULES}add/", GIVEN | {"suffix": "ben.hk"})
    assert said("hk", "deny") == f"{with_two}; for 2 of them the tier changes"


def test_what_is_missing_below_the_preview_keeps_the_preview(scene: Scene) -> None:
    answer = signed_in(scene.dan).post(f"{RULES}add/", GIVEN | {"reason": " "})
    assert answer.status_code == 422
    assert "Whom it touches" in text(answer)
    assert '<input type="hidden" name="suffix" value="ust.hk"' in text(answer)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("suffix=a+b&verdict=deny", "is not a domain"),
        ("suffix=hk&verdict=allow", "cannot accept everything that ends in .hk"),
        ("suffix=ust.hk&verdict=nonsense", "nonsense is not one of the available choices"),
        ("suffix=ust.hk&verdict=deny&until=2020-01-01", "Choose a day in the future."),
    ],
)
def test_what_is_no_rule_is_said_in_the_form_before_the_preview(scene: Scene, query: str, words: str) -> None:
    answer = signed_in(scene.dan).get(f"{RULES}add/?{query}")
    assert (answer.status_code, words in text(answer)) == (422, True)
    assert signed_in(scene.dan).get(f"{RULES}touched.csv?{query}").headers["Location"] == RULES


def test_the_same_rule_made_meanwhile_is_refused_in_words(scene: Scene) -> None:
    dan = signed_in(scene.dan)
    dan.get(CHOSEN)
    dan.post(f"{RULES}add/", GIVEN)
    answer = dan.post(f"{RULES}add/", GIVEN)
    assert answer.status_code == 422
    assert "Dan made the same rule on" in text(answer)
    assert DomainRule.objects.count() == 1


def test_the_page_has_the_first_and_the_file_all(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    case, dan = put(scene, State.SUBMITTED), signed_in(scene.dan)
    monkeypatch.setattr(rule_pages, "SHOWN", 0)
    assert "These are the first 0." in text(dan.get(CHOSEN))
    answer: Any = dan.get(CHOSEN.replace("add/", "touched.csv"))
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert lines == [
        "what,reference,status,name,address,before,after,decided by",
        f"application,{case.reference},submitted,Alice Zhang 张爱丽,alice@connect.ust.hk,institutional,blocked,",
    ]


def test_an_auditor_reads_the_rules_and_previews_none(scene: Scene) -> None:
    signed_in(scene.dan).post(f"{RULES}add/", GIVEN)
    rule = DomainRule.objects.get()
    audrey = signed_in(staff(scene, "audrey", Role.AUDITOR))
    page = text(audrey.get(RULES))
    assert "They imitate another." in page
    assert "Add a rule" not in page
    for address in (CHOSEN, f"{RULES}{rule.pk}/end/", f"{RULES}touched.csv?rule={rule.pk}"):
        assert audrey.get(address).status_code == 404
        assert signed_in(scene.carol).get(address).status_code == 404
    assert audrey.post(f"{RULES}{rule.pk}/end/").status_code == 404


def test_a_rule_that_is_not_there_is_not_found(scene: Scene) -> None:
    for address in (f"{RULES}987654/end/", f"{RULES}touched.csv?rule=987654"):
        assert signed_in(scene.dan).get(address).status_code == 404
