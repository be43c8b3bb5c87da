"""Other people's tools, each asked to open a sealed archive and to check every byte of it."""

import hashlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pyzipper

from tests.sealing.packs import PASSWORD
from tests.services import tools

MIB = 1 << 20


def run(program: str, *arguments: object, seconds: float = 250) -> subprocess.CompletedProcess[str]:
    """What the program printed, and its exit code."""
    command = [tools.path_of(program), *map(str, arguments)]
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=seconds)


def seven_zip(path: Path) -> str:
    """SHA-256 of all members one after the other, as 7-Zip unpacks them; it must first find that everything is Ok."""
    tested = run("7z", "t", f"-p{PASSWORD}", path, seconds=900)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "Everything is Ok" in tested.stdout
    assert "arning" not in tested.stdout
    return _sha256_of("7z", "x", "-so", f"-p{PASSWORD}", path)


def bsdtar(path: Path) -> str:
    """The same by libarchive."""
    return _sha256_of("bsdtar", "-xO", "--passphrase", PASSWORD, "-f", path)


def by_pyzipper(path: Path) -> str:
    """The same by pyzipper, which checks each authentication code when it comes to the end of a member."""
    digest = hashlib.sha256()
    with pyzipper.AESZipFile(path) as archive:
        archive.setpassword(PASSWORD.encode())
        for name in archive.namelist():
            with archive.open(name) as member:
                while data := member.read(MIB):
                    digest.update(data)
    return digest.hexdigest()


TOOLS: list[Callable[[Path], str]] = [seven_zip, bsdtar, by_pyzipper]


def _sha256_of(program: str, *arguments: object) -> str:
    digest = hashlib.sha256()
    command = [tools.path_of(program), *map(str, arguments)]
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        while data := process.stdout.read(MIB):
            digest.update(data)
        complaints = process.stderr.read()
    assert process.returncode == 0, complaints
    assert complaints == b""
    return digest.hexdigest()


def unpacked(folder: Path) -> dict[str, bytes]:
    """What a tool left in a folder: files, and directories with '/' at the end."""
    found = {f"{p.relative_to(folder)}/": b"" for p in folder.rglob("*") if p.is_dir()}
    return found | {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
