"""The mailbox on its server: what odd answers come to, and that what goes wrong is told without a secret."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from agreements.mail.inbox import imap
from agreements.mail.inbox.imap import Refused, Trouble
from tests.mail.inbox import answering_server
from tests.mail.inbox.answering_server import AnsweringServer
from tests.services.dovecot import Dovecot

SECRET = "correct-horse-battery"


@pytest.fixture
def server(settings: Any) -> Iterator[AnsweringServer]:
    with answering_server.running() as running:
        settings.IMAP_HOST, settings.IMAP_PORT, settings.IMAP_SECURITY = "127.0.0.1", running.port, "none"
        settings.IMAP_USER, settings.IMAP_PASSWORD, settings.IMAP_TIMEOUT = "access", SECRET, 2
        yield running


def trouble() -> str:
    """Return why the mailbox cannot be opened, having looked that no secret is told with it."""
    with pytest.raises(Trouble) as raised, imap.opened():
        pass
    told = "".join(traceback.format_exception(raised.value))
    assert SECRET not in told
    return str(raised.value)


class TestOddAnswers:
    def test_what_belongs_to_other_messages_is_not_taken_for_the_one_asked_for(self, server: AnsweringServer) -> None:
        server.answers = {
            "UID FETCH 7 .*BODY": (
                b"* 1 FETCH (FLAGS (\\Seen) UID 6 MODSEQ (917))\r\n"
                b"* 2 FETCH (UID 70 BODY[]<0> {5}\r\nwrong)\r\n"
                b"* 3 FETCH (MODSEQ (12) BODY[]<0> {5}\r\nright UID 7)\r\n"
                b"* 4 EXISTS\r\n"
                b"* 1 FETCH (FLAGS ())\r\n"
            )
        }
        with imap.opened() as folder:
            assert b"".join(folder.pieces(7, upto=100)) == b"right"

    @pytest.mark.parametrize(
        ("answer", "content"),
        [
            (b'* 3 FETCH (UID 7 BODY[]<0> "a\\"b")\r\n', b'a"b'),
            (b'* 3 FETCH (UID 7 BODY[]<0> "")\r\n', b""),
            (b"* 3 FETCH (UID 7 BODY[]<0> NIL)\r\n", b""),
            (b"* 3 FETCH (uid 7 body[]<0> {1}\r\nx)\r\n", b"x"),
            (b"* 3 FETCH (UID 7 BODY[] {1}\r\nx)\r\n", b""),  # not the part that was asked for
            (b"* 3 FETCH (UID 7 BODY[]<5> {1}\r\nx)\r\n", b""),
            (b"", b""),
        ],
    )
    def test_contents_in_all_ways_of_writing(self, server: AnsweringServer, answer: bytes, content: bytes) -> None:
        server.answers = {"UID FETCH 7": answer}
        with imap.opened() as folder:
            assert b"".join(folder.pieces(7, upto=100)) == content

    def test_more_than_was_asked_for_is_cut(self, server: AnsweringServer) -> None:
        server.answers = {"UID FETCH 7": b"* 3 FETCH (UID 7 BODY[]<0> {9}\r\n123456789)\r\n"}
        with imap.opened() as folder:
            assert b"".join(folder.pieces(7, upto=4)) == b"1234"

    @pytest.mark.parametrize(
        ("answer", "uids"),
        [
            (b"* SEARCH 3 1 2\r\n", [1, 2, 3]),
            (b"* SEARCH 1 2 (MODSEQ 917162500)\r\n", [1, 2]),
            (b"* SEARCH 1 2\r\n* SEARCH 2 3\r\n", [1, 2, 3]),
            (b"* SEARCH\r\n", []),
            (b"", []),
        ],
    )
    def test_lists_of_messages(self, server: AnsweringServer, answer: bytes, uids: list[int]) -> None:
        server.answers = {"UID SEARCH": answer}
        with imap.opened() as folder:
            assert folder.uids() == uids

    def test_sizes_of_those_that_were_asked_for(self, server: AnsweringServer) -> None:
        server.answers = {
            "UID FETCH": (
                b"* 1 FETCH (RFC822.SIZE 10 UID 1)\r\n* 2 FETCH (UID 2 FLAGS (\\Seen) RFC822.SIZE 20 MODSEQ (5))\r\n"
                b"* 9 FETCH (UID 9 RFC822.SIZE 90)\r\n* 3 FETCH (FLAGS (\\Recent))\r\n"
            )
        }
        with imap.opened() as folder:
            assert folder.sizes([1, 2, 3]) == {1: 10, 2: 20}

    def test_a_refused_step_leaves_the_connection_as_it_is(self, server: AnsweringServer) -> None:
        server.answers = {"UID MOVE": b"NO [OVERQUOTA] " + SECRET.encode(), "UID SEARCH": b"* SEARCH 1\r\n"}
        with imap.opened() as folder:
            with pytest.raises(Refused, match=r"^The mail server refused a step \(MOVE\).$"):
                folder.move([1], "Processed")
            assert folder.uids() == [1]

    def test_nothing_is_marked_as_read_by_any_fetch(self, server: AnsweringServer) -> None:
        with imap.opened() as folder:
            list(folder.pieces(7, upto=100))
        fetches = [command for command in server.asked if "BODY" in command]
        assert fetches == ["UID FETCH 7 (UID BODY.PEEK[]<0.100>)"]


class TestTrouble:
    def test_a_refused_sign_in_repeats_nothing_of_what_the_server_said(self, server: AnsweringServer) -> None:
        server.answers = {"LOGIN": b"NO no such password: " + SECRET.encode()}
        assert trouble() == "127.0.0.1 does not accept the user and the password."

    @pytest.mark.parametrize("odd", ["ünïcode-", 'quote"back\\slash-'])
    def test_odd_passwords(self, server: AnsweringServer, settings: Any, odd: str) -> None:
        settings.IMAP_PASSWORD = odd + SECRET
        server.answers = {"LOGIN": b"NO no", "AUTHENTICATE": b"NO no"}
        assert trouble() == "127.0.0.1 does not accept the user and the password."

    def test_a_password_with_a_line_break_gives_the_server_no_command(
        self, server: AnsweringServer, settings: Any
    ) -> None:
        settings.IMAP_PASSWORD = f"line\r\nA9 DELETE INBOX {SECRET}"
        assert trouble() == "The user or the password of the mailbox has a line break or another control character."
        assert server.asked == ["CAPABILITY", "LOGOUT"]

    def test_the_password_is_in_no_log(self, server: AnsweringServer, caplog: pytest.LogCaptureFixture) -> None:
        server.answers = {"LOGIN": b"BAD " + SECRET.encode()}
        with caplog.at_level(logging.DEBUG):
            trouble()
        assert SECRET not in caplog.text

    def test_a_silent_server_is_given_up_after_the_time(self, server: AnsweringServer, settings: Any) -> None:
        settings.IMAP_TIMEOUT = 1
        server.answers = {"UID SEARCH": None}
        with (
            pytest.raises(Trouble, match=r"^127.0.0.1 did not answer within 1 seconds.$"),
            imap.opened() as folder,
        ):
            folder.uids()
        assert sum(one.startswith("UID SEARCH") for one in server.asked) == 1, "and is not asked again"
        server.answers = {"LOGIN": None}
        assert trouble() == "127.0.0.1 did not answer within 1 seconds."

    def test_something_that_is_no_mail_server(self, settings: Any) -> None:
        with answering_server.running(greeting=b"SSH-2.0-OpenSSH\r\n") as other:
            settings.IMAP_HOST, settings.IMAP_PORT, settings.IMAP_SECURITY = "127.0.0.1", other.port, "none"
            settings.IMAP_TIMEOUT = 1
            words = f"127.0.0.1 does not answer as IMAP does on port {other.port}: check port and security."
            assert trouble() == words

    def test_a_name_that_nobody_has(self, settings: Any) -> None:
        settings.IMAP_HOST = "imap.lab.invalid"
        assert trouble() == "There is no mail server of the name imap.lab.invalid."

    def test_nobody_listens(self, settings: Any) -> None:
        settings.IMAP_HOST, settings.IMAP_PORT = "127.0.0.1", 1
        assert trouble() == "127.0.0.1 cannot be reached on port 1."

    def test_a_folder_that_is_not_there_and_one_that_cannot_be_made(
        self, server: AnsweringServer, settings: Any
    ) -> None:
        server.answers = {"LIST": b"", "CREATE": b"NO not below the root"}
        assert trouble() == (
            "The folder “Processed” could not be made. Some servers want it below another: “INBOX.Processed”."
        )
        server.answers = {"SELECT": b"NO no"}
        settings.IMAP_FOLDER = "Requests"
        assert trouble() == "There is no folder “Requests” in the mailbox."

    def test_a_mailbox_that_may_only_be_read(self, server: AnsweringServer) -> None:
        server.answers = {"SELECT": b"* 3 EXISTS\r\n* OK [READ-ONLY] x\r\n"}
        assert trouble() == "The mailbox may only be read; its messages cannot be moved."


class TestTls:
    @pytest.fixture(autouse=True)
    def _at_dovecot(self, dovecot_server: Dovecot, settings: Any) -> None:
        for name, value in dovecot_server.settings("tls").items():
            setattr(settings, name, value)
        settings.IMAP_HOST = "localhost"

    @pytest.mark.parametrize("security", ["tls", "starttls"])
    def test_a_certificate_that_nobody_vouches_for_is_refused(
        self, dovecot_server: Dovecot, settings: Any, security: str
    ) -> None:
        settings.IMAP_SECURITY = security
        settings.IMAP_PORT = dovecot_server.imaps_port if security == "tls" else dovecot_server.imap_port
        assert trouble() == "The certificate of localhost was not accepted: self-signed certificate."

    @pytest.mark.parametrize("security", ["tls", "starttls"])
    def test_a_trusted_one_of_that_name_is_accepted(
        self, dovecot_server: Dovecot, settings: Any, monkeypatch: pytest.MonkeyPatch, security: str
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(dovecot_server.certificate))
        settings.IMAP_SECURITY = security
        settings.IMAP_PORT = dovecot_server.imaps_port if security == "tls" else dovecot_server.imap_port
        with imap.opened() as folder:
            assert folder.uids() == []
        settings.IMAP_HOST = "127.0.0.1"
        assert trouble().startswith("The certificate of 127.0.0.1 was not accepted: IP address mismatch")

    def test_tls_on_the_port_without_it(self, settings: Any) -> None:
        settings.IMAP_SECURITY = "tls"
        assert trouble() == f"localhost speaks no TLS on port {settings.IMAP_PORT}: check port and security."

    def test_no_tls_on_the_port_with_it(self, dovecot_server: Dovecot, settings: Any) -> None:
        settings.IMAP_PORT, settings.IMAP_TIMEOUT = dovecot_server.imaps_port, 1
        assert "localhost" in trouble()

    def test_a_word_that_is_no_kind_of_security(self, settings: Any) -> None:
        settings.IMAP_SECURITY = "yes"
        assert trouble() == "COUNTERSIGN_IMAP_SECURITY is none, starttls or tls."

    def test_a_wrong_password_at_a_real_server(self, settings: Any) -> None:
        settings.IMAP_PASSWORD = SECRET
        assert trouble() == "localhost does not accept the user and the password."
