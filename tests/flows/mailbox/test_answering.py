"""Whoever writes anything else is told once how to apply, if it is certain who they are and that they are a person."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from agreements.applications.models import Application
from agreements.core import clock
from agreements.core.clock import now
from agreements.flows.mailbox import answering, reading
from agreements.mail import dead_addresses, drain, outbox
from agreements.mail.inbox.models import InboundState, Outcome, Proof
from agreements.mail.models import OutboxMessage
from tests.flows.mailbox.letters_in import ETH, EVE, ZONE, again, letter, read, took
from tests.flows.scene import Scene
from tests.mail.inbox import letters


def test_a_proven_sender_is_told_how_to_apply(lab: Scene) -> None:
    mail = read(letter(by=ETH, sender=EVE, subject="Question about GeneBody Agreement", cc="boss@ethz.ch"))
    assert (mail.outcome, mail.dataset_slug) == (Outcome.ANSWERED, "genebody")
    drain.drain()
    message = OutboxMessage.objects.get()
    assert (message.recipient, message.subject_reference) == ("eve@ethz.ch", "")
    assert message.sent_subject == "GeneBody: how to apply"
    for words in (
        "/datasets/genebody/\n",
        "/datasets/genebody/terms/1.0.pdf",
        "contact@genebody.example",
        "“GeneBody Agreement”",
        "because a mail came to us from eve@ethz.ch",
    ):
        assert words in message.sent_text


def test_nobody_is_answered_twice_a_day_and_again_on_the_next(lab: Scene) -> None:
    noon = now().replace(hour=12)
    with clock.frozen(noon):
        first = read(letter(by=ETH, sender=EVE))
        second = read(letter(by=ETH, sender="EVE+again@ethz.ch"))
    assert (first.outcome, second.outcome) == (Outcome.ANSWERED, Outcome.KEPT)
    assert "was answered today already" in second.reason
    with clock.frozen(noon + dt.timedelta(days=1)):
        third = read(letter(by=ETH, sender=EVE))
    assert third.outcome == Outcome.ANSWERED
    assert OutboxMessage.objects.count() == 2


def test_there_is_a_cap_for_all(lab: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "A_DAY_IN_ALL", 1)
    assert read(letter(by=ETH, sender=EVE)).outcome == Outcome.ANSWERED
    other = read(letter(by=ETH, sender="adam@ethz.ch"))
    assert other.outcome == Outcome.KEPT
    assert "which is the limit" in other.reason


def test_one_domain_does_not_use_up_the_answers_of_all(lab: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "A_DAY_TO_AN_ORGANIZATION", 2)
    labs = letters.key("labs.evil.example")
    zone = ZONE | letters.zone(labs)
    senders = [(letters.key("evil.example"), "evil.example"), (labs, "labs.evil.example")] * 2
    mails = [read(letter(by=key, sender=f"e{n}@{domain}"), zone) for n, (key, domain) in enumerate(senders)]
    assert [mail.outcome for mail in mails] == [Outcome.ANSWERED] * 2 + [Outcome.KEPT] * 2
    assert "of this organization" in mails[-1].reason
    assert read(letter(by=ETH, sender=EVE)).outcome == Outcome.ANSWERED


def test_how_often_strangers_are_answered_takes_nothing_from_who_applies(
    lab: Scene, draft: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "A_DAY_IN_ALL", 1)
    assert read(letter(by=ETH, sender=EVE)).outcome == Outcome.ANSWERED
    assert read(letter(by=ETH, sender="adam@ethz.ch")).outcome == Outcome.KEPT
    mail = read(letter())
    assert mail.answer is not None
    assert mail.answer.kind == "mailbox-missing"


def test_one_mailbox_is_answered_so_often_in_whatever_spelling(lab: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "A_DAY_TO_ONE", 1)
    noon = now().replace(hour=23, minute=30)
    with clock.frozen(noon):
        assert read(letter(by=ETH, sender=EVE)).outcome == Outcome.ANSWERED
    with clock.frozen(noon + dt.timedelta(hours=1)):
        mail = read(letter(by=ETH, sender="eve+tomorrow@ethz.ch"))
    assert mail.outcome == Outcome.KEPT
    assert "often enough" in mail.reason


def test_a_dead_address_is_not_written_to(lab: Scene) -> None:
    sent = outbox.queue(kind="x", recipient="eve@ethz.ch", language="en", reference="", values={})
    dead_addresses.mark(message=sent, status="5.1.1", words="no such user", went_out=now())
    OutboxMessage.objects.filter(pk=sent.pk).update(sent_at=now() + dt.timedelta(hours=1))  # after the letter came
    mail = read(letter(by=ETH, sender=EVE))
    assert mail.outcome == Outcome.KEPT
    assert "mail does not arrive at this address" in mail.reason


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"List-Id": "<vision.ethz.ch>"},
        {"X-Autoreply": "yes"},
        {"Return-Path": "<>"},
    ],
)
def test_automatic_mail_is_never_answered(lab: Scene, headers: dict[str, str]) -> None:
    mail = read(letter(by=ETH, sender=EVE, headers=headers))
    assert (mail.state, mail.outcome) == (InboundState.DONE, Outcome.AUTOMATIC)
    assert mail.reason
    assert not OutboxMessage.objects.exists()


def test_our_own_mail_that_comes_back_is_never_answered(lab: Scene, settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "Countersign <countersign@ethz.ch>"
    mail = read(letter(by=ETH, sender="countersign@ethz.ch"))
    assert mail.outcome in {Outcome.AUTOMATIC, Outcome.KEPT}
    assert not OutboxMessage.objects.exists()


def forged() -> dict[str, tuple[bytes, str]]:
    """Return letters that claim to be Eve's or Alice's and are not, and the code of why, by the trick."""
    good = letter(by=ETH, sender=EVE)
    head, _blank, body = good.partition(b"\r\n\r\n")
    unsigned = letter(sender=EVE, sign=False)
    of_evil = letters.key("evil.example")
    at = now()
    size = str(len(unsigned.partition(b"\r\n\r\n")[2]))
    old = at - dt.timedelta(days=30)
    return {
        "From forged, nothing signed": (unsigned, "unsigned"),
        "l= used": (letters.signed(unsigned, ETH, at=at, tags={"l": size}) + b"and more\r\n", "length"),
        "second From above": (b"From: Alice <alice@connect.ust.hk>\r\n" + good, "twice"),
        "second From below": (head + b"\r\nFrom: Alice <alice@connect.ust.hk>\r\n\r\n" + body, "twice"),
        "DKIM of another domain": (letters.signed(unsigned, of_evil, at=at), "not-aligned"),
        "changed text": (good.replace(b"please find", b"please send"), "changed"),
        "signed for another recipient": (letter(by=ETH, sender=EVE, to="somebody@else.example"), "not-to-us"),
        "a month old": (letters.signed(letters.write(sender=EVE, date=old), ETH, at=old), "old"),
        "rsa-sha1": (letters.signed(unsigned, ETH, at=at, tags={"a": "rsa-sha1"}), "algorithm"),
    }


@pytest.mark.parametrize("trick", range(9))
def test_what_is_forged_is_kept_as_unproven_and_never_answered(lab: Scene, trick: int) -> None:
    name, (raw, why) = list(forged().items())[trick]
    mail = read(raw)
    assert (mail.state, mail.outcome) == (InboundState.DONE, Outcome.KEPT), name
    assert mail.proof == Proof.UNPROVEN, name
    assert [each["code"] for each in mail.proof_reasons] == [why], name
    assert mail.proven_signature == ""
    assert not OutboxMessage.objects.exists(), name
    assert read(letter(by=ETH, sender=EVE)).outcome == Outcome.ANSWERED, "the same letter without the trick"


def test_a_replay_with_other_unsigned_headers_proves_nothing(lab: Scene) -> None:
    good = letter(by=ETH, sender=EVE)
    assert read(good).proof == Proof.PROVEN
    with clock.frozen(now() + dt.timedelta(days=1)):
        replayed = read(b"X-Way: another\r\nReply-To: evil@evil.example\r\n" + good)
    assert replayed.proof == Proof.UNPROVEN
    assert [each["code"] for each in replayed.proof_reasons][-1] == "seen-before"
    assert replayed.outcome == Outcome.KEPT
    assert OutboxMessage.objects.count() == 1


def test_without_a_name_server_it_is_tried_again_for_a_day_then_unproven(lab: Scene, settings: Any) -> None:
    settings.NAME_SERVERS = "none"
    mail = took(letter(by=ETH, sender=EVE))
    reading.work_off()
    mail.refresh_from_db()
    assert (mail.state, mail.proof, mail.attempts) == (InboundState.TAKEN, Proof.UNKNOWN, 0)
    assert mail.due_at > now()
    assert mail.sender == "eve@ethz.ch", "shown while it waits"
    with clock.frozen(mail.due_at):
        assert again(mail, ZONE).proof == Proof.PROVEN, "its server answered in the meantime"
    late = took(letter(by=ETH, sender="adam@ethz.ch"))
    with clock.frozen(late.taken_at + dt.timedelta(days=1, seconds=1)):
        reading.work_off()
        late.refresh_from_db()
    assert (late.proof, late.outcome) == (Proof.UNPROVEN, Outcome.KEPT)
    assert late.proof_reasons[-1]["code"] == "not-looked-up"
