"""The filter of the pages about mail that came in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from agreements.catalog.models import Dataset
from agreements.mail.inbox.models import InboundState, Outcome

WAITING = "waiting"
EVERYTHING = "all"
REST = "-"


def _shown() -> list[tuple[str, Any]]:
    return [
        (WAITING, _("to be looked at")),
        (EVERYTHING, _("everything")),
        (InboundState.UNREADABLE, InboundState.UNREADABLE.label),
        *((outcome.value, outcome.label) for outcome in Outcome if outcome),
    ]


class MailboxForm(forms.Form):
    """Which messages are listed."""

    show = forms.ChoiceField(label=_("Show"), choices=_shown, required=False)
    dataset = forms.ChoiceField(label=_("Dataset"), required=False)
    words = forms.CharField(
        label=_("Search"), required=False, max_length=100, help_text=_("Sender, subject or reference.")
    )

    def __init__(self, *args: Any, datasets: list[Dataset], has_rest: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(each.slug, each.title) for each in datasets]
        rest = [(REST, _("about no dataset"))] if has_rest else []
        field = self.fields["dataset"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("all")), *choices, *rest]
        if len(choices) + len(rest) < 2:
            del self.fields["dataset"]
