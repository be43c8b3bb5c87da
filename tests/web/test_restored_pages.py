"""After a restore a steward sees what is missing and opens the dataset with a checkpoint; auditors read."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from agreements.applications.models import State
from agreements.catalog import roles
from agreements.catalog.models import Dataset, Reconciliation, Role
from agreements.core import actors, clock
from agreements.core.errors import NotPossible
from agreements.flows import reconciling, record_memory, restore_watch
from agreements.grants.models import Grant
from agreements.grants.running import is_running, why_not_running
from agreements.keys import master_keys
from agreements.ledger import checkpoints
from agreements.ledger.kinds import Kind
from agreements.ledger.models import LedgerEntry, LedgerHead
from agreements.people.models import User
from tests.applications.cases import put, staff
from tests.flows.scene import SETUP, Scene, signed_in
from tests.flows.test_restore_watch import act, backup

PAGE = "/record/restored/genebody/"
JOB = actors.job("checkpoints")


@pytest.fixture
def scene(scene: Scene, tmp_path: Path, settings: Any) -> Scene:
    settings.VAULT_PAPERS = f"folder:{tmp_path / 'papers'}"
    return scene


@pytest.fixture
def grant(scene: Scene) -> Grant:
    return Grant.objects.get(application=put(scene, State.APPROVED))


@pytest.fixture
def kept(scene: Scene, grant: Grant) -> dict[str, str]:
    """Checkpoints that were mailed before the backup and after it; the database was restored since."""
    before = checkpoints.make(by=JOB).text
    restore_watch.remember()
    with backup():
        act(scene, times=3)
        after = checkpoints.make(by=JOB).text
        restore_watch.remember()
    restore_watch.remember()
    return {"before": before, "after": after}


@pytest.fixture
def dan(scene: Scene) -> Client:
    return signed_in(scene.dan)


def filled(**fields: Any) -> dict[str, Any]:
    return {"reason": "Revoked GB-G-1 again.", "typed": "genebody"} | fields


def dataset() -> Dataset:
    return Dataset.objects.get(slug="genebody")


def test_access_says_why_nothing_opens(kept: dict[str, str], grant: Grant, scene: Scene) -> None:
    fresh = Grant.objects.select_related("dataset").get(pk=grant.pk)
    assert "restored from a backup" in str(why_not_running(fresh))
    page = signed_in(scene.alice).get(f"/grants/{grant.reference}/").content.decode()
    assert "restored from a backup" in page


def test_every_page_of_the_desk_says_so_and_leads_on(kept: dict[str, str], dan: Client) -> None:
    for page in ("", "procedures/", "bars/", "archives/"):
        text = dan.get(f"/stewardship/genebody/{page}").content.decode()
        assert "All downloads have been shut since" in text
        assert f'href="{PAGE}"' in text


def test_a_link_that_does_not_open_says_that_downloads_are_shut(kept: dict[str, str], client: Client) -> None:
    text = client.get("/l/nothing").content.decode()
    assert "Downloads are shut at present" in text
    Dataset.objects.update(shut_at=None)
    assert "Downloads are shut" not in client.get("/l/nothing").content.decode()


def test_the_record_is_marked_in_the_menu_on_all_of_its_pages(scene: Scene, dan: Client) -> None:
    for page in ("", "person/", "checkpoints/", "restored/"):
        assert re.search(r'<a href="/record/" aria-current="(page|true)">', dan.get(f"/record/{page}").content.decode())


def test_the_page_says_what_is_missing_and_what_to_do_again(kept: dict[str, str], dan: Client) -> None:
    found = LedgerEntry.objects.get(kind=Kind.DATASET_SHUT).payload["found_sequence"]
    page = dan.get(PAGE).content.decode()
    assert f"at least 7: rows {found + 1} to {found + 7}" in page
    assert "begin each again" in page
    assert "at least 7" in dan.get("/record/restored/").content.decode()


def test_a_checkpoint_from_before_the_backup_proves_what_came_before(kept: dict[str, str], dan: Client) -> None:
    answer = dan.post(PAGE, {"look": "1", "checkpoint": kept["before"], "reason": "Half a sentence"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "is the one that it was made of" in page
    assert "Half a sentence" in page
    assert dataset().shut_at is not None


def test_a_checkpoint_of_lost_rows_says_how_many_at_least(kept: dict[str, str], dan: Client) -> None:
    page = dan.post(PAGE, {"look": "1", "checkpoint": kept["after"]}).content.decode()
    assert "at least 7 rows are lost" in page


def test_a_steward_opens_it_with_a_checkpoint_in_a_file(kept: dict[str, str], dan: Client, grant: Grant) -> None:
    sent = SimpleUploadedFile("mail.eml", f"Dear Dan,\n\n{kept['after']}\n".encode())
    answer = dan.post(PAGE, filled(checkpoint_file=sent), follow=True)
    assert "GeneBody is open again." in answer.content.decode()
    assert is_running(Grant.objects.select_related("dataset").get(pk=grant.pk))
    entry = LedgerEntry.objects.get(kind=Kind.DATASET_REOPENED)
    assert entry.payload["missing"] == 7
    assert entry.payload["checkpoint_sequence"] == int(re.search(r"(?m)^rows: (\d+)", kept["after"])[1])  # type: ignore[index]
    assert "Revoked GB-G-1 again." not in str(entry.payload)
    assert Reconciliation.objects.get().reason == "Revoked GB-G-1 again."


def test_it_is_not_shut_again_for_the_same_restore(kept: dict[str, str], dan: Client) -> None:
    dan.post(PAGE, filled(checkpoint=kept["before"]))
    for _ in range(3):
        restore_watch.remember()
        assert restore_watch.notice() == []
    assert dataset().shut_at is None
    memory = record_memory.read()
    assert memory is not None
    assert (memory.head.sequence, memory.lost) == (LedgerHead.objects.get().sequence, ())


def test_without_a_checkpoint_only_on_purpose(kept: dict[str, str], dan: Client) -> None:
    refused = dan.post(PAGE, filled())
    assert refused.status_code == 422
    assert "say that there is none" in refused.content.decode()
    dan.post(PAGE, filled(without="on"))
    assert LedgerEntry.objects.get(kind=Kind.DATASET_REOPENED).payload["checkpoint_sequence"] is None
    assert dataset().shut_at is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"typed": "yes"}, "Type genebody"),
        ({"reason": "  "}, "This field is required"),
        ({"without": "on", "checkpoint": "KEPT"}, "not both"),
        ({"checkpoint": "a mail without one"}, "There is no checkpoint in this"),
    ],
)
def test_what_is_not_said_clearly_opens_nothing(
    kept: dict[str, str], dan: Client, change: dict[str, str], words: str
) -> None:
    given = {name: kept["before"] if value == "KEPT" else value for name, value in change.items()}
    answer = dan.post(PAGE, filled(**({"checkpoint": kept["before"]} | given)))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert dataset().shut_at is not None


def test_a_checkpoint_that_somebody_altered_proves_nothing(kept: dict[str, str], dan: Client) -> None:
    altered = re.sub(r"(?m)^rows: (\d+)", "rows: 2", kept["before"])
    assert altered != kept["before"]
    answer = dan.post(PAGE, filled(checkpoint=altered))
    assert answer.status_code == 422
    assert "did not sign" in answer.content.decode()
    assert dataset().shut_at is not None


def test_a_checkpoint_under_a_key_that_others_may_have_opens_nothing(kept: dict[str, str], dan: Client) -> None:
    master_keys.mark_compromised(1)
    answer = dan.post(PAGE, filled(checkpoint=kept["before"]))
    assert answer.status_code == 422
    assert "which others may have" in answer.content.decode()
    assert dataset().shut_at is not None
    dan.post(PAGE, filled(without="on"))
    assert dataset().shut_at is None


def test_a_backup_whose_old_rows_are_others_is_not_opened_with_that_checkpoint(
    kept: dict[str, str], scene: Scene, dan: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "_agreement", lambda _checkpoint, _rows: checkpoints.Agreement.DIFFERS)
    answer = dan.post(PAGE, filled(checkpoint=kept["before"]))
    assert "not what this site wrote" in answer.content.decode()
    assert dataset().shut_at is not None


def test_an_auditor_reads_and_opens_nothing(kept: dict[str, str], scene: Scene) -> None:
    audrey = signed_in(staff(scene, "audrey", Role.AUDITOR))
    page = audrey.get(PAGE).content.decode()
    assert "What is missing" in page
    assert "<textarea" not in page
    assert audrey.post(PAGE, filled(without="on")).status_code == 404
    assert dataset().shut_at is not None


def test_the_steward_of_another_dataset_opens_only_theirs(kept: dict[str, str], scene: Scene) -> None:
    other = Dataset.objects.create(
        slug="other", reference_prefix="OT", title="Other", summary="", organization="", shut_at=clock.now()
    )
    roles.give(user=scene.eve, dataset=other, role=Role.STEWARD, by=SETUP)
    eve = signed_in(User.objects.get(pk=scene.eve.pk))
    assert eve.get(PAGE).status_code == 404
    assert eve.post(PAGE, filled(without="on")).status_code == 404
    assert "GeneBody" not in eve.get("/record/restored/").content.decode()
    eve.post("/record/restored/other/", filled(without="on", typed="other"))
    assert Dataset.objects.get(slug="other").shut_at is None
    restore_watch.remember()
    memory = record_memory.read()
    assert memory is not None
    assert memory.lost, "GeneBody waits still: what was lost is not forgotten"


def test_a_second_restore_noticed_meanwhile_is_looked_at_first(kept: dict[str, str], scene: Scene) -> None:
    seen = dataset()
    Dataset.objects.update(shut_at=clock.now() + dt.timedelta(minutes=1))
    with pytest.raises(NotPossible, match="changed meanwhile"):
        reconciling.reconcile(dataset=seen, checkpoint="", without=True, reason="Looked.", by=scene.dan.actor)
