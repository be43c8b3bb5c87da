"""Bars on the desk: who may not apply again, set and lifted with a reason."""

from __future__ import annotations

import datetime as dt

import pytest

from agreements.applications.models import State
from agreements.bars import barring
from agreements.bars.models import Bar
from agreements.catalog import roles
from agreements.catalog.models import Dataset, Role
from agreements.core import clock
from tests.applications.cases import SYSTEM, put, staff
from tests.flows.scene import Scene, signed_in

BARS = "/stewardship/genebody/bars/"


def test_the_page_is_empty_with_words(scene: Scene) -> None:
    assert "Nobody is barred" in signed_in(scene.dan).get(BARS).content.decode()


def test_a_person_known_here_is_barred_until_a_day_and_it_is_lifted(scene: Scene) -> None:
    put(scene, State.DECLINED)
    dan, day = signed_in(scene.dan), (clock.now() + dt.timedelta(days=90)).date()
    given = {"whom": " ALICE@connect.ust.hk", "until": day.isoformat(), "reason": "Posted <them>."}
    done = dan.post(BARS, given, follow=True).content.decode()
    assert "is barred from applying." in done
    assert "Posted &lt;them&gt;." in done
    bar = Bar.objects.get()
    assert bar.person == scene.alice
    refused = dan.post(f"{BARS}{bar.pk}/lift/", {"reason": " "})
    assert refused.status_code == 422
    assert f'id="lift-{bar.pk}" open' in refused.content.decode()
    lifted = dan.post(f"{BARS}{bar.pk}/lift/", {"reason": "They explained."}, follow=True).content.decode()
    assert "The bar is lifted." in lifted
    assert "They explained." in lifted
    assert "Nobody is barred" in lifted
    again = dan.post(f"{BARS}{bar.pk}/lift/", {"reason": "Again."}, follow=True)
    assert "This bar was lifted already" in again.content.decode()


@pytest.mark.parametrize("whom", ["leaks.example", "@leaks.example"])
def test_a_domain_is_barred(scene: Scene, whom: str) -> None:
    given = {"whom": whom, "until": "", "reason": "A leak."}
    page = signed_in(scene.dan).post(BARS, given, follow=True).content.decode()
    assert Bar.objects.get().domain == "leaks.example"
    assert "no end" in page
    assert "everybody with an address there" in page


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "This field is required."),
        ({"whom": "nobody@ethz.ch", "reason": "x"}, "has this address"),
        ({"whom": "eve@ethz.ch", "reason": "x"}, "has this address"),
        ({"whom": "ch", "reason": "x"}, "such as ethz.ch"),
        ({"whom": "leaks.example", "reason": "x", "until": "2001-01-01"}, "Choose a day in the future."),
        ({"whom": "genebody.example", "reason": "x"}, "the domain of your own address"),
    ],
)
def test_a_bad_bar_bars_nobody_and_keeps_what_was_typed(scene: Scene, given: dict[str, str], words: str) -> None:
    answer = signed_in(scene.dan).post(BARS, given)
    page = answer.content.decode()
    assert (answer.status_code, words in page) == (422, True)
    assert not given or f'value="{given["whom"]}"' in page
    assert '<details class="fold" id="set" open>' in page
    assert not Bar.objects.exists()


def test_whom_only_another_dataset_knows_is_answered_like_nobody(scene: Scene) -> None:
    put(scene, State.APPROVED)
    other = Dataset.objects.create(slug="other", reference_prefix="OT", title="Other", contact_address="o@o.example")
    roles.give(user=scene.eve, dataset=other, role=Role.STEWARD, by=SYSTEM)
    eve = signed_in(scene.eve)
    pages = [
        eve.post("/stewardship/other/bars/", {"whom": whom, "reason": "x"}).content.decode()
        for whom in (scene.alice.email, "xxxxx@connect.ust.hk")
    ]
    assert all("has this address" in page for page in pages)
    bar = barring.set_bar(dataset=scene.dataset, domain="leaks.example", reason="A leak.", by=scene.dan.actor)
    assert eve.post(f"/stewardship/other/bars/{bar.pk}/lift/", {"reason": "x"}).status_code == 404
    assert eve.get(BARS).status_code == 404


def test_an_auditor_reads_and_changes_nothing(scene: Scene) -> None:
    bar = barring.set_bar(dataset=scene.dataset, domain="leaks.example", reason="A leak.", by=scene.dan.actor)
    audrey = signed_in(staff(scene, "audrey", Role.AUDITOR))
    main = audrey.get(BARS).content.decode().partition("<main")[2]
    assert "leaks.example" in main
    assert 'method="post"' not in main
    assert audrey.post(BARS, {"whom": "x.example", "reason": "x"}).status_code == 404
    assert audrey.post(f"{BARS}{bar.pk}/lift/", {"reason": "x"}).status_code == 404
    assert Bar.objects.get().lifted_at is None
