"""Notices of ends and proofs: each once, none that is no longer true, and two years of them as people read them."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail

from agreements.catalog.models import Dataset, Terms
from agreements.core import clock
from agreements.grants import lifecycle
from agreements.grants.ends import noticing, proving
from agreements.grants.models import Grant, GrantNotice, GrantState, Suspension
from agreements.grants.running import is_running
from agreements.ledger.models import LedgerEntry
from agreements.ledger.verify import verify
from agreements.mail.drain import drain
from agreements.mail.models import MessageState, OutboxMessage
from tests.grants.ends import ALICE, BOB, again, beat, body, day, give_an_end, renew
from tests.grants.membership import joined
from tests.grants.scene import NOON, Scene
from tests.grants.test_states import SYSTEM, revoke


class TestTheEnd:
    def test_notice_is_given_thirty_and_seven_days_before_and_when_it_came(self, scene: Scene) -> None:
        give_an_end(scene)
        beat()
        told = {}
        for number in range(320, 400):
            with day(number):
                told[number] = [subject for _to, subject in beat()]
        soon = f"GeneBody: your access {scene.grant.reference} ends on 2 March 2027"
        over = f"GeneBody: access {scene.grant.reference} has ended"
        assert {number: subjects for number, subjects in told.items() if subjects} == {
            335: [soon],
            358: [soon],
            365: [over],
        }

    def test_two_beats_at_once_give_one_notice(self, scene: Scene) -> None:
        give_an_end(scene, days=30)
        with day(23):
            assert noticing.give_due() == 1
            assert noticing.give_due() == 0
        [notice] = GrantNotice.objects.all()
        assert (notice.kind, notice.about) == ("ends-7", (NOON + dt.timedelta(days=30)).isoformat())

    def test_a_beat_that_was_away_gives_the_notice_of_the_day_and_not_the_ones_missed(self, scene: Scene) -> None:
        give_an_end(scene)
        beat()
        with day(362):
            assert len(beat()) == 1
            assert GrantNotice.objects.get().kind == "ends-7"

    @pytest.mark.parametrize(
        ("days", "kinds"),
        [(31, ["ends-30", "ends-7", "expired"]), (30, ["ends-7", "expired"]), (7, ["expired"]), (3, ["expired"])],
    )
    def test_an_access_for_less_than_a_month_gets_what_makes_sense(
        self, scene: Scene, days: int, kinds: list[str]
    ) -> None:
        give_an_end(scene, days=days)
        for number in range(days + 3):
            with day(number):
                beat()
        assert list(GrantNotice.objects.order_by("pk").values_list("kind", flat=True)) == kinds

    def test_an_end_of_long_ago_is_told_to_nobody(self, scene: Scene) -> None:
        """Such as one from before there were notices."""
        give_an_end(scene, days=10)
        beat()
        with day(40):
            assert beat() == []
        assert again(scene).state == GrantState.EXPIRED

    def test_a_notice_that_waits_is_not_sent_after_a_renewal_or_a_revocation(self, scene: Scene) -> None:
        give_an_end(scene)
        beat()
        with day(340):
            noticing.give_due()
            renew(scene)
            drain()
            assert OutboxMessage.objects.get(kind="grant-ends").state == MessageState.SUPERSEDED
        with day(365 + 340):
            noticing.give_due()
            revoke(scene, by=scene.dan.actor)
            drain()
            newest = OutboxMessage.objects.filter(kind="grant-ends").latest("pk")
            assert newest.state == MessageState.SUPERSEDED

    def test_of_a_withdrawn_shut_or_suspended_one_nothing_is_said(self, scene: Scene) -> None:
        give_an_end(scene, days=60, address_days=40)
        with day(35):
            for field in ("withdrawn_at", "shut_at"):
                Dataset.objects.update(**{field: clock.now()})
                assert noticing.give_due() == 0
                Dataset.objects.update(**{field: None})
            lifecycle.suspend(grant=scene.grant, by=SYSTEM, cause="look", reason="x")
            assert noticing.give_due() == 0

    def test_under_newer_terms_it_leads_to_a_new_application(self, scene: Scene) -> None:
        joined(scene)
        give_an_end(scene)
        beat()
        newer = Terms.objects.get()
        newer.pk, newer.version, newer.effective_from = None, "2.0", dt.date(2027, 1, 1)
        newer.save()
        with day(335):
            beat()
            assert "The terms have changed since you signed (version 1.0; now 2.0). To go on, apply again" in body(
                ALICE
            )
        with day(365):
            beat()
            assert "You can still renew it" not in body(ALICE)
            assert "can renew it" not in body(BOB)

    def test_each_reads_the_moment_in_their_own_time_zone(self, scene: Scene) -> None:
        joined(scene)
        scene.bob.time_zone = "Asia/Hong_Kong"
        scene.bob.save()
        give_an_end(scene)
        beat()
        with day(365):
            beat()
            assert "ended on 2 March 2027, 12:00 (UTC)" in body(ALICE)
            assert "ended on 2 March 2027, 20:00 (HKT)" in body(BOB)


class TestTwoYears:
    """An access of 400 days, whose address is to be proven every 365; the holder renews late and proves late."""

    def test_what_happens_on_which_day_and_what_is_mailed(self, scene: Scene) -> None:
        joined(scene)
        give_an_end(scene, days=400, address_days=365)
        beat()
        reference = scene.grant.reference
        story: dict[int, list[tuple[str, str]]] = {}
        texts: dict[tuple[int, str], str] = {}
        for number in range(1, 800):
            with day(number):
                if number == 396:
                    proving.prove(grant=again(scene), by=scene.alice.actor)
                if number == 410:
                    renew(scene)
                story[number] = beat()
                texts |= {(number, letter.to[0]): str(letter.body) for letter in mail.outbox}
                assert is_running(again(scene)) is not (395 <= number < 396 or 400 <= number < 410 or number >= 805)
        proof = (ALICE, f"GeneBody: prove your address again for {reference}")
        suspended = f"GeneBody: access {reference} is suspended"
        open_again = (BOB, f"GeneBody: access {reference} is open again")
        ended = f"GeneBody: access {reference} has ended"
        assert {number: mails for number, mails in story.items() if mails} == {
            335: [proof],
            358: [proof],
            365: [proof],
            370: [(ALICE, f"GeneBody: your access {reference} ends on 6 April 2027")],
            393: [(ALICE, f"GeneBody: your access {reference} ends on 6 April 2027")],
            395: [(ALICE, suspended), (BOB, suspended)],
            396: [open_again],
            400: [(ALICE, ended), (BOB, ended)],
            410: [(ALICE, f"GeneBody: your access {reference} is renewed"), open_again],
            745: [proof],
            768: [proof],
            775: [proof],
            780: [(ALICE, f"GeneBody: your access {reference} ends on 20 May 2028")],
        }
        for (number, who), words in TEXTS.items():
            frame = FOOT.format(who=who, ref=reference)
            assert texts[number, who] == words.format(ref=reference) + frame, (number, who)
        assert verify().holds
        kinds = list(LedgerEntry.objects.order_by("sequence").values_list("kind", flat=True))
        expected = ["grant.suspended", "address.proven", "grant.resumed", "grant.expired", "address.proven"]
        assert [kind for kind in kinds if kind.startswith(("grant.", "address."))][1:] == [*expected, "grant.renewed"]

    def test_whoever_proves_and_renews_in_time_gets_no_other_mail_than_the_first_of_each(self, scene: Scene) -> None:
        give_an_end(scene, days=400, address_days=365)
        beat()
        count = 0
        for number in range(1, 800):
            with day(number):
                if number in {340, 715}:
                    proving.prove(grant=again(scene), by=scene.alice.actor)
                if number in {375, 775}:
                    renew(scene)
                count += len(beat())
        # Asked for a proof, told of the end, renewed; and the same again.
        assert count == 6
        assert not Suspension.objects.exists()


def test_the_numbers_of_a_thousand_grants_are_read_in_a_few_queries(
    scene: Scene, django_assert_max_num_queries: object
) -> None:
    give_an_end(scene, days=400, address_days=365)
    with day(370):
        beat()
        with django_assert_max_num_queries(12):  # type: ignore[operator]
            assert noticing.give_due() == 0
            assert proving.suspend_overdue() == 0
    assert Grant.objects.count() == 1


FOOT = """
--
You receive this because {who} has, or had, access {ref} to GeneBody.
Reference: {ref}
http://testserver
"""
TEXTS = {
    (335, ALICE): """Dear Alice Example,

by 2 March 2027 we ask for a fresh proof that alice@mit.example.edu, the address of your access {ref} to GeneBody, is \
still yours. Access is given to people at an institution, so this is asked from time to time. We mail a code to that \
address; you type it on this page:
http://testserver/grants/{ref}/address/

Without the proof the access is suspended on 1 April 2027, for the members too, until you prove the address.

If you have moved to another institution, the page of your access says what to do.
""",
    (365, ALICE): """Dear Alice Example,

since 2 March 2027 a fresh proof is due that alice@mit.example.edu, the address of your access {ref} to GeneBody, is \
still yours. Access is given to people at an institution, so this is asked from time to time. We mail a code to that \
address; you type it on this page:
http://testserver/grants/{ref}/address/

Without the proof the access is suspended on 1 April 2027, for the members too, until you prove the address.

If you have moved to another institution, the page of your access says what to do.
""",
    (370, ALICE): """Dear Alice Example,

your access {ref} to GeneBody ends on 6 April 2027, 12:00 (UTC). Its links and its password stop then. It ends for the \
member who shares it as well.

If you still need the data, renew it: you say what is still used, who still works with it and what for, and prove your \
address. It takes a few minutes.
http://testserver/grants/{ref}/renew/

If you do not need it any more, do nothing, and delete your copies by that day.
""",
    (395, ALICE): """Dear Alice Example,

your access {ref} to GeneBody is suspended, because alice@mit.example.edu was not proven again in time. Its links and \
its password do not work at present, for the members neither.

It opens at once when you prove the address: we mail a code there; you type it on this page:
http://testserver/grants/{ref}/address/

If you have moved to another institution, the page of your access says what to do.
""",
    (395, BOB): """Good day,

access {ref} to GeneBody, which Alice Example holds and you are a member of, is suspended: Alice Example has not \
proven the institutional address again in time. Your links and your password do not work at present.

It opens again when Alice Example proves the address. You need do nothing.
""",
    (396, BOB): """Good day,

access {ref} to GeneBody, which Alice Example holds and you are a member of, is open again.

Your password stays as it was. Links that have run out are made afresh on the page of the access:
http://testserver/grants/{ref}/
""",
    (400, ALICE): """Dear Alice Example,

your access {ref} to GeneBody ended on 6 April 2027, 12:00 (UTC). Its links and its password no longer work.

You can still renew it, until 5 July 2027:
http://testserver/grants/{ref}/renew/

If you do not need it any more, destroy the copies that you hold, if you have not yet: the archives, what was unpacked \
from them and, as far as the terms (version 1.0) bind it, what was derived from them; also in backups, on shared or \
remote storage, and on any other device.
""",
    (400, BOB): """Good day,

access {ref} to GeneBody, which Alice Example holds and you are a member of, ended on 6 April 2027, 12:00 (UTC). Your \
links and your password no longer work.

Alice Example can renew it until 5 July 2027, and was told so. If it is not renewed, destroy the copies that you hold: \
the archives, what was unpacked from them and, as far as the terms (version 1.0) bind it, what was derived from them; \
also in backups, on shared or remote storage, and on any other device.
""",
    (410, ALICE): """Dear Alice Example,

your access {ref} to GeneBody is renewed, until 20 May 2028, 12:00 (UTC).

It goes on under the terms, version 1.0, for: Train40. Members: Bob.

The password stays as it was. Links that have run out are made afresh on the page of your access:
http://testserver/grants/{ref}/
""",
}
