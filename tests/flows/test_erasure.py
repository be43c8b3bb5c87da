"""Who may be erased, what is ended first, what others keep, and what happens when others act in the same moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from agreements.applications import drafting
from agreements.applications.models import ApplicationMember, SignedCopy, State, Submission
from agreements.catalog import roles
from agreements.catalog.models import Dataset, Role
from agreements.core import clock
from agreements.core.clock import now, today
from agreements.core.errors import DomainError, Invalid, NotAllowed, NotPossible
from agreements.documents.issuing import newest
from agreements.documents.models import StoredDocument
from agreements.flows import erasure, retention
from agreements.flows.approving import approve
from agreements.grants import lifecycle
from agreements.grants.models import Grant, GrantMember, Link, Seal
from agreements.ledger.models import LedgerEntry
from agreements.ledger.verify import verify
from agreements.mail.delivery import deliver
from agreements.mail.drain import drain
from agreements.mail.models import OutboxMessage
from agreements.people import accounts
from agreements.people.models import User
from agreements.revocation.models import AffectedGrant, Destruction
from agreements.revocation.revoking import revoke
from tests.applications.cases import put, seen
from tests.faults.at_once import at_once
from tests.flows.leaving import OPERATOR, grant_of_bob, join
from tests.flows.scene import Scene, draft_with_signed_copy, make_scene
from tests.flows.sending import receive_upload


@pytest.fixture(autouse=True)
def _papers(tmp_path: Path, settings: Any) -> None:
    settings.VAULT_PAPERS = f"folder:{tmp_path / 'papers'}"


def erase(person: User, **options: Any) -> erasure.Erased:
    return erasure.erase(person=person, reason="Asked by mail.", by=OPERATOR, **options)


def test_access_that_runs_stands_in_the_way(scene: Scene) -> None:
    grant = Grant.objects.get(application=put(scene, State.APPROVED))
    with pytest.raises(NotPossible, match=f"{grant.reference} runs: end it first"):
        erase(scene.alice)
    scene.alice.refresh_from_db()
    assert scene.alice.name == "Alice"
    assert erasure.preview(scene.alice).in_the_way


def test_a_destruction_that_is_awaited_stands_in_the_way(scene: Scene) -> None:
    grant = Grant.objects.get(application=put(scene, State.APPROVED))
    revoke(grant=grant, clause_id="termination", reason="Over.", by=scene.dan.actor)
    affected = AffectedGrant.objects.get(grant=grant)
    Destruction.objects.get_or_create(affected=affected, person=scene.alice, defaults={"due_on": today()})
    with pytest.raises(NotPossible, match="the destruction of copies"):
        erase(scene.alice)


def test_the_last_steward_and_the_last_administrator_stay(scene: Scene) -> None:
    User.objects.filter(pk=scene.dan.pk).update(is_staff=True)
    with pytest.raises(NotPossible, match=r"last steward.*last site administrator"):
        erase(scene.dan)
    roles.give(user=scene.carol, dataset=scene.dataset, role=Role.STEWARD, by=OPERATOR)
    User.objects.filter(pk=scene.carol.pk).update(is_staff=True)
    erase(scene.dan)
    scene.dan.refresh_from_db()
    assert (scene.dan.is_staff, scene.dan.is_active) == (False, False)
    kinds = set(LedgerEntry.objects.values_list("kind", flat=True))
    assert kinds >= {"administrator.ended", "role.ended", "person.erased"}


def test_an_address_that_a_dataset_gives_as_its_contact_stands_in_the_way(scene: Scene) -> None:
    Dataset.objects.update(copy_addresses=["Carol@GeneBody.example"])
    with pytest.raises(NotPossible, match=r"change dataset\.toml"):
        erase(scene.carol)


def test_only_an_operator_erases_and_says_why(scene: Scene) -> None:
    with pytest.raises(NotAllowed, match="by an operator"):
        erasure.erase(person=scene.eve, reason="Mine.", by=scene.eve.actor)
    with pytest.raises(Invalid, match="reason"):
        erasure.erase(person=scene.eve, reason=" ", by=OPERATOR)
    erase(scene.eve)
    with pytest.raises(NotPossible, match="erased already"):
        erase(scene.eve)


def test_a_part_in_a_colleagues_running_access_is_ended_first(scene: Scene) -> None:
    grant = grant_of_bob(scene)
    join(grant, scene.alice)
    erase(scene.alice)
    member = GrantMember.objects.get(grant=grant)
    assert (member.state, member.name) == ("left", "")
    assert not Link.objects.filter(seal__person=scene.alice, ended_at=None).exists()
    assert not Seal.objects.filter(person=scene.alice, ended_at=None).exists()
    grant.refresh_from_db()
    assert (grant.state, grant.holder_name) == ("active", "Alice Zhang 张爱丽"), "Bob's own form, by the same hand"
    assert Seal.objects.filter(grant=grant, person=scene.bob, ended_at=None).exists()


def test_an_application_that_runs_is_withdrawn_and_nobody_is_told(scene: Scene) -> None:
    application = put(scene, State.SUBMITTED)
    drain()
    mails = OutboxMessage.objects.count()
    erase(scene.alice)
    application.refresh_from_db()
    assert (application.state, application.name) == ("withdrawn", "")
    assert OutboxMessage.objects.count() == mails
    with pytest.raises(DomainError):
        approve(application=application, seen=seen(application), reason="Yes.", by=scene.carol.actor)


@pytest.fixture
def named(scene: Scene) -> Scene:
    """Bob's approved application names Alice as a colleague; she has nothing of her own."""
    grant = grant_of_bob(scene)
    submission = Submission.objects.get(application=grant.application)
    submission.form |= {"members": [{"name": "Alice Z.", "email": "Alice+x@connect.ust.hk"}]}
    submission.save()
    ApplicationMember.objects.create(application=grant.application, name="Alice Z.", email="alice@connect.ust.hk")
    return scene


def test_a_colleagues_form_keeps_its_hash_and_loses_the_name(named: Scene) -> None:
    before = Submission.objects.get().form_sha256
    done = erase(named.alice)
    submission = Submission.objects.get()
    assert submission.form_sha256 == before
    assert submission.form["members"] == [{"name": "[erased]", "email": "erased@erased.invalid"}]
    assert submission.form["organization"] != ""
    assert not ApplicationMember.objects.exists()
    submitted = LedgerEntry.objects.get(kind="application.submitted")
    assert (submitted.sequence in done.rows, submitted.payload["form_sha256"]) == (True, before)
    assert verify().holds


def test_a_colleagues_papers_stay_unless_told_otherwise_and_never_go_while_access_runs(named: Scene) -> None:
    stays = erasure.preview(named.alice).stays
    assert sum("of a colleague" in line for line in stays) == 2
    with pytest.raises(NotPossible, match="of a colleague runs"):
        erase(named.alice, colleagues_papers=True)
    grant = Grant.objects.get()
    Grant.objects.filter(pk=grant.pk).update(ends_at=now() + dt.timedelta(days=1))
    with clock.frozen(now() + dt.timedelta(days=2)):
        lifecycle.expire_due()
        erase(named.alice, colleagues_papers=True)
    assert not StoredDocument.objects.filter(removed_at=None).exists()


def test_without_being_told_a_colleagues_papers_stay(named: Scene) -> None:
    erase(named.alice)
    assert StoredDocument.objects.filter(erased_at=None).count() == 2


def test_the_command_previews_erases_and_gives_a_receipt(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    put(scene, State.DECLINED)
    rows = LedgerEntry.objects.count()
    call_command("erase_person", "ALICE@connect.ust.hk", "--dry-run")
    said = capsys.readouterr().out
    assert "The account alice@connect.ust.hk" in said
    assert "what was written in it" in said
    assert LedgerEntry.objects.count() == rows
    with pytest.raises(CommandError, match="--reason"):
        call_command("erase_person", "alice@connect.ust.hk")
    call_command("erase_person", "alice@connect.ust.hk", "--reason", "Asked on Monday.")
    assert "Receipt" in capsys.readouterr().out
    with pytest.raises(CommandError, match="Nothing here names"):
        call_command("erase_person", "alice@connect.ust.hk", "--reason", "Again.")
    assert accounts.find("alice@connect.ust.hk") is None


def test_whoever_was_only_invited_is_erased_too(scene: Scene) -> None:
    from agreements.grants.members import membership

    grant = grant_of_bob(scene)
    membership.invite(grant=grant, email="zoe@connect.ust.hk", name="Zoe Zyx", by=scene.bob.actor)
    drain()
    call_command("erase_person", "zoe@connect.ust.hk", "--reason", "Asked.")
    member = GrantMember.objects.get(grant=grant)
    assert (member.state, member.name, "zoe" in member.email) == ("withdrawn", "", False)
    assert not OutboxMessage.objects.filter(recipient__startswith="zoe").exists()


def test_what_was_open_in_a_browser_writes_no_name_again(scene: Scene) -> None:
    stale = User.objects.get(pk=scene.eve.pk)
    erase(scene.eve)
    accounts.change_profile(user=stale, name="Eve again", language="en", time_zone="UTC", by=stale.actor)
    assert User.objects.get(pk=stale.pk).name == ""


def test_a_mail_on_its_way_to_them_writes_nothing_down(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    put(scene, State.DECLINED)

    def meanwhile(mail: Any, *, within: float) -> Any:
        outcome = deliver(mail, within=within)
        if not LedgerEntry.objects.filter(kind="person.erased").exists():
            erase(scene.alice)
        return outcome

    monkeypatch.setattr("agreements.mail.drain.deliver", meanwhile)
    drain()
    assert {(row.sent_text, row.sent_subject) for row in OutboxMessage.objects.all()} == {("", "")}


def test_what_was_begun_in_the_moment_of_the_erasure_goes_too(scene: Scene) -> None:
    stale = User.objects.get(pk=scene.eve.pk)
    erase(scene.eve)
    late = drafting.start(dataset=scene.dataset, email=stale.email, by=stale.actor)
    drafting.save(application=late, fields={"name": "Eve"}, by=stale.actor)
    retention.run()
    late.refresh_from_db()
    assert (late.name, late.email, late.state) == ("", "erased@erased.invalid", "withdrawn")


def test_what_was_approved_before_the_application_was_locked_stands_in_the_way(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = put(scene, State.SUBMITTED)
    lock_all = lifecycle.lock_all

    def meanwhile(pks: Any) -> Any:
        approve(application=application, seen=seen(application), reason="Yes.", by=scene.carol.actor)
        return lock_all(pks)

    monkeypatch.setattr(lifecycle, "lock_all", meanwhile)
    with pytest.raises(NotPossible, match="runs: end it first"):
        erase(scene.alice)


# --- Others act in the same moment


def _race(folder: Path, prepare: Callable[[Scene], Any], other: Callable[[Scene, Any], Any]) -> list[Any]:
    scene = make_scene(folder)
    thing = prepare(scene)
    ends = at_once(lambda: other(scene, thing), lambda: erase(scene.alice))
    assert verify().holds
    return [scene, thing, *ends]


def _approve(scene: Scene, application: Any) -> Any:
    return approve(application=application, seen=seen(application), reason="Yes.", by=scene.carol.actor)


def test_against_a_decision_one_wins(transactional_db: None, tmp_path: Path) -> None:
    scene, application, decided, erased = _race(tmp_path / "files", lambda scene: put(scene, State.SUBMITTED), _approve)
    application.refresh_from_db()
    refused = [isinstance(end, DomainError) for end in (decided, erased)]
    assert sorted(refused) == [False, True], (decided, erased)
    assert application.state == ("withdrawn" if refused[0] else "approved")
    assert (application.name == "") is refused[0]
    assert scene.alice.pk


def test_against_an_upload_no_file_is_left_behind(transactional_db: None, tmp_path: Path) -> None:
    def upload(scene: Scene, application: Any) -> Any:
        issued = newest(application.reference)
        assert issued is not None
        data = b"%PDF-1.7 by Alice Zhang" + b" " * 100
        return receive_upload(application=application, data=data, original_name="Alice.pdf", by=scene.alice.actor)

    _scene, _application, _uploaded, erased = _race(tmp_path / "files", draft_with_signed_copy, upload)
    assert isinstance(erased, erasure.Erased)
    assert not SignedCopy.objects.exclude(original_name="").exists()
    assert not StoredDocument.objects.filter(removed_at=None).exists()


def test_against_a_revocation_of_a_colleagues_grant_both_happen(transactional_db: None, tmp_path: Path) -> None:
    def prepare(scene: Scene) -> Grant:
        grant = grant_of_bob(scene)
        join(grant, scene.alice)
        return grant

    def end(scene: Scene, grant: Grant) -> Any:
        return revoke(grant=grant, clause_id="termination", reason="Over.", by=scene.dan.actor)

    scene, grant, revoked, erased = _race(tmp_path / "files", prepare, end)
    grant.refresh_from_db()
    assert grant.state == "revoked", revoked
    owed = Destruction.objects.filter(person=scene.alice, state="due")
    if isinstance(erased, DomainError):
        assert owed.exists(), "she was asked to destroy her copies first"
    else:
        assert not owed.exists()
        assert GrantMember.objects.get(grant=grant).email.startswith("erased-")
