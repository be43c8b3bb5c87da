"""A whole dataset is withdrawn, and offered again."""

from __future__ import annotations

import pytest

from agreements.catalog import withdrawing
from agreements.catalog.models import Dataset
from agreements.core.errors import Invalid, NotAllowed, NotPossible
from agreements.grants.running import is_running
from agreements.ledger.act import text_digest
from agreements.ledger.models import LedgerEntry
from tests.flows.scene import Scene, make_scene
from tests.revocation import many


@pytest.fixture
def scene(db: None, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return make_scene(tmp_path_factory.mktemp("files") / "train40")


def test_nothing_opens_until_it_is_offered_again_and_both_are_on_record(scene: Scene) -> None:
    [grant] = many.grants(scene.dataset, ["a@mit.edu"])
    dataset = scene.dataset
    withdrawing.withdraw_dataset(dataset=dataset, reason="A subject asked.", by=scene.dan.actor)
    assert dataset.withdrawn_at is not None
    grant.refresh_from_db()
    assert not is_running(grant)
    row = LedgerEntry.objects.get(kind="dataset.withdrawn")
    assert row.payload == {"reason_digest": text_digest("A subject asked.", salt=dataset.withdrawal_salt)}
    with pytest.raises(NotPossible, match="GeneBody was withdrawn already"):
        withdrawing.withdraw_dataset(dataset=dataset, reason="Again.", by=scene.dan.actor)
    withdrawing.offer_again(dataset=dataset, reason="Settled.", by=scene.dan.actor)
    grant.refresh_from_db()
    assert is_running(grant)
    assert LedgerEntry.objects.get(kind="dataset.offered-again").role == "steward"
    with pytest.raises(NotPossible, match="GeneBody is not withdrawn"):
        withdrawing.offer_again(dataset=dataset, reason="Again.", by=scene.dan.actor)


@pytest.mark.parametrize("who", ["alice", "carol", "eve"])
def test_only_a_steward_does_with_a_reason(scene: Scene, who: str) -> None:
    with pytest.raises(NotAllowed):
        withdrawing.withdraw_dataset(dataset=scene.dataset, reason="x", by=getattr(scene, who).actor)
    with pytest.raises(Invalid):
        withdrawing.withdraw_dataset(dataset=scene.dataset, reason=" ", by=scene.dan.actor)
    assert Dataset.objects.get(pk=scene.dataset.pk).withdrawn_at is None
