"""Redis stopped, and Redis frozen: pages go on, nothing is lost, and work follows when it is back."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from agreements.tasks.waking import PAUSE
from portal.embedded.children import wait_until
from tests.faults.installation import Installation
from tests.figures import FIGURES
from tests.services.valkey import Valkey

LIMIT = 3.0
"""Seconds within which every page has to answer."""
AFTERWARDS = 30.0
"""Seconds after Redis is back until everything is done: two ticks of the beat and a reconnect."""


@contextmanager
def stopped(broker: Valkey) -> Iterator[None]:
    broker.stop()
    try:
        yield
    finally:
        broker.start()


@contextmanager
def frozen(broker: Valkey) -> Iterator[None]:
    broker.freeze()
    try:
        yield
    finally:
        broker.thaw()


Away = Callable[[Valkey], Iterator[None]]
BOTH = pytest.mark.parametrize("away", [stopped, frozen], ids=["stopped", "frozen"])


@BOTH
def test_a_person_signs_in_applies_and_is_approved_without_redis(site: Installation, away: Away) -> None:
    alice, reference, address = site.next_applicant()
    carol = site.visitor("carol")
    stranger = site.visitor()
    processes_before = {part: site.pid(part) for part in ("worker", "beat", "web")}
    email = f"eve-{away.__name__}@ethz.ch"
    assert wait_until(lambda: time.monotonic() > site.pages_wake_again_at, PAUSE + 1)
    mark = len(site.log("beat"))
    with away(site.broker):  # type: ignore[attr-defined]
        # before sign-in
        assert stranger.get("/datasets/genebody/").status == 200
        assert stranger.get("/accounts/login/").status == 200
        assert stranger.post("/accounts/login/", email=email).status == 302
        code = re.search(r"^\s*([0-9A-Z]{3}-[0-9A-Z]{3})\s*$", site.mails.to(email)[-1].text, re.MULTILINE)
        assert code is not None
        assert stranger.post("/accounts/login/code/confirm/", code=code[1]).status == 302
        assert stranger.get("/applications/").status == 200
        assert stranger.note(f"Redis {away.__name__}, sign-in") < LIMIT
        # before "submit"
        assert alice.get(f"/applications/{reference}/submit/").status == 200
        assert alice.post(f"/applications/{reference}/submit/", accept="on").status == 302
        assert alice.get(f"/applications/{reference}/").status == 200
        assert alice.note(f"Redis {away.__name__}, submit") < LIMIT
        assert site.state_of(reference) == "submitted"
        # before "approve"
        assert reference in carol.get("/review/").text
        assert carol.get(f"/review/{reference}/").status == 200
        decided = carol.post(
            f"/review/{reference}/decide/",
            kind="approve",
            submission_number="1",
            evidence_digest="",
            reason="I know the group.",
        )
        assert decided.status == 302, decided.text
        assert carol.get("/review/?show=decided").status == 200
        assert carol.note(f"Redis {away.__name__}, approve") < LIMIT
        assert site.state_of(reference) == "approved"
        assert site.mails.to(address) == []
        assert site.evidence_of(reference)[0] == "pending"
        # Long enough for the beat to meet the missing broker, too.
        assert wait_until(lambda: "Message Error" in site.log("beat")[mark:], 20), site.log("beat")[-2000:]
    back, mark = time.monotonic(), len(site.log("beat"))
    site.pages_wake_again_at = back + PAUSE
    assert wait_until(lambda: not site.waiting(), AFTERWARDS), site.waiting()
    FIGURES.append(f"Redis {away.__name__}: everything done {time.monotonic() - back:.1f} s after it was back")
    assert site.evidence_of(reference)[0] == "complete"
    subjects = [str(mail.message["Subject"]) for mail in site.mails.to(address)]
    assert len(subjects) == 2, subjects
    # Worker and beat found their way back by themselves.
    assert wait_until(lambda: "Sending due task" in site.log("beat")[mark:], 40), site.log("beat")[-2000:]
    assert processes_before == {part: site.pid(part) for part in ("worker", "beat", "web")}
