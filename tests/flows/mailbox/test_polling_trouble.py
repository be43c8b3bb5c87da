"""A mailbox, a server or a store that is not as it should be; and two pollers who meet: nothing is lost."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from agreements.core import clock
from agreements.flows.mailbox import polling, taking
from agreements.mail.inbox import imap, lease
from agreements.mail.inbox.imap import Folder, Refused, Trouble
from agreements.mail.inbox.models import InboundMail, Mailbox
from agreements.vault.protocol import OutOfReach
from tests.flows.mailbox.boxes import Box, a_box, mail, taken
from tests.services.dovecot import Dovecot

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def box(dovecot_server: Dovecot, settings: Any, tmp_path: Path) -> Box:
    return a_box(dovecot_server, settings, tmp_path / "papers")


class TestTrouble:
    def test_a_server_that_is_away_is_told_of_until_it_is_back(self, box: Box, settings: Any) -> None:
        settings.IMAP_PORT, port = 1, settings.IMAP_PORT
        with clock.frozen(NOON):
            assert polling.poll().error == "127.0.0.1 cannot be reached on port 1."
        with clock.frozen(NOON + dt.timedelta(hours=1)):
            polling.poll()
        row = box.row
        assert (row.error, row.failing_since) == ("127.0.0.1 cannot be reached on port 1.", NOON)
        assert (row.polled_at, row.lease_token) == (None, "")
        settings.IMAP_PORT = port
        box.place(mail(1))
        assert polling.poll().taken == 1
        assert (box.row.error, box.row.failing_since) == ("", None)

    def test_a_connection_lost_midway_loses_nothing(self, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
        box.place(*map(mail, range(6)))
        monkeypatch.setattr(polling, "BATCH", 2)
        moves: list[int] = []
        move = Folder.move

        def breaking(folder: Folder, uids: list[int], target: str) -> None:
            moves.extend(uids)
            if len(moves) == 4:
                folder._client.shutdown()
            move(folder, uids, target)

        monkeypatch.setattr(Folder, "move", breaking)
        done = polling.poll()
        assert done.error == "The connection to the mail server broke off."
        assert (done.taken, done.left) == (4, 4)
        assert box.counts == (4, 2, 0)
        assert polling.poll() == polling.Polled(taken=2, repeated=2)
        assert box.counts == (0, 6, 0)

    def test_a_full_store_of_ours_leaves_everything_where_it_is(
        self, box: Box, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        box.place(mail(1))

        def full(*_: Any, **__: Any) -> None:
            raise OutOfReach("no space left on device")

        with monkeypatch.context() as broken:
            broken.setattr("agreements.vault.folder.FolderStore.put", full)
            error = polling.poll().error
        assert error == ("A message could not be kept: our store is full or does not answer. It stays in the mailbox.")
        assert (taken(), box.counts) == ([], (1, 0, 0))
        assert polling.poll().taken == 1

    def test_messages_that_the_server_will_not_move_are_kept_once_and_hold_up_no_others(
        self, box: Box, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        box.place(*map(mail, range(4)))
        move = Folder.move

        def full(folder: Folder, uids: list[int], target: str) -> None:
            if {1, 2} & set(uids):
                raise Refused("The mail server refused a step (MOVE).")
            move(folder, uids, target)

        monkeypatch.setattr(Folder, "move", full)
        done = polling.poll()
        assert done.error == "2 messages stay in the mailbox. The mail server refused a step (MOVE)."
        assert (done.taken, box.counts) == (4, (2, 2, 0))
        assert polling.poll().repeated == 2
        assert len(taken()) == 4
        assert box.row.failing_since is not None

    def test_a_message_at_which_every_poll_dies_does_not_hold_up_those_behind_it(
        self, box: Box, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        box.place(*map(mail, range(5)))
        pieces = Folder.pieces

        def poisoned(folder: Folder, uid: int, *, upto: int) -> Any:
            if uid == 1:
                raise Trouble("The connection to the mail server broke off.")
            return pieces(folder, uid, upto=upto)

        monkeypatch.setattr(Folder, "pieces", poisoned)
        for _ in range(60):
            polling.poll()
        assert len(taken()) == 4
        assert box.counts == (1, 4, 0)

    def test_a_message_that_vanishes_between_two_steps_is_no_error(
        self, box: Box, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        box.place(*map(mail, range(3)))
        sizes = Folder.sizes

        def then_somebody_deletes_it(folder: Folder, uids: list[int]) -> dict[int, int]:
            found = sizes(folder, uids)
            with box.server.client(box.user) as client:
                client.select("INBOX")
                client.store("1", "+FLAGS", r"(\Deleted)")
                client.expunge()
            return found

        monkeypatch.setattr(Folder, "sizes", then_somebody_deletes_it)
        assert polling.poll() == polling.Polled(taken=2)
        assert box.counts == (0, 2, 0)

    def test_a_folder_that_was_made_anew_counts_from_one_again_and_nothing_is_taken_for_known(self, box: Box) -> None:
        box.place(mail(1), mail(2))
        polling.poll()
        with box.server.client(box.user) as client:
            client.delete("Processed")
            client.create("Elsewhere")
            # Renaming the inbox empties it under a new validity of its numbers.
            client.rename("INBOX", "Before")
        box.place(mail(3), mail(4))
        assert polling.poll().taken == 2
        assert len(taken()) == 4
        assert box.counts == (0, 2, 0)

    def test_the_words_are_in_the_sites_language(self, box: Box, settings: Any) -> None:
        settings.IMAP_FOLDER = "Processed"
        assert polling.poll().error == (
            "The folder that is read is also the one to which messages are moved: name another."
        )


class TestTheLease:
    def test_while_one_polls_another_does_nothing(self, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
        box.place(mail(1))
        meanwhile: list[polling.Polled] = []
        uids = Folder.uids

        def slowly(folder: Folder) -> list[int]:
            monkeypatch.setattr(Folder, "uids", uids)
            meanwhile.append(polling.poll())
            return uids(folder)

        monkeypatch.setattr(Folder, "uids", slowly)
        assert polling.poll().taken == 1
        assert meanwhile == [polling.Polled(busy=True)]

    def test_the_lease_of_a_killed_poller_runs_out(self, box: Box) -> None:
        box.place(mail(1))
        with clock.frozen(NOON):
            mailbox = Mailbox.objects.create(name=imap.name())
            assert lease.take(mailbox) is not None
            assert polling.poll().busy
        with clock.frozen(NOON + lease.LASTS - dt.timedelta(seconds=1)):
            assert polling.poll().busy
        with clock.frozen(NOON + lease.LASTS):
            assert polling.poll().taken == 1

    def test_it_is_renewed_while_its_holder_works(self, box: Box) -> None:
        with clock.frozen(NOON):
            held = lease.take(Mailbox.objects.create(name=imap.name()))
            assert held is not None
        with clock.frozen(NOON + dt.timedelta(seconds=60)):
            held.renew()
            assert box.row.leased_until == NOON + lease.LASTS, "written at most every ten seconds"
            held.renewed -= lease.RENEWED_AFTER
            held.renew()
        assert box.row.leased_until == NOON + dt.timedelta(seconds=60) + lease.LASTS

    def test_whoever_lost_it_moves_nothing_more(self, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
        box.place(mail(1), mail(2))
        monkeypatch.setattr(lease, "RENEWED_AFTER", 0.0)
        take = taking.take

        def too_slowly(**what: Any) -> InboundMail | None:
            Mailbox.objects.update(lease_token="another's")
            return take(**what)

        monkeypatch.setattr(taking, "take", too_slowly)
        assert polling.poll().taken == 1
        assert box.counts == (2, 0, 0)
        assert box.row.lease_token == "another's"
