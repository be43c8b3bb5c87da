"""The role under which the site runs, on a real PostgreSQL: the acts work, and the record cannot be touched."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from portal.embedded.children import ROOT
from tests.services import postgres

ACTS = """
import django; django.setup()
from pathlib import Path
from agreements.applications.models import State
from agreements.core import actors
from agreements.flows.checkpoint_mail import make_and_mail
from agreements.grants import passwords
from agreements.grants.models import Grant
from agreements.ledger.verify import verify
from agreements.revocation import revoking
from tests.applications.cases import put
from tests.flows.scene import make_scene
from django.conf import settings
settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
scene = make_scene(Path("{folder}"))
put(scene, State.APPROVED)
grant = Grant.objects.get()
passwords.reveal(grant=grant, by=scene.alice.actor)
revoking.revoke(grant=grant, clause_id="termination", reason="Over.", by=scene.dan.actor)
assert make_and_mail() is not None
assert verify().holds
print("done")
"""
REFUSED = [
    "UPDATE agreements_ledgerentry SET actor = 'system:x'",
    "DELETE FROM agreements_ledgerentry",
    "TRUNCATE agreements_ledgerentry",
    "TRUNCATE agreements_grant CASCADE",
    "DROP TRIGGER agreements_ledgerentry_refuses_change ON agreements_ledgerentry",
    "ALTER TABLE agreements_ledgerentry DISABLE TRIGGER ALL",
    "SET session_replication_role = 'replica'",
    "CREATE OR REPLACE FUNCTION agreements_refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "DROP TABLE agreements_ledgerentry",
    "ALTER TABLE agreements_ledgerentry ADD COLUMN more text",
    "CREATE TABLE more (id int)",
    "CREATE TEMPORARY TABLE more (id int)",
    "CREATE TEMPORARY VIEW agreements_ledgerentry AS SELECT 1",
    "DELETE FROM agreements_restoration",
    "DELETE FROM agreements_reconciliation",
    "DELETE FROM agreements_procedure",
    "DELETE FROM agreements_affectedgrant",
    "DELETE FROM agreements_destruction",
    "DELETE FROM agreements_submission",
    "DELETE FROM agreements_decision",
    "CREATE TRIGGER mine BEFORE INSERT ON agreements_ledgerentry EXECUTE FUNCTION agreements_refuse_change()",
    "UPDATE agreements_ledgersubject SET reference = 'hidden'",
    "DELETE FROM agreements_ledgersubject",
    "DELETE FROM agreements_ledgerhead",
    "DELETE FROM agreements_downloadopened",
    "UPDATE agreements_downloadclosed SET opened_id = opened_id",
    "INSERT INTO django_migrations (app, name, applied) VALUES ('agreements', 'x', now())",
    "CREATE ROLE more",
]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The address of a migrated database, for the role that runs."""
    with postgres.running() as server:
        settings = {
            name: value for name, value in os.environ.items() if not name.startswith(("COUNTERSIGN_", "DJANGO_"))
        }
        settings |= {"DJANGO_SETTINGS_MODULE": "tests.settings", "COUNTERSIGN_DATABASE_URL": server.url}
        settings |= {"COUNTERSIGN_RUNTIME_ROLE": "runner", "COUNTERSIGN_RUNTIME_PASSWORD": "quoted ' and \\ kept"}
        # Twice: each update of the software migrates and gives the rights again.
        for words in (["migrate", "-v0"], ["createcachetable"], ["grant_runtime"], ["grant_runtime"]):
            subprocess.run([sys.executable, "manage.py", *words], check=True, cwd=ROOT, env=settings)
        yield server.url.replace("app@", "runner@")


def test_the_essential_acts_work_under_it(url: str, tmp_path: Path) -> None:
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("COUNTERSIGN_", "DJANGO_"))}
    settings = outside | {"DJANGO_SETTINGS_MODULE": "tests.settings", "COUNTERSIGN_DATABASE_URL": url}
    program = ACTS.replace("{folder}", str(tmp_path / "train40"))
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, cwd=ROOT, env=settings, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


@pytest.mark.parametrize("words", [["migrate", "-v0"], ["createcachetable"], ["verify_ledger"]])
def test_commands_with_nothing_to_change_work_under_it(url: str, words: list[str]) -> None:
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("COUNTERSIGN_", "DJANGO_"))}
    settings = outside | {"DJANGO_SETTINGS_MODULE": "tests.settings", "COUNTERSIGN_DATABASE_URL": url}
    command = [sys.executable, "manage.py", *words]
    done = subprocess.run(command, check=False, cwd=ROOT, env=settings, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("statement", REFUSED)
def test_the_record_and_the_tables_are_out_of_its_reach(url: str, statement: str) -> None:
    with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)
