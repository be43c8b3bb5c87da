"""Other people's tools open what we seal, with the right password only."""

import hashlib
import io
import struct
import zipfile
from pathlib import Path

import pytest
import pyzipper

from agreements.sealing import ArchiveIndex, Layout, Member, SealedView
from agreements.sealing.cipher import AES_BLOCK, BLOCK, CounterCipher, buffer_for
from agreements.sealing.layout import Part
from tests.sealing.packs import MTIME, OTHER_PASSWORD, PASSWORD, SALT_KEY, Pack, noise, pack_of
from tests.sealing.tools import TOOLS, run, unpacked

FILES = {
    "empty.txt": b"",
    "amanda/": b"",
    "amanda/image/": b"",
    "amanda/image/0001.jpg": noise(700_001, 1),
    "图像/一.jpg": noise(5000, 2),
    "صورة/واحد.jpg": noise(17, 3),
    "text.txt": b"GeneBody " * 5000,
}


@pytest.fixture(params=[False, True], ids=["stored", "deflated"])
def pack(request: pytest.FixtureRequest) -> Pack:
    return pack_of(FILES, deflate=request.param)


@pytest.fixture
def path(pack: Pack, tmp_path: Path) -> Path:
    path = tmp_path / "sealed.zip"
    path.write_bytes(pack.sealed())
    return path


def expected() -> dict[str, bytes]:
    return FILES | {"图像/": b"", "صورة/": b""}


def test_seven_zip_opens_it(path: Path, tmp_path: Path) -> None:
    tested = run("7z", "t", f"-p{PASSWORD}", path)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "Everything is Ok" in tested.stdout
    assert "arning" not in tested.stdout
    run("7z", "x", f"-p{PASSWORD}", f"-o{tmp_path / 'out'}", path)
    assert unpacked(tmp_path / "out") == expected()


def test_seven_zip_refuses_another_password(path: Path) -> None:
    tested = run("7z", "t", f"-p{OTHER_PASSWORD}", path)
    assert tested.returncode == 2
    assert "Wrong password" in tested.stdout + tested.stderr


def test_seven_zip_says_what_it_is(path: Path) -> None:
    listed = run("7z", "l", "-slt", path).stdout
    assert "AES-256" in listed
    assert "Modified = 2023-11-14 22:13" in listed


def test_bsdtar_opens_it(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    done = run("bsdtar", "-x", "-C", out, "--passphrase", PASSWORD, "-f", path)
    assert done.returncode == 0, done.stderr
    assert unpacked(out) == expected()


def test_bsdtar_refuses_another_password(path: Path, tmp_path: Path) -> None:
    done = run("bsdtar", "-x", "-C", tmp_path, "--passphrase", OTHER_PASSWORD, "-f", path)
    assert done.returncode != 0
    assert "passphrase" in done.stderr


def test_pyzipper_opens_it_and_refuses_another_password(path: Path) -> None:
    with pyzipper.AESZipFile(path) as archive:
        archive.setpassword(PASSWORD.encode())
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")} == {
            name: data for name, data in FILES.items() if not name.endswith("/")
        }
        archive.setpassword(OTHER_PASSWORD.encode())
        with pytest.raises(RuntimeError, match="Bad password"):
            archive.read("text.txt")


def test_pyzipper_finds_one_changed_bit(pack: Pack) -> None:
    damaged = bytearray(pack.sealed())
    damaged[Layout(pack.index).data_start(6)] ^= 1
    with pyzipper.AESZipFile(io.BytesIO(damaged)) as archive:
        archive.setpassword(PASSWORD.encode())
        with pytest.raises(pyzipper.BadZipFile):
            archive.read("text.txt")


def test_a_zip_that_was_deflated_already_is_passed_through_as_it_is(tmp_path: Path) -> None:
    """What another program deflated comes out of the encryption byte for byte, and the tools inflate it."""
    files = {name: data for name, data in FILES.items() if not name.endswith("/")}
    original = io.BytesIO()
    with zipfile.ZipFile(original, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    members = []
    with zipfile.ZipFile(original) as archive:
        for number, info in enumerate(archive.infolist()):
            head = original.getvalue()[info.header_offset : info.header_offset + 30]
            start = info.header_offset + 30 + sum(struct.unpack("<HH", head[26:]))
            packed = original.getvalue()[start : start + info.compress_size]
            members.append(
                Member(
                    number=number,
                    name=info.filename,
                    method=info.compress_type,
                    plain_size=info.file_size,
                    packed_size=info.compress_size,
                    mtime=MTIME,
                    sha256_packed=hashlib.sha256(packed).digest(),
                    sha256_plain=hashlib.sha256(files[info.filename]).digest(),
                    offset=start,
                )
            )
    pack = Pack(original.getvalue(), ArchiveIndex(members))
    whole, layout = pack.sealed(), Layout(pack.index)
    for member in pack.index.members:
        sealed = memoryview(whole)[layout.data_start(member.number) : layout.tag_start(member.number)]
        plain = buffer_for(len(sealed))
        for place in range(0, len(sealed), BLOCK):
            piece = sealed[place : place + BLOCK]
            cipher = CounterCipher(pack.view().keys(member.number).aes)
            cipher.apply(piece, place, plain, AES_BLOCK + place)
        assert (
            plain[AES_BLOCK : AES_BLOCK + len(sealed)].tobytes()
            == pack.data[member.offset : member.offset + member.packed_size]
        )
    path = tmp_path / "sealed.zip"
    path.write_bytes(whole)
    assert {tool(path) for tool in TOOLS} == {hashlib.sha256(b"".join(files.values())).hexdigest()}


def test_an_archive_with_nothing_in_it_opens(tmp_path: Path) -> None:
    path = tmp_path / "empty.zip"
    path.write_bytes(pack_of({}).sealed())
    assert run("7z", "t", path).returncode == 0
    with pyzipper.AESZipFile(path) as archive:
        assert archive.namelist() == []


def _never(offset: int, length: int) -> "object":
    raise AssertionError("no data should be read")


def test_sizes_and_places_beyond_four_gib_are_read_right(tmp_path: Path) -> None:
    """A sparse file with only the headers in place: tools list it by its ZIP64 fields."""
    sizes = [5 << 30, 10, (4 << 30) - 29, (4 << 30) - 28, 0]
    offsets = [sum(sizes[:n]) for n in range(len(sizes))]
    members = [
        Member(n, f"{n}.bin", 0, size, size, MTIME, bytes(32), bytes(32), offsets[n]) for n, size in enumerate(sizes)
    ]
    members.append(Member(5, "far/", 0, 0, 0, MTIME, bytes(32), bytes(32), 0))
    index = ArchiveIndex(members)
    layout = Layout(index)
    view = SealedView(index, layout, PASSWORD, SALT_KEY, _never)  # type: ignore[arg-type]
    path = tmp_path / "large.zip"
    with path.open("wb") as file:
        for number in range(5):
            file.seek(layout.local_start(number))
            for chunk in view.stream(layout.local_start(number), layout.data_start(number)):
                file.write(chunk)
        file.seek(layout.local_start(5))
        for chunk in view.stream(layout.local_start(5), layout.total_size):
            file.write(chunk)
    assert path.stat().st_size == layout.total_size
    listed = run("7z", "l", "-slt", path)
    assert listed.returncode == 0, listed.stdout + listed.stderr
    assert [int(line[7:]) for line in listed.stdout.splitlines() if line.startswith("Size = ")] == [*sizes, 0]
    with pyzipper.AESZipFile(path) as archive:
        assert [(i.file_size, i.header_offset) for i in archive.infolist()] == [
            (member.plain_size, layout.local_start(member.number)) for member in members
        ]
        archive.setpassword(PASSWORD.encode())
        for member in members[:5]:
            archive.open(member.name).close()  # compares the local header with the central one


def test_more_members_than_sixteen_bits_need_zip64_end_records() -> None:
    for count, wide in ((65_534, False), (65_535, True)):
        one = bytes(32)
        layout = Layout(ArchiveIndex(Member(n, f"{n}", 0, 0, 0, MTIME, one, one, 0) for n in range(count)))
        end = layout.central_start + layout.central_size
        records = b"".join(
            layout.record(segment) for segment in layout.segments(end, layout.total_size) if segment.part is Part.END
        )
        assert records.startswith(b"PK\x06\x06") is wide
        assert len(records) == layout.total_size - end
