"""Deciding what new terms mean for running access, and the campaign: counts, answers, mail again."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import pytest
from django.test import Client

from agreements.applications.models import State
from agreements.catalog.models import Role
from agreements.core import clock
from agreements.grants.models import Grant, GrantState, TermsCampaign, TermsConsent
from agreements.grants.terms_change import asking, campaigns, consenting
from agreements.mail.models import MessageState, OutboxMessage
from agreements.web import campaign_rows
from tests.applications.cases import put, staff
from tests.flows.scene import Scene, signed_in
from tests.web.terms_things import NOTE, asked, publish
from tests.web.test_opening_pages import text_of

PAGE = "/stewardship/genebody/terms/1.1/"
ANSWERS = f"{PAGE}answers.csv"


@pytest.fixture
def grant(scene: Scene) -> Grant:
    put(scene, State.APPROVED)
    return Grant.objects.select_related("dataset", "holder", "application", "terms").get()


@pytest.fixture
def dan(scene: Scene) -> Client:
    return signed_in(scene.dan)


def form(**other: str) -> dict[str, str]:
    return {"choice": "ask", "grace_days": "30", "note": NOTE, "action": "look"} | other


def table(response: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode())))


def test_whom_it_reaches_is_shown_with_dates_before_it_is_decided(scene: Scene, grant: Grant, dan: Client) -> None:
    terms = publish(scene)
    assert "1 access runs under earlier terms." in text_of(dan.get(PAGE))
    looked = dan.post(PAGE, form())
    said = text_of(looked)
    end = terms.effective_from + dt.timedelta(days=30)
    assert f"Whoever has not agreed by {end.day} {end:%b %Y}, 00:00 UTC is suspended" in said
    assert grant.reference in said
    assert "It reaches 1 access , 1 person" in said
    assert NOTE in said
    assert not TermsCampaign.objects.exists()
    decided = dan.post(PAGE, form(action="decide", expected="1"), follow=True)
    assert "It is decided and begins now." in text_of(decided)
    campaign = TermsCampaign.objects.get()
    assert (campaign.choice, campaign.note, campaign.decided_by) == ("ask", NOTE, scene.dan)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ("30", "is reminded 14 days, 7 days and 1 day before that."),
        ("10", "is reminded 7 days and 1 day before that."),
        ("7", "is reminded 1 day before that."),
        ("1", None),
    ],
)
def test_only_reminders_that_come_are_promised(
    scene: Scene, grant: Grant, dan: Client, days: str, words: str | None
) -> None:
    publish(scene, days=0)
    said = text_of(dan.post(PAGE, form(grace_days=days)))
    assert (words in said) if words else ("is reminded" not in said)


def test_what_is_needed_to_ask_is_not_marked_as_optional(scene: Scene, grant: Grant, dan: Client) -> None:
    publish(scene)
    said = text_of(dan.get(PAGE))
    assert "Days of grace (needed to ask)" in said
    assert "Why the terms have changed (needed to ask)" in said
    assert "(optional)" not in said


def test_where_more_than_one_is_reached_the_number_is_typed(scene: Scene, grant: Grant, dan: Client) -> None:
    Grant.objects.create(
        **{
            field.name: getattr(grant, field.name)
            for field in Grant._meta.concrete_fields
            if field.name not in {"id", "reference", "application"}
        },
        application=another_application(grant),
        reference="GB-G-222222",
    )
    publish(scene)
    assert "How many accesses does this reach?" in text_of(dan.post(PAGE, form()))
    refused = dan.post(PAGE, form(action="decide", expected="2", number="1"))
    assert refused.status_code == 422
    assert "It reaches 2 accesses." in text_of(refused)
    assert not TermsCampaign.objects.exists()
    assert dan.post(PAGE, form(action="decide", expected="2", number="2")).status_code == 302


def another_application(grant: Grant) -> Any:
    copy = type(grant.application).objects.get(pk=grant.application_id)
    copy.pk, copy.reference = None, "GB-A-222222"
    copy.save(force_insert=True)
    return copy


def test_a_number_that_changed_meanwhile_is_said_and_nothing_is_decided(
    scene: Scene, grant: Grant, dan: Client
) -> None:
    publish(scene)
    page = dan.post(PAGE, form(action="decide", expected="5"))
    assert page.status_code == 422
    assert "It is 1 grants now, and was 5 when you were asked." in text_of(page)
    assert not TermsCampaign.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"note": " "}, "Say why the terms have changed: the holders read it."),
        ({"grace_days": ""}, "Give the holders from 1 to 365 days."),
        ({"grace_days": "0"}, "Give the holders from 1 to 365 days."),
        ({"choice": ""}, "This field is required."),
    ],
)
def test_what_is_missing_is_said_and_the_rest_stays(
    scene: Scene, grant: Grant, dan: Client, wrong: dict[str, str], words: str
) -> None:
    publish(scene)
    for action in ("look", "decide"):
        page = dan.post(PAGE, form(**wrong, action=action))
        assert page.status_code == 422
        assert words in text_of(page)


def test_leaving_access_as_it_is_asks_for_no_reason_and_mails_nobody(scene: Scene, grant: Grant, dan: Client) -> None:
    publish(scene)
    assert "Nobody is mailed, and nothing changes for them" in text_of(
        dan.post(PAGE, form(choice="keep", note="", grace_days=""))
    )
    dan.post(PAGE, form(choice="keep", note="", grace_days="", action="decide", expected="1"))
    asking.work_off()
    assert not OutboxMessage.objects.filter(kind__startswith="terms-").exists()
    assert "It goes on under the terms it was given under." in text_of(dan.get(PAGE))


def test_it_is_decided_once(scene: Scene, grant: Grant, dan: Client) -> None:
    asked(scene, grant)
    page = dan.post(PAGE, form(choice="keep", action="decide", expected="1"), follow=True)
    assert "This was decided already" in text_of(page)
    assert TermsCampaign.objects.get().choice == "ask"


def assert_lists_agree(campaign: TermsCampaign, **numbers: int) -> None:
    """The counts are these, the rest nobody, and each filter lists as many."""
    counts = campaigns.counts(campaign)
    expected = dict.fromkeys(("waiting", "agreed", "declined", "suspended", "ended"), 0) | numbers
    assert {name: getattr(counts, name) for name in expected} == expected
    assert {name: campaign_rows.wanted(campaign, show=name, words="").count() for name in expected} == expected


class TestTheCampaign:
    def test_counts_are_drawn_and_stand_in_a_table(self, scene: Scene, grant: Grant, dan: Client) -> None:
        asked(scene, grant)
        page = dan.get(PAGE)
        body, said = page.content.decode(), text_of(page)
        assert 'aria-label="0 of 1 agreed. The table below has the values."' in body
        assert "No answer yet 1 100 %" in said
        assert "Agreed 0 0 %" in said
        assert grant.reference in said

    def test_answers_are_filtered_and_come_as_csv(self, scene: Scene, grant: Grant, dan: Client) -> None:
        consent = asked(scene, grant)
        assert grant.reference in text_of(dan.get(f"{PAGE}?show=waiting&words=alice"))
        assert "None of them is in this group" in text_of(dan.get(f"{PAGE}?show=agreed"))
        consenting.decline(consent=consent, by=scene.alice.actor)
        assert grant.reference in text_of(dan.get(f"{PAGE}?show=declined"))
        head, row = table(dan.get(f"{ANSWERS}?show=declined"))
        told = dict(zip(head, row, strict=True))
        assert (told["access"], told["answer"], told["suspended"]) == (grant.reference, "declined", "no")
        assert len(table(dan.get(f"{ANSWERS}?show=agreed"))) == 1

    def test_before_the_decision_the_csv_says_whom_it_would_reach(
        self, scene: Scene, grant: Grant, dan: Client
    ) -> None:
        publish(scene)
        assert table(dan.get(ANSWERS))[1][:2] == [grant.reference, grant.holder_name]

    def test_suspended_after_the_grace_and_agreed_after_it(self, scene: Scene, grant: Grant, dan: Client) -> None:
        consent = asked(scene, grant)
        assert consent.grace_ends_at is not None
        with clock.frozen(consent.grace_ends_at + dt.timedelta(hours=1)):
            asking.work_off()
            late = signed_in(scene.dan)
            assert "of these, suspended for it now 1" in text_of(late.get(PAGE))
            assert "No answer: suspended" in text_of(late.get(f"{PAGE}?show=suspended"))
            again = consenting.asked_of(grant)
            assert again is not None
            consenting.agree(consent=again, seen_sha256=again.campaign.terms.sha256, by=scene.alice.actor)
            page = late.get(f"{PAGE}?show=agreed")
            assert "1 of 1 agreed" in page.content.decode()
            pdf = f"/stewardship/genebody/grants/{grant.reference}/terms/{consent.pk}.pdf"
            assert pdf in page.content.decode()
            assert late.get(pdf).content.startswith(b"%PDF")
            assert pdf in late.get(f"/stewardship/genebody/grants/{grant.reference}/").content.decode()

    def test_every_list_is_as_long_as_its_number_also_after_a_revocation(
        self, scene: Scene, grant: Grant, dan: Client
    ) -> None:
        consent = asked(scene, grant)
        campaign = consent.campaign
        assert_lists_agree(campaign, waiting=1)
        consenting.decline(consent=consent, by=scene.alice.actor)
        assert_lists_agree(campaign, declined=1)
        assert consent.grace_ends_at is not None
        with clock.frozen(consent.grace_ends_at + dt.timedelta(hours=1)):
            asking.work_off()
            assert_lists_agree(campaign, declined=1, suspended=1)
            # As a revocation leaves it: the suspension stays open beside it.
            Grant.objects.update(state=GrantState.REVOKED)
            assert_lists_agree(campaign, ended=1)
            late = signed_in(scene.dan)
            assert "None of them is in this group" in text_of(late.get(f"{PAGE}?show=suspended"))
            head, row = table(late.get(ANSWERS))
            told = dict(zip(head, row, strict=True))
            assert (told["suspended"], told["answer"]) == ("no", "ended"), "as the page says"

    def test_access_that_ended_unanswered_has_no_day_until_which_to_answer(
        self, scene: Scene, grant: Grant, dan: Client
    ) -> None:
        consent = asked(scene, grant)
        assert consent.grace_ends_at is not None
        until = f"{consent.grace_ends_at.day} {consent.grace_ends_at:%B %Y}</td>"
        assert until in dan.get(PAGE).content.decode()
        Grant.objects.update(state=GrantState.REVOKED)
        assert until not in dan.get(PAGE).content.decode()
        head, row = table(dan.get(ANSWERS))
        assert dict(zip(head, row, strict=True))["answer"] == "ended"

    def test_the_mail_is_sent_again_by_the_steward(self, scene: Scene, grant: Grant, dan: Client) -> None:
        asked(scene, grant)
        sent = OutboxMessage.objects.get(kind="terms-asked")
        OutboxMessage.objects.filter(pk=sent.pk).update(state=MessageState.SENT, sent_at=clock.now())
        address = f"{PAGE}mail/{sent.pk}/again/"
        assert address in dan.get(PAGE).content.decode()
        page = dan.post(address, follow=True)
        assert "The mail is on its way again to alice@connect.ust.hk." in text_of(page)
        assert OutboxMessage.objects.filter(resend_of=sent).count() == 1
        other = OutboxMessage.objects.exclude(kind__startswith="terms-").first()
        assert other is not None
        assert dan.post(f"{PAGE}mail/{other.pk}/again/").status_code == 404

    def test_auditors_read_it_and_do_nothing(self, scene: Scene, grant: Grant) -> None:
        consent = asked(scene, grant)
        audrey = signed_in(staff(scene, "audrey", Role.AUDITOR))
        page = audrey.get(PAGE)
        assert grant.reference in text_of(page)
        assert "Send again" not in text_of(page)
        assert audrey.post(PAGE, form()).status_code == 404
        message = OutboxMessage.objects.get(kind="terms-asked")
        assert audrey.post(f"{PAGE}mail/{message.pk}/again/").status_code == 404
        assert TermsConsent.objects.get().pk == consent.pk
