"""The addresses in a header field, read once from left to right (RFC 5322 section 3.4) in time linear in its length.

The standard library's reader needs minutes for long fields, falls over nested comments, and takes a sender out of
places in which other programs see none. This one takes what it can, and says when a field is not written `clean`ly:
one of the plain forms that every program reads the same way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from agreements.core.addresses import normal
from agreements.mail.inbox.words import decoded, text_of

# Fields with more addresses name the first of them.
MOST: Final = 500

_TOKEN: Final = re.compile(r"([<>,;:])|([\"(])|([^\"<>,;:()\\\s]+)|(\s+)|(.)", re.DOTALL)
_IN_QUOTES: Final = re.compile(r'\\.|"', re.DOTALL)
_IN_BRACKETS: Final = re.compile(r"\\.|[()]", re.DOTALL)
_QUOTED_PAIR: Final = re.compile(r"\\(.)", re.DOTALL)
_LOCAL: Final = re.compile(r"[a-z0-9!#$%&'*+/?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/?^_`{|}~-]+)*", re.IGNORECASE)
_DOMAIN: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """`address` as it is stored, empty if it is none; `clean`: written in one of the plain forms."""

    name: str
    address: str
    clean: bool

    @property
    def domain(self) -> str:
        """Return the part behind the @, as mail servers write it."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Mailboxes:
    """What a field names, in order; `clean`: a plain list of mailboxes and nothing else."""

    found: tuple[Mailbox, ...]
    clean: bool


class _Reading:
    """The mailbox under way: words before `<`, what is inside, and what the comments say."""

    def __init__(self) -> None:
        self.words: list[tuple[str, bool]] = []
        self.inside: list[str] | None = None
        self.comments: list[str] = []
        self.closed = False
        self.clean = True

    def add(self, text: str, *, quoted: bool = False) -> None:
        if self.inside is not None and not self.closed:
            self.inside.append(f'"{text}"' if quoted else text)
            # A quoted local part is allowed and used by nobody.
            self.clean = self.clean and not quoted
        else:
            self.words.append((text, quoted))
            self.clean = self.clean and not (self.closed and text.strip())

    def mailbox(self) -> Mailbox | None:
        """Return the mailbox, or None if nothing was written."""
        text = " ".join("".join(word for word, _quoted in self.words).split())
        if self.inside is None:
            if not text:
                return None
            name = " ".join(self.comments)
            clean = self.clean and not any(quoted for _word, quoted in self.words)
            return _made(name, text, clean=clean)
        return _made(text or " ".join(self.comments), "".join(self.inside), clean=self.clean and self.closed)


def read(value: bytes) -> Mailboxes:
    """Return the mailboxes of a From, To or Cc field; never raises."""
    try:
        text, clean = value.decode(), True
    except UnicodeDecodeError:
        text, clean = text_of(value), False
    whole = True
    found: list[Mailbox] = []
    reading = _Reading()
    position = 0
    while position < len(text) and whole:
        token = _TOKEN.match(text, position)
        assert token is not None  # the last alternative takes anything
        position = token.end()
        sign, opening, atom, blank, odd = token.groups()
        if opening == '"':
            position, said, ended = _after_quotes(text, position)
            reading.clean = reading.clean and ended
            reading.add(_QUOTED_PAIR.sub(r"\1", said), quoted=True)
        elif opening:
            position, said, ended = _after_comment(text, position)
            # A comment in the middle of an address is read differently by different programs.
            reading.clean = reading.clean and ended and (reading.inside is None or reading.closed)
            reading.comments.append(said)
        elif sign == "<":
            reading.clean = reading.clean and reading.inside is None
            reading.inside, reading.closed = [], False
        elif sign == ">":
            reading.clean = reading.clean and reading.inside is not None and not reading.closed
            reading.closed = True
        elif sign in (",", ";"):
            clean = clean and sign == ","
            if one := reading.mailbox():
                found.append(one)
            reading = _Reading()
            whole = len(found) < MOST
        elif sign == ":":
            # A group's name, or the route of an ancient address.
            clean, reading = False, _Reading()
        else:
            clean = clean and not odd
            reading.add(atom or blank or odd)
    if whole and (one := reading.mailbox()):
        found.append(one)
    return Mailboxes(tuple(found), clean and all(one.clean for one in found))


def _after_comment(text: str, position: int) -> tuple[int, str, bool]:
    """Return where the comment that began before `position` ends, what it says, and whether it ends at all."""
    start, depth = position, 1
    for found in _IN_BRACKETS.finditer(text, position):
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        if depth == 0:
            return found.end(), text[start : found.start()], True
    return len(text), text[start:], False


def _after_quotes(text: str, position: int) -> tuple[int, str, bool]:
    """Return where the quotes that began before `position` end, what stands in them, and whether they end at all."""
    for found in _IN_QUOTES.finditer(text, position):
        if found[0] == '"':
            return found.end(), text[position : found.start()], True
    return len(text), text[position:], False


def _made(name: str, written: str, *, clean: bool) -> Mailbox:
    written = written.strip()
    address = normal(written) if written.count("@") == 1 else ""
    local, _at, domain = address.rpartition("@")
    valid = bool(_LOCAL.fullmatch(local)) and bool(_DOMAIN.fullmatch(domain)) and "=?" not in local
    if not valid or len(local) > 64 or len(domain) > 253:
        return Mailbox(decoded(name or written, most=200), "", clean=False)
    return Mailbox(decoded(name, most=200), address, clean)
