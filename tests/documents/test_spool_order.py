"""Whose file is looked into first: that of an applicant, before any that is only asked about."""

from __future__ import annotations

from pathlib import Path

import pytest

from agreements.documents.inspection import inspect
from agreements.documents.inspector import spool


def test_what_is_not_urgent_waits_behind_all_that_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []
    put = spool.put

    def noted(path: Path, body: bytes, *, last: bytes = b"") -> None:
        asked.append(path)
        put(path, body, last=last)

    monkeypatch.setattr(spool, "put", noted)
    for is_urgent in (False, True, False, True):
        inspect(b"%PDF-1.7", spool_folder=tmp_path, wall_seconds=0.01, is_urgent=is_urgent)
    for path in asked:
        path.touch()
    assert set(spool.waiting(tmp_path)[:2]) == {asked[1], asked[3]}
    assert set(spool.waiting(tmp_path)[2:]) == {asked[0], asked[2]}
