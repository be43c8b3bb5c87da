"""Loading checkpoints, and who may take the whole record along."""

from __future__ import annotations

from django.http import Http404, HttpRequest

from agreements.ledger import checkpoints
from agreements.ledger.checkpoint_text import Checkpoint
from agreements.web import access


def checkpoint(sequence: int) -> Checkpoint:
    """Return the checkpoint of which this row tells, for whoever may view a record."""
    found = checkpoints.every().filter(sequence=sequence).first()
    if found is None:
        raise Http404
    return checkpoints.of(found)


def site_administrator(request: HttpRequest) -> None:
    """Let a site administrator pass; Http404 for everybody else."""
    if not access.person(request).is_site_administrator:
        raise Http404
