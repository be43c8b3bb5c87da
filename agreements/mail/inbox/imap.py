"""The mailbox on its server: which messages lie in it, their bytes, and moving them away.

Nothing is marked as read, and a message is never fetched further than asked. What goes wrong is told in our own words:
what a server says may repeat what it was sent, the password included. Limits of time are per step of the network.
"""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _
from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError
from imap_tools.utils import encode_folder

PIECE: Final = 1024 * 1024
"""Bytes asked for at once: a slow server is heard from between two pieces."""
_FAREWELL: Final = 2.0
"""Seconds that a server has to answer our goodbye."""
_NUMBERS: Final = re.compile(rb"\d+")
_UID: Final = re.compile(rb"\bUID (\d+)", re.IGNORECASE)
_SIZE: Final = re.compile(rb"\bRFC822\.SIZE (\d+)", re.IGNORECASE)
_PIECE: Final = re.compile(rb"\bBODY\[\]<(\d+)>", re.IGNORECASE)
_QUOTED: Final = re.compile(rb'\bBODY\[\]<(\d+)> (?:NIL|"((?:[^"\\]|\\.)*)")', re.IGNORECASE | re.DOTALL)


class Trouble(Exception):
    """The mailbox cannot be worked with (any longer). `str` is for people, in the language that is active."""


class Refused(Trouble):
    """The server would not do this one thing; the connection stands."""


def is_configured() -> bool:
    """Return whether there is a mailbox to be read."""
    return bool(settings.IMAP_HOST)


def name() -> str:
    """Return how the configured mailbox is called: `user@host/folder`."""
    return f"{settings.IMAP_USER}@{settings.IMAP_HOST}/{settings.IMAP_FOLDER}"[:300]


@contextmanager
def opened() -> Iterator[Folder]:
    """Give the configured folder, open for reading and moving; those to move to are made. Raises Trouble."""
    if settings.IMAP_FOLDER in {settings.IMAP_DONE_FOLDER, settings.IMAP_FAILED_FOLDER}:
        raise Trouble(_("The folder that is read is also the one to which messages are moved: name another."))
    box = _connected()
    try:
        _sign_in(box)
        folder = Folder(box.client)
        for target in (settings.IMAP_DONE_FOLDER, settings.IMAP_FAILED_FOLDER):
            folder.make(target)
        folder.select(settings.IMAP_FOLDER)
        yield folder
    finally:
        _leave(box.client)


class Folder:
    """A folder that is open. Numbers of messages (UID) mean something as long as it is, and are never kept."""

    def __init__(self, client: imaplib.IMAP4) -> None:
        self._client = client
        # Asked anew: before signing in most servers name less than they can.
        _status, lines = self._answer(client.capability)
        self._can = set(b" ".join(line for line in lines if isinstance(line, bytes)).upper().split())

    @property
    def moves_in_one_step(self) -> bool:
        """Return whether the server knows MOVE (RFC 6851); without it messages are copied, then removed."""
        return b"MOVE" in self._can

    def select(self, folder: str) -> None:
        """Open a folder. Raises Trouble."""
        status, _lines = self._answer(lambda: self._client.select(encode_folder(folder)))  # type: ignore[arg-type]
        if status != "OK":
            raise Trouble(_("There is no folder “%(folder)s” in the mailbox.") % {"folder": folder})

    def make(self, folder: str) -> None:
        """Make a folder unless it is there. Raises Trouble."""
        encoded = encode_folder(folder)
        _status, lines = self._answer(lambda: self._client.list('""', encoded))  # type: ignore[arg-type]
        if any(lines):
            return
        status, _lines = self._answer(lambda: self._client.create(encoded))  # type: ignore[arg-type]
        if status != "OK":
            raise Trouble(
                _("The folder “%(folder)s” could not be made. Some servers want it below another: “INBOX.%(folder)s”.")
                % {"folder": folder}
            )

    def uids(self) -> list[int]:
        """Return the numbers of the messages that are there, oldest first. Raises Trouble."""
        # Without a way to remove one message alone, those that were copied stay behind, marked as deleted.
        lines = self._uid("SEARCH", "ALL" if self._removes_one else "UNDELETED")
        # Some servers add (MODSEQ 12) to the line.
        found = b" ".join(line.partition(b"(")[0] for line in lines if isinstance(line, bytes))
        return sorted({int(number) for number in _NUMBERS.findall(found)})

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """Return how many bytes the messages have, as the server says; those that are gone are missing."""
        found = {}
        for line in self._uid("FETCH", ",".join(map(str, uids)), "(UID RFC822.SIZE)"):
            text = line[0] + line[1] if isinstance(line, tuple) else line or b""
            uid, size = _UID.search(text), _SIZE.search(text)
            if uid and size:
                found[int(uid[1])] = int(size[1])
        return {uid: found[uid] for uid in uids if uid in found}

    def pieces(self, uid: int, *, upto: int) -> Iterator[bytes]:
        """Yield the first `upto` bytes of a message as it lies there, or all; nothing if it is gone. Raises Trouble."""
        start = 0
        while start < upto:
            asked = min(PIECE, upto - start)
            piece = self._piece(uid, start, asked)
            if piece:
                yield piece[:asked]
            if len(piece) < asked:
                return
            start += asked

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Move messages; those that are gone already are no error. Raises Trouble."""
        which, target = ",".join(map(str, uids)), encode_folder(folder)
        if self.moves_in_one_step:
            self._uid("MOVE", which, target)
            return
        self._uid("COPY", which, target)
        self._uid("STORE", which, "+FLAGS.SILENT", r"(\Deleted)")
        if b"UIDPLUS" in self._can:
            self._uid("EXPUNGE", which)

    @property
    def _removes_one(self) -> bool:
        return bool(self._can & {b"MOVE", b"UIDPLUS"})

    def _piece(self, uid: int, start: int, length: int) -> bytes:
        """Return these bytes of a message, fewer at its end. Answers about other messages may come in between."""
        lines = self._uid("FETCH", str(uid), f"(UID BODY.PEEK[]<{start}.{length}>)")
        for line, after in zip(lines, [*lines[1:], b""], strict=True):
            if isinstance(line, tuple):
                head, tail = line[0], after if isinstance(after, bytes) else b""
                at, number = _PIECE.search(head), _UID.search(head) or _UID.search(tail)
                content = line[1]
            else:
                at, number = _QUOTED.search(line or b""), _UID.search(line or b"")
                content = re.sub(rb"\\(.)", rb"\1", at[2] or b"") if at else b""
            if at and number and (int(at[1]), int(number[1])) == (start, uid):
                return bytes(content)
        return b""

    def _uid(self, command: str, *arguments: Any) -> list[Any]:
        status, lines = self._answer(lambda: self._client.uid(command, *arguments))
        if status != "OK":
            raise Refused(_("The mail server refused a step (%(command)s).") % {"command": command})
        return lines

    def _answer(self, ask: Any) -> tuple[str, list[Any]]:
        try:
            status, lines = ask()
        except imaplib.IMAP4.readonly:
            raise Trouble(_("The mailbox may only be read; its messages cannot be moved.")) from None
        except imaplib.IMAP4.abort:
            raise Trouble(_("The connection to the mail server broke off.")) from None
        except imaplib.IMAP4.error:
            raise Refused(_("The mail server does not understand a step.")) from None
        except TimeoutError:
            raise Trouble(_silence()) from None
        except OSError:
            raise Trouble(_("The connection to the mail server broke off.")) from None
        return str(status), list(lines or [])


def _connected() -> BaseMailBox:
    host, port, timeout = settings.IMAP_HOST, settings.IMAP_PORT, settings.IMAP_TIMEOUT
    place = {"host": host, "port": port}
    try:
        match settings.IMAP_SECURITY:
            case "tls":
                return MailBox(host, port, timeout=timeout, ssl_context=ssl.create_default_context())
            case "starttls":
                return MailBoxStartTls(host, port, timeout=timeout, ssl_context=ssl.create_default_context())
            case "none":
                return MailBoxUnencrypted(host, port, timeout=timeout)
        raise Trouble(_("COUNTERSIGN_IMAP_SECURITY is none, starttls or tls."))
    except ssl.SSLCertVerificationError as error:
        why = {"host": host, "why": error.verify_message}
        raise Trouble(_("The certificate of %(host)s was not accepted: %(why)s.") % why) from None
    except ssl.SSLError:
        raise Trouble(_("%(host)s speaks no TLS on port %(port)d: check port and security.") % place) from None
    except socket.gaierror:
        raise Trouble(_("There is no mail server of the name %(host)s.") % place) from None
    except TimeoutError:
        raise Trouble(_silence()) from None
    except OSError:
        raise Trouble(_("%(host)s cannot be reached on port %(port)d.") % place) from None
    except (imaplib.IMAP4.error, ImapToolsError, ValueError):
        words = _("%(host)s does not answer as IMAP does on port %(port)d: check port and security.")
        raise Trouble(words % place) from None


def _sign_in(box: BaseMailBox) -> None:
    user, password = settings.IMAP_USER, settings.IMAP_PASSWORD
    if not (user + password).isprintable():
        # What stands after a line break would be a command of its own.
        raise Trouble(_("The user or the password of the mailbox has a line break or another control character."))
    try:
        if (user + password).isascii():
            box.login(user, password, initial_folder=None)
        else:
            box.login_utf8(user, password, initial_folder=None)
    except TimeoutError:
        raise Trouble(_silence()) from None
    except (imaplib.IMAP4.abort, OSError):
        raise Trouble(_("The connection to the mail server broke off.")) from None
    except (imaplib.IMAP4.error, ImapToolsError, ValueError):
        # Without its cause: that may repeat what was sent.
        words = _("%(host)s does not accept the user and the password.")
        raise Trouble(words % {"host": settings.IMAP_HOST}) from None


def _leave(client: imaplib.IMAP4) -> None:
    with suppress(imaplib.IMAP4.error, OSError):
        client.sock.settimeout(_FAREWELL)
        client.logout()
    with suppress(OSError):
        client.shutdown()


def _silence() -> str:
    words = _("%(host)s did not answer within %(seconds)d seconds.")
    return words % {"host": settings.IMAP_HOST, "seconds": settings.IMAP_TIMEOUT}
