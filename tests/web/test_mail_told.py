"""What people are told of mail: where it comes back, what is linked, whose words a timeline uses."""

from __future__ import annotations

import re

import pytest
from django.template.loader import render_to_string

from agreements.applications import drafting
from agreements.applications.models import State
from agreements.core.clock import now
from agreements.flows.mailbox import bounced
from agreements.grants.models import Grant
from agreements.identity import mismatch
from agreements.identity.mismatch import Mismatch
from agreements.mail.bounces import came_back
from agreements.mail.drain import drain
from agreements.mail.inbox.models import InboundMail, InboundState, Mailbox, Outcome, Proof
from agreements.mail.models import OutboxMessage
from agreements.people.models import User
from agreements.review.history import History
from agreements.web import earlier_cases
from tests.applications.cases import put
from tests.flows.scene import Scene, signed_in

DESK = "/stewardship/genebody/"


@pytest.fixture
def grant(scene: Scene) -> Grant:
    put(scene, State.APPROVED)
    drain()
    return Grant.objects.get()


def bounce(kind: str = "application-received") -> OutboxMessage:
    message = OutboxMessage.objects.get(kind=kind, resend_of=None)
    # Whoever signed in since got a code there: the address would be held to live.
    User.objects.filter(email=message.recipient).update(last_login=None)
    came_back(message, action="failed", status="5.1.1", words="550 5.1.1 no such mailbox")
    return message


def main_of(person: User, address: str) -> str:
    answer = signed_in(person).get(address)
    assert answer.status_code == 200, address
    return answer.content.decode().partition("<main")[2].partition("</main>")[0]


def came_in(**fields: object) -> InboundMail:
    box, _ = Mailbox.objects.get_or_create(name="INBOX")
    known: dict[str, object] = {"state": InboundState.DONE, "outcome": Outcome.KEPT, "subject": "A question", "size": 9}
    return InboundMail.objects.create(mailbox=box, sha256=f"{InboundMail.objects.count():064}", **(known | fields))


@pytest.mark.parametrize("address", ["/account/", "/applications/", "/grants/"])
def test_each_list_says_that_mail_comes_back(scene: Scene, grant: Grant, address: str) -> None:
    assert "Mail to you comes back" not in main_of(scene.alice, address)
    bounce()
    assert "Mail to you comes back" in main_of(scene.alice, address)
    assert "Mail to you comes back" not in main_of(scene.bob, address)


def test_a_timeline_speaks_to_its_reader(scene: Scene, grant: Grant) -> None:
    message = bounce()
    page = main_of(scene.alice, f"/applications/{message.subject_reference}/")
    assert "Mail to your address came back (5.1.1)" in page
    assert "found dead" not in page
    assert "Address found dead: mail came back with 5.1.1" in main_of(
        scene.carol, f"/review/{message.subject_reference}/"
    )


def test_a_mail_sent_again_stands_under_its_title(scene: Scene, grant: Grant) -> None:
    message = OutboxMessage.objects.get(kind="application-received")
    signed_in(scene.alice).post(f"/applications/{message.subject_reference}/mail/{message.pk}/again/")
    page = main_of(scene.dan, f"{DESK}mail/")
    assert "sent again" in page
    told = main_of(scene.alice, f"/applications/{message.subject_reference}/")
    assert "Mail sent again: application-received" not in told
    assert re.search(r"Mail sent again: [A-Z]", told)


def test_the_desk_links_each_mail_to_its_case_or_access(scene: Scene, grant: Grant) -> None:
    OutboxMessage.objects.filter(kind="grant-issued").update(subject_reference=grant.reference)
    page = main_of(scene.dan, f"{DESK}mail/")
    assert f'href="{DESK}grants/{grant.reference}/"' in page
    assert f'href="/review/{grant.application.reference}/"' in page


def test_what_went_to_an_address_that_is_dead_is_no_success(scene: Scene, grant: Grant) -> None:
    sent = '<span class="badge tone-good">'
    before = main_of(scene.dan, f"{DESK}mail/").count(sent)
    bounce()
    after = main_of(scene.dan, f"{DESK}mail/")
    assert before == 2
    assert after.count(sent) == 0
    assert "Came back" in after


def test_a_choice_that_does_not_exist_is_said(scene: Scene, grant: Grant) -> None:
    came_in(dataset_slug="genebody")
    for address in (f"{DESK}mail/", f"{DESK}mailbox/", "/mailbox/"):
        assert "Nothing is called that here" in main_of(scene.dan, f"{address}?show=nonsense"), address
        assert "Nothing is called that here" not in main_of(scene.dan, address)


def test_mail_that_fits_no_dataset_is_pointed_to(scene: Scene) -> None:
    came_in()
    assert "1 message came in that fits no dataset" in main_of(scene.dan, DESK)
    assert "1 message came in that nobody has looked at." in main_of(scene.carol, "/review/")
    InboundMail.objects.update(seen_at=now())
    assert "came in that" not in main_of(scene.dan, DESK)
    assert "came in that" not in main_of(scene.carol, "/review/")


def test_what_no_person_wrote_bears_no_proof(scene: Scene) -> None:
    mail = came_in(dataset_slug="genebody", outcome=Outcome.BOUNCE, proof=Proof.UNPROVEN)
    for address in (f"{DESK}mailbox/?show=all", f"/mailbox/{mail.pk}/"):
        assert "Unproven sender" not in main_of(scene.dan, address)
    InboundMail.objects.update(outcome=Outcome.KEPT)
    for address in (f"{DESK}mailbox/?show=all", f"/mailbox/{mail.pk}/"):
        assert "Unproven sender" in main_of(scene.dan, address)


def test_a_draft_made_of_mail_does_not_say_that_nobody_sees_it(scene: Scene) -> None:
    application = drafting.start(dataset=scene.dataset, email=scene.alice.email, by=scene.alice.actor)
    address = f"/applications/{application.reference}/"
    assert "nobody sees it yet" in main_of(scene.alice, address)
    came_in(
        dataset_slug="genebody",
        outcome=Outcome.DRAFT,
        application_reference=application.reference,
        sender=scene.alice.email,
        sender_key=scene.alice.email,
        proof=Proof.PROVEN,
    )
    page = main_of(scene.alice, address)
    assert "nobody sees it yet" not in page
    assert "The lab has what you mailed." in page
    context = {"application": application, "dataset": scene.dataset, "url": "https://x.example/"}
    for name in ("txt", "html"):
        words = render_to_string(f"mail/mailbox-draft.{name}", context)
        assert "The lab has your mail; the draft is yours until you submit it." in words
        assert "nobody but you" not in words


@pytest.mark.parametrize(
    ("state", "shown"), [("revoked", "Access revoked"), ("suspended", "Access suspended"), ("active", "Approved")]
)
def test_earlier_cases_say_what_became_of_their_access(scene: Scene, grant: Grant, state: str, shown: str) -> None:
    Grant.objects.update(state=state)
    [row] = earlier_cases.rows_of(History([], [grant.application], 1))
    badge = render_to_string("parts/status_badge.html", {"state": row.state, "label": row.word})
    assert shown in badge
    assert not row.is_same_person


def test_the_page_of_the_site_repeats_that_the_address_is_another_organizations(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Mismatch("TU Wien", "connect.ust.hk", ("HKUST",))
    monkeypatch.setattr(mismatch, "find", lambda _organization, *, address: found)
    application = drafting.start(dataset=scene.dataset, email=scene.alice.email, by=scene.alice.actor)
    page = main_of(scene.alice, f"/applications/{application.reference}/site/")
    assert "connect.ust.hk belongs to HKUST" in page
    assert f'href="/applications/{application.reference}/details/"' in page


def test_an_administrator_finds_the_sources_without_a_role(scene: Scene) -> None:
    adam = User.objects.create_superuser("adam@site.example")
    whole = signed_in(adam).get("/record/sources/").content.decode()
    assert re.search(r'href="/record/sources/" aria-current="page">Sources about domains', whole)
    assert 'href="/review/"' not in whole
    whole = signed_in(scene.carol).get("/record/sources/").content.decode()
    assert re.search(r'href="/review/" aria-current="true"', whole)


def test_a_mail_that_came_back_belongs_to_its_application(scene: Scene, grant: Grant) -> None:
    message = OutboxMessage.objects.get(kind="application-received")
    reference = grant.application.reference
    assert bounced.application_of(message.pk) == reference
    OutboxMessage.objects.filter(pk=message.pk).update(subject_reference=grant.reference)
    assert bounced.application_of(message.pk) == reference
    OutboxMessage.objects.filter(pk=message.pk).update(subject_reference="")
    assert bounced.application_of(message.pk) == bounced.application_of(None) == ""
    mail = came_in(dataset_slug="genebody", outcome=Outcome.BOUNCE, application_reference=reference)
    assert f'href="/review/{reference}/"' in main_of(scene.dan, f"/mailbox/{mail.pk}/")
