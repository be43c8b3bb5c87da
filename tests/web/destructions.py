"""Pages about the destruction of copies: who asks for them, and how they are sent."""

from __future__ import annotations

from typing import Any

from django.test import Client

from agreements.core import clock
from agreements.people.models import User
from agreements.revocation import attesting
from agreements.revocation.models import Destruction
from agreements.web.destruction_forms import AttestForm
from tests.flows.scene import signed_in

NAME = "Alice Zhang 张爱丽"
TICKS = {"point_1": "on", "point_2": "on", "point_3": "on"}


def prove(client: Client, person: User) -> None:
    """Let a browser have proved its mailbox now."""
    session = client.session
    session["mailbox_proved"] = {"user": person.pk, "at": clock.now().isoformat()}
    session.save()


def page(owed: Destruction, *more: str) -> str:
    return f"/grants/{owed.affected.grant.reference}/destruction/{owed.pk}/" + "".join(more)


def browser(person: User, *, fresh: bool = True) -> Client:
    client = signed_in(person)
    if fresh:
        prove(client, person)
    return client


def seen(owed: Destruction) -> str:
    return AttestForm(statement=attesting.statement_of(owed), known_as="").seen


def post(client: Client, owed: Destruction, **fields: str) -> Any:
    given = {"name": NAME, "remark": "", "seen": seen(owed)} | TICKS | fields
    return client.post(page(owed), {key: value for key, value in given.items() if value != "-"})
