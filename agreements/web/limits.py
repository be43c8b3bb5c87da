"""How often something may be done, per client address and per key.

The counters are allauth's, in the database cache, under a lock of their own: a burst of parallel requests counts
fully, and a dead broker changes nothing. The rates stand in the settings (`ACCOUNT_RATE_LIMITS`).
"""

from __future__ import annotations

import ipaddress

from allauth.core import ratelimit
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from agreements.core.errors import TooMany

UNKNOWN = "0.0.0.0"  # noqa: S104 - stands for "no address", nothing is bound to it


def client_address(request: HttpRequest) -> str:
    """Return the client's IP address: the peer's, or the one our own proxies saw, never one the client made up."""
    proxies = settings.TRUSTED_PROXIES
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    # Each of our proxies appends the address that it saw; what stands further left is the client's own claim.
    address = hops[-proxies] if proxies and len(hops) >= proxies else request.META.get("REMOTE_ADDR", "")
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return UNKNOWN


def consume(request: HttpRequest, action: str, *, key: str) -> None:
    """Count one try of an action (not for GET). Raises TooMany when its limit is reached."""
    if not ratelimit.consume(request, action=action, key=key):
        raise TooMany(_("This was tried too often. Wait ten minutes, then try again."), retry_after=600)
