"""All mail about a dataset on its desk, and what people read where mail to somebody comes back."""

from __future__ import annotations

import re

import pytest
from django.core import mail as mails
from django.test import Client

from agreements.applications.models import State
from agreements.catalog import roles
from agreements.catalog.models import Dataset, Role
from agreements.core.clock import now
from agreements.core.errors import NotPossible
from agreements.flows import mail_again
from agreements.grants.models import Grant
from agreements.ledger.models import LedgerEntry
from agreements.mail import dead_addresses
from agreements.mail.bounces import came_back
from agreements.mail.drain import drain
from agreements.mail.models import MessageState, OutboxMessage
from tests.applications.cases import SYSTEM, put, staff
from tests.flows.scene import Scene, signed_in

DESK = "/stewardship/genebody/"
MAIL = f"{DESK}mail/"


@pytest.fixture
def grant(scene: Scene) -> Grant:
    put(scene, State.APPROVED)
    drain()
    return Grant.objects.get()


def received() -> OutboxMessage:
    return OutboxMessage.objects.get(kind="application-received", resend_of=None)


def bounce(message: OutboxMessage) -> None:
    came_back(message, action="failed", status="5.1.1", words="550 5.1.1 no such mailbox")


def main_of(browser: Client, address: str, **query: str) -> str:
    answer = browser.get(address, query)
    assert answer.status_code == 200
    return answer.content.decode().partition("<main")[2].partition("</main>")[0]


def entry(kind: str) -> LedgerEntry:
    return LedgerEntry.objects.get(kind=kind)


def test_all_mail_is_listed_as_it_stands(scene: Scene, grant: Grant) -> None:
    OutboxMessage.objects.filter(kind="grant-issued").update(
        state=MessageState.QUEUED, sent_subject="", sent_text="", last_error="451 busy", attempts=1
    )
    page = main_of(signed_in(scene.dan), MAIL)
    assert re.search(r"<dt>Queued</dt><dd>1</dd>.*<dt>Sent</dt><dd>1</dd>", page)
    assert received().sent_subject in page
    assert "Your access is open" in page
    assert "451 busy; tried again from" in page
    assert scene.alice.email in page


def test_what_is_shown_can_be_chosen(scene: Scene, grant: Grant) -> None:
    OutboxMessage.objects.filter(kind="grant-issued").update(
        state=MessageState.SUPERSEDED, sent_subject="", sent_text=""
    )
    bounce(received())
    dan = signed_in(scene.dan)
    subject, other = received().sent_subject, "Your access is open"
    for show, seen in (("", {subject, other}), ("came-back", {subject}), ("superseded", {other}), ("lost", {subject})):
        page = main_of(dan, MAIL, show=show)
        assert {words for words in (subject, other) if words in page} == seen
    for show in ("waiting", "sent", "failed"):
        assert "No mail matches" in main_of(dan, MAIL, show=show)
    assert subject in main_of(dan, MAIL, words=f"{scene.alice.email} {grant.application.reference}")
    assert "No mail matches" in main_of(dan, MAIL, words="bob@nowhere")
    assert subject in main_of(dan, MAIL, show="nonsense")


def test_long_lists_have_pages_that_keep_what_was_chosen(scene: Scene, grant: Grant) -> None:
    like = received()
    OutboxMessage.objects.bulk_create(
        OutboxMessage(
            kind=like.kind,
            recipient=f"person{number}@ust.hk",
            subject_reference="GB-A-000001",
            message_id=f"<{number}@x>",
            deadline=now(),
            state=MessageState.FAILED,
        )
        for number in range(60)
    )
    dan = signed_in(scene.dan)
    assert "show=failed&amp;words=person&amp;page=2" in main_of(dan, MAIL, show="failed", words="person")
    assert "person0@ust.hk" in main_of(dan, MAIL, show="failed", page="2")


def test_mail_of_other_datasets_is_not_here(scene: Scene, grant: Grant) -> None:
    other = Dataset.objects.create(slug="other", reference_prefix="OT", title="Other", contact_address="o@o.example")
    roles.give(user=scene.eve, dataset=other, role=Role.STEWARD, by=SYSTEM)
    eve = signed_in(scene.eve)
    assert "No mail yet" in main_of(eve, "/stewardship/other/mail/")
    for act in ("again", "lift"):
        for slug in ("other", "genebody"):
            assert eve.post(f"/stewardship/{slug}/mail/{received().pk}/{act}/").status_code == 404


def test_staff_see_no_mail_about_their_own_application_or_access(scene: Scene, grant: Grant) -> None:
    roles.give(user=scene.alice, dataset=scene.dataset, role=Role.STEWARD, by=SYSTEM)
    OutboxMessage.objects.update(state=MessageState.FAILED, last_error="550 no such user")
    OutboxMessage.objects.filter(kind="grant-issued").update(subject_reference=grant.reference)
    about = set(OutboxMessage.objects.values_list("subject_reference", flat=True))
    assert about == {grant.reference, grant.application.reference}
    alice = signed_in(scene.alice)
    assert "No mail yet" in main_of(alice, MAIL)
    assert "not sent again since." not in alice.get(DESK).content.decode()
    for message in OutboxMessage.objects.all():
        for act in ("again", "lift"):
            assert alice.post(f"{MAIL}{message.pk}/{act}/").status_code == 404
        with pytest.raises(NotPossible):
            mail_again.send(dataset=scene.dataset, message=message, by=scene.alice.actor)
        with pytest.raises(NotPossible):
            mail_again.lift(dataset=scene.dataset, message=message, by=scene.alice.actor)
    assert grant.reference in main_of(signed_in(scene.dan), MAIL)


def test_a_report_that_proves_nothing_is_told_in_our_words(scene: Scene, grant: Grant) -> None:
    came_back(received(), action="failed", status="5.1.1", words="", of_address=False)
    page = main_of(signed_in(scene.dan), MAIL)
    assert "a report that names this mail says that it did not arrive (5.1.1)" in page
    assert "Send mail to" not in page


def test_the_names_of_kinds_are_not_searched(scene: Scene, grant: Grant) -> None:
    assert "No mail matches" in main_of(signed_in(scene.dan), MAIL, words="application-received")


def test_mail_that_did_not_arrive_is_sent_again_and_the_record_says_so(scene: Scene, grant: Grant) -> None:
    message = received()
    OutboxMessage.objects.filter(pk=message.pk).update(state=MessageState.FAILED, last_error="550 no such user")
    dan = signed_in(scene.dan)
    assert "1 mail did not arrive, and was not sent again since." in dan.get(DESK).content.decode()
    assert "550 no such user" in main_of(dan, MAIL)
    assert "Send again" not in main_of(signed_in(staff(scene, "audrey", Role.AUDITOR)), MAIL)
    answer = dan.post(f"{MAIL}{message.pk}/again/", follow=True).content.decode()
    assert f"on its way again to {message.recipient}" in answer
    assert "did not arrive, and was not" not in dan.get(DESK).content.decode()
    assert "already waiting" in dan.post(f"{MAIL}{message.pk}/again/", follow=True).content.decode()
    told = entry("mail.sent-again")
    assert (told.payload, told.role, told.actor) == ({"mail": "application-received"}, "steward", scene.dan.actor.id)
    assert told.subjects == {
        "application": grant.application.reference,
        "dataset": "genebody",
        "person": str(scene.alice.public_id),
    }


def test_an_applicant_who_has_a_mail_sent_again_is_in_the_record_too(scene: Scene, grant: Grant) -> None:
    reference = grant.application.reference
    signed_in(scene.alice).post(f"/applications/{reference}/mail/{received().pk}/again/")
    assert (entry("mail.sent-again").role, entry("mail.sent-again").actor) == ("applicant", scene.alice.actor.id)


def test_mail_that_came_back_is_shown_to_everybody_whom_it_concerns(scene: Scene, grant: Grant) -> None:
    bounce(received())
    reference = grant.application.reference
    told = entry("address.dead")
    assert told.payload == {"status": "5.1.1"}
    assert told.subjects["person"] == str(scene.alice.public_id)
    assert told.subjects["application"] == reference
    desk = main_of(signed_in(scene.dan), MAIL)
    assert "550 5.1.1 no such mailbox" in desk
    assert "Mail to this address has come back since" in desk
    alice = signed_in(scene.alice)
    for address in (f"/applications/{reference}/", f"/grants/{grant.reference}/"):
        page = main_of(alice, address)
        assert "Mail to you comes back" in page
        assert f'href="/accounts/fresh/?next={address}"' in page
    assert "Mail to the applicant comes back" in main_of(signed_in(scene.carol), f"/review/{reference}/")
    assert "Send again" not in main_of(alice, f"/applications/{reference}/")


def test_a_steward_may_have_mail_sent_there_again(scene: Scene, grant: Grant) -> None:
    message = received()
    bounce(message)
    dan = signed_in(scene.dan)
    assert f"Send mail to {scene.alice.email} again?" in main_of(dan, MAIL)
    assert "Send there again" not in main_of(signed_in(staff(scene, "audrey", Role.AUDITOR)), MAIL)
    answer = dan.post(f"{MAIL}{message.pk}/lift/", follow=True).content.decode()
    assert f"Mail is sent to {scene.alice.email} again." in answer
    assert dead_addresses.is_dead(scene.alice.email) is None
    assert (entry("address.lives").payload, entry("address.lives").role) == ({"cause": "by-staff"}, "steward")
    assert "is sent already" in dan.post(f"{MAIL}{message.pk}/lift/", follow=True).content.decode()
    assert "Mail to you comes back" not in main_of(signed_in(scene.alice), f"/grants/{grant.reference}/")


def _code() -> str:
    found = re.search(r"^ +(\w{3}-\w{3})$", str(mails.outbox[-1].body), re.MULTILINE)
    assert found
    return found[1]


def test_signing_in_with_a_mailed_code_shows_that_mail_arrives(scene: Scene, grant: Grant) -> None:
    bounce(received())
    browser = Client()
    browser.post("/accounts/login/", {"email": scene.alice.email})
    browser.post("/accounts/login/code/confirm/", {"code": _code()})
    assert dead_addresses.is_dead(scene.alice.email) is None
    told = entry("address.lives")
    assert (told.payload, told.actor) == ({"cause": "signed-in"}, scene.alice.actor.id)


def test_whoever_is_signed_in_already_has_a_code_mailed(scene: Scene, grant: Grant) -> None:
    bounce(received())
    back = f"/grants/{grant.reference}/"
    alice = signed_in(scene.alice)
    page = main_of(alice, "/accounts/fresh/", next=back)
    assert "A code is mailed there all the same" in page
    alice.post("/accounts/fresh/", {"action": "send", "next": back})
    answer = alice.post("/accounts/fresh/", {"code": _code(), "next": back})
    assert answer.headers["Location"] == back
    assert dead_addresses.is_dead(scene.alice.email) is None
    assert entry("address.lives").payload == {"cause": "code-used"}
    # And the same page leads straight back, once nothing is wrong.
    assert alice.get("/accounts/fresh/", {"next": back}).headers["Location"] == back
