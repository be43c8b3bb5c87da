"""The record through the pages: each reader sees the rows of their own datasets."""

from __future__ import annotations

import csv
import io

import pytest

from agreements.applications.models import State
from agreements.catalog import roles
from agreements.catalog.models import Dataset, Role
from agreements.ledger.models import LedgerEntry
from tests.applications.cases import SYSTEM, put
from tests.flows.scene import Scene, signed_in


def test_rows_of_other_datasets_are_neither_shown_nor_found(scene: Scene) -> None:
    application = put(scene, State.APPROVED)
    other = Dataset.objects.create(slug="other", reference_prefix="OT", title="Other", contact_address="o@o.example")
    roles.give(user=scene.eve, dataset=other, role=Role.STEWARD, by=SYSTEM)
    eve, dan = signed_in(scene.eve), signed_in(scene.dan)
    for address in ("/record/", f"/record/?reference={application.reference}", "/record/?kind=application.approved"):
        assert f">{application.reference}<" not in eve.get(address).content.decode()
        assert f">{application.reference}<" in dan.get(address).content.decode()
    rows = _csv(eve, "")
    assert len(rows) == 1
    assert '"other"' in rows[0]["subjects"]


def test_the_csv_has_the_rows_of_the_filter_with_their_hashes(scene: Scene) -> None:
    application = put(scene, State.APPROVED)
    rows = _csv(signed_in(scene.dan), f"?reference={application.reference}")
    kinds = [row["kind"] for row in rows]
    assert kinds[0] == "application.started"
    assert "application.approved" in kinds
    for row in rows:
        entry = LedgerEntry.objects.get(sequence=row["sequence"])
        assert (row["hash"], row["previous_hash"]) == (entry.hash, entry.previous_hash)


@pytest.mark.parametrize(
    "query", ["?kind=%00", "?reference=%00", "?page=x", "?page=0", "?kind=nonsense", "?reference=%25"]
)
def test_any_question_is_answered(scene: Scene, query: str) -> None:
    dan = signed_in(scene.dan)
    assert dan.get(f"/record/{query}").status_code == 200
    assert dan.get(f"/record/record.csv{query}").status_code == 200


def _csv(browser: object, query: str) -> list[dict[str, str]]:
    answer = browser.get(f"/record/record.csv{query}")  # type: ignore[attr-defined]
    assert answer["Content-Disposition"] == 'attachment; filename="record.csv"'
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
