"""What need not be kept goes by the dataset's own times, and nothing else does."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from agreements.applications import remarks
from agreements.applications.models import Application, State, Submission, Visibility
from agreements.core import clock
from agreements.core.clock import now
from agreements.documents import erasing as papers
from agreements.documents.models import PageImage, StoredDocument
from agreements.flows import retention
from agreements.flows.retention import years_after
from agreements.grants import lifecycle
from agreements.grants.models import Grant
from agreements.ledger.models import LedgerEntry
from agreements.ledger.verify import verify
from agreements.mail.drain import drain
from agreements.mail.models import OutboxMessage
from agreements.revocation.models import Destruction, DestructionState
from agreements.revocation.revoking import revoke
from agreements.vault import stores
from agreements.vault.protocol import OutOfReach
from tests.applications.cases import put
from tests.flows.scene import Scene

DAYS = 30


@pytest.fixture
def kept(scene: Scene, tmp_path: Path, settings: Any) -> Scene:
    """The scene with times set: 30 days, 2 years."""
    settings.VAULT_PAPERS = f"folder:{tmp_path / 'papers'}"
    settings.STAFF_MFA_REQUIRED = False
    scene.dataset.forget_days, scene.dataset.copy_years = DAYS, 2
    scene.dataset.save()
    return scene


def later(**delta: int) -> Any:
    return clock.frozen(now() + dt.timedelta(**delta))


def revoked(scene: Scene) -> Grant:
    """Return Alice's grant, revoked, with nothing left to destroy."""
    grant = Grant.objects.get(application=put(scene, State.APPROVED))
    revoke(grant=grant, clause_id="termination", reason="Over.", by=scene.dan.actor)
    Destruction.objects.update(state=DestructionState.EXCUSED)
    grant.refresh_from_db()
    return grant


@pytest.mark.parametrize("state", [State.DECLINED, State.WITHDRAWN, State.LAPSED])
def test_what_led_to_no_access_is_erased_after_its_days_and_not_a_day_earlier(kept: Scene, state: State) -> None:
    application = put(kept, state)
    over = application.updated_at
    with clock.frozen(over + dt.timedelta(days=DAYS, seconds=-1)):
        assert retention.run() == retention.Done(0, 0, 0)
    with clock.frozen(over + dt.timedelta(days=DAYS)):
        assert [item.reference for item in retention.due(kept.dataset)] == [application.reference]
        assert retention.run().applications == 1
        assert retention.run() == retention.Done(0, 0, 0)
    application.refresh_from_db()
    assert (application.state, application.reference[:5]) == (state, "GB-A-")
    assert (application.name, application.intended_use, application.email) == ("", "", "erased@erased.invalid")
    assert list(stores.papers().names()) == []
    assert verify().holds
    entry = LedgerEntry.objects.get(kind="application.erased")
    assert entry.payload["cause"] == "forget_days"
    kinds = set(LedgerEntry.objects.filter(sequence__in=entry.payload["rows"]).values_list("kind", flat=True))
    assert kinds >= {"signed-copy.received", "agreement.issued"}


@pytest.mark.parametrize("state", [State.DRAFT, State.SUBMITTED, State.RETURNED, State.APPROVED])
def test_what_runs_or_led_to_access_stays_however_old_it_is(kept: Scene, state: State) -> None:
    put_state = put(kept, state) if state is not State.DRAFT else _draft(kept)
    with later(days=5000):
        retention.run()
    put_state.refresh_from_db()
    assert put_state.erased_at is None
    assert put_state.name


def _draft(scene: Scene) -> Application:
    from tests.flows.scene import draft_with_signed_copy

    return draft_with_signed_copy(scene)


def test_without_a_time_nothing_goes(kept: Scene) -> None:
    kept.dataset.forget_days = kept.dataset.copy_years = None
    kept.dataset.save()
    put(kept, State.DECLINED)
    with later(days=50_000):
        assert retention.run() == retention.Done(0, 0, 0)


def test_remarks_reasons_and_mails_about_it_go_with_it(kept: Scene) -> None:
    application = put(kept, State.DECLINED)
    said = remarks.add(
        application=application, text="Known for it.", visibility=Visibility.REVIEWERS, by=kept.carol.actor
    )
    drain()
    with later(days=DAYS + 1):
        retention.run()
    said.refresh_from_db()
    assert (said.text, said.text_salt) == ("", "")
    mails = OutboxMessage.objects.filter(subject_reference=application.reference)
    assert {(mail.recipient, mail.sent_text, str(mail.values)) for mail in mails} == {
        ("erased@erased.invalid", "", "{}")
    }
    assert Submission.objects.get().form["erased"] is True


def test_signed_copies_go_years_after_the_end_and_their_hashes_stay(kept: Scene) -> None:
    grant = revoked(kept)
    end = grant.ended_at
    assert end is not None
    before = {document.sha256 for document in StoredDocument.objects.all()}
    with clock.frozen(years_after(end, 2) - dt.timedelta(seconds=1)):
        assert retention.run().papers == 0
    with clock.frozen(years_after(end, 2)):
        done = retention.run()
        assert done.papers == done.files == 2
    assert {document.sha256 for document in StoredDocument.objects.all()} >= before
    told = LedgerEntry.objects.filter(kind="signed-copy.erased")
    assert {entry.payload["sha256"] for entry in told} == {
        document.sha256 for document in StoredDocument.objects.exclude(erased_at=None)
    }
    grant.refresh_from_db()
    assert grant.holder_name, "the grant itself stays as it is"


def test_papers_stay_while_access_runs_or_copies_must_still_be_destroyed(kept: Scene) -> None:
    grant = Grant.objects.get(application=put(kept, State.APPROVED))
    with later(days=4000):
        assert retention.run().papers == 0
    revoke(grant=grant, clause_id="termination", reason="Over.", by=kept.dan.actor)
    if not Destruction.objects.exists():  # a revocation in its short form asks nobody
        from agreements.revocation.models import AffectedGrant

        affected = AffectedGrant.objects.get(grant=grant)
        Destruction.objects.create(affected=affected, person=kept.alice, due_on=clock.today())
    with later(days=4000):
        assert retention.run().papers == 0
        Destruction.objects.update(state=DestructionState.EXCUSED)
        assert retention.run().papers == 2


def test_a_run_that_was_killed_between_row_and_file_is_finished_by_the_next(
    kept: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(kept, State.DECLINED)

    class Killed(BaseException):
        pass

    def kill(*args: Any, **options: Any) -> int:
        raise Killed

    with later(days=DAYS + 1):
        with monkeypatch.context() as patch:
            patch.setattr(papers, "remove_files", kill)
            with pytest.raises(Killed):
                retention.run()
        assert papers.still_there().count() == 2
        assert len(list(stores.papers().names())) == 2
        assert retention.run().files == 2
    assert list(stores.papers().names()) == []
    assert PageImage.objects.count() == 0


def test_a_store_out_of_reach_delays_the_files_and_nothing_else(kept: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    put(kept, State.DECLINED)

    def away(*args: Any, **options: Any) -> int:
        raise OutOfReach("no answer")

    with later(days=DAYS + 1):
        with monkeypatch.context() as patch:
            patch.setattr(papers, "remove_files", away)
            assert retention.run() == retention.Done(1, 0, 0)
        assert retention.run().files == 2


def test_the_dry_run_lists_what_would_go_and_writes_nothing(kept: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    application = put(kept, State.DECLINED)
    rows = LedgerEntry.objects.count()
    with later(days=DAYS + 1):
        call_command("retention", "--dry-run")
        said = capsys.readouterr().out
        assert f"{application.reference}  what was written" in said
        assert "forget_days = 30" in said
        assert LedgerEntry.objects.count() == rows
        call_command("retention", "--dataset", "genebody")
    assert "1 applications" in capsys.readouterr().out


def test_what_changed_in_this_moment_stays(kept: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list was made before the lock: what is locked is looked at again."""
    application = put(kept, State.DECLINED)
    with later(days=DAYS + 1):
        listed = retention.due(kept.dataset)
        Application.objects.filter(pk=application.pk).update(updated_at=now())
        assert listed
        monkeypatch.setattr(retention, "_applications", lambda *args: [application])
        assert retention.run().applications == 0


def test_papers_that_nothing_refers_to_go_after_a_day(kept: Scene) -> None:
    application = put(kept, State.SUBMITTED)
    referred = set(stores.papers().names())
    stores.papers().put("0" * 32, iter([b"a picture that was never written down"]))
    stores.papers().put("head-of-the-record", iter([b"not a paper"]))
    lost = papers_saved()
    with later(hours=1):
        assert retention.remove_lost() == 0
    with later(hours=27):
        assert retention.remove_lost() == 2
        papers.remove_files()
    assert set(stores.papers().names()) == referred | {"head-of-the-record"}
    lost.refresh_from_db()
    assert lost.erased_at is not None
    assert application.erased_at is None


def papers_saved() -> StoredDocument:
    from agreements.documents import store

    return store.save(b"%PDF-1.7 an upload whose request was killed")


def test_a_day_that_a_year_does_not_have() -> None:
    leap = dt.datetime(2028, 2, 29, 12, tzinfo=dt.UTC)
    assert years_after(leap, 1) == dt.datetime(2029, 3, 1, 12, tzinfo=dt.UTC)
    assert years_after(leap, 4) == dt.datetime(2032, 2, 29, 12, tzinfo=dt.UTC)


def test_a_grant_that_was_renewed_keeps_its_papers(kept: Scene) -> None:
    grant = Grant.objects.get(application=put(kept, State.APPROVED))
    Grant.objects.filter(pk=grant.pk).update(ends_at=now() + dt.timedelta(days=1))
    with later(days=2):
        lifecycle.expire_due()
        grant.refresh_from_db()
        assert grant.state == "expired"
    with later(days=400):
        assert retention.due(kept.dataset) == []
