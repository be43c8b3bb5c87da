"""Who is told what when a holder moves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core import mail

from agreements.applications.models import State
from agreements.core import clock
from agreements.grants.models import Grant
from agreements.mail.drain import drain
from tests.applications.cases import put
from tests.flows.moves import COPIES, NOON, move
from tests.flows.scene import Scene
from tests.web.test_member_pages import joined


@pytest.fixture
def noon() -> Iterator[None]:
    with clock.frozen(NOON):
        yield


@pytest.fixture
def grant(noon: None, scene: Scene) -> Grant:
    put(scene, State.APPROVED)
    return Grant.objects.select_related("dataset", "holder", "application", "terms").get()


def test_holder_and_members_are_told(scene: Scene, grant: Grant) -> None:
    joined(grant, scene.bob)
    drain()
    mail.outbox.clear()
    draft = move(scene, grant).draft
    assert draft is not None
    drain()
    told = {letter.to[0]: (letter.subject, str(letter.body)) for letter in mail.outbox}
    subject = f"GeneBody: access {grant.reference} has ended with a move"
    page = f"http://127.0.0.1:8000/grants/{grant.reference}/"
    foot = f"access {grant.reference} to GeneBody.\nReference: {grant.reference}\nhttp://127.0.0.1:8000\n"
    assert told == {
        "alice@connect.ust.hk": (
            subject,
            f"""Dear Alice Zhang 张爱丽,

you told us that you move to another institution. So your access {grant.reference} to GeneBody has ended, for the \
members too: its links no longer work, and its password is no longer shown.

The clause of the terms, version 1.0, that asks for this: Termination

The lab may end access at any time.

Destroy every copy at the old site by 16 March 2026: {COPIES}. \
Attest it on the page of the access. Each member does the same for theirs.
{page}

Your application for the new place, {draft.reference}, is begun; what we know is filled in. You find it among your \
applications.

--
You receive this because alice@connect.ust.hk has, or had, {foot}""",
        ),
        "bob@connect.ust.hk": (
            subject,
            f"""Good day,

access {grant.reference} to GeneBody, which Alice Zhang 张爱丽 held and you were a member of, has ended: \
Alice Zhang 张爱丽 moves to another institution. Your links no longer work, and the password is no longer shown.

Destroy every copy that you hold by 16 March 2026: {COPIES}. \
Attest it on the page of the access:
{page}

If you still work with the data, apply for access of your own.

--
You receive this because bob@connect.ust.hk has, or had, {foot}""",
        ),
    }
