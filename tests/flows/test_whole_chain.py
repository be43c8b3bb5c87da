"""From an application to a dead link, through the pages, with the real parts behind them."""

from __future__ import annotations

import re
from typing import Any

import pytest
import pyzipper
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from agreements.applications.models import Application, EvidenceRun
from agreements.grants.models import DownloadOpened, Grant
from agreements.ledger.verify import verify
from agreements.mail.drain import drain
from agreements.review import gathering
from agreements.web import proofs
from tests.flows.scene import DETAILS, SITE, Scene, signed_in


def test_a_person_gets_from_the_first_page_to_the_opened_archive_and_loses_it_again(
    scene: Scene, settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    settings.STAFF_MFA_REQUIRED = False
    alice, carol, dan = signed_in(scene.alice), signed_in(scene.carol), signed_in(scene.dan)

    application = _apply(alice)
    assert gathering.work_off() == 1
    _approve(carol, application)
    drain()
    grant = Grant.objects.get(application=application)
    link = _link_in(str(mail.outbox[-1].body))
    assert _password(alice, grant, monkeypatch) not in str(mail.outbox[-1].body)

    archive = _download(alice, link)
    (tmp_path / "got.zip").write_bytes(archive)
    with pyzipper.AESZipFile(tmp_path / "got.zip") as opened:
        opened.setpassword(_password(alice, grant, monkeypatch).encode())
        assert opened.read("annots.npy") == b"annotations"

    _revoke(dan, grant)
    assert Client().get(link).status_code >= 400
    assert DownloadOpened.objects.filter(grant=grant).count() == 1
    verdict = verify()
    assert verdict.holds, verdict


def _apply(alice: Client) -> Application:
    alice.post("/datasets/genebody/apply/")
    application = Application.objects.get()
    base = f"/applications/{application.reference}"
    assert alice.post(f"{base}/details/", DETAILS).status_code == 302
    members = {"members": "Bob Lee <bob@connect.ust.hk>"}
    assert alice.post(f"{base}/site/", SITE | members).status_code == 302
    assert alice.post(f"{base}/agreement/").status_code == 302
    pdf = alice.get(f"{base}/agreement.pdf").content
    upload = SimpleUploadedFile("signed.pdf", pdf, "application/pdf")
    assert alice.post(f"{base}/signed-copy/", {"file": upload}).status_code == 302
    assert alice.get(f"{base}/submit/").status_code == 200
    assert alice.post(f"{base}/submit/", {"accept": "on"}).status_code == 302
    application.refresh_from_db()
    assert application.state == "submitted"
    assert "in review" in alice.get(f"{base}/").content.decode().lower()
    return application


def _approve(carol: Client, application: Application) -> None:
    assert application.reference in carol.get("/review/").content.decode()
    page = carol.get(f"/review/{application.reference}/").content.decode()
    assert "Evidence" in page
    run = EvidenceRun.objects.get()
    given = {"kind": "approve", "submission_number": 1, "evidence_digest": run.digest, "reason": ""}
    assert carol.post(f"/review/{application.reference}/decide/", given).status_code == 302
    application.refresh_from_db()
    assert application.state == "approved"


def _link_in(text: str) -> str:
    found = re.search(r"https?://\S+?(/l/\S+)", text)
    assert found, text
    return found.group(1)


def _password(alice: Client, grant: Grant, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(proofs, "is_fresh", lambda request: True)
    page = alice.post(f"/grants/{grant.reference}/password/").content.decode()
    found = re.search(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){4}", page)
    assert found, page
    return found.group()


def _download(alice: Client, link: str) -> bytes:
    page = Client().get(link).content.decode()
    direct = re.search(r"(/d/[^\"<\s]+)", page)
    assert direct, page
    response = Client().get(direct.group(1))
    assert response.status_code == 200
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]


def _revoke(dan: Client, grant: Grant) -> None:
    assert grant.reference in dan.get("/stewardship/genebody/").content.decode()
    given = {"clause_id": "termination", "reason": "The project has ended.", "expected": "1"}
    address = f"/stewardship/genebody/end/?act=revoke&scope=grant&value={grant.reference}"
    assert dan.post(address, given).status_code == 302
    assert dan.get("/record/").status_code == 200
    grant.refresh_from_db()
    assert grant.state == "revoked"
    drain()
    assert "termination" in str(mail.outbox[-1].body).lower()
