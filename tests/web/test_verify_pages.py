"""`/verify/`: what anybody who holds a file is told, how often, and what is left of it afterwards."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.core.internal import ratelimit
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.test import Client

from agreements.core import clock
from agreements.core.clock import now
from agreements.documents.inspection import InspectionReport
from agreements.documents.models import StoredDocument
from agreements.flows import verifying
from agreements.flows.vouching import answers
from agreements.ledger.models import LedgerEntry
from agreements.mail.models import OutboxMessage
from agreements.web import limits, verify_pages
from tests.flows.papers_of_ours import approved, executed, issued
from tests.flows.scene import Scene

SCAN = b"%PDF-1.7 a scan"
NOTHING = InspectionReport("ok", "", "", (), ())


@pytest.fixture(autouse=True)
def _limits_begin_anew(db: None) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def looked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the files that were looked into; nothing is found in any."""
    sizes: list[int] = []

    def inspect(data: bytes, **_options: Any) -> InspectionReport:
        sizes.append(len(data))
        return NOTHING

    monkeypatch.setattr(verifying, "inspect", inspect)
    return sizes


def send(data: bytes, *, client: Client | None = None, name: str = "agreement.pdf", **headers: Any) -> HttpResponse:
    answer = (client or Client(enforce_csrf_checks=True)).post(
        "/verify/", {"file": SimpleUploadedFile(name, data, "application/pdf")}, **headers
    )
    assert isinstance(answer, HttpResponse)
    return answer


def main_of(answer: HttpResponse) -> str:
    """Return the page without its frame, whose footer has the contact of a site with one dataset."""
    return answer.content.decode().partition("<main")[2].partition("</main>")[0]


def test_nobody_has_to_be_signed_in_and_no_cookie_is_set(scene: Scene) -> None:
    client = Client(enforce_csrf_checks=True)
    page = client.get("/verify/")
    assert page.status_code == 200
    assert "Nobody has to sign in to ask." in page.content.decode()
    answer = send(executed(approved(scene)), client=client)
    assert "Ours and unaltered; in force" in answer.content.decode()
    assert client.cookies == {}


def test_the_answer_may_be_stored_by_nobody_and_nothing_of_it_is_kept_here(scene: Scene) -> None:
    grant = approved(scene)
    both = executed(grant)
    before = [model.objects.count() for model in (StoredDocument, LedgerEntry, OutboxMessage)]
    answer = send(both)
    assert "no-store" in answer["Cache-Control"]
    send(SCAN)
    assert [model.objects.count() for model in (StoredDocument, LedgerEntry, OutboxMessage)] == before


def test_neither_name_nor_reference_nor_dataset_stands_in_the_answer(scene: Scene) -> None:
    grant = approved(scene)
    for data in (executed(grant), issued(grant.application)):
        page = main_of(send(data, name="secret-name-of-a-file.pdf"))
        assert "in force" in page
        for words in (
            *(grant.reference, grant.application.reference, "GeneBody", "genebody", "Train40"),
            *("Alice", "Zhang", "alice@", "Hong Kong", "Carol", "secret-name-of-a-file"),
        ):
            assert words not in page, words


def test_a_signed_in_person_is_told_the_same(scene: Scene) -> None:
    data = executed(approved(scene))
    for person in (scene.alice, scene.dan):
        client = Client(enforce_csrf_checks=True)
        client.force_login(person)
        assert "Ours and unaltered; in force" in send(data, client=client).content.decode()


def test_without_a_file_it_is_asked_for(scene: Scene) -> None:
    answer = Client().post("/verify/")
    assert answer.status_code == 422
    assert "Choose the file that you hold." in answer.content.decode()


def test_what_is_ours_byte_for_byte_is_known_without_a_look_inside(scene: Scene, looked: list[int]) -> None:
    send(executed(approved(scene)))
    assert looked == []
    assert "Not a paper of this portal" in send(SCAN).content.decode()
    assert looked == [len(SCAN)]


def test_no_more_is_read_than_shows_that_a_file_is_too_large(scene: Scene, looked: list[int], settings: Any) -> None:
    settings.SIGNED_COPY_LIMIT = 1000
    send(b"%PDF-" + bytes(5000))
    assert looked == [1001]


def test_far_more_than_the_limit_is_refused_before_it_is_read(scene: Scene, settings: Any) -> None:
    settings.SIGNED_COPY_LIMIT = -8 * 1024 * 1024
    answer = send(b"%PDF-" + bytes(5000))
    assert answer.status_code == 413
    assert "That file is too large" in answer.content.decode()


class TestHowOften:
    @pytest.fixture
    def at(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
        """A clock that the limits go by, too."""
        hand = SimpleNamespace(moment=dt.datetime(2026, 4, 20, 12, tzinfo=dt.UTC))
        stopped = SimpleNamespace(time=lambda: now().timestamp(), sleep=lambda _s: None, monotonic=lambda: 0.0)
        monkeypatch.setattr(ratelimit, "time", stopped)
        with clock.frozen(hand.moment):
            yield hand

    def test_a_thousand_a_minute_from_one_address_are_limited(self, scene: Scene, at: Any, looked: list[int]) -> None:
        both = executed(approved(scene))
        sent = [send(both, REMOTE_ADDR="198.51.100.7") for _turn in range(1000)]
        codes = [answer.status_code for answer in sent]
        assert codes == [200] * 20 + [429] * 980
        refused = sent[-1]
        assert refused["Retry-After"] == "60"
        assert "Many files were sent from your network" in refused.content.decode()
        assert "no-store" in refused["Cache-Control"]
        assert send(both, REMOTE_ADDR="198.51.100.8").status_code == 200
        with clock.frozen(at.moment + dt.timedelta(seconds=61)):
            assert send(both, REMOTE_ADDR="198.51.100.7").status_code == 200

    def test_a_refused_file_is_not_read(self, scene: Scene, at: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        for _turn in range(20):
            send(SCAN)
        monkeypatch.setattr(WSGIRequest, "_load_post_and_files", _may_not_be_read)
        assert send(SCAN).status_code == 429

    def test_addresses_of_one_ipv6_subscriber_count_as_one(self, scene: Scene, at: Any) -> None:
        codes = [send(SCAN, REMOTE_ADDR=f"2001:db8::{turn:x}").status_code for turn in range(1, 30)]
        assert codes == [200] * 20 + [429] * 9

    def test_looks_are_limited_for_everybody_together_and_what_is_ours_is_still_told(
        self, scene: Scene, at: Any, looked: list[int]
    ) -> None:
        both = executed(approved(scene))
        sent = [send(SCAN, REMOTE_ADDR=f"198.51.100.{turn}") for turn in range(50)]
        assert [answer.status_code for answer in sent] == [200] * 40 + [503] * 10
        assert sent[-1]["Retry-After"] == "60"
        assert len(looked) == 40
        assert send(both, REMOTE_ADDR="203.0.113.1").status_code == 200

    def test_nobody_uses_up_the_looks_at_what_begins_as_ours(self, scene: Scene, at: Any, looked: list[int]) -> None:
        paper = issued(approved(scene).application)
        for turn in range(50):
            send(SCAN, REMOTE_ADDR=f"198.51.100.{turn}")
        looked.clear()
        codes = [send(paper + b"\n", REMOTE_ADDR=f"203.0.113.{turn}").status_code for turn in range(12)]
        assert codes == [200] * 10 + [503] * 2, "a look at one paper of ours is limited by itself"
        assert len(looked) == 10

    def test_what_is_no_pdf_uses_up_no_look(self, scene: Scene, at: Any, looked: list[int]) -> None:
        sent = [send(b"x%d" % turn, REMOTE_ADDR=f"198.51.100.{turn}") for turn in range(50)]
        assert [answer.status_code for answer in sent] == [200] * 50
        assert "The file is not a PDF." in sent[-1].content.decode()
        assert looked == []
        assert send(SCAN, REMOTE_ADDR="203.0.113.1").status_code == 200

    def test_a_site_with_many_ipv6_networks_has_no_more_than_its_share(
        self, scene: Scene, at: Any, looked: list[int]
    ) -> None:
        codes = [send(SCAN, REMOTE_ADDR=f"2001:db8:0:{turn:x}::1").status_code for turn in range(70)]
        assert codes == [200] * 20 + [429] * 50
        assert len(looked) == 20
        assert send(SCAN, REMOTE_ADDR="2001:db8:1::1").status_code == 200
        codes = [send(b"no PDF", REMOTE_ADDR=f"2001:db8:2:{turn:x}::1").status_code for turn in range(70)]
        assert codes == [200] * 60 + [429] * 10


def test_a_file_that_begins_as_ours_waits_for_no_others(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    paper = issued(approved(scene).application)
    for _place in range(verify_pages.AT_ONCE):
        assert verify_pages._looks.acquire(blocking=False)
    try:
        assert send(SCAN).status_code == 503
        assert send(paper + b"\n").status_code == 200
    finally:
        for _place in range(verify_pages.AT_ONCE):
            verify_pages._looks.release()


def test_two_files_are_looked_into_at_once_and_a_third_is_put_off(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, held, inside = executed(approved(scene)), threading.Event(), threading.Semaphore(0)

    def slow(_data: bytes, _began: object) -> verifying.Verdict:
        inside.release()
        assert held.wait(10)
        return answers.not_ours()

    monkeypatch.setattr(verifying, "look", slow)
    monkeypatch.setattr(limits, "consume", lambda *_args, **_options: None)
    monkeypatch.setattr(verifying, "known", lambda _digest: None)
    codes: list[int] = []
    threads = [threading.Thread(target=lambda: codes.append(send(SCAN).status_code)) for _turn in range(2)]
    try:
        for thread in threads:
            thread.start()
            assert inside.acquire(timeout=10)
        third = send(SCAN)
        assert (third.status_code, third["Retry-After"]) == (503, "20")
        assert "Other files are being looked into" in third.content.decode()
        monkeypatch.undo()
        assert send(both).status_code == 200
    finally:
        held.set()
        for thread in threads:
            thread.join()
    assert codes == [200, 200]
    assert send(SCAN).status_code == 200, "a look that ended gave its place back"


def test_a_look_that_fails_gives_its_place_back(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_data: bytes, _began: object) -> verifying.Verdict:
        raise OSError("no room in the spool")

    with monkeypatch.context() as patched:
        patched.setattr(verifying, "look", broken)
        for _turn in range(3):
            with pytest.raises(OSError, match="no room"):
                send(SCAN)
    assert send(SCAN).status_code == 200


def _may_not_be_read(_request: Any) -> None:
    raise AssertionError("the file of a refused request was read")
