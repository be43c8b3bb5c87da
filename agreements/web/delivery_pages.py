"""Where links lead: the landing page, the direct download, and open archives.

Whoever holds an address is served, without a cookie; every way of failing gives one page and one status.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.template.loader import render_to_string
from django.utils.http import content_disposition_header
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from agreements.catalog import shutting
from agreements.catalog.archives import sha256sums
from agreements.grants.downloads import quota, redeeming, sources, streaming
from agreements.grants.downloads.connection import Connection
from agreements.grants.downloads.redeeming import Offer, Ticket
from agreements.grants.downloads.refusals import Preparing, Refused, Unavailable
from agreements.grants.links import addresses, scripts
from agreements.vault.protocol import NoSuchObject, OutOfReach
from agreements.web import bad_tokens, handing_over, landing_context, ranges
from agreements.web.bad_tokens import network_of
from agreements.web.download_limits import InSlot, Slot, TooManyDownloads, count_open, count_requests
from agreements.web.limits import client_address

_PRIVATE: Final = {
    "Cache-Control": "private, no-transform, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
_LATER: Final = 30
"""Seconds after which a client is asked to try again when the database or the vault is out of reach."""

View = Callable[..., HttpResponseBase]


def _one_way_of_failing(view: View) -> View:
    """Answer every refusal alike, and put the headers of something private on every answer."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except Refused:
            response = _refusal(request)
        except TooManyDownloads as refused:
            response = _too_many(refused.retry_after)
        except quota.TooManyAtOnce as refused:
            response = _too_many(refused.retry_after, "delivery/at_once.html", {"most": quota.AT_ONCE})
        except quota.OverBudget as refused:
            response = _too_many(refused.retry_after, "delivery/enough.html")
        except Preparing:
            response = handing_over.preparing()
        except (Unavailable, NoSuchObject, OutOfReach):
            response = HttpResponse(render_to_string("503.html"), status=503)
            response["Retry-After"] = str(_LATER)
        for name, value in _PRIVATE.items():
            response.headers.setdefault(name, value)
        return _without_body(response) if request.method == "HEAD" else response

    return answered


def _without_body(response: HttpResponseBase) -> HttpResponseBase:
    """Leave the body of an answer to HEAD away here: the server would, but says so in its log each time."""
    if isinstance(response, HttpResponse):
        response.headers.setdefault("Content-Length", str(len(response.content)))
        response.content = b""
    return response


# The button changes nothing (it redirects), and must work where cookies are refused, so it carries no CSRF token.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@_one_way_of_failing
def landing(request: HttpRequest, token: str) -> HttpResponseBase:
    """Say what a link is; the button leads to the bytes. Harmless to whatever opens links by itself."""
    offer = redeeming.examine(token)
    if request.method == "POST":
        return _redirect(addresses.direct(token, offer.name), status=303)
    # Without the request: no session is opened, nobody's name is on a page that anyone with the address sees.
    return HttpResponse(render_to_string("delivery/landing.html", landing_context.context(token, offer)))


@require_safe
@_one_way_of_failing
def checksums(request: HttpRequest, token: str) -> HttpResponseBase:
    """Give the SHA-256 sums of the plain members, as `sha256sum --check` reads them."""
    offer = redeeming.examine(token)
    response = HttpResponse(sha256sums(offer.archive), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="SHA256SUMS"'
    return response


@require_safe
@_one_way_of_failing
def aria2_txt(request: HttpRequest, token: str) -> HttpResponseBase:
    """Give the input file for `aria2c -i` of one link."""
    offer = redeeming.examine(token)
    assert offer.link is not None, "only open archives have none"
    text = scripts.aria2_txt([scripts.file_of(offer.link)])
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="aria2.txt"'
    return response


@require_safe
@_one_way_of_failing
def direct(request: HttpRequest, token: str, name: str) -> HttpResponseBase:
    """Stream a sealed archive, or a range of it; or lead on to the store that holds it sealed."""
    if request.method == "GET":
        count_requests(token)
        if (led_on := handing_over.whole_to_the_store(request, token, name)) is not None:
            return led_on
    resuming = ranges.goes_on(request.headers.get("Range"))
    offer = redeeming.examine(token, name=name, resuming=resuming)
    assert offer.link is not None, "only open archives have none"
    if offer.is_being_prepared:
        raise Preparing
    if (led_on := handing_over.to_the_store(request, token, offer, resuming=resuming)) is not None:
        return led_on
    return _bytes_of(
        request,
        offer,
        lambda span: redeeming.redeem(
            token,
            name=name,
            start=span.start,
            stop=span.stop,
            resuming=resuming,
            needed=sources.needed_pass(offer, start=span.start, stop=span.stop),
        ),
    )


@require_safe
@_one_way_of_failing
def open_download(request: HttpRequest, slug: str, archive_id: int, name: str) -> HttpResponseBase:
    """Give an open archive to anyone: from the object store where it can hand out addresses, else from here."""
    address_of_client = client_address(request)
    if request.method == "GET":
        count_open(address_of_client)
    offer = redeeming.examine_open(slug, archive_id, name=name)
    if request.method == "GET" and (address := sources.presigned(offer)) is not None:
        redeeming.note_handed_over(offer)
        return _redirect(address, status=302)
    return _bytes_of(
        request,
        offer,
        lambda span: redeeming.redeem_open(offer, start=span.start, stop=span.stop),
        at_once=network_of(address_of_client),
    )


def _bytes_of(
    request: HttpRequest, offer: Offer, redeem: Callable[[ranges.Span], Ticket], *, at_once: str = ""
) -> HttpResponseBase:
    """Answer for the bytes of an offer; `at_once` names whose downloads are counted here and not by `redeem`."""
    headers = request.headers
    if not ranges.if_match_holds(headers.get("If-Match"), etag=offer.etag):
        return HttpResponse(status=412, headers={"ETag": offer.etag})
    if ranges.has_it_already(headers.get("If-None-Match"), etag=offer.etag):
        return HttpResponse(status=304, headers={"ETag": offer.etag})
    if request.method == "HEAD":
        # Range means nothing here (RFC 9110, 14.2), and nothing is redeemed.
        return _described(HttpResponse(), offer, ranges.Span(0, offer.size, partial=False))
    wanted = headers.get("Range") if ranges.if_range_holds(headers.get("If-Range"), etag=offer.etag) else None
    try:
        span = ranges.span(wanted, size=offer.size)
    except ranges.Unsatisfiable:
        return ranges.behind_the_end(offer.size)
    slot = Slot(at_once) if at_once else None
    try:
        stream = streaming.stream(redeem(span), Connection(request.META.get("gunicorn.socket")))
    except BaseException:
        if slot is not None:
            slot.release()
        raise
    return _described(StreamingHttpResponse(stream if slot is None else InSlot(stream, slot)), offer, span)


def _described(response: HttpResponseBase, offer: Offer, span: ranges.Span) -> HttpResponseBase:
    response["Content-Type"] = "application/zip"
    response["Content-Length"] = str(span.stop - span.start)
    response["Content-Disposition"] = content_disposition_header(True, offer.name) or "attachment"
    response["ETag"] = offer.etag
    response["Accept-Ranges"] = "bytes"
    if span.partial:
        response.status_code = 206
        response["Content-Range"] = ranges.content_range(span, size=offer.size)
    return response


def _redirect(address: str, *, status: int) -> HttpResponse:
    response = HttpResponseRedirect(address)
    response.status_code = status
    return response


def _too_many(retry_after: int, page: str = "429.html", context: dict[str, Any] | None = None) -> HttpResponse:
    response = HttpResponse(render_to_string(page, context), status=429)
    response["Retry-After"] = str(retry_after)
    return response


def _refusal(request: HttpRequest) -> HttpResponse:
    if bad_tokens.count_refusal(client_address(request)):
        return _too_many(bad_tokens.WINDOW)
    # Whether anything is shut, not whether this is: a refusal must not tell what the link was.
    context = {"grants_url": addresses.grants_page(), "is_shut": _is_any_shut()}
    return HttpResponse(render_to_string("delivery/refused.html", context), status=404)


def _is_any_shut() -> bool:
    try:
        return shutting.is_any_shut()
    except DatabaseError:
        return False
