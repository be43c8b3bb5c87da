"""For operators: is it alive, is it ready, how much is waiting."""

from __future__ import annotations

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from agreements.core.secrets import key_ring, same
from agreements.keys import master_keys
from agreements.ledger import triggers
from agreements.vault import stores
from agreements.web import gauges


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer as long as the process does."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Say whether the database, the ledger's triggers, the vault and the right keys are there; 503 if one is not."""
    checks = {"database": _database(), "ledger": _triggers(), "vault": _vault(), "keys": _keys()}
    return JsonResponse(checks, status=200 if all(checks.values()) else 503)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Give a few gauges in the text format of Prometheus, to whoever knows the operator's token."""
    token = settings.METRICS_TOKEN
    if not token or not same(request.headers.get("Authorization", ""), f"Bearer {token}"):
        raise Http404
    return HttpResponse("".join(f"{line}\n" for line in gauges.lines()), content_type="text/plain; version=0.0.4")


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _triggers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute(triggers.installed_query(connection.vendor))
            there = {row[0] for row in cursor.fetchall()}
    except DatabaseError:
        return False
    names = (triggers.trigger_names(connection.vendor, table) for table in triggers.APPEND_ONLY)
    return all(name in there for group in names for name in group)


def _keys() -> bool:
    try:
        return master_keys.are_right(key_ring())
    except DatabaseError:
        return False


def _vault() -> bool:
    try:
        stores.archives().exists("readiness")
    except OSError:
        return False
    return True
