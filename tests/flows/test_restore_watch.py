"""A database that lost rows of the record is known for what it is, and shuts everything."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Max

from agreements.catalog import roles
from agreements.catalog.models import Dataset, Role
from agreements.core.clock import now
from agreements.flows import record_memory, restore_messages, restore_watch
from agreements.keys import master_keys
from agreements.ledger.kinds import Kind
from agreements.ledger.models import LedgerEntry, LedgerHead, Restoration
from agreements.ledger.verify import verify
from agreements.mail.models import OutboxMessage
from agreements.vault import stores
from tests.flows.scene import SETUP, Scene


@pytest.fixture
def scene(scene: Scene, tmp_path: Path, settings: Any) -> Scene:
    settings.VAULT_PAPERS = f"folder:{tmp_path / 'papers'}"
    return scene


class _BackInTime(Exception):
    pass


@contextmanager
def backup() -> Iterator[None]:
    """What happens to the database inside is gone afterwards, as after a restore; the stores keep what they got."""
    try:
        with transaction.atomic():
            yield
            raise _BackInTime
    except _BackInTime:
        pass


def act(scene: Scene, times: int = 1) -> None:
    """Write two rows a time."""
    for _ in range(times):
        roles.give(user=scene.eve, dataset=scene.dataset, role=Role.AUDITOR, by=SETUP)
        roles.end(user=scene.eve, dataset=scene.dataset, role=Role.AUDITOR, by=SETUP)


def head() -> int:
    return LedgerHead.objects.get().sequence


def is_shut() -> bool:
    return Dataset.objects.get(slug="genebody").shut_at is not None


def remembered() -> record_memory.Memory:
    memory = record_memory.read()
    assert memory is not None
    return memory


def test_a_healthy_database_is_left_alone_and_the_store_follows_it(scene: Scene) -> None:
    assert restore_watch.notice() == []
    restore_watch.remember()
    assert remembered().head.sequence == head()
    act(scene)
    restore_watch.remember()
    assert remembered().head.sequence == head()
    assert not is_shut()
    assert not Restoration.objects.exists()


def test_the_store_is_written_only_when_something_happened(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    restore_watch.remember()
    monkeypatch.setattr(record_memory, "write", lambda _: pytest.fail("nothing happened"))
    restore_watch.remember()


def test_a_database_that_is_behind_is_shut_once_and_its_stewards_are_told(scene: Scene) -> None:
    restore_watch.remember()
    found = head()
    with backup():
        act(scene)
        restore_watch.remember()
    assert [each.cause for each in restore_watch.notice()] == ["behind"]
    assert restore_watch.notice() == []
    restoration = Restoration.objects.get()
    assert (restoration.found_sequence, restoration.expected_sequence) == (found, found + 2)
    entry = LedgerEntry.objects.get(kind=Kind.DATASET_SHUT)
    assert entry.payload == {"cause": "behind", "found_sequence": found, "expected_sequence": found + 2}
    assert is_shut()
    mail = OutboxMessage.objects.get(kind=restore_messages.SHUT)
    assert mail.recipient == scene.dan.email
    assert verify().holds


def test_a_chain_that_went_on_differently_is_noticed_too(scene: Scene) -> None:
    restore_watch.remember()
    with backup():
        act(scene)
        restore_watch.remember()
    act(scene, times=3)
    assert [each.cause for each in restore_watch.notice()] == ["different"]
    assert is_shut()


def test_the_minute_after_the_restore_forgets_nothing_that_was_lost(scene: Scene) -> None:
    restore_watch.remember()
    with backup():
        act(scene)
        restore_watch.remember()
        lost = remembered().head
    restore_watch.remember()
    assert is_shut()
    assert remembered().lost == (lost,)
    assert remembered().head.sequence == head()
    restore_watch.remember()
    assert Restoration.objects.count() == 1


def test_a_second_restore_of_the_same_backup_is_noticed_again_with_all_that_is_missing(scene: Scene) -> None:
    restore_watch.remember()
    with backup():
        act(scene, times=10)
        restore_watch.remember()
        lost = remembered().head
    with backup():
        restore_watch.remember()
        assert is_shut()
    assert not is_shut()
    restore_watch.notice()
    assert is_shut()
    assert Restoration.objects.aggregate(most=Max("expected_sequence"))["most"] == lost.sequence


def test_a_dataset_that_was_opened_in_the_lost_time_is_shut_again(scene: Scene) -> None:
    """The backup knows of the first restore and has the dataset open; rows are lost all the same."""
    restore_watch.remember()
    with backup():
        act(scene)
        restore_watch.remember()
    restore_watch.remember()
    Dataset.objects.update(shut_at=None)
    with backup():
        act(scene)
        restore_watch.remember()
    restore_watch.notice()
    assert is_shut()


def test_once_every_dataset_is_open_again_the_store_forgets_what_was_lost(scene: Scene) -> None:
    restore_watch.remember()
    with backup():
        act(scene)
        restore_watch.remember()
    restore_watch.remember()
    Dataset.objects.update(shut_at=None)
    restore_watch.remember()
    assert remembered().lost == ()
    restore_watch.remember()
    assert not is_shut()


def test_a_store_out_of_reach_is_logged_and_shuts_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    restore_watch.remember()

    def gone() -> object:
        raise OSError("no route")

    monkeypatch.setattr(stores, "papers", gone)
    with caplog.at_level(logging.WARNING):
        assert restore_watch.notice() == []
        restore_watch.remember()
    assert "out of reach" in caplog.text
    assert not is_shut()
    monkeypatch.undo()
    restore_watch.remember()


@pytest.mark.parametrize("change", ["sequence", "tag", "broken", "other key"])
def test_a_memory_that_somebody_else_wrote_is_not_believed(
    scene: Scene, change: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    restore_watch.remember()
    place = tmp_path / "papers" / record_memory.KEY
    whole = json.loads(place.read_text())
    if change == "sequence":
        whole["head"]["sequence"] += 5
    if change == "tag":
        whole["tag"] = "0" * 64
    if change == "other key":
        whole["key"] = 77
    place.write_text("{" if change == "broken" else json.dumps(whole))
    with caplog.at_level(logging.ERROR):
        assert restore_watch.notice() == []
    assert "cannot be trusted" in caplog.text
    assert not is_shut()
    restore_watch.remember()
    assert remembered().head.sequence == head()


def test_a_memory_under_a_key_that_others_may_have_is_not_believed_and_written_anew(
    scene: Scene, settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ours = dict(settings.MASTER_KEYS)
    restore_watch.remember()
    # Whoever has that key and reaches the store writes what they like.
    record_memory.write(record_memory.Memory(record_memory.Point(10**9, "f" * 64, now())))
    settings.MASTER_KEYS = ours | {2: b"n" * 32}
    master_keys.mark_compromised(1)
    with caplog.at_level(logging.ERROR):
        assert restore_watch.notice() == []
    assert "cannot be trusted (others may have its key)" in caplog.text
    restore_watch.remember()
    assert not is_shut()
    assert remembered().head.sequence == head()
    assert json.loads((tmp_path / "papers" / record_memory.KEY).read_text())["key"] == 2


def test_a_worker_that_lacks_the_turn_writes_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "add", lambda *_args, **_options: False)
    restore_watch.remember()
    assert record_memory.read() is None


def test_an_operator_says_that_stores_and_database_went_back_together(scene: Scene, capsys: Any) -> None:
    call_command("restored")
    assert "genebody: shut" in capsys.readouterr().out
    assert is_shut()
    told = Restoration.objects.get()
    assert (told.cause, told.expected_sequence) == ("told", None)
    with pytest.raises(CommandError, match="shut already"):
        call_command("restored")
    restore_watch.remember()
    assert is_shut()


def test_the_memory_holds_no_key_and_no_name(scene: Scene, tmp_path: Path) -> None:
    restore_watch.remember()
    text = (tmp_path / "papers" / record_memory.KEY).read_text()
    assert set(json.loads(text)) == {"head", "lost", "key", "tag"}
    assert scene.dan.email not in text
