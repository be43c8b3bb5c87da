#!/usr/bin/env python3
"""Check an export of the record of a Countersign site, without that site and without its software.

    python3 -I -S verify_record.py record.jsonl
    python3 -I -S verify_record.py record.jsonl --checkpoint kept.txt --key 64_HEX_DIGITS
    python3 -I -S verify_record.py part.jsonl --part

Needs Python 3.8 or later and nothing else; it is one file, to be read as a whole before it is run. An export has one
row in each line: JSON with sorted keys, no spaces and characters as they are, in UTF-8. The `hash` of a row is the
SHA-256 of that line without the `hash` member; `previous_hash` is the hash of the row before, for the first 64 zeros.

Exits with 0 if everything holds, with 1 if something was tampered with (the first wrong row is named), with 2 if the
check could not be made: a file that is not there, or a checkpoint that nobody signed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from typing import Any, Iterable, Tuple  # noqa: UP035 - Python 3.8

GENESIS = "0" * 64
FIELDS = {"sequence", "at", "actor", "role", "kind", "subjects", "payload", "previous_hash", "hash"}
CHECKPOINT = "Countersign checkpoint 1"
LABELS = ("site", "rows", "head", "made", "key", "public key", "signature")


class Broken(Exception):
    """Something was tampered with."""


class CannotCheck(Exception):
    """The question cannot be answered."""


# --- Rows


def canonical(value: object) -> str:
    """Return the text that is hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that has a name twice: two readers would see two different rows."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in an object")
    return found


def read_row(line: bytes, number: int) -> dict[str, Any]:
    """Return the row of a line whose own hash is right."""
    try:
        text = line.decode("utf-8").rstrip("\n")
        row = json.loads(text, object_pairs_hook=no_doubles)
    except (ValueError, RecursionError) as error:
        raise Broken(f"line {number}: cannot be read: {error}") from None
    if not isinstance(row, dict) or set(row) != FIELDS or type(row["sequence"]) is not int:
        raise Broken(f"line {number}: is not a row of a record")
    if canonical(row) != text:
        raise Broken(f"row {row['sequence']}: is not written in the canonical way (sorted names, no spaces)")
    own = row.pop("hash")
    if hashlib.sha256(canonical(row).encode("utf-8")).hexdigest() != own:
        raise Broken(f"row {row['sequence']}: its content does not match its hash")
    row["hash"] = own
    return row


def check_rows(lines: Iterable[bytes], is_part: bool, wanted: set[int]) -> tuple[int, int, int, str, dict[int, str]]:
    """Return (rows, gaps, last sequence, last hash, hashes of the wanted rows). Raises Broken."""
    rows = gaps = last = 0
    last_hash, found = GENESIS, {0: GENESIS}
    for number, line in enumerate(lines, start=1):
        row = read_row(line, number)
        sequence = row["sequence"]
        if sequence == last + 1:
            if row["previous_hash"] != last_hash:
                raise Broken(f"row {sequence}: names another row before it than row {last}")
        elif sequence <= last:
            raise Broken(f"row {sequence}: stands behind row {last}")
        elif not is_part:
            raise Broken(f"row {last + 1}: is missing; row {sequence} stands in its place")
        else:
            gaps += 1
        rows, last, last_hash = rows + 1, sequence, row["hash"]
        if sequence in wanted:
            found[sequence] = last_hash
    return rows, gaps, last, last_hash, found


# --- Checkpoints


def read_checkpoints(text: str) -> list[dict[str, Any]]:
    """Return the checkpoints of a text, mails included, as dictionaries with the text that was signed."""
    lines = [re.sub(r"^[>|\s]+", "", line).rstrip() for line in text.replace("\ufeff", "").splitlines()]
    found = []
    for start in [number for number, line in enumerate(lines) if line == CHECKPOINT]:
        left = [line for line in lines[start + 1 :] if line]
        values: dict[str, Any] = {}
        for label in LABELS:
            name, _, value = (left.pop(0) if left else "").partition(": ")
            if name != label:
                raise CannotCheck(f"the checkpoint lacks its line “{label}”")
            values[label] = value.strip()
        while left and len(values["signature"]) < 128 and re.fullmatch("[0-9a-f]+", left[0]):
            values["signature"] += left.pop(0)
        signed = [CHECKPOINT, *(f"{label}: {values[label]}" for label in LABELS[:-1]), ""]
        values["signed"] = "\n".join(signed)
        if not re.fullmatch("[0-9]{1,18}", values["rows"]):
            raise CannotCheck("the checkpoint's line “rows” is no number")
        values["rows"] = int(values["rows"])
        found.append(values)
    if not found:
        raise CannotCheck(f"there is no checkpoint in it: it begins with “{CHECKPOINT}”")
    return sorted(found, key=lambda each: each["rows"])


def check_signature(checkpoint: dict[str, Any], key: str | None) -> None:
    """Raise CannotCheck unless the checkpoint was signed, by the expected key where one is given."""
    try:
        public, signature = bytes.fromhex(checkpoint["public key"]), bytes.fromhex(checkpoint["signature"])
    except ValueError:
        raise CannotCheck("the checkpoint's key or signature is no hex") from None
    if not verify_ed25519(public, checkpoint["signed"].encode("utf-8"), signature):
        raise CannotCheck(f"the signature of the checkpoint of {checkpoint['made']} does not fit: it proves nothing")
    if key is not None and checkpoint["public key"] != key:
        raise CannotCheck(f"the checkpoint of {checkpoint['made']} was signed by another key than the expected one")


def compare(checkpoints: list[dict[str, Any]], last: int, found: dict[int, str]) -> None:
    """Raise Broken at the first checkpoint with which the rows do not agree."""
    agreed = 0
    for each in checkpoints:
        if each["rows"] > last:
            raise Broken(
                f"row {last + 1}: the export ends at row {last}, the checkpoint of {each['made']} at {each['rows']}"
            )
        if found.get(each["rows"]) != each["head"]:
            raise Broken(
                f"rows {agreed + 1} to {each['rows']}: row {each['rows']} is another one than at {each['made']}; "
                "the record was written anew somewhere among them"
            )
        agreed = each["rows"]
        print(f"Agrees with the checkpoint of {each['made']}, row {agreed}, signed by key {each['public key']}")


# --- Ed25519, as RFC 8032 has it (section 5.1; coordinates and formulas of section 5.1.4)

Point = Tuple[int, int, int, int]  # noqa: UP006
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def recover_x(y: int, sign: int) -> int | None:
    """Return x of the point with this y, or None."""
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P:
        return None
    return P - x if x & 1 != sign else x


def decompress(data: bytes) -> Point | None:
    """Return the point in extended coordinates, or None."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def add(one: Point, other: Point) -> Point:
    """Return the sum of two points."""
    a, b = (one[1] - one[0]) * (other[1] - other[0]) % P, (one[1] + one[0]) * (other[1] + other[0]) % P
    c, d = 2 * one[3] * other[3] * D % P, 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number: int, point: Point) -> Point:
    """Return a multiple of a point."""
    result = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = add(result, point)
        point, number = add(point, point), number >> 1
    return result


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recover_x(BASE_Y, 0) or 0
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def verify_ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether the signature of the message is by the public key."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, r, s = decompress(public), decompress(signature[:32]), int.from_bytes(signature[32:], "little")
    if key is None or r is None or s >= L:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    left, right = times(s, BASE), add(r, times(int.from_bytes(digest, "little") % L, key))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# --- What is asked


def public_key(text: str) -> str:
    """Return the key as checkpoints have it. Raises ValueError, at which the argument is refused with exit code 2."""
    if not re.fullmatch("[0-9A-Fa-f]{64}", text):
        raise ValueError("no 64 hex digits")
    return text.lower()


def main() -> int:
    """Print the verdict and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export", help="the export, JSON Lines")
    parser.add_argument("--checkpoint", metavar="FILE", action="append", default=[], help="a kept checkpoint, or mails")
    parser.add_argument(
        "--key", type=public_key, help="the public key, 64 hex digits, that checkpoints must be signed by"
    )
    parser.add_argument("--part", action="store_true", help="the export has only some of the rows")
    asked = parser.parse_args()
    try:
        return check(asked)
    except Broken as error:
        print(f"BROKEN at {error}", file=sys.stderr)
        return 1
    except (CannotCheck, OSError, UnicodeDecodeError) as error:
        print(f"Cannot be checked: {error}", file=sys.stderr)
        return 2


def check(asked: argparse.Namespace) -> int:
    """Return the exit code of what holds. Raises Broken, CannotCheck."""
    checkpoints = []
    for name in asked.checkpoint:
        with open(name, encoding="utf-8") as file:
            checkpoints += read_checkpoints(file.read())
    for each in checkpoints:
        check_signature(each, asked.key)
    if asked.part and checkpoints:
        raise CannotCheck("a part of a record cannot be compared with a checkpoint: ask for the whole export")
    with open(asked.export, "rb") as lines:
        rows, gaps, last, last_hash, found = check_rows(lines, asked.part, {each["rows"] for each in checkpoints})
    compare(sorted(checkpoints, key=lambda each: each["rows"]), last, found)
    if asked.part:
        print(f"Each of the {rows} rows matches its hash; rows are left out at {gaps} places. Whether they are rightly")
        print("left out cannot be told from a part.")
    else:
        print(f"The record holds: {rows} rows, head {last_hash}")
    if not checkpoints:
        print("Without a checkpoint that somebody kept, a record that was written anew as a whole looks the same.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
