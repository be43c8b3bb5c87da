"""The public pages of the terms: what is different in a version, what is coming, and the file."""

from __future__ import annotations

import datetime as dt
from hashlib import sha256

import pytest
from django.test import Client

from agreements.catalog.models import Terms
from agreements.core import clock
from tests.flows.scene import Scene
from tests.web.terms_things import publish
from tests.web.test_opening_pages import text_of

CHANGES = "/datasets/genebody/terms/1.1/changes/"


@pytest.fixture
def second(scene: Scene) -> Terms:
    return publish(scene)


def test_the_changes_are_told_in_a_sentence_and_marked_word_by_word(second: Terms, client: Client) -> None:
    page = client.get(CHANGES)
    body = page.content.decode()
    assert "1 clause changed, 1 clause is new; 1 stays as it is." in text_of(page)
    assert "From version 1.0 to version 1.1, which takes effect on" in text_of(page)
    assert "<ins>" in body
    assert "[added: </span> and teaching<" in body, "who listens is told what was added"
    assert "<details" in body
    assert "1 unchanged clause : Termination" in text_of(page)


def test_another_earlier_version_can_be_compared_with(scene: Scene, second: Terms, client: Client) -> None:
    publish(scene, "1.2", clauses=second.source.split("---\n")[2].replace("teaching", "learning"), days=40)
    page = client.get("/datasets/genebody/terms/1.2/changes/?from=1.0")
    assert "From version 1.0 to version 1.2" in text_of(page)
    assert "From version 1.1 to version 1.2" in text_of(client.get("/datasets/genebody/terms/1.2/changes/"))
    for wrong in ("1.2", "1.3", "x"):
        assert client.get(f"/datasets/genebody/terms/1.2/changes/?from={wrong}").status_code == 404


def test_the_first_version_has_nothing_to_be_compared_with(scene: Scene, client: Client) -> None:
    page = client.get("/datasets/genebody/terms/1.0/changes/")
    assert page.status_code == 200
    assert "This is the first version" in text_of(page)


def test_a_coming_version_is_announced_with_its_day_and_an_earlier_one_says_what_holds(
    second: Terms, client: Client
) -> None:
    day = f"{second.effective_from.day} {second.effective_from:%B %Y}"
    for address in ("/datasets/genebody/", "/datasets/genebody/terms/1.0/"):
        page = client.get(address)
        assert f"Terms 1.1 take effect on {day}" in text_of(page)
        assert f'href="{CHANGES}"' in page.content.decode()
    coming = text_of(client.get("/datasets/genebody/terms/1.1/"))
    assert f"These terms take effect on {day}" in coming
    assert "Until then version 1.0 is in force." in coming
    with clock.frozen(dt.datetime.combine(second.effective_from, dt.time(12), tzinfo=dt.UTC)):
        assert "take effect" not in text_of(client.get("/datasets/genebody/"))
        old = text_of(client.get("/datasets/genebody/terms/1.0/"))
        assert "This is an earlier version. Version 1.1 has been in force since" in old


def test_the_text_can_be_had_as_the_file_whose_checksum_is_shown(second: Terms, client: Client) -> None:
    file = client.get("/datasets/genebody/terms/1.1.md")
    assert sha256(file.content).hexdigest() == second.sha256
    assert file["Content-Disposition"] == 'attachment; filename="1.1.md"'
    assert second.sha256 in client.get("/datasets/genebody/terms/1.1/").content.decode()


def test_markup_in_a_clause_is_text(scene: Scene, client: Client) -> None:
    publish(scene, clauses="## A <b>bold</b> one {#a}\n\n<script>alert(1)</script> and <ins>more</ins>.\n")
    body = client.get(CHANGES).content.decode()
    assert "<script>alert" not in body
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body
