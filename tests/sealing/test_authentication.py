"""A member's code is the same whether it is computed in line, beside the cipher, or partly each."""

import hmac
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Semaphore

import pytest

from agreements.sealing import authentication
from agreements.sealing.authentication import ALONE, BATCH, HELPED_FROM, Authentication
from tests.sealing.packs import noise

KEY = bytes(range(32))
DATA = noise(BATCH)


class Helpers:
    """The pool and semaphore of a test, with a count of what was handed over."""

    def __init__(self, count: int) -> None:
        self.pool = ThreadPoolExecutor(max(1, count))
        self.free = Semaphore(count)
        self.count = count

    def all_free(self) -> bool:
        return all(self.free.acquire(timeout=5) for _ in range(self.count)) and not self.free.acquire(blocking=False)


@pytest.fixture(params=[0, 1, 3], ids=lambda count: f"{count} helpers")
def helpers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Helpers]:
    made = Helpers(request.param)
    monkeypatch.setattr(authentication, "_helpers", lambda: (made.pool, made.free))
    yield made
    made.pool.shutdown()


def code_of(size: int, step: int) -> bytes:
    member, place = Authentication(KEY, size), 0
    while size - place > step:
        member.update(piece(place, step))
        place += step
    return member.finish(piece(place, size - place))


def piece(place: int, length: int) -> memoryview:
    within = place % BATCH
    return memoryview((DATA * (2 + length // BATCH))[within : within + length])


def expected(size: int) -> bytes:
    return hmac.digest(KEY, (DATA * (1 + size // BATCH))[:size], "sha1")[:10]


SIZES = [0, 1, BATCH, HELPED_FROM - 1, HELPED_FROM, HELPED_FROM + 1, 9 * BATCH + 5, ALONE + HELPED_FROM + 77]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("step", [100_003, 256 * 1024, 3 * BATCH])
def test_the_code_is_the_hmac_of_all_bytes_in_their_order(helpers: Helpers, size: int, step: int) -> None:
    assert code_of(size, step) == expected(size)
    assert helpers.all_free()


def test_many_members_at_once_get_their_codes_with_few_helpers(helpers: Helpers) -> None:
    sizes = [6 * BATCH + n for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda size: code_of(size, 256 * 1024), sizes))
    assert codes == [expected(size) for size in sizes]
    assert helpers.all_free()


def test_a_member_given_up_in_the_middle_lets_its_helper_go(helpers: Helpers) -> None:
    member = Authentication(KEY, 100 * BATCH)
    for _ in range(3):
        member.update(piece(0, BATCH))
    del member
    assert helpers.all_free()


def test_work_beside_is_done_on_another_thread_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    made, go = Helpers(1), threading.Event()
    monkeypatch.setattr(authentication, "_helpers", lambda: (made.pool, made.free))
    made.pool.submit(go.wait, 5)  # the helper is late
    member, handed = Authentication(KEY, 10 * BATCH), []

    def feed() -> None:
        for number in range(10):
            member.update(piece(0, BATCH))
            handed.append(number)

    feeder = threading.Thread(target=feed)
    feeder.start()
    feeder.join(0.2)
    assert len(handed) == 1  # one batch is with the helper; the next waits for room
    go.set()
    feeder.join(5)
    assert member.finish(memoryview(b"")) == expected(10 * BATCH)
    made.pool.shutdown()
