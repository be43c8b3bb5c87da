"""`kill -9` of the poller at each point, and several at once: what came in is there once, on both databases."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest

from portal.embedded.children import ROOT
from portal.embedded.ports import short_folder
from tests.faults.database import Database
from tests.figures import FIGURES
from tests.flows.mailbox.boxes import Box, mail
from tests.services.dovecot import Dovecot
from tests.services.postgres import Postgres

KILLED = "SIGKILL"
MB = 1024 * 1024
MOST_MEMORY = 96
"""MiB by which a poller may grow: the largest message that is taken, thrice, and room."""


@dataclass
class House:
    """A database, a private store and the environment of the processes that use them."""

    database: Database
    papers: Path
    environment: dict[str, str]

    def run(self, box: Box, *rounds: str) -> list[list[Any]]:
        """Let pollers of a mailbox run, and return how they ended."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.faults.pollers", *rounds],
            check=False,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=self.environment | box.server.environment(box.user),
        )
        assert done.returncode == 0, done.stderr[-4000:]
        ended: list[list[Any]] = json.loads(done.stdout)
        return ended

    def hashes(self, box: Box) -> list[str]:
        """Return the SHA-256 of what was taken from a mailbox, having looked that just these bytes are kept."""
        rows = self.database.rows(_TAKEN, f"{box.user}@127.0.0.1/INBOX")
        for digest, key in rows:
            assert sha256((self.papers / key).read_bytes()).hexdigest() == digest
        return sorted(digest for digest, _key in rows)


_TAKEN = """
    SELECT m.sha256, m.store_key FROM agreements_inboundmail m
    JOIN agreements_mailbox b ON b.id = m.mailbox_id WHERE b.name = ?
"""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    folder = short_folder("cs-pk-")
    address = f"sqlite:///{folder / 'countersign.sqlite3'}"
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("fault_postgres")
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE pollers")
        address = server.url.removesuffix("/app") + "/pollers"
    outside = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERSIGN_")}
    environment = outside | {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "COUNTERSIGN_ENV_FILE": "",
        "COUNTERSIGN_SECRET_KEY": secrets.token_urlsafe(50),
        "COUNTERSIGN_MASTER_KEYS": "1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        "COUNTERSIGN_DATABASE_URL": address,
        # Nobody listens there: that nobody can be woken must not matter.
        "COUNTERSIGN_REDIS_URL": f"redis+socket://{folder / 'nobody.sock'}?virtual_host=0",
        "COUNTERSIGN_VAULT_PAPERS": f"folder:{folder / 'papers'}",
    }
    migrate = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"]
    subprocess.run(migrate, check=True, cwd=ROOT, env=environment)
    try:
        yield House(Database(address), folder / "papers", environment)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def box(dovecot_server: Dovecot) -> Box:
    return Box(dovecot_server)


def sent_to(box: Box, count: int) -> list[str]:
    """Put that many different mails into the inbox and return their SHA-256."""
    mails = [mail(number) for number in range(count)]
    box.place(*mails)
    return sorted(sha256(each).hexdigest() for each in mails)


@pytest.mark.parametrize(
    ("point", "written", "moved"),
    [("before-commit:5", 4, 0), ("after-commit:15", 15, 10), ("before-move:2", 20, 10), ("after-move:2", 20, 20)],
)
def test_a_poller_that_is_killed_loses_nothing_and_the_next_one_takes_nothing_twice(
    house: House, box: Box, point: str, written: int, moved: int
) -> None:
    sent = sent_to(box, 40)
    assert house.run(box, point) == [[KILLED]]
    assert (len(house.hashes(box)), box.counts) == (written, (40 - moved, moved, 0))
    [[busy], _over, [after]] = house.run(box, "=", "lease-over", "-")
    assert busy["busy"], "the lease of the killed one still holds"
    assert (after["taken"], after["repeated"]) == (40 - written, written - moved)
    assert house.hashes(box) == sent
    assert box.counts == (0, 40, 0)


def test_of_200_messages_none_is_lost_and_none_is_taken_twice(house: House, box: Box) -> None:
    sent = sent_to(box, 200)
    points = ["before-commit:33", "after-commit:35", "before-move:3", "after-move:4"]
    rounds = [each for point in points for each in (point, "lease-over")]
    ended = house.run(box, *rounds, "-,-,-")
    assert ended[:8:2] == [[KILLED]] * 4
    three = ended[-1]
    assert house.hashes(box) == sent
    assert box.counts == (0, 200, 0)
    FIGURES.append(
        f"mailbox on {house.database.address.partition(':')[0]}: four pollers killed, then three at once: "
        f"200 messages, {len(house.hashes(box))} records; the three took {sum(one['taken'] for one in three)}, "
        f"knew {sum(one['repeated'] for one in three)}, found it busy {sum(one['busy'] for one in three)} times"
    )


def test_three_pollers_at_once_take_200_messages_once(house: House, box: Box) -> None:
    sent = sent_to(box, 200)
    [three] = house.run(box, "-,-,-")
    assert sum(one["taken"] for one in three) == 200
    assert sum(one["repeated"] for one in three) == 0, "they did not get into each other's way"
    assert house.hashes(box) == sent
    assert box.counts == (0, 200, 0)


def test_even_without_a_lease_three_pollers_write_each_message_down_once(house: House, box: Box) -> None:
    """The lease is not what this hangs on: clocks may differ."""
    sent = sent_to(box, 60)
    [three] = house.run(box, "stolen,stolen,stolen")
    assert all(isinstance(one, dict) for one in three), three
    assert sum(one["taken"] for one in three) == 60
    assert house.hashes(box) == sent
    # The server itself may move one message twice when two ask at once (Dovecot does): a copy more in Processed.
    assert box.count("INBOX") == 0
    assert box.count("Processed") >= 60


def test_large_messages_take_little_more_memory_than_the_largest_that_is_taken(house: House, box: Box) -> None:
    def of(size: int) -> bytes:
        return mail(size, body=("x" * 76 + "\r\n") * (size * MB // 78))

    box.server.drop([of(60), mail(1), of(24), of(61), of(200), mail(2)], user=box.user)
    [[done]] = house.run(box, "-")
    assert (done["taken"], done["too_large"]) == (3, 3)
    assert box.counts == (0, 3, 3)
    assert done["grew_by_mib"] < MOST_MEMORY
    FIGURES.append(
        f"poller on {house.database.address.partition(':')[0]}: grew by {done['grew_by_mib']} MiB while messages "
        "of 24, 60, 61 and 200 MB lay in the mailbox"
    )
