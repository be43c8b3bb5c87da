"""What lies in the mailbox is taken in once, whole, and moved only when it is kept."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from agreements.core import clock, wakeups
from agreements.core.wakeups import Wakeup
from agreements.flows.mailbox import polling, raw, taking
from agreements.mail.inbox import imap, lease
from agreements.mail.inbox.imap import Folder
from agreements.mail.inbox.models import InboundMail, InboundState, Mailbox
from agreements.vault import stores
from agreements.vault.protocol import NoSuchObject
from tests.flows.mailbox.boxes import Box, a_box, mail, taken
from tests.services import dovecot
from tests.services.dovecot import Dovecot

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def box(dovecot_server: Dovecot, settings: Any, tmp_path: Path) -> Box:
    return a_box(dovecot_server, settings, tmp_path / "papers")


def test_a_message_is_kept_byte_for_byte_and_moved(box: Box) -> None:
    box.place(mail(1))
    with clock.frozen(NOON):
        assert polling.poll() == polling.Polled(taken=1)
    [row] = taken()
    assert raw.bytes_of(row) == mail(1)
    assert (row.state, row.size, row.taken_at) == (InboundState.TAKEN, len(mail(1)), NOON)
    assert box.counts == (0, 1, 0)
    assert box.server.contents(box.user, "Processed") == [mail(1)]
    assert (box.row.polled_at, box.row.error, box.row.waiting, box.row.lease_token) == (NOON, "", 0, "")


def test_what_a_mail_server_delivers_is_taken_as_it_lies_there(box: Box) -> None:
    box.server.deliver(mail(1), box.user, sender="alice@connect.ust.hk")
    lies_there = box.server.contents(box.user)[0]
    polling.poll()
    assert raw.bytes_of(taken()[0]) == lies_there
    assert lies_there.endswith(mail(1))


def test_nothing_is_marked_as_read(box: Box) -> None:
    box.place(mail(1))
    polling.poll()
    with box.server.client(box.user) as client:
        client.select("Processed", readonly=True)
        assert client.search(None, "UNSEEN") == ("OK", [b"1"])


def test_without_a_host_there_is_no_mailbox(settings: Any) -> None:
    settings.IMAP_HOST = ""
    assert polling.poll() == polling.Polled()
    assert not Mailbox.objects.exists()


def test_the_same_bytes_twice_are_one_record_and_both_are_moved(box: Box) -> None:
    box.place(mail(1), mail(2), mail(1))
    assert polling.poll() == polling.Polled(taken=2, repeated=1)
    assert box.counts == (0, 3, 0)
    box.place(mail(2))
    assert polling.poll() == polling.Polled(repeated=1)
    assert len(taken()) == 2


def test_one_message_id_on_two_messages_makes_two_records(box: Box) -> None:
    box.place(mail(1), mail(1).replace(b"Please", b"Kindly"))
    assert polling.poll().taken == 2


def test_an_empty_message_is_listed_too(box: Box) -> None:
    box.server.drop([b""], user=box.user)
    assert polling.poll().taken == 1
    assert box.counts == (0, 1, 0)


def test_what_was_erased_does_not_come_back_with_a_copy_of_the_mail(box: Box) -> None:
    box.place(mail(1))
    polling.poll()
    raw.remove(taken()[0])
    with pytest.raises(NoSuchObject):
        raw.bytes_of(taken()[0])
    box.place(mail(1))
    assert polling.poll().repeated == 1
    assert list(stores.papers().names()) == []
    assert taken()[0].store_key == ""


def test_whoever_reads_what_was_taken_is_woken_once(box: Box, django_capture_on_commit_callbacks: Any) -> None:
    woken: list[str] = []
    with wakeups.silenced(), django_capture_on_commit_callbacks(execute=True):
        wakeups.register(Wakeup.INBOUND, lambda: woken.append("reading"))
        box.place(*map(mail, range(3)))
        polling.poll()
        polling.poll()
    assert woken == ["reading"]


def test_a_backlog_is_worked_off_in_slices_and_the_row_says_how_much_is_left(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.server.drop(map(mail, range(30)), user=box.user)
    monkeypatch.setattr(polling, "BATCH", 10)
    seen: list[int] = []
    write = lease.Lease.write

    def noting(held: lease.Lease, **fields: Any) -> None:
        seen.append(fields.get("waiting", -1))
        write(held, **fields)

    monkeypatch.setattr(lease.Lease, "write", noting)
    steps = iter(range(1000))
    # Each look at the clock is a second later: a budget of 25 s are 25 messages.
    monkeypatch.setattr(polling, "time", SimpleNamespace(monotonic=lambda: float(next(steps))))
    first = polling.poll(budget=25)
    assert (first.taken, first.left) == (25, 5)
    assert seen[:3] == [30, 20, 10]
    assert (box.row.waiting, box.row.polled_at, box.row.error) == (5, None, "")
    assert polling.poll(budget=25).taken == 5
    assert box.row.waiting == 0
    assert box.row.polled_at is not None


def test_ten_thousand_messages_do_not_hold_a_poll_longer_than_its_time(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.server.drop(map(mail, range(10_000)), user=box.user)
    steps = iter(range(1_000_000))
    # Each look at the clock is a second later: however slow the machine is, a budget of 60 s are 60 messages.
    monkeypatch.setattr(polling, "time", SimpleNamespace(monotonic=lambda: float(next(steps))))
    done = polling.poll(budget=60)
    assert (done.taken, done.left) == (60, 9_940)
    assert box.row.waiting == done.left
    assert box.counts == (done.left, done.taken, 0)


class TestOversize:
    @pytest.fixture(autouse=True)
    def _small_limits(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(taking, "LIMIT", 4000)
        monkeypatch.setattr(taking, "HEAD", 1000)

    def test_it_is_listed_with_its_reason_and_lies_in_the_other_folder(self, box: Box) -> None:
        large = mail(1, body="x" * 5000)
        box.place(large, mail(2))
        assert polling.poll() == polling.Polled(taken=1, too_large=1)
        assert box.counts == (0, 1, 1)
        row = InboundMail.objects.get(state=InboundState.UNREADABLE)
        assert (row.size, row.reason_code) == (len(large), "too-large")
        assert row.reason == (
            "It has 5.1 KiB, and no more than 3.9 KiB are taken. Its first 1000 B are kept here, the whole message "
            "lies in the folder “Failed” of the mailbox."
        )
        assert (row.sender, row.sender_name, row.subject) == ("alice@connect.ust.hk", "Alice", "GeneBody Agreement")
        assert row.sent_at == dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
        assert raw.bytes_of(row) == large[:1000]
        assert box.server.contents(box.user, "Failed") == [large]

    def test_a_server_that_understates_sizes_is_not_believed(self, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Folder, "sizes", lambda _self, uids: dict.fromkeys(uids, 10))
        box.place(mail(1, body="x" * 50_000))
        assert polling.poll().too_large == 1
        assert InboundMail.objects.get().size == 4001
        assert box.counts == (0, 0, 1)

    def test_the_largest_that_is_taken_and_the_smallest_that_is_not(self, box: Box) -> None:
        fill = 4000 - len(mail(1, body=""))
        box.place(mail(1, body="x" * fill), mail(1, body="x" * (fill + 1)))
        assert polling.poll() == polling.Polled(taken=1, too_large=1)


@pytest.mark.parametrize(
    ("capability", "left"),
    [
        ("IMAP4rev1 LITERAL+", 3),  # copied, and marked as deleted where they lay
        ("IMAP4rev1 LITERAL+ UIDPLUS", 0),
        ("IMAP4rev1 LITERAL+ MOVE", 0),
    ],
)
def test_on_a_server_that_cannot_move_messages_are_copied(
    settings: Any, tmp_path: Path, capability: str, left: int
) -> None:
    with dovecot.running(capability=capability) as server:
        box = a_box(server, settings, tmp_path / "papers")
        box.place(*map(mail, range(3)))
        assert polling.poll() == polling.Polled(taken=3)
        assert polling.poll() == polling.Polled()
        assert box.counts == (left, 3, 0)


def test_bytes_that_no_row_came_to_refer_to_go_after_a_day(box: Box, django_db_blocker: Any) -> None:
    mailbox = Mailbox.objects.create(name=imap.name())
    raw.keep(b"cut off", mailbox=mailbox)
    kept = taking.take(mailbox=mailbox, raw=mail(1))
    assert kept is not None
    stores.papers().put("another-thing", iter([b"x"]))
    with clock.frozen(NOON):
        assert raw.remove_lost() == 0
    with clock.frozen(NOON + dt.timedelta(hours=23)):
        assert raw.remove_lost() == 0
    with clock.frozen(NOON + dt.timedelta(hours=25)):
        assert raw.remove_lost() == 1
    assert set(stores.papers().names()) == {kept.store_key, "another-thing"}


@pytest.mark.django_db(transaction=True)
def test_what_is_moved_away_was_written_to_the_disk(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite may else lose the last commits in a power cut, while the server has moved the messages."""
    if connection.vendor != "sqlite":
        return
    seen: list[int] = []
    move = Folder.move

    def looking(folder: Folder, uids: list[int], target: str) -> None:
        seen.append(_synchronous())
        move(folder, uids, target)

    monkeypatch.setattr(Folder, "move", looking)
    box.place(mail(1))
    before = _synchronous()
    polling.poll()
    assert (before, seen, _synchronous()) == (1, [2], 1)


def _synchronous() -> int:
    """Return how SQLite writes: 1 is NORMAL, 2 is FULL."""
    with connection.cursor() as cursor:
        return int(cursor.execute("PRAGMA synchronous").fetchone()[0])
