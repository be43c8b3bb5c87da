"""The scene with a mailbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agreements.applications import drafting
from agreements.applications.models import Application
from agreements.flows.agreement_issue import issue_agreement
from tests.flows.scene import DETAILS, SITE, Scene
from tests.mail.inbox import letters


@pytest.fixture
def lab(scene: Scene, tmp_path: Path, settings: Any) -> Scene:
    """The scene, whose mailbox has an address and a private store of its own."""
    settings.VAULT_PAPERS = f"folder:{tmp_path / 'papers'}"
    settings.MAILBOX_ADDRESSES = [letters.OURS]
    settings.AUTHSERV_ID = ""
    return scene


@pytest.fixture
def draft(lab: Scene) -> Application:
    """Alice's application, of which the agreement is made and nothing signed came back yet."""
    by = lab.alice.actor
    application = drafting.start(dataset=lab.dataset, email=lab.alice.email, by=by)
    application = drafting.save(application=application, fields=DETAILS | SITE, by=by)
    issue_agreement(application=application, by=by)
    return application
