"""The arithmetic of objects that are written in parts, for every store alike."""

from __future__ import annotations

from typing import Final

PART: Final = 16 * 1024 * 1024
"""Bytes of a part when nothing asks for more. One part is held in memory."""
MOST_PARTS: Final = 10_000
"""S3's limit on the parts of one object."""


def part_size(expected_size: int | None) -> int:
    """Return the size of parts, in bytes, with which an object of that size has room in 10,000 of them.

    All parts but the last have one size: some servers ask for that.
    """
    needed = -(-(expected_size or 0) // (MOST_PARTS - 100))
    return max(PART, -(-needed // PART) * PART)


def sizes_of_parts(size: int, part: int) -> list[int]:
    """Return the size of every part of an object of `size` bytes; an empty object has none."""
    whole, rest = divmod(size, part)
    return [part] * whole + [rest] * (rest > 0)


def check_part(number: int, data: bytes, sizes: list[int]) -> None:
    """Raise ValueError unless there is a part of that number and it is as long as `data`."""
    if not 0 <= number < len(sizes):
        raise ValueError(f"there is no part {number} of {len(sizes)}")
    if len(data) != sizes[number]:
        raise ValueError(f"part {number} has {sizes[number]} bytes, not {len(data)}")


def check_all_there(stored: dict[int, int], sizes: list[int]) -> None:
    """Raise ValueError unless every part is stored."""
    missing = [number for number in range(len(sizes)) if number not in stored]
    if missing:
        raise ValueError(f"part {missing[0]} and {len(missing) - 1} more of {len(sizes)} are not there")
