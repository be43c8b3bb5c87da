"""The day's checkpoint goes to every steward, once, and what arrives can be kept and compared."""

from __future__ import annotations

import dataclasses
import datetime as dt
from io import StringIO

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core import mail
from django.core.management import CommandError, call_command

from agreements.catalog import roles
from agreements.catalog.models import Dataset, Role
from agreements.core import clock, secrets
from agreements.core.errors import NotAllowed, NotPossible
from agreements.core.secrets import key_ring
from agreements.flows.checkpoint_check import judge
from agreements.flows.checkpoint_mail import make_and_mail, make_on_purpose, stewards
from agreements.keys import master_keys
from agreements.ledger.checkpoint_text import parse
from agreements.ledger.models import LedgerEntry
from agreements.mail import drain
from agreements.mail.models import OutboxMessage
from tests.applications.cases import SYSTEM, staff
from tests.flows.scene import Scene
from tests.ledger.rewriting import tail_cut, written_anew

DAY = dt.datetime(2026, 3, 2, 3, tzinfo=dt.UTC)


def arrived() -> list[mail.EmailMessage]:
    drain.drain()
    return [message for message in mail.outbox if "checkpoint" in message.subject]


def test_a_steward_makes_one_on_purpose_once_a_minute(scene: Scene) -> None:
    with clock.frozen(DAY):
        made = make_on_purpose(by=scene.dan.actor)
        with pytest.raises(NotPossible, match="Nothing was recorded since"):
            make_on_purpose(by=scene.dan.actor)
        staff(scene, "audrey", Role.AUDITOR)
        with pytest.raises(NotPossible, match="less than a minute ago"):
            make_on_purpose(by=scene.dan.actor)
        with pytest.raises(NotAllowed):
            make_on_purpose(by=scene.alice.actor)
        [message] = arrived()
    row = LedgerEntry.objects.get(kind="checkpoint.made")
    assert (row.actor, row.role) == (scene.dan.actor.id, "steward")
    assert parse(str(message.body)) == [made]
    out = StringIO()
    with clock.frozen(DAY + dt.timedelta(minutes=1)):
        call_command("make_checkpoint", stdout=out)
        assert len(parse(out.getvalue())) == 1
        with pytest.raises(CommandError, match="Nothing was recorded since"):
            call_command("make_checkpoint")


def test_every_steward_of_any_dataset_gets_it_once_and_nobody_else(scene: Scene) -> None:
    other = Dataset.objects.create(slug="other", reference_prefix="OT", title="Other", contact_address="o@o.example")
    roles.give(user=scene.dan, dataset=other, role=Role.STEWARD, by=SYSTEM)
    staff(scene, "audrey", Role.AUDITOR)
    with clock.frozen(DAY):
        made = make_and_mail()
        assert make_and_mail() is None
    assert made is not None
    assert stewards() == [scene.dan]
    with clock.frozen(DAY):
        (message,) = arrived()
    assert message.to == [scene.dan.email]
    assert message.subject == f"checkpoint of the record, {made.count} rows, 2026-03-02"
    assert parse(str(message.body)) == [made]
    assert "You receive this mail because you are a steward" in message.body
    assert "/record/checkpoints/" in message.body
    assert "What happened after the newest checkpoint that somebody kept cannot be told by it." in message.body


def test_a_steward_who_left_gets_none(scene: Scene) -> None:
    scene.dan.is_active = False
    scene.dan.save()
    assert make_and_mail() is not None
    assert not OutboxMessage.objects.filter(kind="checkpoint").exists()


def test_what_was_kept_tells_what_was_done_to_the_record(scene: Scene) -> None:
    made = make_and_mail()
    assert made is not None
    (good,) = judge(made.text, walk=True)
    assert good.holds
    assert good.chain_words == f"the record agrees: rows 1 to {made.count} are what they were at that time"
    assert good.signature_words == "The signature is good: this site made it, under master key 1."
    written_anew(2)
    (anew,) = judge(made.text, walk=True)
    assert not anew.holds
    assert "written anew, somewhere up to there" in anew.chain_words
    tail_cut(1)
    (cut,) = judge(made.text, walk=True)
    assert not cut.holds
    assert cut.chain_words.startswith(f"the record ends at row 1, before row {made.count}: its tail was cut")


def test_a_compromised_key_signs_no_more_and_is_told_of(scene: Scene) -> None:
    with clock.frozen(DAY - dt.timedelta(days=1)):
        made = make_and_mail()
    assert made is not None
    with clock.frozen(DAY):
        master_keys.mark_compromised(1)
    forged = dataclasses.replace(made, count=made.count - 1)
    taken = Ed25519PrivateKey.from_private_bytes(key_ring().derive(secrets.CHECKPOINT, number=1, length=32))
    forged = dataclasses.replace(forged, signature=taken.sign(forged.signed_text.encode()).hex())
    (told, other) = sorted(judge(f"{made.text}{forged.text}"), key=lambda each: -each.finding.checkpoint.count)
    assert "which others may have" in told.signature_words
    assert not told.holds
    assert "Master key 1 was marked as compromised on 2 March 2026" in told.compromised_words
    assert f"row {made.count + 1} of this record, written before, tells of this" in told.compromised_words
    assert not other.holds
    assert other.compromised_words.endswith("was marked as compromised on 2 March 2026.")
    with pytest.raises(master_keys.WrongKey):
        make_and_mail()
