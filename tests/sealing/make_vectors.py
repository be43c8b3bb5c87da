"""Writes vectors.json, the published test vectors, with none of the engine's cipher, key or record code.

Run ``python -m tests.sealing.make_vectors`` from the project's folder after a deliberate change of the format.
Everything is spelled out with hashlib, a general counter mode and struct, so that it can be read beside the
APPNOTE and the WinZip AES note; only the index comes from the engine, as it is the input.
"""

import hashlib
import hmac
import json
import struct
from pathlib import Path
from typing import Any

from Crypto.Cipher import AES
from Crypto.Util import Counter

from agreements.sealing import ArchiveIndex, Member
from tests.sealing.packs import PASSWORD, SALT_KEY, noise, pack_of

PATH = Path(__file__).with_name("vectors.json")
CASES: dict[str, tuple[dict[str, bytes], bool]] = {
    "empty archive": ({}, False),
    "one stored file": ({"hello.txt": b"Hello, world.\n"}, False),
    "stored": ({"d/": b"", "d/empty": b"", "图像/一.jpg": noise(33, 1), "صورة.jpg": noise(300_000, 2)}, False),
    "deflated": ({"d/": b"", "d/text": b"GeneBody " * 1000, "d/empty": b""}, True),
}


def digest_of(index: ArchiveIndex) -> bytes:
    """The archive digest, spelled out."""
    columns: list[bytes] = [b"countersign-index/1", struct.pack(">Q", len(index))]
    for form, values in (
        (">I", [len(m.name.encode()) for m in index.members]),
        ("", [m.name.encode() for m in index.members]),
        (">H", [m.method for m in index.members]),
        (">Q", [m.plain_size for m in index.members]),
        (">Q", [m.packed_size for m in index.members]),
        (">q", [m.mtime for m in index.members]),
        ("", [m.sha256_packed for m in index.members]),
    ):
        columns.append(b"".join(struct.pack(form, v) if form else v for v in values))  # type: ignore[misc]
    return hashlib.sha256(b"".join(struct.pack(">I", len(c)) + c for c in columns)).digest()


def salt_of(digest: bytes, number: int) -> bytes:
    message = struct.pack(">I", 32) + digest + struct.pack(">I", 8) + struct.pack(">Q", number)
    return hmac.new(SALT_KEY, message, "sha256").digest()[:16]


def sealed(data: bytes, index: ArchiveIndex) -> tuple[bytes, list[dict[str, Any]]]:
    """The whole archive, and what was derived for each encrypted member."""
    out, central, derived = b"", b"", []
    for m in index.members:
        start, name = len(out), m.name.encode()
        body = data[m.offset : m.offset + m.packed_size]
        extra = b"" if m.is_directory else struct.pack("<HHH2sBH", 0x9901, 7, 2, b"AE", 3, m.method)
        if not m.is_directory:
            body, facts = encrypted(body, salt_of(digest_of(index), m.number))
            derived.append({"member": m.number, **facts})
        common = common_fields(m, len(body))
        out += b"PK\3\4" + common + struct.pack("<HH", len(name), len(extra)) + name + extra + body
        mode = (0o040755 << 16) | 16 if m.is_directory else 0o100644 << 16
        central += b"PK\1\2" + struct.pack("<H", 3 << 8 | 63) + common
        central += struct.pack("<HHHHHII", len(name), len(extra), 0, 0, 0, mode, start) + name + extra
    end = struct.pack("<HHHHIIH", 0, 0, len(index), len(index), len(central), len(out), 0)
    return out + central + b"PK\5\6" + end, derived


def encrypted(body: bytes, salt: bytes) -> tuple[bytes, dict[str, str]]:
    keys = hashlib.pbkdf2_hmac("sha1", PASSWORD.encode(), salt, 1000, 66)
    counter = Counter.new(128, little_endian=True, initial_value=1)
    cipher = AES.new(keys[:32], AES.MODE_CTR, counter=counter).encrypt(body)
    code = hmac.new(keys[32:64], cipher, "sha1").digest()[:10]
    facts = {"salt": salt.hex(), "derived": keys.hex(), "code": code.hex()}
    return salt + keys[64:] + cipher + code, facts


def common_fields(m: Member, size: int) -> bytes:
    # 2023-11-14 22:13:20 UTC is the mtime of member 0; the others follow by seconds.
    clock, date = 22 << 11 | 13 << 5 | (20 + m.number) // 2, 43 << 9 | 11 << 5 | 14
    if m.is_directory:
        return struct.pack("<HHHHHIII", 20, 0x0800, 0, clock, date, 0, 0, 0)
    return struct.pack("<HHHHHIII", 51, 0x0801, 99, clock, date, 0, size, m.plain_size)


def vectors() -> dict[str, Any]:
    cases = []
    for title, (files, deflate) in CASES.items():
        pack = pack_of(files, deflate)
        whole, derived = sealed(pack.data, pack.index)
        cases.append(
            {
                "title": title,
                "index": json.loads(pack.index.to_json()),
                "pack_sha256": hashlib.sha256(pack.data).hexdigest(),
                "archive_digest": digest_of(pack.index).hex(),
                "members": derived,
                "size": len(whole),
                "sha256": hashlib.sha256(whole).hexdigest(),
                "archive": whole.hex() if len(whole) < 2000 else None,
            }
        )
    return {"password": PASSWORD, "salt_key": SALT_KEY.hex(), "layout_version": 1, "cases": cases}


if __name__ == "__main__":
    PATH.write_text(json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n")
