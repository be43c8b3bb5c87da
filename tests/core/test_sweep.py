"""Working off what is due, within a time."""

from __future__ import annotations

from django.conf import settings

from agreements.core import sweep


class Hour:
    """A clock that moves by a second each time a thing is taken, and things that never run out."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def take(self) -> float:
        self.seconds += 1
        return self.seconds

    def __call__(self) -> float:
        return self.seconds


def test_a_sweep_stops_at_its_budget_however_much_is_left() -> None:
    hour = Hour()
    assert len(list(sweep.taken(hour.take, budget=30, monotonic=hour))) == 30


def test_a_sweep_ends_when_nothing_is_left() -> None:
    things = iter([1, 2])
    assert list(sweep.taken(lambda: next(things, None))) == [1, 2]


def test_the_budget_leaves_the_last_thing_time_before_the_task_is_killed() -> None:
    assert sweep.BUDGET <= settings.CELERY_TASK_TIME_LIMIT / 2


def test_what_the_beat_says_is_gone_once_it_says_it_again() -> None:
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert entry["options"] == {"expires": entry["schedule"]}
