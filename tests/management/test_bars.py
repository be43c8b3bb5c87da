"""Progress without a terminal: a line now and then, with bytes and the time that is left."""

from __future__ import annotations

import pytest

from agreements.management.bars import Lines, adding, telling

WORDS = {"reading": "Reading", "writing": "Writing"}
GIB = 1024**3


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def lines() -> tuple[Lines, Clock, list[str]]:
    clock, said = Clock(), list[str]()
    return Lines(WORDS, said.append, monotonic=clock), clock, said


def test_a_line_comes_every_ten_seconds_and_at_the_end_of_a_phase() -> None:
    tell, clock, said = lines()
    for second in range(100):
        clock.now = 1000.0 + second
        tell("reading", second * GIB, 100 * GIB)
    tell("reading", 100 * GIB, 100 * GIB)
    tell("reading", 100 * GIB, 100 * GIB)
    assert len(said) == 10
    assert said[0] == "Reading: 10.0 GiB of 100.0 GiB, about 2 min left."
    assert said[-1] == "Reading: all of 100.0 GiB."


@pytest.mark.parametrize(
    ("ahead", "left"), [(1, "about 10 s left"), (30, "about 5 min left"), (1080, "about 3.0 h left")]
)
def test_the_time_left_is_reckoned_from_what_was_done_now(ahead: int, left: str) -> None:
    tell, clock, said = lines()
    # What an earlier try did took no time of this one.
    tell("writing", 50 * GIB, (51 + ahead) * GIB)
    clock.now += 10
    tell("writing", 51 * GIB, (51 + ahead) * GIB)
    (line,) = said
    assert line.startswith("Writing: 51.0 GiB of ")
    assert line.endswith(f", {left}.")


def test_a_phase_that_is_over_at_once_takes_one_line() -> None:
    tell, _clock, said = lines()
    tell("reading", 0, 0)
    tell("writing", 7, 7)
    assert said == ["Reading: all of 0 B.", "Writing: all of 7 B."]


def test_a_terminal_gets_a_bar_for_each_phase(capsys: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    with telling(WORDS, write=said.append, is_terminal=True) as tell:
        tell("reading", 1, 2)
        tell("reading", 2, 2)
        tell("writing", 1, 2)
    assert said == []
    assert capsys.readouterr().out == ""


def test_things_are_counted_as_they_are() -> None:
    said: list[str] = []
    with telling(WORDS, write=said.append, is_terminal=False, in_bytes=False) as tell:
        add = adding(tell, "writing", 1500)
        add(1000)
        add(500)
    assert said == ["Writing: all of 1500."]
