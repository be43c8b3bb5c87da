"""The deciding half of `bench.approval`: `python -m bench.approval_decisions SECONDS` approves what waits, evenly.

It first has the worker send what is due, then starts an approval every SECONDS, and prints a line for each: the
reference, and when it was committed (seconds since the epoch). A few reviewers decide at the same time, since one
after the other would wait for a slow machine.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import django

REVIEWERS: Final = 4


def main(pause: float) -> None:
    """Approve every submitted application through the same function as a reviewer's page."""
    django.setup()
    from agreements.applications.models import Application, State
    from agreements.core import wakeups
    from agreements.core.wakeups import Wakeup

    wake_worker = wakeups._registry[Wakeup.MAIL]
    _send_what_waits(wake_worker)
    committed = threading.local()

    def wake() -> None:
        # The first thing that happens after the commit, in the thread that committed.
        committed.at = time.time()
        wake_worker()

    def decide(reference: str) -> str:
        _approve(reference)
        return f"{reference} {committed.at}"

    wakeups.register(Wakeup.MAIL, wake)
    references = list(Application.objects.filter(state=State.SUBMITTED).order_by("pk").values_list("reference"))
    start = time.monotonic()
    with ThreadPoolExecutor(REVIEWERS) as pool:
        deciding = []
        for number, (reference,) in enumerate(references):
            time.sleep(max(0.0, start + number * pause - time.monotonic()))
            deciding.append(pool.submit(decide, reference))
    for one in deciding:
        print(one.result())


def _approve(reference: str) -> None:
    from agreements.applications.models import Application, EvidenceRun
    from agreements.flows.approving import approve
    from agreements.people.models import User
    from agreements.review.decisions import Seen

    application = Application.objects.get(reference=reference)
    run = EvidenceRun.objects.filter(submission__application=application).latest("number")
    seen = Seen(submission_number=1, evidence_digest=run.digest)
    carol = User.objects.get(email="carol@genebody.example")
    approve(application=application, seen=seen, reason="I know the group.", by=carol.actor)


def _send_what_waits(wake_worker: Callable[[], object]) -> None:
    from agreements.mail.models import MessageState, OutboxMessage

    while OutboxMessage.objects.filter(state=MessageState.QUEUED).exists():
        wake_worker()
        time.sleep(0.5)


if __name__ == "__main__":
    main(float(sys.argv[1]))
