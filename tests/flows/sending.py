"""Sending one file as the signed copy, as a browser does."""

from __future__ import annotations

from agreements.applications.models import Application, SignedCopy
from agreements.core.actors import Actor
from agreements.flows.signed_copy import Sent, receive_files


def receive_upload(*, application: Application, data: bytes, original_name: str, by: Actor) -> SignedCopy:
    """Have one file come in as the signed copy; raises what `receive_files` does."""
    return receive_files(application=application, files=[Sent(original_name, data)], by=by)
