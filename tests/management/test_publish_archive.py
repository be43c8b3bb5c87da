"""The command that publishes: what it says, also when it is interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from agreements.catalog.models import Archive, Subset
from agreements.management.commands import publish_archive as command
from tests.catalog.conftest import folder, genebody, source, train40, vault

__all__ = ["folder", "genebody", "source", "train40", "vault"]


def test_it_says_how_far_it_is_and_what_was_published(
    train40: Subset, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("publish_archive", "genebody/train40", str(source))
    out, err = capsys.readouterr()
    assert out.startswith("train40.zip, version 1: 5 files, 1.2 MiB to download, with a personal seal. Digest ")
    assert [line.partition(":")[0] for line in err.splitlines()] == ["Reading", "Writing", "Reading back"]
    call_command("publish_archive", "genebody/train40", str(source))
    assert capsys.readouterr().out.startswith(
        "Nothing new: version 1 has this content. train40.zip, version 1: 5 files"
    )


def test_ctrl_c_says_what_happened_and_that_running_it_again_goes_on(
    train40: Subset, source: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def pressed(phase: str, done: int, total: int) -> None:
        if phase == "writing" and done:
            raise KeyboardInterrupt

    @contextmanager
    def telling(*_: Any, **__: Any) -> Iterator[Callable[[str, int, int], None]]:
        yield pressed

    with monkeypatch.context() as patched:
        patched.setattr(command, "telling", telling)
        with pytest.raises(CommandError, match=r"nothing was published.*run the same command again to go on") as said:
            call_command("publish_archive", "genebody/train40", str(source))
    assert said.value.returncode == 130
    assert not Archive.objects.exists()
    call_command("publish_archive", "genebody/train40", str(source))
    assert "version 1" in capsys.readouterr().out


def test_a_refusal_is_one_line(train40: Subset, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"There is no .*absent\.$"):
        call_command("publish_archive", "genebody/train40", str(tmp_path / "absent"))
    with pytest.raises(CommandError, match=r"not of the form s3://bucket/prefix\.$"):
        call_command("publish_archive", "genebody/train40", "s3://")
