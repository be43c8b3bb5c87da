"""Downloads that the object store sends itself: checked and recorded here, then led on to a signed address."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string

from agreements.grants.downloads import redeeming, sources
from agreements.grants.downloads.redeeming import Offer
from agreements.grants.links import addresses
from agreements.web import ranges

PREPARING_RETRY: Final = 300
"""Seconds after which a client is asked to come again while an archive is being sealed."""


def whole_to_the_store(request: HttpRequest, token: str, name: str) -> HttpResponse | None:
    """Lead a GET for a whole shared archive on, in few cheap queries; None for whatever it is not.

    Raises what `redeeming.hand_over` raises.
    """
    is_whole = ranges.is_whole(request.headers.get("Range"))
    if request.method != "GET" or not is_whole or not sources.store_signs_addresses():
        return None
    handed = redeeming.hand_over_whole(token, name=name)
    return None if handed is None else _led_on(handed)


def to_the_store(request: HttpRequest, token: str, offer: Offer, *, resuming: bool) -> HttpResponse | None:
    """Lead a GET for a shared archive on to the store, or return None where the store signs no addresses.

    The client repeats its Range and If-Range there; here a range behind the end is refused, and no address made for it.
    Raises what `redeeming.hand_over` raises.
    """
    if request.method != "GET" or offer.generation is None or not sources.store_signs_addresses():
        return None
    try:
        ranges.span(request.headers.get("Range"), size=offer.size)
    except ranges.Unsatisfiable:
        return ranges.behind_the_end(offer.size)
    handed = redeeming.hand_over(token, name=offer.name, resuming=resuming)
    return _led_on(handed)


def _led_on(handed: Offer) -> HttpResponse:
    address = sources.presigned(handed)
    assert address is not None, "the store signs addresses"
    return HttpResponseRedirect(address)


def preparing() -> HttpResponse:
    """Say that an archive is still being sealed, and when to come again."""
    page = render_to_string("delivery/preparing.html", {"grants_url": addresses.grants_page()})
    response = HttpResponse(page, status=503)
    response["Retry-After"] = str(PREPARING_RETRY)
    return response
