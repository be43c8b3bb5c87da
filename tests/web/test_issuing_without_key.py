"""A server without a signing key: the applicant reads why there is no agreement, and everything else works."""

from __future__ import annotations

from typing import Any

import pytest

from agreements.applications import drafting
from tests.flows.scene import DETAILS, SITE, Scene, signed_in

pytestmark = pytest.mark.django_db


def test_the_page_says_in_words_why_no_agreement_was_made(scene: Scene, settings: Any, tmp_path: Any) -> None:
    settings.SIGNING_KEY = tmp_path / "there-is-none.p12"
    by = scene.alice.actor
    application = drafting.start(dataset=scene.dataset, email=scene.alice.email, by=by)
    application = drafting.save(application=application, fields=DETAILS | SITE, by=by)
    page = f"/applications/{application.reference}/agreement/"
    answer = signed_in(scene.alice).post(page, follow=True)
    assert answer.status_code == 200
    assert "Agreements cannot be signed at the moment: this server has no signing key yet." in answer.text
    assert "there-is-none" not in answer.text
