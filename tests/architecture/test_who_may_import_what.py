"""What import-linter's layers cannot say: which package alone uses a library."""

from __future__ import annotations

import pytest

from tests.architecture.sources import ROOT, imported, importers, sources

ALONE = {
    # The admin takes requests by its very nature.
    ("web", "api", "admin"): ("django.http", "django.shortcuts"),
    ("mail",): ("django.core.mail", "smtplib", "imaplib", "imap_tools", "dkim"),
    ("documents",): ("reportlab", "pyhanko"),
    ("vault",): ("boto3", "botocore"),
}


@pytest.mark.parametrize(("owners", "modules"), ALONE.items(), ids="+".join)
def test_only_the_owner_of_a_library_imports_it(owners: tuple[str, ...], modules: tuple[str, ...]) -> None:
    elsewhere = [place for place in importers(("agreements",), *modules) if _package(place) not in owners]
    assert elsewhere == []


def test_the_owners_do_import_what_is_theirs() -> None:
    """The rule above would hold for an empty project."""
    for owners, modules in ALONE.items():
        found = {_package(place) for place in importers(("agreements",), *modules)}
        assert found & set(owners), f"nobody imports any of {modules}"


def test_no_code_of_the_domain_knows_the_demo() -> None:
    assert importers(("agreements", "portal"), "demo", "tests", "bench") == []
    named = [source.path for source in sources("agreements", "portal") if "demo" in source.text.lower().split()]
    assert named == []


def test_the_walker_knows_neither_django_nor_the_domain() -> None:
    """It is followed through everything of the demo that it imports."""
    by_module = {source.path.removesuffix(".py").replace("/", "."): source for source in sources("demo")}
    waiting, seen = ["demo.walk"], set[str]()
    while waiting:
        module = waiting.pop()
        if module in seen or module not in by_module:
            continue
        seen.add(module)
        for name, line in imported(by_module[module]):
            assert name.split(".")[0] not in {"django", "agreements", "portal", "allauth"}, f"{module}:{line}: {name}"
            waiting.extend([name, name.rpartition(".")[0]])
    assert len(seen) > 1


def test_the_domain_never_wakes_a_task_itself() -> None:
    """Only `wiring` connects a wake-up with a task, and tasks may call on themselves."""
    assert [
        place
        for place in importers(("agreements",), "celery", "agreements.tasks")
        if _package(place) not in {"tasks", "wiring"}
    ] == []


def test_the_rules_look_at_the_whole_project() -> None:
    assert len(sources("agreements")) > 60
    assert (ROOT / "agreements" / "models.py").exists()


def _package(place: str) -> str:
    """Return `web` for `agreements/web/x.py:3`, `admin` for `agreements/admin.py:3`."""
    return place.partition(":")[0].split("/")[1].removesuffix(".py")
