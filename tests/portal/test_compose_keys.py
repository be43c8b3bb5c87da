"""Who can read the signing key in the containers: whoever signs, and nobody else."""

from __future__ import annotations

import subprocess
from pathlib import Path
from shutil import copy
from typing import Any, cast

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
SIGNING = {"migrate": "signing:/signing", "web": "signing:/signing:ro", "worker": "signing:/signing:ro"}


def compose() -> dict[str, Any]:
    with (ROOT / "docker-compose.yml").open(encoding="utf-8") as file:
        return cast(dict[str, Any], YAML(typ="safe").load(file))


def test_the_key_is_written_by_one_read_by_two_and_out_of_reach_for_all_others() -> None:
    for name, service in compose()["services"].items():
        mounted = [volume for volume in service.get("volumes", []) if volume.startswith("signing:")]
        assert mounted == ([SIGNING[name]] if name in SIGNING else []), name
        known = {setting for setting in service.get("environment", {}) if "SIGNING" in setting}
        assert bool(known) == (name in SIGNING), name
        if known:
            assert service["environment"]["COUNTERSIGN_SIGNING_KEY"] == "/signing/signing-key.p12"


def test_it_is_made_before_anything_serves_and_never_anew() -> None:
    command = compose()["services"]["migrate"]["command"][-1]
    assert command.startswith("python manage.py make_signing_key --if-missing;")
    assert "signing" in compose()["volumes"]


def test_a_fresh_environment_has_its_passphrase(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    copy(ROOT / "deploy" / "make-env.sh", tmp_path / "deploy")
    subprocess.run(["sh", "deploy/make-env.sh", "data.lab.example"], cwd=tmp_path, check=True, capture_output=True)
    lines = dict(
        line.split("=", 1) for line in (tmp_path / ".env").read_text().splitlines() if not line.startswith("#")
    )
    assert len(lines["SIGNING_PASSPHRASE"]) == 48
    asked = (ROOT / "docker-compose.yml").read_text()
    assert "${SIGNING_PASSPHRASE:?" in asked
