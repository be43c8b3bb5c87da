"""The project's Python files as syntax trees, and questions about them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Source:
    """One file: its path from the root, its text and its tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def package(self) -> str:
        """Return the package of `agreements` it belongs to, or its own name for a file beside them."""
        parts = self.path.split("/")
        return parts[1].removesuffix(".py") if parts[0] == "agreements" else parts[0]


@cache
def sources(*tops: str) -> tuple[Source, ...]:
    """Return the files below the given top-level folders, migrations left out."""
    found = []
    for top in tops:
        for path in sorted((ROOT / top).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if "/migrations/" in name:
                continue
            text = path.read_text(encoding="utf-8")
            found.append(Source(name, text, ast.parse(text, filename=name)))
    return tuple(found)


def imported(source: Source) -> Iterator[tuple[str, int]]:
    """Yield each module (and each name taken from one, as module.name) that a file imports, with its line."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            module = absolute(source, node)
            yield module, node.lineno
            for alias in node.names:
                yield f"{module}.{alias.name}", node.lineno


def absolute(source: Source, node: ast.ImportFrom) -> str:
    """Return the full name of the module that an import statement takes names from."""
    if not node.level:
        return node.module or ""
    package = source.path.removesuffix(".py").split("/")[: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


def importers(tops: tuple[str, ...], *modules: str) -> list[str]:
    """Return `path:line` of every import of one of the modules or of anything below them."""
    return [
        f"{source.path}:{line}"
        for source in sources(*tops)
        for name, line in imported(source)
        if any(name == module or name.startswith(module + ".") for module in modules)
    ]


def calls(source: Source) -> Iterator[tuple[str, ast.Call]]:
    """Yield every call with its dotted name as far as it is written out: `datetime.now`, `x.delay`."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            yield dotted(node.func), node


def dotted(node: ast.expr) -> str:
    """Return `a.b.c` for a chain of names; a part that is no name is written `?`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return "?"
