"""What `make demo` leaves for a person to try."""

from __future__ import annotations

from pathlib import Path

from demo.installation import Installation
from portal import environment_file


def test_its_environment_is_written_for_manage_py_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    file = installation.write_environment()
    assert file.stat().st_mode & 0o777 == 0o600
    written, meant = environment_file.read(file), installation.supervisor.environment
    assert written == {name: value for name, value in meant.items() if name.startswith("COUNTERSIGN_") and value}
    assert written["COUNTERSIGN_MAIL_FROM"] == "GeneBody access <access@lab.example>"
