"""What the domain refuses, shown where the person acted: in the form, or as a message on the next page."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import TracebackType

from django import forms
from django.contrib import messages
from django.http import HttpRequest

from agreements.core.errors import DomainError, Invalid, MovedOn


class _Shown(ABC):
    """A `with` block that shows what the domain refuses and lets everything else through."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, refusal: BaseException | None, _: TracebackType | None
    ) -> bool:
        if not isinstance(refusal, DomainError):
            return False
        self.show(refusal)
        return True

    @abstractmethod
    def show(self, refusal: DomainError) -> None:
        """Put the refusal where the person acted."""


@dataclass(frozen=True, slots=True)
class IntoForm(_Shown):
    """A refusal becomes errors of the form: everything typed stays."""

    form: forms.BaseForm

    def show(self, refusal: DomainError) -> None:
        if isinstance(refusal, MovedOn):
            self.form.add_error(None, [str(refusal), *refusal.changes])
        elif isinstance(refusal, Invalid) and refusal.field in self.form.fields:
            self.form.add_error(refusal.field, str(refusal))
        else:
            self.form.add_error(None, str(refusal))


@dataclass(frozen=True, slots=True)
class IntoMessages(_Shown):
    """A refusal becomes a message on the page shown next."""

    request: HttpRequest

    def show(self, refusal: DomainError) -> None:
        messages.error(self.request, str(refusal))
