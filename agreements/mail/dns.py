"""The one way to ask name servers; every question has an end under four seconds, whatever the servers do.

`settings.NAME_SERVERS` says who is asked: `system`, addresses (`192.0.2.53`, `192.0.2.53:5353`, `[2001:db8::1]:53`)
with commas or spaces between them, or `none`. "There is no such name" and "nobody answered" are never mixed up: the
first is a finding, the second says nothing and is asked again later.
"""

from __future__ import annotations

import ipaddress
import math
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final, Literal

import dns.exception
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver
import idna
from django.conf import settings
from django.utils.translation import gettext as _

from agreements.mail.silence import Silence

# Seconds for all that one call of this module asks.
TIME_BOUND: Final = 3.0
_EACH_SERVER: Final = 1.5


class NoAnswer(Exception):
    """No server answered, or none could find out; nothing is known, and asking later may help."""


class Failing(Enum):
    """What a zone of a test says instead of records."""

    TIMEOUT = "timeout"
    SERVFAIL = "servfail"


# Of a test: (name in lower case without the last dot, type) -> records as a zone file writes them (a TXT as plain
# text), or how the question fails; the type `*` stands for all. A name in no key does not exist.
Zone = Mapping[tuple[str, str], Sequence[str] | Failing]
# The records, of a name that exists; None if there is no such name. Raises NoAnswer. The float: seconds left.
_Ask = Callable[[str, str, float], Sequence[str] | None]

_asked_instead: ContextVar[_Ask | None] = ContextVar("name servers", default=None)
# When the block that `within` bounds is over, by the monotonic clock.
_end: ContextVar[float] = ContextVar("end of questions", default=math.inf)
# One for the process; a test's zone has its own.
_silence_of_process: Final = Silence()
_silence: ContextVar[Silence | None] = ContextVar("silent name servers", default=None)


@dataclass(frozen=True, slots=True)
class MailHosts:
    """Whether a domain takes mail. `hosts`: by preference, in lower case without a last dot; `words` for people."""

    state: Literal["accepts", "refuses", "unknown"]
    hosts: tuple[str, ...]
    words: str


def txts(name: str, *, of: str = "") -> tuple[str, ...]:
    """Return all TXT records of a name, each in one piece; none if there are none. Raises NoAnswer.

    With `of`, the organization whose servers have it, silence is remembered for ten minutes (see `silence`): meanwhile
    NoAnswer comes at once.
    """
    question, memory = _Question(), _silence.get() or _silence_of_process
    key, owner = (settings.NAME_SERVERS, _plain(name)), (settings.NAME_SERVERS, of)
    if of and memory.is_silent(key, of=owner):
        raise NoAnswer("it did not answer a short while ago")
    try:
        found = question.records(name, "TXT")
    except NoAnswer:
        # Whoever was not given the usual time, since others used it up, was not silent.
        if of and question.had >= TIME_BOUND:
            memory.note(key, of=owner)
        raise
    if of:
        memory.answered(owner)
    return tuple(found or ())


def txt(name: str) -> str | None:
    """Return the TXT record of a name (the first in order, if there are several) or None. Raises NoAnswer."""
    return min(txts(name), default=None)


def mail_hosts(domain: str) -> MailHosts:
    """Return whether and where a domain takes mail (RFC 5321 section 5.1, RFC 7505); never raises."""
    question = _Question()
    try:
        exchanges = question.records(domain, "MX")
        if exchanges is None:
            return MailHosts("refuses", (), _("There is no domain %(domain)s.") % {"domain": domain})
        if exchanges:
            return _of_exchanges(domain, exchanges)
        # Without an MX mail goes to the domain's own address.
        for kind in ("A", "AAAA"):
            if question.records(domain, kind):
                words = _("%(domain)s names no mail server; mail goes to its own address.") % {"domain": domain}
                return MailHosts("accepts", (_plain(domain),), words)
    except NoAnswer:
        words = _("No name server said whether %(domain)s takes mail.") % {"domain": domain}
        return MailHosts("unknown", (), words)
    words = _("%(domain)s exists and has no mail server.") % {"domain": domain}
    return MailHosts("refuses", (), words)


@contextmanager
def using(zone: Zone) -> Iterator[None]:
    """Ask a test's zone instead of name servers for the duration of the block (this thread only)."""
    token = _asked_instead.set(lambda name, kind, _left: _from_zone(zone, name, kind))
    remembered = _silence.set(Silence())
    try:
        yield
    finally:
        _silence.reset(remembered)
        _asked_instead.reset(token)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Bound all that is asked in the block together (this thread only): after `seconds`, NoAnswer comes at once."""
    token = _end.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _end.reset(token)


def _of_exchanges(domain: str, exchanges: Sequence[str]) -> MailHosts:
    order: list[tuple[int, str]] = []
    for record in exchanges:
        preference, _space, host = record.partition(" ")
        order.append((int(preference), _plain(host)[:253]))
    hosts = tuple(dict.fromkeys(host for _preference, host in sorted(order) if host))
    if not hosts:
        return MailHosts("refuses", (), _("%(domain)s says that it takes no mail.") % {"domain": domain})
    words = _("Mail for %(domain)s goes to %(hosts)s.") % {"domain": domain, "hosts": ", ".join(hosts[:3])}
    return MailHosts("accepts", hosts, words)


class _Question:
    """Several look-ups with one end; `had`: seconds there were for them."""

    def __init__(self) -> None:
        self._ask = _asked_instead.get() or _from_servers
        begun = time.monotonic()
        self.had = min(TIME_BOUND, _end.get() - begun)
        self._end = begun + self.had

    def records(self, name: str, kind: str) -> Sequence[str] | None:
        written = _as_asked(name)
        if written is None:
            return None
        left = self._end - time.monotonic()
        if left <= 0:
            raise NoAnswer("no time is left")
        return self._ask(written, kind, left)


def _as_asked(name: str) -> str | None:
    """Return the name as the wire has it, in lower case without the last dot; None if no name can look so."""
    plain = _plain(name)
    if not plain.isascii():
        try:
            plain = idna.encode(plain, uts46=True).decode().lower()
        except (idna.IDNAError, UnicodeError):
            return None
    if not plain or not re.fullmatch(r"[\x21-\x7e]+", plain) or "\\" in plain:
        return None
    try:
        dns.name.from_text(plain + ".")
    except dns.exception.DNSException:
        return None
    return plain


def _plain(name: str) -> str:
    return name.strip().lower().removesuffix(".")


def _from_servers(name: str, kind: str, left: float) -> Sequence[str] | None:
    resolver = _resolver(settings.NAME_SERVERS)
    try:
        answer = resolver.resolve(name + ".", kind, lifetime=left, search=False, raise_on_no_answer=False)
    except dns.resolver.NXDOMAIN:
        return None
    except (dns.exception.DNSException, OSError, ValueError) as problem:
        raise NoAnswer(type(problem).__name__) from None
    if answer.rrset is None:
        return ()
    if kind == "TXT":
        return [b"".join(record.strings).decode("utf-8", "replace") for record in answer.rrset]
    return [record.to_text() for record in answer.rrset]


@lru_cache(maxsize=4)
def _resolver(named: str) -> dns.resolver.Resolver:
    if named.strip().lower() == "none":
        raise NoAnswer("no name servers are asked")
    try:
        resolver = dns.resolver.Resolver(configure=named.strip().lower() == "system")
    except dns.resolver.NoResolverConfiguration:
        raise NoAnswer("the machine names no name servers") from None
    if named.strip().lower() != "system":
        resolver.nameservers = [_server(one) for one in re.split(r"[,\s]+", named.strip()) if one]
    resolver.timeout = _EACH_SERVER
    resolver.cache = None
    # Keys fit into one datagram; without EDNS each would be asked for twice, the second time by TCP.
    resolver.use_edns(0, 0, 1232)
    return resolver


def _server(written: str) -> dns.nameserver.Nameserver:
    host, port = written, "53"
    if found := re.fullmatch(r"\[([^\]]+)\](?::(\d+))?|([^:]+):(\d+)", written):
        host, port = found[1] or found[3], found[2] or found[4] or "53"
    try:
        return dns.nameserver.Do53Nameserver(str(ipaddress.ip_address(host)), int(port))
    except ValueError:
        raise NoAnswer(f"{written} is no address of a name server") from None


def _from_zone(zone: Zone, name: str, kind: str) -> Sequence[str] | None:
    found = zone.get((name, kind), zone.get((name, "*")))
    if isinstance(found, Failing):
        raise NoAnswer(found.value)
    if found is not None:
        return found
    return () if any(key == name or key.endswith("." + name) for key, _kind in zone) else None
