"""Shared archives on the steward's desk."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agreements.applications.models import State
from agreements.catalog.models import Archive, Role, SealKind, Subset
from agreements.catalog.publishing.publish import publish_archive
from agreements.core import actors, clock
from agreements.grants.downloads import redeeming
from agreements.grants.links import making as links
from agreements.grants.links import tokens
from agreements.grants.models import Generation, GenerationState, Grant
from agreements.grants.shared import generations
from agreements.mail.drain import drain
from agreements.mail.models import MessageState, OutboxMessage
from agreements.revocation.models import Procedure
from tests.applications.cases import put, staff
from tests.flows.scene import Scene, signed_in

SYSTEM = actors.job("tests")
DESK = "/stewardship/genebody/"
PAGE = f"{DESK}shared/"


@pytest.fixture
def archive(scene: Scene, tmp_path: Path, settings: Any) -> Archive:
    settings.VAULT_DELIVERY = f"folder:{tmp_path / 'delivery'}"
    return _publish(tmp_path, "everyone.zip")


def test_without_a_shared_archive_the_page_says_what_one_is(scene: Scene) -> None:
    dan = signed_in(scene.dan)
    assert "No archive has a shared seal" in dan.get(PAGE).content.decode()
    assert PAGE not in dan.get(DESK).content.decode()


def test_the_desk_leads_to_it_once_there_is_one(scene: Scene, archive: Archive) -> None:
    assert PAGE in signed_in(scene.dan).get(DESK).content.decode()


def test_while_it_is_sealed_the_page_asks_again_by_itself_and_says_how_far_it_is(
    scene: Scene, archive: Archive
) -> None:
    dan = signed_in(scene.dan)
    waiting = dan.get(PAGE).content.decode()
    assert "Waiting for a worker" in waiting
    assert f'hx-get="{PAGE}{archive.pk}/"' in waiting
    assert "Seal the next generation…" not in waiting
    generation = generations.ask(archive=archive, by=SYSTEM)
    half = archive.sealed_size // 2
    Generation.objects.update(state=GenerationState.SEALING, done=half)
    part = dan.get(f"{PAGE}{archive.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert "Sealing generation 1" in part
    assert re.search(r"\(50 %\)", part)
    assert "<html" not in part
    Generation.objects.update(done=archive.sealed_size, checked=half)
    assert "Reading back what was stored" in dan.get(f"{PAGE}{archive.pk}/").content.decode()
    Generation.objects.update(state=GenerationState.WAITING, done=0)
    generations.work_off_one(generation.pk)
    done = dan.get(f"{PAGE}{archive.pk}/").content.decode()
    assert "hx-get" not in done
    assert "generation 1, since" in done


def test_the_next_generation_is_sealed_after_the_consequence_was_read(scene: Scene, archive: Archive) -> None:
    generations.work_off()
    dan = signed_in(scene.dan)
    page = dan.get(PAGE).content.decode()
    assert "everybody with access needs the new password" in page
    assert "Copies already downloaded stay readable" in page
    assert dan.post(f"{PAGE}{archive.pk}/seal/", follow=True).redirect_chain == [(PAGE, 302)]
    assert Generation.objects.filter(state=GenerationState.WAITING, asked_by=scene.dan, generation=2).exists()
    again = dan.post(f"{PAGE}{archive.pk}/seal/", follow=True).content.decode()
    assert "The next generation of everyone.zip is being sealed." in again
    assert Generation.objects.count() == 2
    generations.work_off()
    assert "Earlier generations" in dan.get(PAGE).content.decode()


def test_what_failed_is_said_in_words_and_tried_again(scene: Scene, archive: Archive) -> None:
    generation = generations.ask(archive=archive, by=SYSTEM)
    Generation.objects.update(state=GenerationState.FAILED, trouble="The disk is <full>.", attempts=8)
    dan = signed_in(scene.dan)
    page = dan.get(PAGE).content.decode()
    assert "Generation 1 could not be sealed" in page
    assert "The disk is &lt;full&gt;." in page
    assert "could not be sealed" in dan.get(DESK).content.decode()
    dan.post(f"{PAGE}{archive.pk}/again/")
    generation.refresh_from_db()
    assert (generation.state, generation.attempts) == (GenerationState.WAITING, 0)


def test_after_a_revocation_the_next_generation_is_offered(scene: Scene, archive: Archive) -> None:
    generations.work_off()
    put(scene, State.APPROVED)
    grant = Grant.objects.get()
    link = links.make(grant=grant, archive=archive, person=scene.alice, by=scene.alice.actor, mail=False)
    redeeming.hand_over(tokens.token(link))
    redeeming.hand_over(tokens.token(link))
    dan = signed_in(scene.dan)
    assert "1 grant</dd>" in dan.get(PAGE).content.decode()
    assert "seal the next one" not in dan.get(PAGE).content.decode()
    end = f"{DESK}end/?act=revoke&scope=grant&value={grant.reference}"
    warned = dan.get(end).content.decode()
    assert "The present generation of everyone.zip" in warned
    dan.post(end, {"clause_id": "termination", "reason": "It ended.", "expected": "1"})
    procedure = f"{DESK}procedures/{Procedure.objects.get().reference}/"
    assert "Somebody it reached has the present generation of everyone.zip" in dan.get(procedure).content.decode()
    words = "or its password, and has lost access since: seal the next one."
    assert f"1 person has this generation, {words}" in dan.get(PAGE).content.decode()
    assert words in dan.get(DESK).content.decode()
    assert "seal the next generation" in dan.get(f"{DESK}grants/{grant.reference}/").content.decode()
    dan.post(f"{PAGE}{archive.pk}/seal/")
    assert words not in dan.get(PAGE).content.decode()
    assert "The next generation of everyone.zip is being sealed." in dan.get(procedure).content.decode()
    generations.work_off()
    told = dan.get(procedure).content.decode()
    assert "Generation 2 of everyone.zip took the place" in told
    assert "people told by mail: 0" in told  # whom the act reached has no access any more, and nobody else has any
    assert words not in dan.get(PAGE).content.decode()
    assert "seal the next generation" not in dan.get(f"{DESK}grants/{grant.reference}/").content.decode()


def test_everybody_with_access_is_told_of_the_next_generation_and_of_the_first_nobody(
    scene: Scene, archive: Archive
) -> None:
    put(scene, State.APPROVED)
    generations.work_off()
    assert not OutboxMessage.objects.filter(kind="generation-sealed").exists()
    signed_in(scene.dan).post(f"{PAGE}{archive.pk}/seal/")
    generations.work_off()
    message = OutboxMessage.objects.get(kind="generation-sealed")
    assert (message.recipient, message.subject_reference) == (scene.alice.email, Grant.objects.get().reference)
    drain()
    message.refresh_from_db()
    assert message.sent_subject.startswith("GeneBody: an archive of")
    assert "everyone.zip of GeneBody" in message.sent_text
    assert f"/grants/{message.subject_reference}/" in message.sent_text


def test_who_has_no_running_access_any_more_is_not_told_of_the_next_generation(scene: Scene, archive: Archive) -> None:
    put(scene, State.APPROVED)
    generations.work_off()
    Grant.objects.update(ends_at=clock.now())  # its time ran out, and nobody has taken it up yet
    generations.ask(archive=archive, by=scene.dan.actor)
    generations.work_off()
    assert not OutboxMessage.objects.filter(kind="generation-sealed").exists()


def test_what_ended_before_it_was_told_is_not_told(scene: Scene, archive: Archive) -> None:
    put(scene, State.APPROVED)
    generations.work_off()
    generations.ask(archive=archive, by=scene.dan.actor)
    generations.work_off()
    Grant.objects.update(state="revoked")
    drain()
    assert OutboxMessage.objects.get(kind="generation-sealed").state == MessageState.SUPERSEDED


def test_auditors_read_and_have_no_buttons(scene: Scene, archive: Archive) -> None:
    generations.work_off()
    audrey = signed_in(staff(scene, "audrey", Role.AUDITOR))
    page = audrey.get(PAGE).content.decode()
    assert "generation 1, since" in page
    assert "<form" not in page.split("<main")[1].split("</main>")[0]


def test_ten_archives_take_as_many_queries_as_one(scene: Scene, archive: Archive, tmp_path: Path) -> None:
    generations.work_off()
    dan = signed_in(scene.dan)
    for _warm in range(2):
        before = {address: _queries(dan, address) for address in (PAGE, DESK)}
    for number in range(9):
        _publish(tmp_path, f"more{number}.zip")
    generations.work_off()
    assert {address: _queries(dan, address) for address in before} == before


def _publish(folder: Path, name: str) -> Archive:
    source = folder / name.removesuffix(".zip")
    source.mkdir()
    (source / "a.txt").write_text(f"sealed once for all: {name}" * 100)
    subset = Subset.objects.get(slug="train40")
    return publish_archive(subset=subset, source=source, name=name, by=SYSTEM, seal=SealKind.SHARED)


def _queries(browser: Any, address: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(address).status_code == 200
    return len(asked.captured_queries)
