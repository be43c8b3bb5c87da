"""Which domains stand for an organization of a registry, and which would make strangers look like one.

ROR's records hold bare public suffixes (`edu.mx`: then every university of Mexico would be one college) and websites
on shared hosts (`sites.google.com`). What is dropped is counted by its reason.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final
from urllib.parse import urlsplit

import idna
from publicsuffixlist import PublicSuffixList

from agreements.identity import lists
from agreements.identity.lists import Lists
from agreements.identity.ror import Organization

# Where anybody has a page; nobody's mail is there, or everybody's. Hosts below them are dropped as well.
_EVERYBODYS: Final = frozenset(
    re.findall(
        r"\S+",
        "sites.google.com docs.google.com drive.google.com plus.google.com goo.gl g.page business.site google.com "
        "facebook.com fb.com fb.me instagram.com twitter.com x.com linkedin.com youtube.com youtu.be vk.com ok.ru t.me "
        "weibo.com wechat.com qq.com medium.com tumblr.com pinterest.com flickr.com vimeo.com researchgate.net "
        "academia.edu wikipedia.org wikidata.org wikimedia.org archive.org github.com github.io gitlab.com gitlab.io "
        "bitbucket.org sourceforge.net wordpress.com wordpress.org blogspot.com blogger.com wixsite.com wix.com "
        "weebly.com webs.com webnode.com webnode.es webnode.cz squarespace.com jimdo.com jimdofree.com jimdosite.com "
        "strikingly.com godaddysites.com site123.me yolasite.com simplesite.com over-blog.com canalblog.com free.fr "
        "geocities.com tripod.com angelfire.com altervista.org hypotheses.org notion.site notion.so carrd.co linktr.ee "
        "bit.ly tinyurl.com meetup.com eventbrite.com sharepoint.com onmicrosoft.com office.com live.com dropbox.com "
        "myshopify.com netlify.app vercel.app herokuapp.com azurewebsites.net cloudfront.net amazonaws.com web.app "
        "firebaseapp.com pages.dev readthedocs.io orcid.org doi.org ror.org grid.ac patreon.com livejournal.com "
        "ko-fi.com gofundme.com substack.com telegram.me reddit.com discord.gg discord.com slideshare.net issuu.com",
    )
)
# Names of machines and languages that stand before the name of an institution: english.pku.edu.cn.
_BEFORE: Final = frozenset(
    re.findall(
        r"\S+",
        "www www1 www2 www3 ww2 w3 web web2 home portal main new old en eng english fr de es pt it nl ru cn zh ja jp "
        "ko international global",
    )
)
_FRONT_PAGE: Final = re.compile(r"(?:index|default|home|main)(?:\.[a-z]{2,5})?")


@dataclass(frozen=True, slots=True)
class Named:
    """A domain that stands for an organization."""

    registry_id: str
    domain: str
    from_website: bool


@dataclass(slots=True)
class Sorted:
    """What is kept, and how much of what was dropped."""

    kept: list[Named] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Site:
    host: str
    organization: Organization
    is_whole_host: bool


def sort(organizations: Sequence[Organization], *, tables: Lists) -> Sorted:
    """Return the domains that stand for the organizations; `tables` say what is a public suffix or gives mailboxes."""
    found = Sorted()
    own: defaultdict[str, set[str]] = defaultdict(set)
    for organization in organizations:
        for written in organization.domains:
            domain = normal_host(written)
            if (why := _why_not(domain, tables)) is not None:
                found.dropped[why] += 1
            elif organization.registry_id not in own[domain]:
                own[domain].add(organization.registry_id)
                found.kept.append(Named(organization.registry_id, domain, from_website=False))
    shared: defaultdict[str, list[_Site]] = defaultdict(list)
    for site in _sites(organizations, own, found.dropped, tables):
        shared[site.host].append(site)
    by_id = {each.registry_id: each for each in organizations}
    for host, sites in shared.items():
        theirs = _owners(sites, own.get(host, set()), by_id)
        why = "website_shared_by_strangers" if len(sites) > 1 else "website_a_page_of_somebody"
        found.dropped[why] += len(sites) - len(theirs)
        found.kept += [Named(registry_id, host, from_website=True) for registry_id in theirs]
    return found


def normal_host(written: str) -> str:
    """Return a host in lower case and ASCII form; "" where it is none."""
    bare = written.strip().rstrip(".").lower()
    if not bare.isascii():
        try:
            bare = idna.encode(bare, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return ""
    labels = bare.split(".")
    if len(bare) > 253 or len(labels) < 2 or any(not 0 < len(each) < 64 or not _is_label(each) for each in labels):
        return ""
    try:
        ipaddress.ip_address(bare)
    except ValueError:
        return bare
    return ""


def _is_label(text: str) -> bool:
    return text.replace("-", "").replace("_", "").isalnum()


@cache
def _every_suffix() -> PublicSuffixList:
    return PublicSuffixList()


def _why_not(domain: str, tables: Lists) -> str | None:
    """Return why a domain that the registry gives cannot stand for one organization."""
    if not domain:
        return "unreadable"
    if tables.registrable(domain) is None or _every_suffix().privatesuffix(domain) is None:
        return "public_suffix"
    return None


def _sites(
    organizations: Iterable[Organization], own: Mapping[str, set[str]], dropped: Counter[str], tables: Lists
) -> Iterator[_Site]:
    for organization in organizations:
        seen = set()
        for address in organization.websites:
            host, is_whole = _host_of(address, tables)
            why = _why_not(host, tables) or ("shared_host" if _is_everybodys(host, tables) else None)
            if why is not None:
                dropped[f"website_{why}"] += 1
                continue
            covered = any(organization.registry_id in own.get(suffix, ()) for suffix in lists.suffixes(host))
            if not covered and host not in seen:
                seen.add(host)
                yield _Site(host, organization, is_whole)


def _host_of(address: str, tables: Lists) -> tuple[str, bool]:
    """Return the host without what stands before an institution's name, and whether the page is the whole host's."""
    try:
        parts = urlsplit(address if "//" in address else f"//{address}")
        host = normal_host(parts.hostname or "")
    except ValueError:
        return "", False
    while host.partition(".")[0] in _BEFORE and tables.registrable(rest := host.partition(".")[2]) is not None:
        host = rest
    pages = [page for page in parts.path.lower().split("/") if page and page not in _BEFORE]
    # /en/index.html is the front page, too.
    return host, not parts.query and not any(_FRONT_PAGE.fullmatch(page) is None for page in pages)


def _is_everybodys(host: str, tables: Lists) -> bool:
    if any(suffix in _EVERYBODYS for suffix in lists.suffixes(host)):
        return True
    # The list of webmail providers names nus.edu.sg too.
    if tables.free_provider(host) or tables.disposable_provider(host):
        return not tables.academic(host)
    # Below a private suffix a customer has a host: name.github.io. Who runs such a suffix was dropped before.
    return _every_suffix().publicsuffix(host) != tables.public_suffixes.publicsuffix(host)


def _owners(sites: Sequence[_Site], named_by: set[str], by_id: Mapping[str, Organization]) -> tuple[str, ...]:
    """Return the organizations for which a website's host stands.

    All, where several are of one family (152 units share inria.fr). Else those whose family has the host: by a domain
    of the registry, or by a page that is the whole host's; where two families could say that, none. A single page
    somewhere on a host is on somebody else's (patreon.com/somebody).
    """
    families = _families([site.organization for site in sites], by_id)
    if named_by:
        theirs = [family for family in families if family & named_by]
    elif len(families) == 1 and len(sites) > 1:
        theirs = families
    else:
        whole = {site.organization.registry_id for site in sites if site.is_whole_host}
        theirs = [family for family in families if family & whole]
        theirs = theirs if len(theirs) == 1 else []
    members = set().union(*theirs)
    return tuple(site.organization.registry_id for site in sites if site.organization.registry_id in members)


def _families(organizations: Sequence[Organization], by_id: Mapping[str, Organization]) -> list[set[str]]:
    """Return sets of ids, each of organizations that are related, together with what they are part of."""
    families: list[set[str]] = []
    for organization in organizations:
        own = {organization.registry_id, *organization.related, *_above(organization, by_id)}
        apart = []
        for family in families:
            if family & own:
                own |= family
            else:
                apart.append(family)
        families = [*apart, own]
    return families


def _above(organization: Organization, by_id: Mapping[str, Organization]) -> set[str]:
    """Return the ids of everything that an organization is part of."""
    found: set[str] = set()
    waiting = list(organization.parents)
    while waiting:
        parent = waiting.pop()
        if parent not in found:
            found.add(parent)
            waiting += by_id[parent].parents if parent in by_id else ()
    return found
