"""Does the domain take mail? Asked of name servers in a task: soft evidence in three states, and never a verdict."""

from __future__ import annotations

import time
from typing import Final

from django.utils.translation import gettext as _

from agreements.core.clock import now
from agreements.identity.evidence import Finding
from agreements.mail import dns

# Seconds within which an answer that did not come is asked for again; each question ends by itself in under four.
AGAIN_WITHIN: Final = 3.5
ATTEMPTS: Final = 2
# Of more the number is kept: evidence is frozen for years, and an answer may be as long as its sender likes.
HOSTS: Final = 10
_LONGEST_NAME: Final = 253

_OUTCOMES: Final = {"accepts": "pass", "refuses": "attention", "unknown": "unknown"}


def look_up(domain: str) -> Finding:
    """Return whether a domain (in ASCII form) takes mail; never raises, and takes seven seconds at the very most.

    What no name server answered is unknown: it speaks neither for an address nor against it.
    """
    began = time.monotonic()
    answer, asked = dns.mail_hosts(domain), 1
    while answer.state == "unknown" and asked < ATTEMPTS and time.monotonic() - began < AGAIN_WITHIN:
        answer, asked = dns.mail_hosts(domain), asked + 1
    summary = answer.words
    if answer.state == "unknown":
        summary = _("%(words)s This says nothing about the address.") % {"words": answer.words}
    details = {
        _("domain"): domain,
        _("mail servers"): ", ".join(host[:_LONGEST_NAME] for host in answer.hosts[:HOSTS]) or _("none that is known"),
        _("source"): _("name servers (MX, then A and AAAA)"),
        _("asked"): now().isoformat(timespec="seconds"),
        _("times asked"): str(asked),
    }
    if len(answer.hosts) > HOSTS:
        details[_("of mail servers")] = str(len(answer.hosts))
    return {"check": "address-mail", "outcome": _OUTCOMES[answer.state], "summary": summary, "details": details}
