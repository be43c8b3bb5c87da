"""The page on which the destruction of copies is attested, its papers, and the steward's excuse."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from agreements.catalog.models import Role, Subset
from agreements.core import clock
from agreements.documents import store
from agreements.grants import wording
from agreements.grants.models import Seal
from agreements.mail.drain import drain
from agreements.revocation import attesting, certifying, writing
from agreements.revocation.models import AffectedGrant, Destruction, ProcedureAct, ScopeKind
from agreements.revocation.scope import Scope
from tests.applications.cases import staff
from tests.flows.scene import Scene, signed_in
from tests.revocation.ended import DUE, NOON, day, downloaded, ended, granted, owed_by
from tests.web.destructions import browser, page, post, prove, seen

NAME = "Alice Zhang 张爱丽"
TICKS = {"point_1": "on", "point_2": "on", "point_3": "on"}


@pytest.fixture
def affected(scene: Scene) -> AffectedGrant:
    return ended(scene, members=(scene.bob,))


def test_the_page_says_what_ended_why_and_what_must_go(scene: Scene) -> None:
    grant = granted(scene, members=(scene.bob,))
    downloaded(grant, scene.alice, at=day(-40))
    downloaded(grant, scene.bob, at=day(-33))
    affected = ended(scene, members=(scene.bob,), grant=grant)
    answer = browser(scene.alice).get(page(owed_by(scene.alice)))
    text = answer.content.decode()
    for words in (
        grant.reference,
        affected.procedure.reference,
        "Termination",
        "The images were posted on a public page.",
        "train40.zip",
        "I attest to The lab, for what I had of GeneBody",
        "I have destroyed every copy",
        "4 February 2026",
    ):
        assert words in text, words
    assert "11 February 2026" not in text  # Bob's own


def test_attesting_gives_the_person_and_the_lab_one_and_the_same_certificate(
    scene: Scene, affected: AffectedGrant
) -> None:
    alice, owed = browser(scene.alice), owed_by(scene.alice)
    answer = post(alice, owed, remark="Shredded.")
    assert (answer.status_code, answer["Location"]) == (302, page(owed))
    text = alice.get(page(owed)).content.decode()
    assert "You attested on" in text
    assert "Shredded." in text
    assert 'name="point_1"' not in text
    paper = alice.get(page(owed, "certificate.pdf"))
    assert paper["Content-Type"] == "application/pdf"
    assert paper["Content-Disposition"].startswith("attachment; filename=")
    procedure = affected.procedure.reference
    for who in (scene.dan, staff(scene, "audrey", Role.AUDITOR)):
        labs = signed_in(who).get(f"/stewardship/genebody/procedures/{procedure}/destruction/{owed.pk}.pdf")
        assert labs.content == paper.content
    settled = owed_by(scene.alice)
    assert settled.certificate is not None
    assert paper.content == store.read(settled.certificate)


def test_without_fresh_proof_it_is_read_but_not_signed_and_what_was_typed_is_kept(
    scene: Scene, affected: AffectedGrant
) -> None:
    alice, owed = browser(scene.alice, fresh=False), owed_by(scene.alice)
    text = alice.get(page(owed)).content.decode()
    assert "I have destroyed every copy" in text
    assert 'name="name"' not in text
    answer = post(alice, owed, name="Alice Z.", remark="A long remark.")
    assert answer["Location"].startswith(reverse("fresh-code"))
    assert owed_by(scene.alice).state == "due"
    prove(alice, scene.alice)
    text = alice.get(page(owed)).content.decode()
    assert "A long remark." in text
    assert 'value="Alice Z."' in text
    assert " checked" not in text
    assert "A long remark." not in alice.get(page(owed)).content.decode()  # kept once


def test_every_point_is_ticked_or_nothing_happens(scene: Scene, affected: AffectedGrant) -> None:
    alice, owed = browser(scene.alice), owed_by(scene.alice)
    for point in TICKS:
        answer = post(alice, owed, **{point: "-"}, remark="Kept.")
        assert answer.status_code == 422
        text = answer.content.decode()
        assert "write to the lab instead" in text
        assert "Kept." in text
    assert owed_by(scene.alice).state == "due"


def test_another_name_is_asked_about_once_and_kept_as_typed(scene: Scene, affected: AffectedGrant) -> None:
    alice, owed = browser(scene.alice), owed_by(scene.alice)
    answer = post(alice, owed, name="Alice Wu")
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "“Alice Wu” is my name, though I am known here as “Alice Zhang 张爱丽”." in text
    assert owed_by(scene.alice).state == "due"
    box = re.search(r'<input[^>]*name="name_is_right"[^>]*>', text)
    assert box is not None
    assert "required" not in box[0], "the browser would not send the name when it is corrected"
    assert post(alice, owed, name="Alice Wu", name_is_right="on").status_code == 302
    settled = owed_by(scene.alice)
    assert settled.signed_name == "Alice Wu"


def test_what_no_font_has_is_named_and_stays_in_the_form(scene: Scene, affected: AffectedGrant) -> None:
    answer = post(browser(scene.alice), owed_by(scene.alice), name=f"{NAME} 😀", remark="Gone 🔥")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "😀 (grinning face)" in text
    assert f'value="{NAME} 😀"' in text
    assert "Gone 🔥" in text


def test_what_is_too_long_is_refused_and_a_hostile_remark_is_quickly_printed(
    scene: Scene, affected: AffectedGrant
) -> None:
    alice, owed = browser(scene.alice), owed_by(scene.alice)
    assert post(alice, owed, remark="x" * 2001).status_code == 422
    assert post(alice, owed, name="x" * 201, name_is_right="on").status_code == 422
    assert owed_by(scene.alice).state == "due"
    assert post(alice, owed, remark="<b>" + "م" * 1990).status_code == 302
    assert "&lt;b&gt;" in alice.get(page(owed)).content.decode()


def test_an_attestation_sent_twice_is_told_plainly(scene: Scene, affected: AffectedGrant) -> None:
    alice, owed = browser(scene.alice), owed_by(scene.alice)
    post(alice, owed)
    answer = alice.post(page(owed), TICKS | {"name": "Other", "seen": "x"}, follow=True)
    assert "You attested this already; your first attestation stands" in answer.content.decode()
    assert owed_by(scene.alice).signed_name == NAME


def test_what_was_settled_while_the_form_was_sent_is_told_plainly(
    scene: Scene, affected: AffectedGrant, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, owed, drawing = browser(scene.alice), owed_by(scene.alice), certifying.draw_destruction

    def while_a_steward_excuses(*args: object, **kwargs: object) -> object:
        attesting.excuse(destruction=owed, reason="Unreachable.", by=scene.dan.actor)
        return drawing(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(certifying, "draw_destruction", while_a_steward_excuses)
    answer = post(alice, owed)
    assert answer.status_code == 302
    assert "A steward has settled this" in alice.get(page(owed)).content.decode()
    assert owed_by(scene.alice).state == "excused"


def test_a_statement_that_changed_under_the_page_is_read_again(scene: Scene, affected: AffectedGrant) -> None:
    alice, owed = browser(scene.alice), owed_by(scene.alice)
    before = seen(owed)
    scene.dataset.__class__.objects.update(organization="Another lab")
    answer = post(alice, owed, seen=before)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "The statement was changed" in text
    assert before not in text
    assert post(alice, owed_by(scene.alice)).status_code == 302


@pytest.mark.parametrize("who", ["bob", "eve", "carol", "dan"])
def test_what_others_owe_is_not_there(scene: Scene, affected: AffectedGrant, who: str) -> None:
    client, owed = browser(getattr(scene, who)), owed_by(scene.alice)
    post(browser(scene.alice), owed)
    for address in (page(owed), page(owed, "certificate.pdf"), page(owed, "revocation.pdf")):
        assert client.get(address).status_code == 404
    assert post(client, owed).status_code == 404


def test_another_grants_address_does_not_lead_to_it(scene: Scene, affected: AffectedGrant) -> None:
    owed = owed_by(scene.alice)
    assert browser(scene.alice).get(f"/grants/GB-G-999999/destruction/{owed.pk}/").status_code == 404


def test_a_member_without_any_access_left_reaches_their_page(scene: Scene, affected: AffectedGrant) -> None:
    Seal.objects.filter(person=scene.bob).update(ended_at=clock.now())
    bob, owed = browser(scene.bob), owed_by(scene.bob)
    reference = affected.grant.reference
    assert bob.get(f"/grants/{reference}/").status_code == 404
    answer = bob.get(f"/grants/{reference}/destruction/")
    assert answer["Location"] == page(owed)
    text = bob.get(page(owed)).content.decode()
    assert f"held by {NAME}" in text
    assert f'href="/grants/{reference}/"' not in text
    assert post(bob, owed, name="Bob").status_code == 302
    assert bob.get(page(owed, "certificate.pdf")).status_code == 200


def test_the_address_in_the_mail_leads_to_what_is_open_or_says_that_nothing_is(scene: Scene) -> None:
    grant = granted(scene)
    address = f"/grants/{grant.reference}/destruction/"
    assert signed_in(scene.eve).get(address).status_code == 404
    assert signed_in(scene.dan).get(address).status_code == 404
    assert "You owe nothing here" in signed_in(scene.alice).get(address).content.decode()
    ended(scene, grant=grant)
    alice = browser(scene.alice)
    assert alice.get(address)["Location"] == page(owed_by(scene.alice))
    post(alice, owed_by(scene.alice))
    assert alice.get(address)["Location"] == page(owed_by(scene.alice))
    assert Client().get(address)["Location"].startswith(reverse("account_login"))


def test_the_revocations_certificate_is_drawn_when_somebody_asks_first(scene: Scene, affected: AffectedGrant) -> None:
    papers = {
        signed_in(scene.alice).get(page(owed_by(scene.alice), "revocation.pdf")).content,
        signed_in(scene.bob).get(page(owed_by(scene.bob), "revocation.pdf")).content,
        signed_in(scene.dan)
        .get(f"/stewardship/genebody/procedures/{affected.procedure.reference}/certificate/{affected.pk}.pdf")
        .content,
    }
    assert len(papers) == 1
    assert papers.pop().startswith(b"%PDF")


def test_an_erased_paper_is_not_given_out(scene: Scene, affected: AffectedGrant) -> None:
    alice, owed = browser(scene.alice), owed_by(scene.alice)
    post(alice, owed)
    settled = owed_by(scene.alice)
    assert settled.certificate is not None
    settled.certificate.erased_at = clock.now()
    settled.certificate.save()
    answer = alice.get(page(owed, "certificate.pdf"), follow=True)
    assert "This paper was erased" in answer.content.decode()


def test_who_owes_something_is_told_where_their_access_is_listed(scene: Scene, affected: AffectedGrant) -> None:
    Seal.objects.filter(person=scene.bob).update(ended_at=clock.now())
    for person in (scene.alice, scene.bob):
        assert page(owed_by(person)) in signed_in(person).get("/grants/").content.decode()
    with clock.frozen(day(3)):
        text = browser(scene.alice).get(page(owed_by(scene.alice))).content.decode()
    assert "Your attestation is overdue" in text
    post(browser(scene.alice), owed_by(scene.alice))
    assert "Destroy and attest" not in signed_in(scene.alice).get("/grants/").content.decode()


def test_two_ends_of_one_access_are_told_apart(scene: Scene, affected: AffectedGrant) -> None:
    train = Subset.objects.get(slug="train40")
    scope = Scope(scene.dataset, ScopeKind.SUBSET, train.slug)
    later = writing.create(scope, ProcedureAct.REVOKE, clause_id="termination", reason="Wrong.", by=scene.dan.actor)
    part = AffectedGrant.objects.create(
        procedure=later, grant=affected.grant, subset=train, state_before=affected.grant.state
    )
    owed = Destruction.objects.create(affected=part, person=scene.alice, due_on=DUE)
    text = signed_in(scene.alice).get("/grants/").content.decode()
    for words in (
        "Destroy all your copies of GeneBody by 16 March 2026",
        f"(procedure {affected.procedure.reference} of 2 March 2026)",
        "Destroy your copies of Train40 of GeneBody by 16 March 2026",
        f"Train40 is no longer part of access {affected.grant.reference} (procedure {later.reference} of",
    ):
        assert text.count(words) == 1, words
    assert "Your copies of Train40 of GeneBody</h1>" in browser(scene.alice).get(page(owed)).content.decode()


def test_what_must_be_destroyed_is_said_in_the_same_words_everywhere(scene: Scene, affected: AffectedGrant) -> None:
    words = wording.copies("1.0")
    with clock.frozen(NOON):
        drain()
    notices = [str(letter.body) for letter in mail.outbox if "has ended" in letter.subject]
    assert len(notices) == 2
    assert all(words in notice for notice in notices)
    alice, here = browser(scene.alice), affected.grant.reference
    assert (
        f"Destroy every copy by <strong>16 March 2026</strong>: {words}"
        in alice.get(f"/grants/{here}/").content.decode()
    )
    assert f"I have destroyed every copy: {words}." in alice.get(page(owed_by(scene.alice))).content.decode()


def test_the_proof_runs_out(scene: Scene, affected: AffectedGrant) -> None:
    alice, owed = browser(scene.alice), owed_by(scene.alice)
    with clock.frozen(clock.now() + dt.timedelta(minutes=16)):
        assert post(alice, owed)["Location"].startswith(reverse("fresh-code"))
    assert owed_by(scene.alice).state == "due"
