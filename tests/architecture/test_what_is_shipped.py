"""What runs in production imports only what production installs."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import packages_distributions

import pytest

from tests.architecture.sources import ROOT, Source, absolute, sources

OWN = {"agreements", "portal", "demo"}


@pytest.mark.parametrize(("tops", "lock"), [(("agreements", "portal"), "runtime"), (("demo",), "demo")])
def test_every_import_is_in_the_lock(tops: tuple[str, ...], lock: str) -> None:
    """Development has more packages installed, so a missing one would be seen on the lab's machine first."""
    locked = _locked(lock)
    distributions = packages_distributions()
    missing = {
        f"{source.path}: {module}"
        for source in sources(*tops)
        for module in _imported_when_run(source)
        if module not in sys.stdlib_module_names | OWN
        and not {_normal(name) for name in distributions.get(module, [])} & locked
    }
    assert missing == set()


def _imported_when_run(source: Source) -> set[str]:
    """Return the top-level modules that a file imports, those for type checkers left out."""
    checking = {
        id(node)
        for branch in ast.walk(source.tree)
        if isinstance(branch, ast.If) and "TYPE_CHECKING" in ast.unparse(branch.test)
        for node in ast.walk(branch)
    }
    found = set()
    for node in ast.walk(source.tree):
        if id(node) in checking:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(absolute(source, node).partition(".")[0])
    return found


def _locked(lock: str) -> set[str]:
    text = (ROOT / "requirements" / f"{lock}.lock").read_text(encoding="utf-8")
    return {_normal(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
