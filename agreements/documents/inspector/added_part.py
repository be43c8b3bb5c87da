"""Whether what was added to the end of a PDF is read in one way by every program (ISO 32000-2, 7.5).

A program that cannot follow a table of objects searches the file for them, and then shows other ones than a program
that can. So every byte has to be a listed object, a table or white space, each in its plainest form; nothing is mended
and nothing guessed here. What programs write that is plain and yet not read here (objects within streams) is not plain.
"""

from __future__ import annotations

import re
import zlib
from itertools import pairwise
from typing import Final

_WHITE: Final = b"\0 \t\r\n\x0c"
_EOL: Final = rb"(?:\r\n|\n|\r)"
_END: Final = re.compile(rb"startxref" + _EOL + rb"(\d{1,10})" + _EOL + rb"%%EOF(?=[\r\n]|\Z)")
_OBJECT: Final = re.compile(rb"(\d{1,7}) 0 obj(?=[\s<\[(/])")
_ANY_OBJECT: Final = re.compile(rb"\d\s+\d+\s+obj")
_STREAM: Final = re.compile(rb"\bstream\r?\n")
_SECTION: Final = re.compile(rb"(\d{1,7}) (\d{1,7}) ?" + _EOL)
_ENTRY: Final = re.compile(rb"(\d{10}) (\d{5}) ([nf])(?:\r\n| \n| \r)")
_XREF: Final = re.compile(rb"xref ?" + _EOL)
_TRAILER: Final = re.compile(rb"trailer\s*<<(.*)>>\s*", re.DOTALL)
_XREF_STREAM: Final = re.compile(rb"(\d{1,7}) 0 obj\s*<<(.*?)>>\s*stream\r?\n", re.DOTALL)
_AFTER_STREAM: Final = re.compile(rb"\s*endstream\s+endobj\s*")
_ITEM: Final = re.compile(
    rb"\s*/([A-Za-z]+)\s*(\d+\s+\d+\s+R|\d+|/[A-Za-z0-9]+|\[[^\[\]()%/]*\]|<<[^<>()%]*>>)(?=[\s/]|\Z)"
)
_IN_STRINGS: Final = re.compile(rb"\\.|[()%\\]", re.DOTALL)
_KEYS: Final = frozenset({b"Size", b"Prev", b"Root", b"Info", b"ID"})
_STREAM_KEYS: Final = _KEYS | {b"Type", b"W", b"Index", b"Filter", b"DecodeParms", b"Length"}
_FREE: Final = (b"0000000000", b"65535")
_MOST_PARTS: Final = 64
_MOST_BYTES: Final = 1_000_000  # of a table in a stream; of ours, and of what is added to them, a few hundred


class _NotPlain(Exception):
    """It is not to be relied on that every program reads it as we do."""


def is_plain(data: bytes, *, start: int) -> bool:
    """Return whether all that stands from `start` on is plain. What stands before it is taken to be so."""
    try:
        earlier = _END.findall(data[:start])
        at, table, root = start, int(earlier[-1]) if earlier else -1, _root(data[:start])
        for _part in range(_MOST_PARTS):
            if not data[at:].strip(_WHITE):
                return True
            at, table = _part_from(data, at, earlier=table, root=root)
    except (_NotPlain, ValueError, zlib.error):
        pass
    return False


def _root(original: bytes) -> bytes:
    found: list[bytes] = re.findall(rb"/Root (\d+ 0 R)", original)
    _require(found)
    return found[-1]


def _part_from(data: bytes, at: int, *, earlier: int, root: bytes) -> tuple[int, int]:
    """Return where one addition ends, and where its table stands."""
    end = _END.search(data, at)
    _require(end is not None)
    assert end is not None
    table = int(end[1])
    _require(at <= table < end.start())
    text = data[table : end.start()]
    trailer, entries = _by_table(text) if text.startswith(b"xref") else _by_stream(text, at=table)
    _require(trailer.get(b"Prev") == b"%d" % earlier and b"Size" in trailer)
    _require(b" ".join(trailer.get(b"Root", b"").split()) == root)
    _require(all(0 < number < int(trailer[b"Size"]) for number in entries))
    _objects(data, entries, at, table)
    return end.end(), table


def _objects(data: bytes, entries: dict[int, int], start: int, end: int) -> None:
    """Require that the listed objects, and they alone, fill the bytes from `start` to `end`."""
    whole = data[start:end]
    _require(b"startxref" not in whole and b"%%EOF" not in whole and not re.search(rb"\btrailer\s*<<", whole))
    listed = sorted((offset, number) for number, offset in entries.items())
    offsets = [offset for offset, _number in listed]
    _require(all(start <= offset < end for offset in offsets) and len(set(offsets)) == len(offsets))
    _require(not data[start : offsets[0] if offsets else end].strip(_WHITE))
    numbers = [number for _offset, number in listed]
    for number, (first, last) in zip(numbers, pairwise([*offsets, end]), strict=True):
        _object(data[first:last].rstrip(_WHITE), number)


def _object(text: bytes, number: int) -> None:
    begins = _OBJECT.match(text)
    _require(begins is not None and int(begins[1]) == number and text.endswith(b"endobj"))
    _require(text.count(b"endobj") == 1 and len(_ANY_OBJECT.findall(text)) == 1)
    stream = _STREAM.search(text)
    if stream is not None:
        _require(re.search(rb"endstream\s+endobj\Z", text) is not None and text.count(b"endstream") == 1)
    _no_comments(text[: stream.start() if stream else None])


def _no_comments(text: bytes) -> None:
    """Require that there are none: programs differ in where they end."""
    depth = 0
    for found in _IN_STRINGS.finditer(text):
        mark = found[0]
        if mark == b"(":
            depth += 1
        elif mark == b")":
            depth -= 1
        _require(depth > 0 or mark == b")")
        _require(depth >= 0)
    _require(depth == 0)


def _by_table(text: bytes) -> tuple[dict[bytes, bytes], dict[int, int]]:
    head = _XREF.match(text)
    _require(head is not None)
    at, entries = head.end() if head else 0, dict[int, int]()
    while section := _SECTION.match(text, at):
        first, count = int(section[1]), int(section[2])
        at = section.end()
        for number in range(first, first + count):
            entry = _ENTRY.match(text, at)
            _require(entry is not None and number not in entries)
            assert entry is not None
            at = entry.end()
            if entry[3] == b"n":
                _require(entry[2] == b"00000")
                entries[number] = int(entry[1])
            else:
                _require(number == 0 and (entry[1], entry[2]) == _FREE)
    trailer = _TRAILER.fullmatch(text, at)
    _require(trailer is not None)
    return _dictionary(trailer[1] if trailer else b"", _KEYS), entries


def _by_stream(text: bytes, *, at: int) -> tuple[dict[bytes, bytes], dict[int, int]]:
    head = _XREF_STREAM.match(text)
    _require(head is not None)
    assert head is not None
    said = _dictionary(head[2], _STREAM_KEYS)
    _require(said.get(b"Type") == b"/XRef" and said.get(b"Filter") in {None, b"/FlateDecode"})
    stop = head.end() + int(said.get(b"Length", b""))
    _require(_AFTER_STREAM.fullmatch(text, stop) is not None)
    widths = _numbers(said.get(b"W", b""))
    _require(len(widths) == 3 and min(widths) >= 1 and max(widths) <= 8)
    rows = _rows(text[head.end() : stop], said, sum(widths))
    entries = _entries(rows, widths, _numbers(said.get(b"Index", b"[0 %s]" % said.get(b"Size", b""))))
    # A table in a stream may list itself, or not.
    own = int(head[1])
    _require(entries.pop(own, at) == at)
    return said, entries


def _rows(body: bytes, said: dict[bytes, bytes], width: int) -> list[bytes]:
    if b"Filter" in said:
        inflating = zlib.decompressobj()
        body = inflating.decompress(body, _MOST_BYTES)
        _require(inflating.eof and not inflating.unused_data.strip(_WHITE))
    if b"DecodeParms" not in said:
        _require(len(body) % width == 0)
        return _cut(body, width)
    _require(b"".join(said[b"DecodeParms"].split()) in _up(width) and len(body) % (width + 1) == 0)
    rows, above = [], bytes(width)
    for row in _cut(body, width + 1):
        kind, differences = row[0], row[1:]
        _require(kind == 2)
        above = bytes((one + other) % 256 for one, other in zip(differences, above, strict=True))
        rows.append(above)
    return rows


def _cut(body: bytes, width: int) -> list[bytes]:
    return [body[at : at + width] for at in range(0, len(body), width)]


def _up(width: int) -> tuple[bytes, bytes]:
    """Return how programs say that each row is told by how it differs from the one above."""
    return b"<</Columns%d/Predictor12>>" % width, b"<</Predictor12/Columns%d>>" % width


def _entries(rows: list[bytes], widths: list[int], index: list[int]) -> dict[int, int]:
    _require(len(index) % 2 == 0 and sum(index[1::2]) == len(rows))
    sections = zip(index[::2], index[1::2], strict=True)
    numbers = [number for first, count in sections for number in range(first, first + count)]
    _require(len(set(numbers)) == len(numbers))
    kind, offset, _generation = widths
    entries = {}
    for number, row in zip(numbers, rows, strict=True):
        sort, generation = int.from_bytes(row[:kind]), int.from_bytes(row[kind + offset :])
        if sort == 0:
            _require(number == 0)
            continue
        _require(sort == 1 and generation == 0)
        entries[number] = int.from_bytes(row[kind : kind + offset])
    return entries


def _dictionary(text: bytes, keys: frozenset[bytes]) -> dict[bytes, bytes]:
    said: dict[bytes, bytes] = {}
    at = 0
    while item := _ITEM.match(text, at):
        _require(item[1] in keys and item[1] not in said)
        said[item[1]], at = item[2], item.end()
    _require(not text[at:].strip(_WHITE))
    return said


def _numbers(array: bytes) -> list[int]:
    _require(array.startswith(b"["))
    return [int(number) for number in array[1:-1].split()]


def _require(holds: object) -> None:
    if not holds:
        raise _NotPlain
