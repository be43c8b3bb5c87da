"""Real pollers of a mailbox, several at once, some of which kill themselves at a given point.

A program of its own: `python -m tests.faults.pollers ROUND...` runs round after round in the environment it is given
and prints, as JSON, how each poller ended. A round is a list with commas: `-` is a poller that goes on until the
mailbox is empty, `after-commit:7` one that is killed (`kill -9`) after its 7th commit; `=` waits for nothing and says
what one poll says now; `lease-over` lets the lease of a killed poller run out. Pollers are forked: each has connections
of its own.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from resource import RUSAGE_SELF, getrusage
from typing import Any

import django

BATCH = 10
PATIENCE = 60.0
"""Seconds after which a poller that waits for another gives up."""


def main(rounds: list[str]) -> list[list[Any]]:
    """Return for each round what became of its pollers: what they counted, or the signal that ended them."""
    django.setup()
    return [_round(each.split(",")) for each in rounds]


def _round(pollers: list[str]) -> list[Any]:
    if pollers == ["lease-over"]:
        return [_finish(*_start(_let_leases_end))]
    return [_finish(*each) for each in [_start(_poller(which)) for which in pollers]]


def _poller(which: str) -> Callable[[], Any]:
    from agreements.flows.mailbox import polling

    point, _, number = which.partition(":")

    def run() -> Any:
        polling.BATCH = BATCH  # type: ignore[misc]
        if number:
            _die_at(point, int(number))
        if point == "stolen":
            _let_anybody_take_the_lease()
        return asdict(polling.poll()) if point == "=" else _until_empty()

    return run


def _until_empty() -> dict[str, int]:
    from agreements.flows.mailbox import polling

    counts = {"taken": 0, "repeated": 0, "too_large": 0, "busy": 0}
    before = getrusage(RUSAGE_SELF).ru_maxrss
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        done = polling.poll()
        for name in counts:
            counts[name] += getattr(done, name)
        if not (done.busy or done.left or done.error):
            return counts | {"grew_by_mib": (getrusage(RUSAGE_SELF).ru_maxrss - before) // 1024}
        time.sleep(0.02)
    raise TimeoutError("the mailbox was never empty")


def _die_at(point: str, number: int) -> None:
    from agreements.flows.mailbox import taking
    from agreements.mail.inbox.imap import Folder
    from agreements.mail.inbox.models import InboundMail

    owner, name, before = {
        "before-commit": (InboundMail, "save", False),  # the row is written, its transaction is not over
        "after-commit": (taking, "take", False),
        "before-move": (Folder, "move", True),
        "after-move": (Folder, "move", False),
    }[point]
    original, left = getattr(owner, name), [number]

    def dying(*arguments: Any, **named: Any) -> Any:
        left[0] -= 1
        if before and not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*arguments, **named)
        if not before and not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, dying)


def _let_anybody_take_the_lease() -> None:
    """As if every clock were wrong: a lease is over as soon as it is written, and nobody hears that it is lost."""
    import datetime as dt

    from agreements.mail.inbox import lease

    lease.LASTS = dt.timedelta(seconds=-1)  # type: ignore[misc]
    lease.Lease.write = lambda *_, **__: None  # type: ignore[method-assign]


def _let_leases_end() -> str:
    from agreements.core.clock import now
    from agreements.mail.inbox.models import Mailbox

    Mailbox.objects.filter(leased_until__isnull=False).update(leased_until=now())
    return "over"


def _start(work: Callable[[], Any]) -> tuple[int, int]:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    code = 1
    try:
        os.close(reading)
        os.write(writing, json.dumps(work()).encode())
        code = 0
    except BaseException as failure:
        sys.stderr.write(f"a poller: {type(failure).__name__}: {failure}\n")
    finally:
        os._exit(code)


def _finish(pid: int, reading: int) -> Any:
    with open(reading, "rb") as pipe:
        said = pipe.read()
    _pid, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return json.loads(said) if said else f"exit {os.WEXITSTATUS(status)}"


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1:])))
