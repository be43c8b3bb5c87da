"""AES-256 in counter mode with a little-endian counter from 1 (WinZip AES note, "encryption and decryption").

No library's fast counter mode counts that way round, so the keystream is AES-ECB over the counter blocks. That is
twice as fast as a general counter mode with a little-endian option, and any position can be reached at once.
"""

from functools import cache

from Crypto.Util.strxor import strxor
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

BLOCK = 128 * 1024
"""Bytes worked on at a time: keystream, input and output of one step stay in a core's second-level cache."""

_EPOCH = 1 << 16
_AES_BLOCK = 16


class Scratch:
    """Buffers of one stream, used by one member's cipher after the other."""

    def __init__(self) -> None:
        room = BLOCK + 3 * _AES_BLOCK
        self.counters = bytearray(room)
        self.keystream = memoryview(bytearray(room))


class CounterCipher:
    """Encrypts (or decrypts) bytes at any position of one member's data."""

    def __init__(self, key: bytes, scratch: Scratch) -> None:
        cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305 - counter blocks never repeat
        self._encryptor: CipherContext = cipher.encryptor()
        self._scratch = scratch

    def apply(self, data: memoryview, position: int, out: memoryview) -> None:
        """Writes ``data``, which lies ``position`` bytes into the member, encrypted into ``out``, at most BLOCK."""
        skip = position % _AES_BLOCK
        self._fill(position // _AES_BLOCK + 1, (skip + len(data) + _AES_BLOCK - 1) // _AES_BLOCK)
        strxor(data, self._scratch.keystream[skip : skip + len(data)], output=out)

    def _fill(self, counter: int, blocks: int) -> None:
        """Puts the keystream of ``blocks`` counters from ``counter`` on at the front of the scratch buffer."""
        done = 0
        while done < blocks:
            low = counter % _EPOCH
            count = min(blocks - done, _EPOCH - low)
            source = self._counters(counter // _EPOCH, low, count)
            self._encryptor.update_into(source, self._scratch.keystream[done * _AES_BLOCK :])
            counter += count
            done += count

    def _counters(self, epoch: int, low: int, count: int) -> memoryview:
        """Counter blocks that share all but their two lowest bytes."""
        template = _low_counters()[low * _AES_BLOCK : (low + count) * _AES_BLOCK]
        if not epoch:
            return template
        size = count * _AES_BLOCK
        counters = self._scratch.counters
        counters[:size] = template
        place = 2
        while epoch:
            counters[place:size:_AES_BLOCK] = bytes((epoch & 0xFF,)) * count
            epoch >>= 8
            place += 1
        return memoryview(counters)[:size]


@cache
def _low_counters() -> memoryview:
    """The counter blocks 0 to 65,535, one MiB for all streams of the process."""
    blocks = bytearray(_EPOCH * _AES_BLOCK)
    blocks[0::_AES_BLOCK] = bytes(range(256)) * 256
    blocks[1::_AES_BLOCK] = b"".join(bytes((high,)) * 256 for high in range(256))
    return memoryview(bytes(blocks))
