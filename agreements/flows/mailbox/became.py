"""What became of a message, as a value: decided by one module, answered and written down by others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from agreements.applications.models import Application
from agreements.catalog.models import Dataset
from agreements.mail.inbox.models import Outcome


@dataclass(frozen=True, slots=True)
class Answer:
    """A mail to the sender: its kind, the application it is about ('' for none), plain values.

    `once_a_day`: only if the sender had none of this sort today.
    """

    kind: str
    reference: str
    values: dict[str, Any] = field(default_factory=dict)
    once_a_day: bool = False


@dataclass(frozen=True, slots=True)
class Became:
    """`code` is for programs, `words` say why it came out so; `answer` is what the sender is told, if anything."""

    outcome: Outcome
    code: str
    words: str
    application: Application | None = None
    dataset: Dataset | None = None
    answer: Answer | None = None
