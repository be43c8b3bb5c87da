"""A broker that does not answer costs one page its time limit, not every page."""

from __future__ import annotations

import pytest

from agreements.tasks.waking import Waker


class Task:
    def __init__(self) -> None:
        self.tried = 0
        self.broken = False

    def delay(self) -> None:
        self.tried += 1
        if self.broken:
            raise TimeoutError("no answer")


def test_after_one_failure_no_task_is_tried_for_a_while() -> None:
    mail, evidence, waker = Task(), Task(), Waker(pause=60)
    mail.broken = True
    with pytest.raises(TimeoutError):
        waker.waking(mail)()
    for _ in range(12):
        waker.waking(mail)()
        waker.waking(evidence)()
    assert (mail.tried, evidence.tried) == (1, 0)


def test_after_the_pause_tasks_are_woken_again() -> None:
    mail, waker = Task(), Waker(pause=0)
    mail.broken = True
    with pytest.raises(TimeoutError):
        waker.waking(mail)()
    mail.broken = False
    waker.waking(mail)()
    waker.waking(mail)()
    assert mail.tried == 3
