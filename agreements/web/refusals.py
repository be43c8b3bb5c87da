"""What the domain refuses, shown where the person acted: in the form, or as a message on the next page."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType

from django import forms
from django.contrib import messages
from django.http import HttpRequest

from agreements.core.errors import DomainError, Invalid, MovedOn


@dataclass(frozen=True, slots=True)
class IntoForm:
    """A `with` block in which a refusal becomes errors of the form: everything typed stays."""

    form: forms.BaseForm

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, refusal: BaseException | None, _: TracebackType | None
    ) -> bool:
        if not isinstance(refusal, DomainError):
            return False
        if isinstance(refusal, MovedOn):
            self.form.add_error(None, [str(refusal), *refusal.changes])
        elif isinstance(refusal, Invalid) and refusal.field in self.form.fields:
            self.form.add_error(refusal.field, str(refusal))
        else:
            self.form.add_error(None, str(refusal))
        return True


@dataclass(frozen=True, slots=True)
class IntoMessages:
    """A `with` block in which a refusal becomes a message on the page shown next."""

    request: HttpRequest

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, refusal: BaseException | None, _: TracebackType | None
    ) -> bool:
        if not isinstance(refusal, DomainError):
            return False
        messages.error(self.request, str(refusal))
        return True
