"""What `make test` says at its end, and what it runs once more."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests import run

_ONCE = """
import pathlib, sys
import pytest

@pytest.mark.parametrize("word", ["two words", "one"])
def test_meets_a_busy_machine(word):
    mark = pathlib.Path(__file__).with_suffix(".seen")
    seen = mark.exists()
    mark.touch()
    assert seen or word == "one", "the machine was busy"
"""


def _part(folder: Path, text: str) -> run.Part:
    test = folder / "test_within.py"
    test.write_text(text)
    options = ["-p", "no:django", "-p", "no:cacheprovider", "-c", os.devnull, f"--rootdir={folder}", "-ra"]
    return run.Part("SQLite", [str(test)], options, dict(os.environ))


def _once(part: run.Part, monkeypatch: pytest.MonkeyPatch, folder: Path) -> run.Ran:
    monkeypatch.setattr(run, "ROOT", folder)
    return run._side_by_side([part])[part.name]


def test_what_failed_beside_other_work_and_passes_alone_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    part = _part(tmp_path, _ONCE)
    first = _once(part, monkeypatch, tmp_path)
    assert list(first.failures) == ["test_within.py::test_meets_a_busy_machine[two words]"]
    again = run._again(part, first)
    capsys.readouterr()
    assert run._conclude({"SQLite": again}, 61) == 0
    said = capsys.readouterr().out
    assert "test_meets_a_busy_machine[two words] failed beside other work and passed by itself" in said
    assert said.endswith("make test: passed on SQLite in 1 min 1 s\n")


def test_what_fails_twice_fails_and_is_named_last_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    part = _part(tmp_path, "def test_breaks():\n    assert 1 + 1 == 3\n")
    again = run._again(part, _once(part, monkeypatch, tmp_path))
    capsys.readouterr()
    assert run._conclude({"SQLite": again}, 5) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("SQLite: test_within.py::test_breaks: ")
    assert said[-1] == "make test: FAILED on SQLite after 0 min 5 s"
