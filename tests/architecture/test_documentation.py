"""What the documentation promises to list completely."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.architecture.sources import ROOT


def settings_read() -> list[str]:
    texts = [file.read_text(encoding="utf-8") for file in (ROOT / "portal").glob("*.py")]
    return sorted({name for text in texts for name in re.findall(r"\bCOUNTERSIGN_[A-Z0-9_]+\b", text)})


@pytest.mark.parametrize("name", settings_read())
def test_every_setting_stands_in_the_table_of_operations(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def test_every_package_we_ask_for_stands_in_the_dependencies() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lists = [project["project"]["dependencies"], *project["dependency-groups"].values()]
    asked = [re.split(r"[\[<>=]", item)[0] for items in lists for item in items]
    listed = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    assert [name for name in asked if not re.search(rf"(?:\| |, ){re.escape(name)}\b", listed)] == []


def named_by_the_threat_model() -> list[str]:
    text = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    return sorted(set(re.findall(r"`(tests/[^`]+)`", text)))


@pytest.mark.parametrize("name", named_by_the_threat_model())
def test_every_line_of_the_threat_model_names_a_test_that_is_there(name: str) -> None:
    file, _, function = name.partition("::")
    assert f"def {function}" in (ROOT / file).read_text(encoding="utf-8")


def test_no_line_of_the_threat_model_goes_without_a_test() -> None:
    lines = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and not line.startswith("| attack")]
    assert [row for row in rows if "`tests/" not in row] == []
