"""The agreement is drawn outside of any transaction, so what happens meanwhile decides whether it is issued."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from agreements.applications import drafting
from agreements.applications.models import Application
from agreements.core.errors import MovedOn
from agreements.documents import issuing
from agreements.documents.models import IssuedAgreement
from agreements.flows.agreement_issue import issue_agreement
from tests.flows.scene import DETAILS, SITE, Scene


@pytest.fixture
def application(scene: Scene) -> Application:
    by = scene.alice.actor
    draft = drafting.start(dataset=scene.dataset, email=scene.alice.email, by=by)
    return drafting.save(application=draft, fields=DETAILS | SITE, by=by)


def meanwhile(monkeypatch: pytest.MonkeyPatch, happens: Any) -> None:
    """Let something happen once, while the agreement is drawn."""
    draw = issuing.draw

    def and_then(**given: Any) -> issuing.Drawn:
        monkeypatch.setattr(issuing, "draw", draw)
        drawn = draw(**given)
        happens()
        return drawn

    monkeypatch.setattr(issuing, "draw", and_then)


def test_details_changed_meanwhile_are_not_signed_unseen(
    application: Application, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    by = scene.alice.actor
    meanwhile(monkeypatch, lambda: drafting.save(application=application, fields={"name": "Alice Wang"}, by=by))
    with pytest.raises(MovedOn, match="changed while the agreement was made"):
        issue_agreement(application=application, by=by)
    assert not IssuedAgreement.objects.exists()


def test_a_double_click_issues_one_agreement(
    application: Application, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    by = scene.alice.actor
    meanwhile(monkeypatch, lambda: issue_agreement(application=application, by=by))
    issued = issue_agreement(application=application, by=by)
    assert list(IssuedAgreement.objects.all()) == [issued]


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_held_while_it_is_drawn(
    application: Application, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[bool] = []
    meanwhile(monkeypatch, lambda: held.append(connection.in_atomic_block))
    issue_agreement(application=application, by=scene.alice.actor)
    assert held == [False]
