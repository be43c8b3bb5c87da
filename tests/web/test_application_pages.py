"""Applying through the pages: what goes wrong is said, and nothing typed is lost."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core import mail
from django.test import Client

from agreements.applications import drafting
from agreements.applications.models import Application, Decision, State, Submission
from agreements.catalog.models import Access, Subset, Terms
from agreements.core import clock
from agreements.mail.drain import drain
from agreements.mail.models import OutboxMessage
from tests.applications.cases import put
from tests.flows.scene import DETAILS, SITE, Scene, draft_with_signed_copy, signed_in


@pytest.fixture
def alice(scene: Scene) -> Client:
    browser = signed_in(scene.alice)
    browser.post("/datasets/genebody/apply/")
    return browser


def base() -> str:
    return f"/applications/{Application.objects.get().reference}"


@pytest.mark.parametrize(("step", "fields"), [("details", 6), ("site", 4), ("submit", 1)])
def test_an_empty_form_names_each_field_it_lacks(alice: Client, step: str, fields: int) -> None:
    answer = alice.post(f"{base()}/{step}/", {})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'role="alert"' in page
    if step != "submit":
        assert page.count("This field is required.") >= fields


BAD: dict[str, tuple[str, dict[str, str], str]] = {
    "an emoji in a name": ("details", {"name": "Alice 😀"}, "😀 (grinning face)"),
    "a name on two lines": ("details", {"name": "Alice\nBob"}, "Write this on one line."),
    "no such country": ("details", {"country": "XX"}, "Select a valid choice"),
    "a NUL": ("details", {"name": "Alice\0"}, "Null characters are not allowed."),
    "a very long name": ("details", {"name": "x" * 121}, "at most 120 characters"),
    "a colleague without address": ("site", {"members": "Bob Lee"}, "Not understood: Bob Lee"),
    "a colleague with half an address": ("site", {"members": "Bob <bob@>"}, "Not understood: Bob &lt;bob@&gt;"),
    "an emoji in a colleague": ("site", {"members": "Bob 😀 <bob@ust.hk>"}, "😀 (grinning face)"),
    "a colleague twice": ("site", {"members": "B <b@ust.hk>\nC <B@ust.hk>"}, "An address is named twice."),
    "oneself as colleague": ("site", {"members": "A <alice@connect.ust.hk>"}, "name only your colleagues"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_named_at_its_field_and_everything_typed_stays(alice: Client, what: str) -> None:
    step, fields, words = BAD[what]
    whole = DETAILS if step == "details" else SITE
    answer = alice.post(f"{base()}/{step}/", whole | fields)
    page = answer.content.decode()
    assert (answer.status_code, words in page) == (422, True), re.sub(r"\s+", " ", page)[-3000:]
    assert "Everything you typed is still here." in page
    for name, value in whole.items():
        if name not in fields and value and not name.endswith("country"):
            assert value in page


def test_an_arabic_name_is_kept_and_its_agreement_made(alice: Client) -> None:
    name = "محمد العربي"
    assert alice.post(f"{base()}/details/", DETAILS | {"name": name}).status_code == 302
    assert alice.post(f"{base()}/site/", SITE).status_code == 302
    assert alice.post(f"{base()}/agreement/").status_code == 302
    assert alice.get(f"{base()}/agreement.pdf").content.startswith(b"%PDF")
    assert name in alice.get(f"{base()}/submit/").content.decode()


def test_a_second_click_on_submit_finds_it_done(scene: Scene) -> None:
    application = draft_with_signed_copy(scene)
    alice = signed_in(scene.alice)
    address = f"/applications/{application.reference}/submit/"
    for _click in range(2):
        answer = alice.post(address, {"accept": "on"})
        assert (answer.status_code, answer["Location"]) == (302, f"/applications/{application.reference}/")
    assert Submission.objects.count() == 1
    assert OutboxMessage.objects.filter(kind="application-received").count() == 1
    page = alice.get(f"/applications/{application.reference}/").content.decode()
    assert page.count("Your application is in.") == 1


def test_a_second_click_on_start_leads_to_the_same_draft(scene: Scene) -> None:
    alice = signed_in(scene.alice)
    first = alice.post("/datasets/genebody/apply/")
    second = alice.post("/datasets/genebody/apply/")
    assert first["Location"] == second["Location"] == f"{base()}/details/"
    assert alice.get("/datasets/genebody/apply/")["Location"] == first["Location"]


@pytest.mark.parametrize("why", ["terms", "subsets"])
def test_where_nothing_can_be_applied_for_one_is_told(scene: Scene, why: str) -> None:
    if why == "terms":
        Terms.objects.update(effective_from=clock.today() + dt.timedelta(days=9))
    else:
        Subset.objects.update(access=Access.OPEN)
    page = signed_in(scene.alice).post("/datasets/genebody/apply/", follow=True)
    assert page.redirect_chain == [("/datasets/genebody/", 302)]
    words = {"terms": "No terms of GeneBody are in force yet.", "subsets": "There is nothing to apply for in GeneBody."}
    assert words[why] in page.content.decode()
    assert not Application.objects.exists()


@pytest.mark.parametrize("state", State)
def test_the_status_page_opens_in_every_state(scene: Scene, state: State) -> None:
    application = put(scene, state)
    drain()
    page = signed_in(scene.alice).get(f"/applications/{application.reference}/")
    text = page.content.decode()
    assert page.status_code == 200
    reasons = {State.RETURNED: "Sign it.", State.DECLINED: "No."}
    assert reasons.get(state, application.reference) in text
    assert ("Withdraw the application" in text) == (state in {State.DRAFT, State.SUBMITTED, State.RETURNED})
    assert "Carol" not in text


def test_a_mail_is_sent_again_to_the_applicant_alone(scene: Scene) -> None:
    application = put(scene, State.SUBMITTED)
    drain()
    message = OutboxMessage.objects.get()
    address = f"/applications/{application.reference}/mail/{message.pk}/again/"
    page = signed_in(scene.alice).post(address, follow=True).content.decode()
    assert "The mail is on its way again to alice@connect.ust.hk." in page
    drain()
    assert [sent.to for sent in mail.outbox] == [["alice@connect.ust.hk"]] * 2
    other = OutboxMessage.objects.create(
        kind="application-received",
        recipient="bob@connect.ust.hk",
        subject_reference=application.reference,
        message_id="<other>",
        deadline=clock.now(),
    )
    other_address = address.replace(f"/{message.pk}/", f"/{other.pk}/")
    assert signed_in(scene.alice).post(other_address).status_code == 404


def test_a_form_without_its_token_changes_nothing(scene: Scene) -> None:
    application = put(scene, State.DRAFT)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(scene.alice)
    for step in ("withdraw", "submit", "details", "site", "agreement", "signed-copy"):
        assert browser.post(f"/applications/{application.reference}/{step}/", {"accept": "on"}).status_code == 403
    assert browser.post("/datasets/genebody/apply/").status_code == 403
    application.refresh_from_db()
    assert application.state == State.DRAFT


@pytest.mark.parametrize(
    "host", ["evil.example", "testserver.evil.example", "testserver@evil.example", "evil.example:80"]
)
def test_a_hostile_host_is_refused_and_never_mailed(scene: Scene, host: str) -> None:
    alice = signed_in(scene.alice)
    for address in ("/", "/datasets/genebody/", "/applications/", "/accounts/login/"):
        assert alice.get(address, HTTP_HOST=host).status_code == 400
    forwarded = alice.get("/datasets/genebody/", HTTP_X_FORWARDED_HOST=host)
    assert (forwarded.status_code, "evil.example" in forwarded.content.decode()) == (200, False)


@pytest.mark.parametrize(
    "address",
    [
        "/applications/GB%00A/",
        "/grants/GB%00G/",
        "/review/GB%00A/",
        "/datasets/genebody/terms/1%000/",
        "/invitations/%00/",
        "/applications/" + "A" * 500 + "/",
        "/applications/..%2F..%2Fetc/",
        "/applications/%F0%9F%98%80/",
        "/grants/GB-G-AAAAAA/links/99999999999999999999999/end/",
        "/review/GB-A-AAAAAA/pages/99999999999999999999.png",
        "/stewardship/genebody/people/99999999999999999999/end/",
    ],
)
def test_an_address_that_cannot_be_is_not_found(scene: Scene, address: str) -> None:
    for browser in (signed_in(scene.alice), signed_in(scene.dan)):
        assert browser.get(address).status_code in {404, 405}
        assert browser.post(address).status_code in {404, 405}


def test_a_returned_application_shows_the_reason_on_every_step_and_says_when_nothing_was_changed(scene: Scene) -> None:
    application = put(scene, State.RETURNED)
    reason = Decision.objects.get(application=application).reason
    alice = signed_in(scene.alice)
    base = f"/applications/{application.reference}"
    for step in ("details", "site", "agreement", "signed-copy", "submit"):
        page = alice.get(f"{base}/{step}/").content.decode()
        assert "Returned for changes, with this reason" in page
        assert reason in page
    assert "Nothing has changed since submission 1" in page
    fields = {name: getattr(application, name) for name in DETAILS} | {"position": "Professor"}
    drafting.save(application=application, fields=fields, by=scene.alice.actor)
    assert "Nothing has changed" not in alice.get(f"{base}/submit/").content.decode()
