"""The preview of many, and what comes with an end."""

from __future__ import annotations

import csv
import datetime as dt
import html
import io
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agreements.applications.models import State
from agreements.bars.models import Bar
from agreements.catalog.models import Role
from agreements.core.clock import now
from agreements.grants.models import Grant, GrantState
from agreements.revocation import hits
from agreements.revocation import scope as ended
from agreements.revocation.models import Procedure, ProcedureAct
from tests.applications.cases import put, staff
from tests.flows.scene import Scene, signed_in
from tests.revocation import many
from tests.web.procedures import DESK, END, another, end, typed
from tests.web.test_member_pages import joined


@pytest.fixture
def grant(scene: Scene) -> Grant:
    put(scene, State.APPROVED)
    return Grant.objects.get()


def test_a_long_preview_shows_the_first_tells_the_number_of_all_and_has_a_file_of_them(
    scene: Scene, grant: Grant
) -> None:
    for number in range(1, 60):
        another(grant, number)
    dan, address = signed_in(scene.dan), end("terms", "1.0")
    page = dan.get(address).content.decode()
    assert "It reaches 60 accesses, 60 people" in page
    assert "These are the first 50." in page
    assert page.count('class="ref" href') == 50
    (linked,) = re.findall('href="([^"]*reached.csv[^"]*)"', page)
    answer = dan.get(html.unescape(linked))
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    assert len({row["access"] for row in rows}) == 60
    assert {row["email"] for row in rows} == {grant.holder.email} | {
        f"holder{number}@connect.ust.hk" for number in range(1, 60)
    }


def test_the_file_of_nobody_leads_to_the_choice_and_only_a_steward_gets_one(scene: Scene, grant: Grant) -> None:
    file = end("terms", "1.0").replace("/end/", "/end/reached.csv")
    nobody = signed_in(scene.dan).get(file.replace("1.0", "9.9"))
    assert (nobody.status_code, nobody["Location"]) == (302, END)
    audrey = signed_in(staff(scene, "audrey", Role.AUDITOR))
    assert [browser.get(file).status_code for browser in (audrey, signed_in(scene.eve))] == [404, 404]


def test_a_preview_and_the_act_ask_as_often_for_many_as_for_few(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    many.grants(scene.dataset, [f"p{number}@mit.edu" for number in range(3)], members=1)
    many.grants(scene.dataset, [f"p{number}@ethz.ch" for number in range(600)], organization="ETH", members=1)
    dan, asked = signed_in(scene.dan), []
    dan.get(end("organization", "mit"))  # the first page of a session asks more
    for organization, people in (("mit", 6), ("eth", 1200)):
        with CaptureQueriesContext(connection) as queries:
            page = dan.get(end("organization", organization)).content.decode()
        asked.append(len(queries))
        assert f"{people} people" in page.replace(",", "")
    assert asked[0] == asked[1]
    found: list[int] = []
    real = hits.hit_by

    def counted(scope: ended.Scope, *, act: ProcedureAct) -> hits.Hits:
        found.append(1)
        return real(scope, act=act)

    monkeypatch.setattr(hits, "hit_by", counted)
    assert dan.post(end("organization", "mit"), typed(3, number="3")).status_code == 302
    assert len(found) == 2
    assert dan.post(end("organization", "eth"), typed(600, number="1")).status_code == 422
    assert len(found) == 3


def test_a_bar_comes_with_it(scene: Scene, grant: Grant) -> None:
    dan = signed_in(scene.dan)
    day = (now() + dt.timedelta(days=400)).date()
    dan.post(end("person", str(scene.alice.public_id)), typed(bar="person", until=day.isoformat()))
    bar = Bar.objects.get()
    assert (bar.person, bar.procedure) == (scene.alice, Procedure.objects.get().reference)
    page = dan.get(f"{DESK}procedures/{bar.procedure}/").content.decode()
    assert "Bars that came with it" in page
    assert "may apply again from" in page


def test_the_whole_dataset_is_withdrawn_with_it_where_that_is_ticked(scene: Scene, grant: Grant) -> None:
    dan = signed_in(scene.dan)
    assert "Withdraw the dataset as well" not in dan.get(end("subset", "train40")).content.decode()
    assert "Withdraw the dataset as well" in dan.get(end("dataset")).content.decode()
    assert dan.post(end("dataset"), typed(withdraw_dataset="on")).status_code == 302
    scene.dataset.refresh_from_db()
    assert scene.dataset.withdrawn_at is not None


def test_a_suspension_bars_nobody_and_wants_nothing_destroyed(scene: Scene, grant: Grant) -> None:
    joined(grant, scene.bob)
    dan, address = signed_in(scene.dan), end("grant", grant.reference, "suspend")
    page = dan.get(address).content.decode()
    assert "Bar from applying again" not in page
    assert "Nobody has to destroy anything." in page
    assert ("What stops" in page, "What ends" in page, "what ends" in page) == (True, False, False)
    assert "It stops for 1 member as well" in page
    assert "It ends for" not in page
    assert "1 access is suspended; notice is on its way." in dan.post(address, typed(), follow=True).content.decode()
    assert Grant.objects.get().state == GrantState.SUSPENDED
    reached = dan.get(f"{DESK}procedures/{Procedure.objects.get().reference}/").content.decode()
    assert ("What stopped" in reached, "What ended" in reached) == (True, False)
