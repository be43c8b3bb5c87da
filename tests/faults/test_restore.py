"""A database put back from a backup un-revokes: nothing of it opens until a steward has reconciled it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.faults import installation
from tests.faults.installation import Installation
from tests.services import postgres

SETUP = """
import django; django.setup()
from agreements.core import actors, clock, wakeups
from agreements.flows import restore_watch
from agreements.grants.models import Grant
from agreements.people.models import User
quiet = wakeups.silenced()
quiet.__enter__()
grant = Grant.objects.select_related("dataset", "holder", "terms", "application").first()
"""
REMEMBER = f"{SETUP}\nrestore_watch.remember()"
CHECKPOINT = f"""{SETUP}
from agreements.ledger import checkpoints
print(checkpoints.make(by=actors.job("checkpoints")).text)
"""
REVOKE = f"""{SETUP}
from agreements.revocation.revoking import revoke
dan = User.objects.get(email="dan@genebody.example")
revoke(grant=grant, clause_id="termination", reason="Passed on.", by=dan.actor)
"""
REVEAL = f"""{SETUP}
from agreements.core.errors import NotPossible
from agreements.grants.revealing import reveal_all
try:
    print("shown" if reveal_all(grant=grant, by=grant.holder.actor).own else "nothing")
except NotPossible as refusal:
    print(refusal)
"""


class Backup:
    """A copy of an installation's database, taken and put back while nothing runs."""

    def __init__(self, site: Installation) -> None:
        self.address = site.database.address
        self.file = Path(self.address.removeprefix("sqlite:///"))
        self.copy = self.file.with_suffix(".backup")

    def take(self) -> None:
        if self.file.is_file():
            with closing(sqlite3.connect(self.file)) as source, closing(sqlite3.connect(self.copy)) as target:
                source.backup(target)
        else:
            self._postgres("CREATE DATABASE backup TEMPLATE app")

    def restore(self) -> None:
        if self.file.is_file():
            for left in (f"{self.file}-wal", f"{self.file}-shm"):
                Path(left).unlink(missing_ok=True)
            shutil.copy(self.copy, self.file)
        else:
            self._postgres("DROP DATABASE app")
            self._postgres("CREATE DATABASE app TEMPLATE backup")

    def _postgres(self, statement: str) -> None:
        with psycopg.connect(self.address.removesuffix("/app") + "/postgres", autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def _on_sqlite() -> Iterator[Installation]:
    with installation.running(applicants=1) as site:
        yield site


@contextmanager
def _on_postgres() -> Iterator[Installation]:
    with postgres.running() as server, installation.running(applicants=1, database_url=server.url) as site:
        yield site


@pytest.mark.timeout(900)
@pytest.mark.parametrize("installed", [_on_sqlite, _on_postgres], ids=["sqlite", "postgres"])
def test_what_was_revoked_after_the_backup_stays_shut_until_a_steward_has_looked(
    installed: Callable[[], AbstractContextManager[Installation]],
) -> None:
    with installed() as site:
        alice, reference, _address = site.next_applicant()
        made = json.loads(site.python("tests.faults.prepare_restore", reference))
        kept = site.python(CHECKPOINT)
        site.python(REMEMBER)
        assert alice.get(made["link"]).status == 200
        assert site.python(REVEAL) == "shown"

        backup = Backup(site)
        site.stop()
        backup.take()
        site.start()
        site.python(REVOKE)
        site.python(REMEMBER)
        assert alice.get(made["link"]).status == 404

        site.stop()
        backup.restore()
        assert site.python(REVEAL) == "shown", "the backup un-revokes, or there is nothing to be tested"
        site.start()
        assert alice.get(made["link"]).status == 404
        assert "This link does not open" in alice.get(made["link"]).text
        assert "restored from a backup" in site.python(REVEAL)
        assert "restored from a backup" in alice.get(f"/grants/{made['grant']}/").text

        dan = site.visitor("dan")
        assert "What is missing" in dan.get("/record/restored/genebody/").text
        opened = dan.post("/record/restored/genebody/", checkpoint=kept, reason="Looked.", typed="genebody")
        assert opened.status == 302
        assert alice.get(made["link"]).status == 200
        site.python(REMEMBER)
        site.stop()
        site.start()
        assert alice.get(made["link"]).status == 200, "shut again for the same restore"
        assert site.ledger_verdict().startswith("holds")
