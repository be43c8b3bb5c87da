"""What a script needs to fetch and to check everything: addresses for wget, an input file for aria2, checksums.

wget names a file by the last part of its address, so `links.txt` holds one address per file name, and nothing else:
it takes a comment for an address. aria2 is told the name. In `SHA256SUMS` each path begins with its archive's folder.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.utils.translation import gettext as _

from agreements.catalog import archives
from agreements.catalog.models import Access, Archive, SealKind
from agreements.grants.deliverable import deliverable
from agreements.grants.links import addresses, tokens
from agreements.grants.links import making as links
from agreements.grants.models import Grant, Link
from agreements.grants.shared import generations


@dataclass(frozen=True, slots=True)
class File:
    """An archive to be fetched. `address` is empty without a running link.

    `sha256`, of the bytes as downloaded, is empty where they are the person's own. `name` is what it is saved as: the
    archive's own, except for what would overwrite another.
    """

    archive: Archive
    name: str
    address: str
    sha256: str

    @property
    def folder(self) -> str:
        """What it is to be unpacked into: its name without the suffix."""
        return PurePosixPath(self.name).stem

    @property
    def has_own_name(self) -> bool:
        return self.name == self.archive.name


def files(grant: Grant, *, person_pk: int) -> list[File]:
    """Return what a person fetches: each sealed archive with their newest running link, then the dataset's open ones.

    Of several versions the newest that has a link keeps its name; an older one without a link is left out.
    """
    running: dict[int, Link] = {}
    for link in links.running(grant=grant, person_pk=person_pk):
        running.setdefault(link.archive_id, link)
    sealed = _wanted(list(deliverable(grant)), having=running)
    checksums = generations.sealed_sha256_of(sealed)
    found: list[File] = []
    for archive in sealed:
        mine = running.get(archive.pk)
        address = addresses.direct(tokens.token(mine), archive.name) if mine else ""
        found.append(File(archive, _free_name(archive, found), address, checksums.get(archive.pk, "")))
    for archive in _open_archives(grant):
        address = addresses.open_download(grant.dataset.slug, archive.pk, archive.name)
        found.append(File(archive, _free_name(archive, found), address, archive.pack_sha256))
    return found


def file_of(link: Link) -> File:
    """Return the file that one link is for."""
    archive = link.archive
    address = addresses.direct(tokens.token(link), archive.name)
    return File(archive, archive.name, address, generations.sealed_sha256(archive) or "")


def links_txt(files: Iterable[File]) -> str:
    """Return the addresses, one a line, for `wget -c -i`: of files that have a link and keep their own names."""
    return "".join(f"{file.address}\n" for file in files if file.address and file.has_own_name)


def not_in_links(files: Iterable[File]) -> list[File]:
    """Return the files that `links_txt` leaves out."""
    return [file for file in files if not (file.address and file.has_own_name)]


def aria2_txt(files: Iterable[File]) -> str:
    """Return an input file for `aria2c -i`; a file without a running link is a comment."""
    return "\n".join(_aria2_entry(file) for file in files)


def sha256sums(files: Iterable[File]) -> str:
    """Return `SHA256SUMS` of the plain members, as `sha256sum --check` reads it; each archive is in its folder.

    Raises what the vault raises.
    """
    return "\n".join(_sums_of(file) for file in files)


def commands(file: File) -> Sequence[tuple[str, str]]:
    """Return (program, command line) for fetching one file; each goes on where an earlier try stopped."""
    address, name = shlex.quote(file.address), shlex.quote(file.name)
    check = f" --checksum=sha-256={file.sha256}" if file.sha256 else ""
    return (
        ("wget", f"wget -c {address}"),
        ("curl", f"curl -fL -C - -o {name} {address}"),
        ("aria2c", f"aria2c -c -x 8 -s 8{check} -o {name} {address}"),
    )


def _wanted(sealed: list[Archive], *, having: Mapping[int, Link]) -> list[Archive]:
    """Return what has a link, the newest version first, then what has none and is the newest."""
    newest = {(each.subset_id, each.name): each.pk for each in sorted(sealed, key=lambda each: each.version)}
    without = [each for each in sealed if each.pk not in having and each.pk in newest.values()]
    return [each for each in sealed if each.pk in having] + without


def _aria2_entry(file: File) -> str:
    if not file.address:
        words = {"file": _said(file)}
        return "# " + _("%(file)s: no running link. Make one on the page of your access.") % words + "\n"
    checksum = f"  checksum=sha-256={file.sha256}\n" if file.sha256 else ""
    return f"# {_said(file)}\n{file.address}\n  out={file.name}\n{checksum}"


def _sums_of(file: File) -> str:
    said = _("%(file)s, unpacked into %(folder)s/") % {"file": _said(file), "folder": file.folder}
    # 64 digits and two blanks, then the path.
    lines = archives.sha256sums(file.archive).splitlines(keepends=True)
    return f"# {said}\n" + "".join(f"{line[:66]}{file.folder}/{line[66:]}" for line in lines)


def _said(file: File) -> str:
    return _("%(name)s, version %(version)s") % {"name": file.name, "version": file.archive.version}


def _free_name(archive: Archive, before: Sequence[File]) -> str:
    taken = {file.name.casefold() for file in before} | {file.folder.casefold() for file in before}
    path = PurePosixPath(archive.name)
    versioned = f"{path.stem}-v{archive.version}{path.suffix}"
    for name in (archive.name, versioned, f"{archive.subset.slug}-{versioned}"):
        if not {name.casefold(), PurePosixPath(name).stem.casefold()} & taken:
            return name
    return f"{archive.pk}-{versioned}"


def _open_archives(grant: Grant) -> list[Archive]:
    rows = Archive.objects.filter(
        subset__dataset=grant.dataset_id, subset__access=Access.OPEN, seal=SealKind.NONE, withdrawn_at=None
    )
    newest: dict[tuple[int, str], Archive] = {}
    for archive in rows.select_related("subset").order_by("subset__position", "name", "-version"):
        newest.setdefault((archive.subset_id, archive.name), archive)
    return list(newest.values())
