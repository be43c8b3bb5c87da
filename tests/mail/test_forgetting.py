"""Mails with codes tell of addresses that anybody may have typed, so they are not kept."""

from __future__ import annotations

import datetime as dt

import pytest

from agreements.core.clock import now
from agreements.mail.forgetting import CODE_KINDS, KEPT_FOR, forget_codes
from agreements.mail.models import MessageState, OutboxMessage
from agreements.people.emailed_codes import Purpose

pytestmark = pytest.mark.django_db


def sent(kind: str, *, age: dt.timedelta) -> OutboxMessage:
    return OutboxMessage.objects.create(
        kind=kind,
        recipient="eve@elsewhere.example",
        message_id=f"<{kind}-{age.total_seconds()}@x>",
        state=MessageState.SENT,
        created_at=now() - age,
        deadline=now(),
    )


def test_every_purpose_of_a_code_has_its_kind_forgotten() -> None:
    assert {f"{purpose}-code" for purpose in Purpose} == set(CODE_KINDS)


def test_only_codes_are_forgotten_and_only_after_a_day() -> None:
    old, hour = KEPT_FOR + dt.timedelta(minutes=1), dt.timedelta(hours=1)
    gone = [sent(kind, age=old) for kind in CODE_KINDS]
    kept = [sent("sign-in-code", age=hour), sent("application-received", age=old)]
    assert forget_codes() == len(gone)
    assert set(OutboxMessage.objects.all()) == set(kept)
