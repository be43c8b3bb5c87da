"""What name servers say about the domain that our mail comes from: receivers look there before they believe it."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parseaddr

from django.conf import settings

from agreements.core.domains import domains_of
from agreements.mail import dns
from agreements.mail.checks.findings import Finding, bad, look, ok, skipped


def check() -> Iterator[Finding]:
    """Yield what is found about the sender's domain; what nobody answers is said to be unknown."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2].lower()
    if "." not in domain:
        to_do = "Set COUNTERSIGN_MAIL_FROM to an address of a domain of yours: others refuse mail from this one."
        yield bad("Domain of the sender", f"{domain or settings.DEFAULT_FROM_EMAIL} is no domain", to_do)
        return
    yield ok("Domain of the sender", domain)
    if settings.NAME_SERVERS.strip().lower() == "none":
        yield skipped("SPF, DMARC, MX", "COUNTERSIGN_NAME_SERVERS is none: nobody is asked")
        return
    yield _spf(domain)
    yield _dmarc(domain)
    for each in dict.fromkeys((domain, parseaddr(settings.BOUNCE_ADDRESS)[1].rpartition("@")[2].lower() or domain)):
        yield _mx(each)
    yield skipped("DKIM", "cannot be seen from here: have the relay sign, and look at a test mail's headers")


def _spf(domain: str) -> Finding:
    try:
        found = [text for text in dns.txts(domain) if text.lower().split(" ", 1)[0] == "v=spf1"]
    except dns.NoAnswer:
        return _unknown("SPF")
    if len(found) > 1:
        return bad("SPF", f"{domain} has {len(found)} records, which counts as none (RFC 7208, 4.5)", "Leave one.")
    if not found:
        return look("SPF", f"{domain} has none", "Publish one that names your relay; many receivers ask for it.")
    return ok("SPF", found[0][:200])


def _dmarc(domain: str) -> Finding:
    try:
        for over in domains_of(f"x@{domain}"):
            found = [text for text in dns.txts(f"_dmarc.{over}") if text.startswith("v=DMARC1")]
            if found:
                return ok("DMARC", f"{over}: {found[0][:200]}")
    except dns.NoAnswer:
        return _unknown("DMARC")
    return look("DMARC", f"{domain} has none", "Publish one, such as v=DMARC1; p=none, once SPF or DKIM is there.")


def _mx(domain: str) -> Finding:
    hosts = dns.mail_hosts(domain)
    if hosts.state == "accepts":
        return ok("MX", f"{domain}: {', '.join(hosts.hosts) or 'takes mail'}")
    if hosts.state == "unknown":
        return _unknown("MX")
    to_do = "Give it an MX record, or word of lost mail and people's answers are lost."
    return look("MX", f"{domain} takes no mail. {hosts.words}", to_do)


def _unknown(what: str) -> Finding:
    return look(what, "no name server answered", "Try again; or set COUNTERSIGN_NAME_SERVERS.")
