"""What the domain refuses, shown where the person acted: in the form, or as a message on the next page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django import forms
from django.contrib import messages
from django.http import HttpRequest

from agreements.core.errors import DomainError, Invalid, MovedOn


@contextmanager
def into_form(form: forms.BaseForm) -> Iterator[None]:
    """Turn a refusal into errors of a form: everything typed stays."""
    try:
        yield
    except MovedOn as refusal:
        form.add_error(None, [str(refusal), *refusal.changes])
    except Invalid as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
    except DomainError as refusal:
        form.add_error(None, str(refusal))


@contextmanager
def into_messages(request: HttpRequest) -> Iterator[None]:
    """Turn a refusal into a message on the page shown next."""
    try:
        yield
    except DomainError as refusal:
        messages.error(request, str(refusal))
