"""Work too long for one step of a generator, done on a thread of its own while the generator stays answerable."""

from collections.abc import Callable, Generator
from concurrent.futures import Future, wait
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")

BEAT = 1.0
"""Seconds between two empty chunks."""


class Ended(Exception):
    """The work was called off."""


def in_background(work: Callable[[Event], T], ended: Event) -> Future[T]:
    """Starts ``work(ended)`` on a thread and returns its future; the work looks at ``ended`` often."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work(ended))
        except BaseException as error:  # the waiting generator raises it
            future.set_exception(error)

    Thread(target=run, name="sealing-code", daemon=True).start()
    return future


def answer_of(future: Future[T]) -> Generator[memoryview, None, T]:
    """Yields an empty chunk each second until the future is done, then returns its result or raises its error."""
    while not wait([future], timeout=BEAT).done:
        yield memoryview(b"")
    return future.result()
