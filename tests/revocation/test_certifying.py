"""Certificates: drawn once, kept byte for byte, found in the record."""

from __future__ import annotations

import datetime as dt
from hashlib import sha256
from typing import Any

import pytest
from django.db import connection, transaction

from agreements.applications.models import Decision, SignedCopy, Submission
from agreements.core import clock, wakeups
from agreements.core.errors import NotPossible
from agreements.core.wakeups import Wakeup
from agreements.documents import store
from agreements.documents.certificates import render_destruction, render_end
from agreements.documents.models import IssuedAgreement, StoredDocument
from agreements.grants.models import GrantMember
from agreements.ledger.models import LedgerEntry
from agreements.ledger.verify import verify
from agreements.revocation import attesting, certificate_values, certifying, writing
from agreements.revocation.models import AffectedGrant, Procedure, ProcedureAct
from agreements.tasks import draw_certificates
from tests.documents.test_certificates import printed
from tests.flows.scene import Scene
from tests.revocation.ended import NOON, day, ended, owed_by


def certificate(affected: AffectedGrant) -> StoredDocument:
    made = AffectedGrant.objects.get(pk=affected.pk).certificate
    assert made is not None
    return made


def copies_of(affected: AffectedGrant, count: int) -> list[AffectedGrant]:
    """Return so many more ends, as one procedure over many grants leaves them."""
    rows = [AffectedGrant(procedure=affected.procedure, grant=affected.grant, state_before="active")] * count
    return AffectedGrant.objects.bulk_create(
        AffectedGrant(procedure=row.procedure, grant=row.grant, state_before="active", certificate_due_at=NOON)
        for row in rows
    )


def test_the_task_draws_what_is_due_and_records_its_hash(scene: Scene) -> None:
    affected = ended(scene)
    draw_certificates()
    made = certificate(affected)
    data = store.read(made)
    assert sha256(data).hexdigest() == made.sha256
    [entry] = LedgerEntry.objects.filter(kind="certificate.made")
    assert entry.payload == {"certificate": "revocation", "sha256": made.sha256}
    assert (entry.actor, entry.role) == ("system:certificates", "system")
    assert entry.subjects["procedure"] == affected.procedure.reference
    assert entry.subjects["grant"] == affected.grant.reference
    draw_certificates()
    assert certificate(affected) == made
    assert LedgerEntry.objects.filter(kind="certificate.made").count() == 1
    assert verify().holds


def test_it_cites_what_was_signed_and_approved(scene: Scene) -> None:
    affected = ended(scene)
    certifying.certificate_of(affected)
    words = printed(store.read(certificate(affected)))
    submission = Decision.objects.get(kind="approve").submission
    issued = IssuedAgreement.objects.get(form_sha256=submission.form_sha256)
    for value in (
        submission.signed_copy.document.sha256,
        issued.document.sha256,
        affected.grant.terms.sha256,
        affected.procedure.reference,
        affected.grant.reference,
        affected.grant.application.reference,
        "Alice Zhang 张爱丽",
        "Hong Kong University of Science and Technology",
        "Computer Science, Hong Kong",
        "2 Termination",
        "The lab may end access at any time.",
        "2 March 2026, 12:00 UTC",
        "a steward of GeneBody, on behalf of The lab",
        "16 March 2026",
    ):
        assert value in words, value
    assert "posted on a public page" not in words


def test_a_later_signed_copy_does_not_take_the_place_of_the_approved_one(scene: Scene) -> None:
    affected = ended(scene)
    approved = certificate_values.cited_agreement(affected.grant).papers
    newer = store.save(b"%PDF-1.7 another")
    SignedCopy.objects.create(application=affected.grant.application, document=newer, original_name="x.pdf")
    assert certificate_values.cited_agreement(affected.grant).papers == approved


def test_a_grant_that_was_brought_in_cites_the_paper_that_came_with_it(scene: Scene) -> None:
    affected = ended(scene)
    Decision.objects.all().delete()
    copy = Submission.objects.get().signed_copy
    Submission.objects.all().update(application=_another_application(affected))
    [paper] = certificate_values.cited_agreement(affected.grant).papers
    assert paper.sha256 == copy.document.sha256
    assert paper.name == "signed agreement that was brought in"


def _another_application(affected: AffectedGrant) -> object:
    application = affected.grant.application
    kept = type(application).objects.get(pk=application.pk)
    kept.pk, kept.reference = None, "GB-A-000000"
    kept.save()
    return kept


def test_whoever_opens_it_first_has_it_drawn_then_and_there(scene: Scene) -> None:
    affected = ended(scene)
    first = certifying.certificate_of(affected)
    assert certifying.certificate_of(affected) == first
    assert certifying.work_off() == 0


def test_two_at_once_give_one(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    affected, drawing = ended(scene), render_end
    before = StoredDocument.objects.count()
    quicker: list[StoredDocument] = []

    def while_another_is_quicker(*args: object) -> bytes:
        monkeypatch.setattr(certifying, "render_end", drawing)
        quicker.append(certifying.certificate_of(affected))
        return drawing(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(certifying, "render_end", while_another_is_quicker)
    assert certifying.certificate_of(affected) == quicker[0]
    assert StoredDocument.objects.count() == before + 1
    assert LedgerEntry.objects.filter(kind="certificate.made").count() == 1


@pytest.mark.django_db(transaction=True)
def test_nothing_is_drawn_inside_a_transaction(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    affected = ended(scene)
    drawn = []

    def outside(*values: Any) -> bytes:
        drawn.append(connection.in_atomic_block)
        return render_end(*values) if len(values) == 1 else render_destruction(*values)

    monkeypatch.setattr(certifying, "render_end", outside)
    monkeypatch.setattr(certifying, "render_destruction", outside)
    certifying.work_off()
    attesting.attest(destruction=owed_by(scene.alice), name="Alice Zhang", by=scene.alice.actor)
    assert drawn == [False, False]
    assert certificate(affected)


def test_a_store_that_does_not_answer_puts_it_off_and_hurts_nobody(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    affected, saving = ended(scene), store.save

    def refuse(data: bytes) -> StoredDocument:
        raise NotPossible("full")

    with clock.frozen(NOON):
        monkeypatch.setattr(store, "save", refuse)
        assert certifying.work_off() == 0
        monkeypatch.setattr(store, "save", saving)
        assert certifying.work_off() == 0, "claimed a moment ago"
    with clock.frozen(NOON + dt.timedelta(minutes=11)):
        assert certifying.work_off() == 1
    assert certificate(affected)


def test_one_that_cannot_be_drawn_does_not_stop_the_others(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    affected, drawing = ended(scene), render_end
    others = copies_of(affected, 3)
    calls = []

    def once_broken(*args: object) -> bytes:
        calls.append(args)
        if len(calls) == 1:
            raise ZeroDivisionError
        return drawing(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(certifying, "render_end", once_broken)
    assert certifying.work_off() == 3
    assert AffectedGrant.objects.filter(certificate=None).count() == 1
    assert len(others) == 3


def test_many_are_drawn_slice_by_slice_and_the_next_is_asked_for(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    affected = ended(scene)
    copies_of(affected, 20)
    poked: list[Wakeup] = []
    monkeypatch.setattr(certifying, "poke", poked.append)
    monkeypatch.setattr(certifying, "SLICE", 0.2)
    first = certifying.work_off()
    assert 0 < first < 21
    assert poked == [Wakeup.CERTIFICATES]
    monkeypatch.setattr(certifying, "SLICE", 30.0)
    assert first + certifying.work_off() == 21
    assert poked == [Wakeup.CERTIFICATES]
    assert not AffectedGrant.objects.filter(certificate=None).exists()


def test_the_wakeup_is_wired() -> None:
    assert wakeups.is_registered(Wakeup.CERTIFICATES)


@pytest.mark.parametrize("act", [ProcedureAct.SUSPEND, ProcedureAct.MOVE])
def test_what_is_no_revocation_has_none(scene: Scene, act: ProcedureAct) -> None:
    affected = ended(scene)
    Procedure.objects.update(act=act)
    assert certifying.work_off() == 0
    with pytest.raises(NotPossible):
        certifying.certificate_of(affected)


def test_after_a_move_the_certificate_of_destruction_says_who_ended_it(scene: Scene) -> None:
    ended(scene)
    Procedure.objects.update(act=ProcedureAct.MOVE, clause_id="")
    with clock.frozen(day(-1)):
        settled = attesting.attest(destruction=owed_by(scene.alice), name="Alice Zhang", by=scene.alice.actor)
    assert settled.certificate is not None
    words = printed(store.read(settled.certificate))
    assert "the holder, who moved to another institution" in words
    assert "Under this clause" not in words


def test_a_members_part_and_a_subset_are_named(scene: Scene) -> None:
    affected = ended(scene, members=(scene.bob,))
    member = GrantMember.objects.get(grant=affected.grant)
    AffectedGrant.objects.filter(pk=affected.pk).update(member=member)
    certifying.certificate_of(affected)
    assert "the part of Bob in it" in printed(store.read(certificate(affected)))
    entry = LedgerEntry.objects.get(kind="certificate.made")
    assert entry.subjects["member"] == str(scene.bob.public_id)
    [other] = copies_of(affected, 1)
    AffectedGrant.objects.filter(pk=other.pk).update(subset=affected.grant.subsets.get())
    certifying.certificate_of(other)
    assert "the subset Train40 of it" in printed(store.read(certificate(other)))


def test_an_act_that_fails_leaves_no_file_behind(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    affected = ended(scene)
    before = StoredDocument.objects.count()

    def broken(*args: object, **kwargs: object) -> dict[str, str]:
        raise ZeroDivisionError

    monkeypatch.setattr(certifying, "subjects", broken)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        certifying.certificate_of(affected)
    assert StoredDocument.objects.count() == before
    assert AffectedGrant.objects.get(pk=affected.pk).certificate is None


def test_a_revocation_wakes_the_drawing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    poked: list[Wakeup] = []
    monkeypatch.setattr(writing, "poke", poked.append)
    ended(scene)
    assert poked == [Wakeup.CERTIFICATES]
