"""The agreement is drawn outside of any transaction, so what happens meanwhile decides whether it is issued."""

from __future__ import annotations

from typing import Any

import pypdfium2
import pytest
from django.db import connection

from agreements.applications import drafting
from agreements.applications.blank_form import blank_form
from agreements.applications.models import Application
from agreements.core.actors import job
from agreements.core.errors import MovedOn, NotPossible
from agreements.documents import certifying, issuing, store
from agreements.documents.models import IssuedAgreement, StoredDocument
from agreements.documents.places import SIGNATURE
from agreements.flows.agreement_issue import issue_agreement
from agreements.keys import signing_key_file, signing_keys
from tests import signing
from tests.documents.judging_by_hand import status
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


def test_it_is_certified_and_its_bytes_are_kept_as_they_are(application: Application, scene: Scene) -> None:
    issued = issue_agreement(application=application, by=scene.alice.actor)
    pdf = store.read(issued.document)
    judged = status(pdf, signing_keys.trusted())
    assert judged.bottom_line
    assert judged.docmdp_ok
    assert issued.certified_with is not None
    assert bytes(issued.certified_with.certificate) in signing_keys.trusted()
    assert SIGNATURE in issued.places
    assert issue_agreement(application=application, by=scene.alice.actor) == issued


def test_without_a_key_it_says_so_and_keeps_nothing(
    application: Application, scene: Scene, settings: Any, tmp_path: Any
) -> None:
    before = StoredDocument.objects.count()
    settings.SIGNING_KEY = tmp_path / "there-is-none.p12"
    with pytest.raises(NotPossible) as refused:
        issue_agreement(application=application, by=scene.alice.actor)
    assert "this server has no signing key yet" in str(refused.value)
    assert "there-is-none" not in str(refused.value)
    assert StoredDocument.objects.count() == before
    assert not IssuedAgreement.objects.exists()


def test_after_a_key_was_given_up_a_draft_gets_an_agreement_anew(
    application: Application, scene: Scene, settings: Any, tmp_path: Any
) -> None:
    first = issue_agreement(application=application, by=scene.alice.actor)
    assert first.certified_with is not None
    certifying.mark_compromised(first.certified_with.fingerprint, by=job("test"))
    settings.SIGNING_KEY = tmp_path / "next.p12"
    signing_key_file.write(signing.a_key(), settings.SIGNING_KEY, passphrase=settings.SIGNING_PASSPHRASE)
    second = issue_agreement(application=application, by=scene.alice.actor)
    assert (first.issue_number, second.issue_number) == (1, 2)
    assert status(store.read(second.document), signing_keys.trusted()).bottom_line


def test_the_paper_says_where_to_upload_it_and_the_blank_form_goes_by_mail(
    application: Application, scene: Scene, settings: Any
) -> None:
    settings.SITE_URL = "https://portal.genebody.example"
    issued = issue_agreement(application=application, by=scene.alice.actor)
    paper = _text(store.read(issued.document))
    page = f"https://portal.genebody.example/applications/{application.reference}/signed-copy/"
    assert f"To return it, go to {page} and upload all pages: as one PDF, or as photographs. Of a scan" in paper
    assert "Questions go to contact@genebody.example." in paper
    assert "GeneBody Agreement" not in paper
    blank = _text(blank_form(application.terms))
    assert "To return it: send all pages as one PDF, from your institutional address, to contact@genebody" in blank


def _text(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        return " ".join(" ".join(page.get_textpage().get_text_bounded() for page in document).split())
