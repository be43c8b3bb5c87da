"""Names up to the format's limit of 65,535 bytes: what each tool does with them.

All three list and check them up to the limit. Unpacking ends where the file system does: 255 bytes for one component,
and about 4,096 for a path, beyond which 7-Zip and pyzipper say so, and bsdtar goes on.
"""

from pathlib import Path

import pytest
import pyzipper

from agreements.sealing import ArchiveIndex
from agreements.sealing.names import MAX_NAME_BYTES, BadMemberName
from tests.sealing.packs import PASSWORD, pack_of
from tests.sealing.tools import TOOLS, run, unpacked


def path_of_length(length: int) -> str:
    """A name of that many bytes whose components are short enough for any file system."""
    name = "/".join(["d" * 200] * (length // 201 + 1))[:length]
    return name[:-1] + "x"


LONGEST = ["a" * 65_535, "图" * 21_845, path_of_length(65_535)]


def archive_of(name: str, folder: Path) -> Path:
    path = folder / "sealed.zip"
    path.write_bytes(pack_of({name: b"hello", "ok.txt": b"fine"}).sealed())
    return path


@pytest.mark.parametrize("name", [path_of_length(256), path_of_length(4097), *LONGEST], ids=len)
def test_every_tool_checks_it_and_gives_the_name_back(name: str, tmp_path: Path) -> None:
    path = archive_of(name, tmp_path)
    assert len({tool(path) for tool in TOOLS}) == 1
    assert f"Path = {name}\n" in run("7z", "l", "-slt", path).stdout
    assert run("bsdtar", "-t", "-f", path).stdout == f"{name}\nok.txt\n"
    with pyzipper.AESZipFile(path) as archive:
        assert archive.namelist() == [name, "ok.txt"]


def test_one_byte_more_is_refused() -> None:
    assert len(("图" * 21_845).encode()) == MAX_NAME_BYTES
    with pytest.raises(BadMemberName, match="65,535"):
        ArchiveIndex(pack_of({"图" * 21_845 + "x": b""}).index.members)


@pytest.mark.parametrize("name", ["a" * 255, path_of_length(3000)], ids=len)
def test_every_tool_unpacks_what_a_file_system_takes(name: str, tmp_path: Path) -> None:
    path = archive_of(name, tmp_path)
    for tool in ("7z", "bsdtar", "pyzipper"):
        (tmp_path / tool).mkdir()
    assert run("7z", "x", f"-p{PASSWORD}", f"-o{tmp_path / '7z'}", path).returncode == 0
    assert run("bsdtar", "-x", "-C", tmp_path / "bsdtar", "--passphrase", PASSWORD, "-f", path).returncode == 0
    with pyzipper.AESZipFile(path) as archive:
        archive.extractall(tmp_path / "pyzipper", pwd=PASSWORD.encode())
    for tool in ("7z", "bsdtar", "pyzipper"):
        found = unpacked(tmp_path / tool)
        assert (found[name], found["ok.txt"]) == (b"hello", b"fine")


def test_beyond_the_file_system_the_others_are_unpacked_and_the_tool_says_so(tmp_path: Path) -> None:
    path = archive_of("a" * 256, tmp_path)
    for tool in ("7z", "bsdtar"):
        (tmp_path / tool).mkdir()
    done = run("7z", "x", f"-p{PASSWORD}", f"-o{tmp_path / '7z'}", path)
    assert done.returncode == 2
    assert "Cannot open output file" in done.stdout + done.stderr
    done = run("bsdtar", "-x", "-C", tmp_path / "bsdtar", "--passphrase", PASSWORD, "-f", path)
    assert done.returncode == 1
    assert "File name too long" in done.stderr
    assert unpacked(tmp_path / "7z") == unpacked(tmp_path / "bsdtar") == {"ok.txt": b"fine"}
    with pyzipper.AESZipFile(path) as archive, pytest.raises(OSError, match="File name too long"):
        archive.extractall(tmp_path, pwd=PASSWORD.encode())
