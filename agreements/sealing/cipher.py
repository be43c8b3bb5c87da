"""AES-256 in counter mode with a little-endian counter from 1 (WinZip AES note, "encryption and decryption").

No library's fast counter mode counts that way round, so the keystream is AES-ECB over the counter blocks. That is
twice as fast as a general counter mode with a little-endian option, and any position can be reached at once.
"""

from Crypto.Util.strxor import strxor
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

BLOCK = 128 * 1024
"""Bytes worked on at a time: keystream, input and output of one step stay in a core's second-level cache."""

_AES_BLOCK = 16
_WINDOW = BLOCK // _AES_BLOCK
_HIGH_STEPS = _WINDOW // 256
_HIGH_CYCLE = 256 // _HIGH_STEPS
_SECOND_BYTES = tuple(
    b"".join(bytes((cycle * _HIGH_STEPS + step,)) * 256 for step in range(_HIGH_STEPS)) for cycle in range(_HIGH_CYCLE)
)
"""The second byte of each counter in a window, for each of the windows after which it begins anew."""


class Scratch:
    """Buffers of one stream, used by one member's cipher after the other.

    The counters are the blocks of one window (``window * 8192`` and on); moving to another window
    rewrites only the bytes that differ.
    """

    def __init__(self) -> None:
        self.keystream = memoryview(bytearray(BLOCK + 3 * _AES_BLOCK))
        self._counters = bytearray(BLOCK)
        self._counters[0::_AES_BLOCK] = bytes(range(256)) * _HIGH_STEPS
        self._counters[1::_AES_BLOCK] = _SECOND_BYTES[0]
        self._view = memoryview(self._counters)
        self._window = 0

    def counters(self, first: int, last: int, window: int) -> memoryview:
        """The counter blocks number ``first`` to before ``last`` of a window."""
        if window != self._window:
            self._move_to(window)
        return self._view[first * _AES_BLOCK : last * _AES_BLOCK]

    def _move_to(self, window: int) -> None:
        self._counters[1::_AES_BLOCK] = _SECOND_BYTES[window % _HIGH_CYCLE]
        old, new = self._window // _HIGH_CYCLE, window // _HIGH_CYCLE
        place = 2
        while old or new:
            if old & 0xFF != new & 0xFF:
                self._counters[place::_AES_BLOCK] = bytes((new & 0xFF,)) * _WINDOW
            old, new, place = old >> 8, new >> 8, place + 1
        self._window = window


class CounterCipher:
    """Encrypts (or decrypts) bytes at any position of one member's data."""

    def __init__(self, key: bytes, scratch: Scratch) -> None:
        cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305 - counter blocks never repeat
        self._encryptor: CipherContext = cipher.encryptor()
        self._scratch = scratch

    def apply(self, data: memoryview, position: int, out: memoryview) -> None:
        """Writes ``data``, which lies ``position`` bytes into the member, encrypted into ``out``, at most BLOCK."""
        skip = position % _AES_BLOCK
        scratch, keystream = self._scratch, self._scratch.keystream
        counter, left, place = position // _AES_BLOCK + 1, (skip + len(data) + _AES_BLOCK - 1) // _AES_BLOCK, 0
        while left:
            window, first = divmod(counter, _WINDOW)
            count = min(left, _WINDOW - first)
            self._encryptor.update_into(scratch.counters(first, first + count, window), keystream[place:])
            counter, left, place = counter + count, left - count, place + count * _AES_BLOCK
        strxor(data, keystream[skip : skip + len(data)], output=out)
