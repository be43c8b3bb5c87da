from concurrent.futures import ThreadPoolExecutor

import pytest
from Crypto.Cipher import AES
from Crypto.Util import Counter
from hypothesis import given, settings
from hypothesis import strategies as st

from agreements.sealing.cipher import AES_BLOCK, BLOCK, CounterCipher, buffer_for
from tests.sealing.packs import noise

KEY = bytes(range(32))


def expected(data: bytes, position: int) -> bytes:
    """The same by a general counter mode."""
    counter = Counter.new(128, little_endian=True, initial_value=position // 16 + 1)
    cipher = AES.new(KEY, AES.MODE_CTR, counter=counter)
    cipher.encrypt(bytes(position % 16))
    return bytes(cipher.encrypt(data))


# Around the counters whose second, third, fourth, fifth and ninth byte begin to count.
turns = st.sampled_from([0, 16 * 256, BLOCK, 16 << 16, 16 << 24, 16 << 32, 16 << 56, 5 << 40])
near = st.builds(lambda turn, by: max(turn + by, 0), turns, st.integers(-BLOCK - 20, BLOCK + 20))


def applied(cipher: CounterCipher, data: bytes, position: int) -> bytes:
    """What the cipher makes of the data; the bytes before it stay as they are."""
    out = buffer_for(len(data))
    out[:AES_BLOCK] = 7
    cipher.apply(memoryview(data), position, out, AES_BLOCK)
    assert out[:AES_BLOCK].tobytes() == b"\7" * AES_BLOCK
    return out[AES_BLOCK : AES_BLOCK + len(data)].tobytes()


@settings(deadline=None, max_examples=200)
@given(near, st.integers(0, BLOCK))
def test_any_stretch_at_any_position_equals_a_general_counter_mode(position: int, length: int) -> None:
    data = noise(length)
    assert applied(CounterCipher(KEY), data, position) == expected(data, position)


@pytest.mark.parametrize("first", [1, 15, 16, 17])
def test_a_member_made_piece_by_piece_equals_one_made_at_once(first: int) -> None:
    data = noise(5 * BLOCK + 3)
    cipher, made, place, step = CounterCipher(KEY), b"", 0, first
    while place < len(data):
        piece = data[place : place + min(step, BLOCK)]
        made += applied(cipher, piece, place)
        place, step = place + len(piece), step * 3
    assert made == expected(data, 0)


def test_ciphers_on_many_threads_do_not_share_what_they_work_in() -> None:
    data = noise(BLOCK + BLOCK // 2)

    def made(key: int) -> bytes:
        cipher = CounterCipher(bytes([key]) * 32)
        return b"".join(applied(cipher, data[key : key + BLOCK], key << 20) for _ in range(10))

    with ThreadPoolExecutor(12) as pool:
        together = list(pool.map(made, range(24)))
    assert together == [made(key) for key in range(24)]
