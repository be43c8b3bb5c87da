"""What the people concerned read when a procedure reaches them, and what is no longer sent because it is not true."""

from __future__ import annotations

import pytest
from django.core import mail

from agreements.grants import ending_messages
from agreements.grants.models import Grant
from agreements.mail import outbox
from agreements.mail.drain import drain
from agreements.mail.models import MessageState, OutboxMessage
from agreements.people.models import User
from agreements.revocation.lifting import lift
from agreements.revocation.models import Procedure, ProcedureAct, ScopeKind
from tests.flows.scene import Scene
from tests.revocation import many
from tests.revocation.many import start

SUSPEND = ProcedureAct.SUSPEND


@pytest.fixture
def grant(scene: Scene) -> Grant:
    """Ann's access, of which Bea is a member."""
    [made] = many.grants(scene.dataset, ["ann@mit.edu"])
    many.join([made], ["bea@mit.edu"])
    return made


def letters() -> dict[str, str]:
    """Return the plain text of what is sent now, by recipient."""
    mail.outbox.clear()
    drain()
    return {one.to[0]: str(one.body) for one in mail.outbox}


def state_of(kind: str, recipient: str = "ann@mit.edu") -> str:
    return OutboxMessage.objects.filter(kind=kind, recipient=recipient).latest("pk").state


def lifted(scene: Scene, procedure: Procedure) -> None:
    lift(procedure=procedure, reason="Settled.", by=scene.dan.actor)


def test_of_a_suspension_both_read_why_and_that_nothing_need_be_deleted(scene: Scene, grant: Grant) -> None:
    procedure = start(scene.dataset, ScopeKind.DATASET, by=scene.dan, act=SUSPEND)
    told = letters()
    first = {
        "ann@mit.edu": f"your access {grant.reference} to GeneBody is suspended until further notice.",
        "bea@mit.edu": f"access {grant.reference} to GeneBody, which Ann holds and you are a member of, is suspended",
    }
    for recipient, words in first.items():
        for expected in (
            words,
            "Links to it do not work, and its password is not shown.",
            "version 1.0: Termination",
            many.REASON,
            "You need not delete anything for this.",
            f"name {procedure.reference}",
        ):
            assert expected in told[recipient], expected
    assert mail.outbox[0].subject == f"GeneBody: your access {grant.reference} is suspended"


def test_of_its_end_they_read_what_works_again(scene: Scene, grant: Grant) -> None:
    procedure = start(scene.dataset, ScopeKind.DATASET, by=scene.dan, act=SUSPEND)
    letters()
    lifted(scene, procedure)
    told = letters()
    assert set(told) == {"ann@mit.edu", "bea@mit.edu"}
    assert (
        f"the suspension {procedure.reference} of access {grant.reference} to GeneBody was lifted."
        in told["ann@mit.edu"]
    )
    assert "Everything works again" in told["bea@mit.edu"]
    assert f"/grants/{grant.reference}/" in told["ann@mit.edu"]
    assert mail.outbox[0].subject == f"GeneBody: your access {grant.reference} is open again"


def test_a_member_whose_part_alone_ends_reads_that_it_is_only_theirs(scene: Scene, grant: Grant) -> None:
    bea = User.objects.get(email="bea@mit.edu")
    procedure = start(scene.dataset, ScopeKind.PERSON, str(bea.public_id), by=scene.dan)
    told = letters()
    assert set(told) == {"bea@mit.edu"}
    for words in (
        f"the lab has ended your part in access {grant.reference} to GeneBody, which Ann holds.",
        "Please destroy every copy that you hold by",
        f"/grants/{grant.reference}/destruction/",
        many.REASON,
        procedure.reference,
    ):
        assert words in told["bea@mit.edu"], words


def test_holder_and_member_of_what_was_revoked_are_asked_to_attest(scene: Scene, grant: Grant) -> None:
    start(scene.dataset, ScopeKind.DATASET, by=scene.dan)
    for text in letters().values():
        assert "Then say on this page that they are destroyed; you get a certificate of it:" in text
        assert f"/grants/{grant.reference}/destruction/" in text


def test_a_suspension_that_was_lifted_before_the_mail_went_out_is_not_announced(scene: Scene, grant: Grant) -> None:
    procedure = start(scene.dataset, ScopeKind.DATASET, by=scene.dan, act=SUSPEND)
    lifted(scene, procedure)
    told = letters()
    assert state_of(ending_messages.SUSPENDED) == MessageState.SUPERSEDED
    assert "Everything works again" in told["ann@mit.edu"]


def test_what_was_revoked_before_the_mail_went_out_is_not_called_suspended_or_open(scene: Scene, grant: Grant) -> None:
    first = start(scene.dataset, ScopeKind.DATASET, by=scene.dan, act=SUSPEND)
    lifted(scene, first)
    start(scene.dataset, ScopeKind.DATASET, by=scene.dan, act=SUSPEND)
    start(scene.dataset, ScopeKind.DATASET, by=scene.dan)
    told = letters()
    assert [one.subject for one in mail.outbox if one.to == ["ann@mit.edu"]] == [
        f"GeneBody: your access {grant.reference} has ended"
    ]
    assert "has been revoked" in told["ann@mit.edu"]
    assert state_of(ending_messages.RESUMED) == MessageState.SUPERSEDED


def test_a_notice_can_be_sent_again_and_every_kind_has_a_title(scene: Scene, grant: Grant) -> None:
    start(scene.dataset, ScopeKind.DATASET, by=scene.dan)
    letters()
    notice = OutboxMessage.objects.get(kind=ending_messages.REVOKED)
    again = outbox.resend(message=notice, by=scene.dan.actor, as_role="steward")
    assert "has been revoked" in letters()["ann@mit.edu"]
    assert again.resend_of == notice


def test_notices_of_earlier_versions_are_still_written(scene: Scene, grant: Grant) -> None:
    values = {
        "grant": grant.reference,
        "clause": "termination",
        "reason": "Old.",
        "revocation": "GB-R-222222",
        "destroy_by": "2026-03-16",
    }
    outbox.queue(kind="grant-revoked", recipient="ann@mit.edu", language="en", reference=grant.reference, values=values)
    assert "and name GB-R-222222." in letters()["ann@mit.edu"]
