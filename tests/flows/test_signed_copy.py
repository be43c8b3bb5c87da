"""What is refused leaves nothing behind, and opening a file is repeated only so often."""

from __future__ import annotations

import pytest

from agreements.applications import signing
from agreements.applications.models import SignedCopy
from agreements.core.errors import NotPossible, TooMany
from agreements.documents import inspecting
from agreements.documents.models import Inspection, InspectionState, StoredDocument
from tests.flows.scene import Scene, draft_with_signed_copy, submitted
from tests.flows.sending import receive_upload

PDF = b"%PDF-1.7 not much of one"


def test_an_upload_to_what_is_handed_in_is_refused_before_it_is_stored(scene: Scene) -> None:
    application = submitted(scene)
    before = StoredDocument.objects.count()
    with pytest.raises(NotPossible):
        receive_upload(application=application, data=PDF, original_name="x.pdf", by=scene.alice.actor)
    assert StoredDocument.objects.count() == before


def test_an_upload_that_fails_at_the_end_is_taken_out_of_the_store(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = draft_with_signed_copy(scene)
    before = StoredDocument.objects.count()

    def fails(**_: object) -> SignedCopy:
        raise NotPossible("meanwhile handed in")

    monkeypatch.setattr(signing, "receive", fails)
    with pytest.raises(NotPossible, match="meanwhile"):
        receive_upload(application=application, data=PDF, original_name="x.pdf", by=scene.alice.actor)
    assert StoredDocument.objects.count() == before


def test_only_so_many_copies_are_taken_in_a_day(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    application = draft_with_signed_copy(scene)
    monkeypatch.setattr(signing, "COPIES_PER_DAY", 1)
    with pytest.raises(TooMany):
        receive_upload(application=application, data=PDF, original_name="x.pdf", by=scene.alice.actor)


def test_a_failed_look_is_repeated_three_times_and_no_more(scene: Scene) -> None:
    application = draft_with_signed_copy(scene)
    looks = Inspection.objects.order_by("-pk")[:1]
    for _ in range(inspecting.REPETITIONS):
        Inspection.objects.update(state=InspectionState.FAILED)
        signing.inspect_again(application=application, by=scene.alice.actor)
        assert looks[0].state == InspectionState.PENDING
    Inspection.objects.update(state=InspectionState.FAILED)
    with pytest.raises(NotPossible, match="often enough"):
        signing.inspect_again(application=application, by=scene.alice.actor)


def test_a_look_is_not_repeated_on_what_is_handed_in(scene: Scene) -> None:
    application = submitted(scene)
    with pytest.raises(NotPossible):
        signing.inspect_again(application=application, by=scene.alice.actor)
