"""Who was silent is left alone for a while; who answers is not, whatever strangers ask."""

from __future__ import annotations

from agreements.mail import silence
from agreements.mail.silence import NAMES, REMEMBERED, Silence


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def test_a_name_is_remembered_for_ten_minutes() -> None:
    memory = Silence(clock=(clock := Clock()))
    assert not memory.is_silent("a.x", of="x")
    memory.note("a.x", of="x")
    clock.seconds += REMEMBERED - 1
    assert memory.is_silent("a.x", of="x")
    clock.seconds += 1
    assert not memory.is_silent("a.x", of="x")


def test_several_names_in_a_row_are_the_whole_organization() -> None:
    memory = Silence(clock=(clock := Clock()))
    for number in range(NAMES):
        assert not memory.is_silent("new.x", of="x")
        memory.note(f"{number}.x", of="x")
    assert memory.is_silent("new.x", of="x")
    assert not memory.is_silent("new.y", of="y")
    clock.seconds += REMEMBERED
    assert not memory.is_silent("new.x", of="x")


def test_one_name_that_points_nowhere_does_not_shut_out_who_answers() -> None:
    memory = Silence(clock=Clock())
    for number in range(NAMES * 2):
        memory.note(f"{number}.x", of="x")
        memory.answered("x")
    assert memory.is_silent("0.x", of="x")
    assert not memory.is_silent("good.x", of="x")


def test_no_more_than_so_many_are_remembered() -> None:
    memory = Silence(clock=Clock())
    for number in range(silence.MOST + 5):
        memory.note(("servers", f"{number}.x"), of=f"{number}.x")
    assert len(memory._names) == len(memory._owners) == silence.MOST
    assert not memory.is_silent(("servers", "0.x"), of="0.x")
    assert memory.is_silent(("servers", f"{silence.MOST}.x"), of=f"{silence.MOST}.x")
