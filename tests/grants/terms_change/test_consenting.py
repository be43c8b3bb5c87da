"""The holder's answer: what agreeing and declining do, who may, and what it leaves as it was."""

from __future__ import annotations

import re

import pytest

from agreements.core.errors import MovedOn, NotAllowed, NotPossible
from agreements.documents import store
from agreements.grants import lifecycle
from agreements.grants.downloads import redeeming
from agreements.grants.downloads.refusals import Refused
from agreements.grants.links import tokens
from agreements.grants.models import Cause, ClosedFor, GrantState, TermsConsent
from agreements.grants.terms_change import consenting
from agreements.ledger.models import LedgerEntry
from agreements.mail.models import OutboxMessage

from tests.grants.ends import day
from tests.grants.membership import joined
from tests.grants.scene import Scene
from tests.grants.test_states import SYSTEM, revoke
from tests.grants.terms_change.asked import again, agree, ask, beat, body, causes, question

ALICE, BOB = "alice@mit.example.edu", "bob@mit.example.edu"


class TestAgreeing:
    def test_the_access_is_under_the_new_terms_from_then_on(self, scene: Scene) -> None:
        campaign = ask(scene)
        with day(3):
            answered = agree(scene)
        assert again(scene).terms == campaign.terms
        assert (answered.answer, answered.previous_terms) == ("agreed", scene.terms)
        assert answered.document is not None
        assert consenting.asked_of(again(scene)) is None
        row = LedgerEntry.objects.get(kind="terms.agreed")
        assert (row.actor, row.role) == (scene.alice.actor.id, "holder")
        assert row.payload == {"terms": "2.0", "previous": "1.0", "consent_sha256": answered.document.sha256}
