"""No log line of any process holds a token: not the portal's, not the worker's, not the proxy's."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from portal.log_filter import cut_tokens

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "1c9q-TOKEN_xyz"


@pytest.mark.parametrize(
    "line",
    [
        f"GET /l/{TOKEN}/ 200",
        f"GET /d/{TOKEN}/file.zip 200",
        f"GET /invitations/{TOKEN}/ 200",
        f"GET /%6c/{TOKEN}/ 200",
        f"GET /%6C%2f{TOKEN}/ 200",
        f"GET /%69nvitations/{TOKEN}/ 200",
        f"GET /accounts/login/?next=%2Finvitations%2F{TOKEN}%2F 302",
        f"GET /accounts/login/?next=%252Fl%252F{TOKEN}%252F 302",
        f"GET /l/%31{TOKEN}/ 200",
    ],
)
def test_tokens_are_cut_however_the_address_is_written(line: str) -> None:
    cut = cut_tokens(line)
    assert TOKEN not in cut
    assert "[cut]" in cut


@pytest.mark.parametrize("line", ["GET /datasets/genebody/ 200", "GET /invitations/ 200", "50%2F60 of /lists/d"])
def test_other_lines_stay_as_they_are(line: str) -> None:
    assert cut_tokens(line) == line


def test_worker_and_beat_log_through_the_filter() -> None:
    program = (
        "import logging\n"
        "from celery.utils.log import get_task_logger\n"
        "from portal.celery import app\n"
        "app.loader.init_worker()\n"
        "app.log.setup('INFO', redirect_stdouts=True)\n"
        f"for logger in logging.getLogger(), logging.getLogger('celery.beat'), get_task_logger('agreements.tasks'):\n"
        f"    logger.warning('opened %s', '/l/{TOKEN}/')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=_environment(), capture_output=True, text=True, check=True
    )
    assert TOKEN not in done.stdout + done.stderr
    assert (done.stdout + done.stderr).count("[cut]") == 3


def test_the_proxy_cuts_tokens_and_queries() -> None:
    """The expression of the Caddyfile, which Go and Python read alike."""
    found = re.search(r'request>uri regexp "(.+)" "(.+)"', (ROOT / "Caddyfile").read_text(encoding="utf-8"))
    assert found is not None
    expression, replacement = re.compile(found[1]), found[2].replace("$1", r"\g<1>")

    def logged(address: str) -> str:
        return expression.sub(replacement, address)

    for address in (
        f"/l/{TOKEN}/",
        f"/d/{TOKEN}/a.zip?x=1",
        f"/invitations/{TOKEN}/",
        f"/%6c/{TOKEN}/",
        f"/l%2F{TOKEN}/",
        f"//l/{TOKEN}",
        f"/accounts/login/?next=/l/{TOKEN}/",
    ):
        assert TOKEN not in logged(address), address
    assert logged("/accounts/login/?next=/") == "/accounts/login/..."
    assert logged("/datasets/genebody/") == "/datasets/genebody/"


def _environment() -> dict[str, str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERSIGN_")}
    keys = {
        "COUNTERSIGN_SECRET_KEY": "test",
        "COUNTERSIGN_MASTER_KEYS": "1:" + "A" * 43 + "=",
        "COUNTERSIGN_ENV_FILE": "",
    }
    return outside | keys | {"DJANGO_SETTINGS_MODULE": "portal.settings"}
