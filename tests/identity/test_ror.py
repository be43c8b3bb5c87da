"""The reader of ROR's dumps: what is kept of a record, and that a file that is none is refused in plain words."""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from agreements.core.errors import Invalid
from agreements.identity import lists, registry_hosts, ror
from agreements.identity.ror import Organization
from tests.identity.dumps import record, ror_id, write


def read(path: Path) -> list[Organization | None]:
    return list(ror.read(path))


def kept(*records: dict[str, Any], tmp_path: Path) -> list[Organization]:
    return [each for each in read(write(tmp_path / "dump.json", records)) if each is not None]


def test_a_record_is_cut_to_what_is_needed(tmp_path: Path) -> None:
    written = record(
        7,
        "Hong Kong University of Science and Technology",
        other_names=["HKUST", "香港科技大學", "HKUST"],
        domains=["ust.hk"],
        website="https://hkust.edu.hk/",
        parent=[3],
        related=[4],
    )
    found = read(write(tmp_path / "v1.63-2025-04-03-ror-data.zip", [written, record(8, "Gone", status="withdrawn")]))
    assert found == [
        Organization(
            registry_id=ror_id(7),
            name="Hong Kong University of Science and Technology",
            names=("Hong Kong University of Science and Technology", "HKUST", "香港科技大學"),
            types=("education",),
            country="HK",
            city="Hong Kong",
            parents=(ror_id(3),),
            related=(ror_id(4),),
            domains=("ust.hk",),
            websites=("https://hkust.edu.hk/",),
        ),
        None,
    ]


def test_the_name_that_the_registry_shows_comes_first_wherever_it_stands(tmp_path: Path) -> None:
    written = record(1, "Universität Wien", other_names=["University of Vienna"])
    written["names"].reverse()
    [found] = kept(written, tmp_path=tmp_path)
    assert found.name == "Universität Wien"
    assert found.names == ("Universität Wien", "University of Vienna")


def test_letters_that_no_database_takes_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "dump.json"
    path.write_text(json.dumps([record(1, "A\ud800b\x00c University")]), encoding="utf-8")
    assert [each.name for each in read(path) if each] == ["A b c University"]


def test_records_that_lie_across_pieces_of_the_file_are_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "dump.json", [record(number, f"Universität {number} 大學") for number in range(40)])
    told: list[tuple[int, int]] = []
    for chunk in (1, 7, 1000, 10**6):
        monkeypatch.setattr(ror, "_CHUNK", chunk)
        told.clear()
        found = list(ror.read(path, lambda done, total: told.append((done, total))))
        assert [each.name for each in found if each] == [f"Universität {number} 大學" for number in range(40)]
        assert told[-1] == (path.stat().st_size, path.stat().st_size)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "ends in the middle of the list of organizations, or is none"),
        ("{}", "no dump of ROR in schema v2"),
        ("<html>Too many requests</html>", "no dump of ROR in schema v2"),
        ("[{}]", "Record 1 is not as schema v2 of ROR has it (KeyError: 'id')"),
        ("[1, 2]", "Record 1 is not as schema v2"),
        ('[{"id": "https://ror.org/0abcdef12", "name": "Old", "country": {}}]', "_schema_v2.json"),
        ('[{"id": "https://example.org/1", "names": []}]', "Record 1 is not as schema v2"),
        ('[{"id": "https://ror.org/0abcdef12", "names": [], "status": "active"}]', "Record 1 is not as schema v2"),
        ("[" * 100_000, "cannot be read"),
        ('[{"id": "x" "y"}]', "ends in the middle"),
        ('[{"id": ' + "1" * 5_000 + "}]", "no dump of ROR in schema v2"),
    ],
)
def test_what_is_no_dump_is_refused_and_says_why(content: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "dump.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(Invalid) as refused:
        read(path)
    assert words in str(refused.value)


def test_a_download_that_broke_off_is_not_taken_for_the_registry(tmp_path: Path) -> None:
    path = write(tmp_path / "dump.json", [record(number, f"University {number}") for number in range(5)])
    path.write_bytes(path.read_bytes()[:-700])
    with pytest.raises(Invalid, match="Was it downloaded whole"):
        read(path)
    archive = write(tmp_path / "dump.zip", [record(number, f"University {number}") for number in range(50)])
    archive.write_bytes(archive.read_bytes()[:-700])
    with pytest.raises(Invalid, match=r"dump\.zip is part of a zip: was it downloaded whole"):
        read(archive)


def test_a_zip_with_flipped_bytes_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "dump.zip", [record(number, f"University {number}") for number in range(500)])
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    path.write_bytes(raw)
    with pytest.raises(Invalid):
        read(path)


def test_of_a_zip_with_both_schemas_the_second_is_read(tmp_path: Path) -> None:
    path = tmp_path / "v1.63-2025-04-03-ror-data.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("v1.63-2025-04-03-ror-data.json", '[{"id": "https://ror.org/0abcdef12", "name": "Old"}]')
        archive.writestr("__MACOSX/._v1.63-2025-04-03-ror-data_schema_v2.json", "\0")
        archive.writestr("v1.63-2025-04-03-ror-data_schema_v2.json", json.dumps([record(1, "New")]))
        archive.writestr("v1.63-2025-04-03-ror-data_schema_v2.csv", "id")
    assert [each.name for each in read(path) if each] == ["New"]


def test_a_zip_without_a_dump_says_so(tmp_path: Path) -> None:
    path = tmp_path / "pictures.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", "")
    with pytest.raises(Invalid, match="holds 0 JSON files where one was expected"):
        read(path)


def test_a_zip_that_unpacks_without_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ror, "LARGEST", 4_000_000)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.json", "[" + " " * 5_000_000 + "]")
    with pytest.raises(Invalid, match="larger than any dump"):
        read(path)


def test_a_record_without_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ror, "LARGEST_RECORD", 100_000)
    monkeypatch.setattr(ror, "_CHUNK", 50_000)
    path = tmp_path / "dump.json"
    path.write_text('[{"id": "' + "x" * 1_000_000)
    with pytest.raises(Invalid, match="no dump of ROR"):
        read(path)


@pytest.mark.parametrize(
    ("name", "version", "day"),
    [
        ("v1.63-2025-04-03-ror-data.zip", "v1.63", dt.date(2025, 4, 3)),
        ("v2.13-2026-09-22-ror-data_schema_v2.json", "v2.13", dt.date(2026, 9, 22)),
        ("v1.63-2025-13-03-ror-data.json", "v1.63", None),
        ("download.json", "", None),
    ],
)
def test_version_and_day_are_in_the_file_name(name: str, version: str, day: dt.date | None, tmp_path: Path) -> None:
    path = write(tmp_path / name, [])
    assert ror.label_of(path) == ror.Label(version, day)


def test_a_renamed_zip_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    path = write(tmp_path / "download.zip", [], inside="v1.63-2025-04-03-ror-data_schema_v2.json")
    assert ror.label_of(path) == ror.Label("v1.63", dt.date(2025, 4, 3))


def domains_of(*records: dict[str, Any], tmp_path: Path) -> tuple[dict[str, set[str]], dict[str, int]]:
    """Return each kept domain with its organizations, and what was dropped."""
    organizations = kept(*records, tmp_path=tmp_path)
    names = {each.registry_id: each.name for each in organizations}
    found = registry_hosts.sort(organizations, tables=lists.load())
    table: dict[str, set[str]] = {}
    for each in found.kept:
        table.setdefault(each.domain, set()).add(names[each.registry_id] + (" (website)" if each.from_website else ""))
    return table, {why: count for why, count in found.dropped.items() if count}


def test_bare_public_suffixes_are_dropped_and_counted(tmp_path: Path) -> None:
    table, dropped = domains_of(
        record(1, "A College", domains=["edu.mx", "a.edu.mx"]),
        record(2, "Government", domains=["gouv.fr"]),
        record(3, "Pages", domains=["github.io"]),
        record(4, "Nonsense", domains=["not a domain", "10.0.0.1"]),
        record(5, "Bücher", domains=["Bücher.de"]),
        tmp_path=tmp_path,
    )
    assert table == {"a.edu.mx": {"A College"}, "xn--bcher-kva.de": {"Bücher"}}
    assert dropped == {"public_suffix": 3, "unreadable": 2}


@pytest.mark.parametrize(
    "website",
    [
        "https://sites.google.com/view/our-lab",
        "https://www.facebook.com/our.lab",
        "https://our-lab.github.io/",
        "https://ourlab.wordpress.com/",
        "http://members.gmail.com/ourlab",
        "https://ourlab.blogspot.com",
    ],
)
def test_a_website_on_a_host_that_is_everybodys_says_nothing(website: str, tmp_path: Path) -> None:
    table, dropped = domains_of(record(1, "Our Lab", website=website), tmp_path=tmp_path)
    assert table == {}
    assert dropped == {"website_shared_host": 1}


def test_the_host_of_a_website_is_taken_without_www_or_a_language(tmp_path: Path) -> None:
    table, _ = domains_of(
        record(1, "Peking University", website="http://english.pku.edu.cn/"),
        record(2, "University of Tokyo", website="https://www.u-tokyo.ac.jp/en/index.html"),
        record(3, "CERN", website="https://home.cern", domains=["cern.ch"]),
        record(4, "National University of Singapore", website="https://nus.edu.sg/"),
        tmp_path=tmp_path,
    )
    assert table == {
        "pku.edu.cn": {"Peking University (website)"},
        "u-tokyo.ac.jp": {"University of Tokyo (website)"},
        "home.cern": {"CERN (website)"},
        "cern.ch": {"CERN"},
        "nus.edu.sg": {"National University of Singapore (website)"},
    }


def test_units_share_the_website_of_what_they_are_part_of_and_strangers_do_not(tmp_path: Path) -> None:
    table, dropped = domains_of(
        record(1, "Inria", domains=["inria.fr"], website="https://www.inria.fr/"),
        record(2, "Team A", website="https://www.inria.fr/team-a", parent=[1]),
        record(3, "Team B", website="https://www.inria.fr/team-b", parent=[2]),
        record(4, "A Stranger's Lab", website="https://inria.fr/guests/lab"),
        tmp_path=tmp_path,
    )
    assert table == {"inria.fr": {"Inria", "Team A (website)", "Team B (website)"}}
    assert dropped == {"website_shared_by_strangers": 1}


def test_a_host_that_strangers_share_stands_for_whoever_has_all_of_it_and_else_for_nobody(tmp_path: Path) -> None:
    table, dropped = domains_of(
        record(1, "University", website="https://www.university.edu/"),
        record(2, "Guest Society", website="https://www.university.edu/~guests"),
        record(3, "Club A", website="https://hosting.com/a"),
        record(4, "Club B", website="https://hosting.com/b"),
        record(5, "Sister A", website="https://sisters.org/a", related=[6]),
        record(6, "Sister B", website="https://sisters.org/b"),
        tmp_path=tmp_path,
    )
    assert table == {
        "university.edu": {"University (website)"},
        "sisters.org": {"Sister A (website)", "Sister B (website)"},
    }
    assert dropped == {"website_shared_by_strangers": 3}


@pytest.mark.parametrize(
    ("website", "stands"),
    [
        ("https://anyhost.example/users/inst", False),
        ("https://anyhost.example/?user=inst", False),
        ("https://anyhost.example/en/index.html", True),
        ("https://www.anyhost.example", True),
    ],
)
def test_a_single_page_somewhere_on_a_host_makes_no_stranger_there_an_institution(
    website: str, stands: bool, tmp_path: Path
) -> None:
    table, dropped = domains_of(record(1, "Inst", website=website), tmp_path=tmp_path)
    assert bool(table) == stands
    assert dropped == ({} if stands else {"website_a_page_of_somebody": 1})


@pytest.mark.parametrize("website", ["https://www.patreon.com/foo", "https://livejournal.com/"])
def test_hosts_where_everybody_has_a_page_are_known(website: str, tmp_path: Path) -> None:
    assert domains_of(record(1, "Inst", website=website), tmp_path=tmp_path)[1] == {"website_shared_host": 1}
