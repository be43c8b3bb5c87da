"""Three tools open and fully check archives at the ends of the format: nothing, very many members, a very large one."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sealing.packs import noise, pack_of
from tests.sealing.samples import one_large
from tests.sealing.tools import MIB, TOOLS, run

Tool = Callable[[Path], str]
each_tool = pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.__name__)
BLOCK = noise(MIB)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Emptied at the end: pytest would keep gigabytes of three runs."""
    folder = tmp_path_factory.mktemp("sealed")
    yield folder
    for path in folder.iterdir():
        path.unlink()


def written(path: Path, chunks: Iterator[bytes]) -> Path:
    with path.open("wb") as file:
        file.writelines(chunks)
    return path


def sha256(chunks: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


@each_tool
def test_one_empty_member(tool: Tool, tmp_path: Path) -> None:
    path = written(tmp_path / "one.zip", pack_of({"empty": b""}).view().stream())
    assert tool(path) == hashlib.sha256(b"").hexdigest()


def repeated(offset: int, length: int) -> Iterator[bytes]:
    """A pack of any size that is one block over and over."""
    while length:
        within = offset % MIB
        chunk = BLOCK[within : within + length]
        offset, length = offset + len(chunk), length - len(chunk)
        yield chunk


def made_of_one_member(folder: Path, size: int) -> Path:
    path = folder / f"{size}.zip"
    return path if path.exists() else written(path, one_large(size, repeated).stream())


@each_tool
def test_one_member_whose_code_is_made_beside_the_cipher(tool: Tool, folder: Path) -> None:
    size = 40 * MIB + 12_345
    assert tool(made_of_one_member(folder, size)) == sha256(repeated(0, size))


@pytest.mark.long
@pytest.mark.timeout(1800)
@each_tool
def test_one_member_of_five_gib(tool: Tool, folder: Path) -> None:
    size = (5 << 30) + 7
    assert tool(made_of_one_member(folder, size)) == sha256(repeated(0, size))


def files(count: int) -> dict[str, bytes]:
    return {f"{n % 100:02}/{n:05}.txt": b"%d\n" % n for n in range(count)}


def made_of_many_members(folder: Path, count: int) -> Path:
    path = folder / f"many-{count}.zip"
    return path if path.exists() else written(path, pack_of(files(count)).view().stream())


@each_tool
def test_three_hundred_members(tool: Tool, folder: Path) -> None:
    assert tool(made_of_many_members(folder, 300)) == sha256(iter(files(300).values()))


@pytest.mark.long
@pytest.mark.timeout(1800)
@each_tool
def test_seventy_thousand_members(tool: Tool, folder: Path) -> None:
    path = made_of_many_members(folder, 70_000)
    assert tool(path) == sha256(iter(files(70_000).values()))


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_seventy_thousand_members_are_counted(folder: Path) -> None:
    path = made_of_many_members(folder, 70_000)
    assert "Files: 70000" in run("7z", "l", path).stdout or " 70000 files" in run("7z", "l", path).stdout
    assert len(run("bsdtar", "-t", "-f", path).stdout.splitlines()) == 70_000
