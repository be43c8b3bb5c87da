"""What a script is given, read by the programs it is for."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from pytest_django import Settings

from agreements.grants.links import making as links
from agreements.grants.links import scripts
from agreements.grants.links.scripts import File
from agreements.grants.models import Link
from agreements.grants.shared import generations
from tests.grants.scene import MEMBERS, Scene
from tests.grants.test_links import newer_version
from tests.services import tools


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address at which it is served."""
    folder = tmp_path / "served"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def files_of(scene: Scene) -> list[File]:
    return scripts.files(scene.grant, person_pk=scene.alice.pk)


def lay_out(scene: Scene, served: tuple[Path, str], settings: Settings) -> dict[str, bytes]:
    """Put something where each address of the scene leads; return it by the name it is to be saved as."""
    folder, settings.DELIVERY_URL = served
    laid = {}
    for file in files_of(scene):
        place = folder / file.address.removeprefix(settings.DELIVERY_URL).lstrip("/")
        place.parent.mkdir(parents=True)
        laid[file.name] = f"bytes of {file.name}".encode()
        place.write_bytes(laid[file.name])
    return laid


def run(*command: str, at: Path) -> None:
    at.mkdir()
    done = subprocess.run(command, cwd=at, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_wget_takes_every_address_and_names_the_files(
    scene: Scene, served: tuple[Path, str], settings: Settings, tmp_path: Path
) -> None:
    laid = lay_out(scene, served, settings)
    (tmp_path / "links.txt").write_text(scripts.links_txt(files_of(scene)))
    run(tools.path_of("wget"), "-c", "-i", "../links.txt", at=tmp_path / "here")
    assert {place.name: place.read_bytes() for place in (tmp_path / "here").iterdir()} == laid
    assert set(laid) == {"train40.zip", "test10.zip"}


def test_aria2_is_told_the_names_and_checks_what_is_known(
    scene: Scene, served: tuple[Path, str], settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    links.make(grant=scene.grant, archive=newer_version(scene), person=scene.alice, by=scene.alice.actor)
    laid = lay_out(scene, served, settings)
    assert set(laid) == {"train40.zip", "train40-v1.zip", "test10.zip"}
    known = [File(f.archive, f.name, f.address, hashlib.sha256(laid[f.name]).hexdigest()) for f in files_of(scene)]
    text = scripts.aria2_txt(known)
    (tmp_path / "aria2.txt").write_text(text)
    run(tools.path_of("aria2c"), "-c", "-i", "../aria2.txt", at=tmp_path / "here")
    assert {place.name: place.read_bytes() for place in (tmp_path / "here").iterdir()} == laid
    (tmp_path / "aria2.txt").write_text(text.replace(known[0].sha256, "0" * 64))
    with pytest.raises(AssertionError):
        run(tools.path_of("aria2c"), "-c", "-i", "../aria2.txt", at=tmp_path / "there")


def test_checksums_are_written_where_the_bytes_are_known(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed, opened = files_of(scene)
    assert (sealed.sha256, opened.sha256) == ("", scene.open.pack_sha256)
    assert f"checksum=sha-256={scene.open.pack_sha256}" in scripts.aria2_txt([sealed, opened])
    monkeypatch.setattr(generations, "sealed_sha256_of", lambda archives: {each.pk: "ab" * 32 for each in archives})
    assert files_of(scene)[0].sha256 == "ab" * 32


def test_what_has_no_running_link_is_a_comment_and_no_address(scene: Scene) -> None:
    links.end(link=scene.link, by=scene.alice.actor)
    found = files_of(scene)
    assert scripts.links_txt(found) == f"{found[1].address}\n"
    assert [file.name for file in scripts.not_in_links(found)] == ["train40.zip"]
    assert scripts.aria2_txt(found).startswith("# train40.zip, version 1: no running link.")


def test_of_two_versions_the_newest_with_a_link_keeps_its_name(scene: Scene) -> None:
    newer = newer_version(scene)
    assert [(file.archive, file.name) for file in files_of(scene)][:2] == [
        (scene.sealed, "train40.zip"),
        (newer, "train40-v2.zip"),
    ]
    links.make(grant=scene.grant, archive=newer, person=scene.alice, by=scene.alice.actor)
    found = files_of(scene)
    assert [file.name for file in found] == ["train40.zip", "train40-v1.zip", "test10.zip"]
    assert [file.name for file in scripts.not_in_links(found)] == ["train40-v1.zip"]
    assert scripts.links_txt(found).splitlines() == [found[0].address, found[2].address]
    links.end(link=Link.objects.get(archive=scene.sealed), by=scene.alice.actor)
    assert [file.archive for file in files_of(scene)] == [newer, scene.open]


def test_sha256sum_reads_the_checksums_of_all_archives(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "SHA256SUMS").write_text(scripts.sha256sums(files_of(scene)))
    for folder in ("train40", "test10"):
        for name, data in MEMBERS.items():
            place = tmp_path / "here" / folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
    check = ("sha256sum", "--check", "--strict", "../SHA256SUMS")
    done = subprocess.run(check, cwd=tmp_path / "here", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": OK") == 2 * len(MEMBERS)
    (tmp_path / "here" / "test10" / "amanda/param/amanda.npy").write_bytes(b"changed")
    done = subprocess.run(check, cwd=tmp_path / "here", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.count("FAILED")) == (1, 1)


def test_others_have_no_address_of_alices(scene: Scene) -> None:
    sealed, _opened = scripts.files(scene.grant, person_pk=scene.eve.pk)
    assert sealed.address == ""


def test_commands_fetch_one_file_and_go_on_where_they_stopped(
    scene: Scene, served: tuple[Path, str], settings: Settings, tmp_path: Path
) -> None:
    laid = lay_out(scene, served, settings)
    for program, line in scripts.commands(scripts.file_of(scene.link)):
        tools.path_of(program)
        at = tmp_path / program
        run("sh", "-c", line, at=at)
        assert (at / "train40.zip").read_bytes() == laid["train40.zip"]
