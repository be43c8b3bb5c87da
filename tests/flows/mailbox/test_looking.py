"""Who sees mail that came in, and what they may do about it: what is said of one message agrees with the lists."""

from __future__ import annotations

from functools import partial
from itertools import product

import pytest

from agreements.applications.models import Application
from agreements.catalog.models import Role
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import NotAllowed, NotPossible, is_allowed
from agreements.flows.mailbox import looking
from agreements.ledger.models import LedgerEntry
from agreements.mail.inbox.models import InboundMail, InboundState, Mailbox, Outcome, Proof
from agreements.people.models import User
from agreements.vault.protocol import NoSuchObject
from tests.applications.cases import staff
from tests.flows.mailbox.letters_in import ETH, EVE, letter, read, took
from tests.flows.scene import Scene, submitted

CODES = ("", "not-taken", "no-draft", "closed", "too-large")


def made_up() -> list[InboundMail]:
    """Return a message of every state, outcome, proof and code, seen and erased or not, kept in rows."""
    box = Mailbox.objects.create(name="every@mail.example/INBOX")
    every = product(InboundState, Outcome, (Proof.PROVEN, Proof.UNPROVEN), CODES, (None, now()), (None, now()))
    rows = [
        InboundMail(
            mailbox=box,
            sha256=f"{number:064x}",
            size=1,
            store_key="" if erased else "x",
            state=state,
            outcome=outcome,
            proof=proof,
            reason_code=code,
            seen_at=seen,
            erased_at=erased,
            dataset_slug="genebody",
        )
        for number, (state, outcome, proof, code, seen, erased) in enumerate(every)
    ]
    return InboundMail.objects.bulk_create(rows, batch_size=500)


def test_what_waits_for_people_is_the_same_in_lists_and_of_one_message(lab: Scene) -> None:
    mails = made_up()
    listed = set(looking.unseen(InboundMail.objects.all()).values_list("pk", flat=True))
    assert listed == {mail.pk for mail in mails if looking.is_for_people(mail)}
    assert 0 < len(listed) < len(mails)


def test_what_can_be_read_again_is_what_the_button_does(lab: Scene) -> None:
    dan = lab.dan.actor
    wanted = {}
    for mail in made_up():
        if mail.seen_at is None and mail.outcome in {Outcome.SHOWN, Outcome.KEPT, Outcome.SIGNED_COPY}:
            kind = (mail.state, mail.outcome, mail.proof, mail.reason_code, mail.erased_at is None)
            wanted[kind] = looking.can_be_read_again(mail)
            assert is_done(mail, dan) == wanted[kind], kind
    can = {code for (_state, _outcome, _proof, code, _kept), may in wanted.items() if may}
    assert can == set(CODES) - {"too-large"}
    assert not any(may for (state, *_rest), may in wanted.items() if state in {InboundState.TAKEN, "opening"})
    assert not any(may for (*_rest, kept), may in wanted.items() if not kept)


def is_done(mail: InboundMail, by: Actor) -> bool:
    try:
        looking.read_again(mail=mail, by=by)
    except NotPossible:
        return False
    mail.refresh_from_db()
    return mail.state == InboundState.TAKEN


@pytest.mark.parametrize("of_dataset", [True, False])
def test_who_may_look_after_a_message_may_do_each_of_it_and_nobody_else(lab: Scene, of_dataset: bool) -> None:
    mail = read(letter(by=ETH, sender=EVE, sign=False, subject="GeneBody Agreement" if of_dataset else "Buy now"))
    people = [lab.carol, lab.dan, lab.eve, lab.alice, staff(lab, "audrey", Role.AUDITOR)]
    people.append(User.objects.create_superuser("adam@site.example"))
    may = {}
    for person in people:
        by = person.actor
        may[person.email.partition("@")[0]] = looking.may_look_after(mail, by=by)
        assert is_allowed(partial(looking.mark_looked_at, mail=mail, by=by)) == looking.may_look_after(mail, by=by)
        assert is_allowed(partial(again, mail, by)) == looking.may_look_after(mail, by=by)
        if looking.may_look_after(mail, by=by):
            assert looking.visible_to(by).filter(pk=mail.pk).exists()
    assert [name for name, is_so in may.items() if is_so] == ["carol", "dan", "adam"]


def again(mail: InboundMail, by: Actor) -> None:
    InboundMail.objects.filter(pk=mail.pk).update(state=InboundState.UNREADABLE)
    looking.read_again(mail=mail, by=by)


def test_reading_again_and_handing_out_stand_in_the_record_with_who_did_it_and_as_what(lab: Scene) -> None:
    raw = letter(by=ETH, sender=EVE, sign=False)
    mail = read(raw)
    looking.read_again(mail=mail, by=lab.dan.actor)
    row = LedgerEntry.objects.get(kind="mail.read-again")
    assert (row.actor, row.role, row.subjects) == (lab.dan.actor.id, "steward", {"dataset": "genebody"})
    assert row.payload == {"sha256": mail.sha256}
    rest = took(b"From: nobody\r\n\r\nhello\r\n")
    adam = User.objects.create_superuser("adam@site.example")
    assert looking.hand_out(mail=rest, by=adam.actor) == b"From: nobody\r\n\r\nhello\r\n"
    row = LedgerEntry.objects.get(kind="mail.handed-out")
    assert (row.actor, row.role, row.payload) == (adam.actor.id, "administrator", {"sha256": rest.sha256})


def test_bytes_are_handed_out_to_administrators_alone_and_not_where_there_are_none(lab: Scene) -> None:
    mail = took(b"From: nobody\r\n\r\nhello\r\n")
    for person in (lab.dan, lab.carol, lab.eve):
        assert not looking.may_have_bytes(mail, by=person.actor)
        with pytest.raises(NotAllowed):
            looking.hand_out(mail=mail, by=person.actor)
    adam = User.objects.create_superuser("adam@site.example")
    InboundMail.objects.filter(pk=mail.pk).update(store_key="nowhere")
    mail.refresh_from_db()
    with pytest.raises((NoSuchObject, ValueError)):
        looking.hand_out(mail=mail, by=adam.actor)
    User.objects.filter(pk=adam.pk).update(is_active=False)
    assert not looking.may_have_bytes(mail, by=adam.actor)
    assert not LedgerEntry.objects.filter(kind="mail.handed-out").exists()


def test_mail_about_ones_own_application_is_looked_for_among_those_that_mail_is_about(lab: Scene) -> None:
    application: Application = submitted(lab)
    mail = read(letter(sign=False, sender=EVE, subject=f"About {application.reference}"))
    assert looking.visible_to(lab.carol.actor).filter(pk=mail.pk).exists()
    Application.objects.filter(pk=application.pk).update(email="Carol+x@genebody.example")
    assert not looking.visible_to(lab.carol.actor).filter(pk=mail.pk).exists()
