"""Whatever people write is shown as text: on every page, in every mail, in every file that is handed out."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from agreements.applications.models import Application, EvidenceRun
from agreements.grants.models import Grant
from agreements.mail.drain import drain
from agreements.mail.models import OutboxMessage
from agreements.people.models import User
from agreements.review import gathering
from agreements.revocation.models import Procedure
from agreements.web.csv_answer import cell
from agreements.web.papers import pdf_attachment
from tests.flows.scene import DETAILS, SITE, Scene, make_scene, signed_in

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7|add:7 }}{% now 'Y' %}%(x)s"
SHORT = '"><script>x'


@pytest.fixture
def scene(db: None, tmp_path: Any, settings: Any) -> Scene:
    settings.STAFF_MFA_REQUIRED = False
    built = make_scene(tmp_path / "train40")
    User.objects.update(name=EVIL)
    built.dataset.tagline = built.dataset.citation = built.dataset.layout = built.dataset.organization = EVIL
    built.dataset.title, built.dataset.preview_alt = "GeneBody " + EVIL[:80], EVIL
    built.dataset.annotations = [{"name": EVIL, "text": EVIL}]
    built.dataset.statistics = [{"label": EVIL, "value": EVIL}]
    built.dataset.save()
    return built


class _Elements(HTMLParser):
    """What a browser would make of a page: no element of ours has these."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        names = dict(attributes)
        if tag == "script" and not str(names.get("src", "")).startswith("/static/"):
            self.found.append(f"<script {names}>")
        if tag == "img" and names.get("src") == "x":
            self.found.append(f"<img {names}>")
        self.found += [f"<{tag} {name}=…>" for name in names if name.startswith("on") or name == "style"]
        self.found += [f"<{tag} {name}={value}>" for name, value in attributes if _runs(name, value or "")]


def _runs(name: str, value: str) -> bool:
    return name in {"href", "action", "src", "formaction"} and value.strip().lower().startswith(
        ("javascript:", "data:")
    )


def elements_that_run(page: str) -> list[str]:
    parser = _Elements()
    parser.feed(page)
    return parser.found


def test_the_parser_sees_what_would_run() -> None:
    page = f'<p>{EVIL}</p><a href="JavaScript:x">x</a><i onclick="x" style="y"></i>'
    assert len(elements_that_run(page)) == 6


def test_what_is_planted_everywhere_runs_nowhere(scene: Scene) -> None:
    application = _walk_with_evil_texts(scene)
    grant = Grant.objects.get(application=application)
    browsers = {name: signed_in(getattr(scene, name)) for name in ("alice", "carol", "dan")}
    ref, got = application.reference, grant.reference
    addresses = {
        "alice": [
            "/datasets/genebody/",
            "/datasets/genebody/annotations/",
            "/datasets/genebody/terms/1.0/",
            "/datasets/genebody/apply/",
            "/applications/",
            f"/applications/{ref}/",
            "/grants/",
            f"/grants/{got}/",
            "/account/",
            "/accounts/fresh/",
            f"/l/{_token()}",
            "/nothing-here/<script>",
        ],
        "carol": ["/review/?show=all&words=%3Cscript%3E", "/review/?show=decided", f"/review/{ref}/", "/review/x/"],
        "dan": [
            "/stewardship/genebody/",
            "/stewardship/genebody/people/",
            "/stewardship/genebody/mail/",
            f"/stewardship/genebody/grants/{got}/",
            f"/stewardship/genebody/end/?act=revoke&scope=grant&value={got}",
            "/stewardship/genebody/end/?act=revoke&scope=dataset&value=",
            "/stewardship/genebody/end/?act=%3Cscript%3E&scope=%3Cscript%3E&value=%3Cscript%3E",
            "/stewardship/genebody/procedures/",
            f"/stewardship/genebody/procedures/{Procedure.objects.get().reference}/",
            "/stewardship/genebody/bars/",
            f"/review/{ref}/",
            "/record/?reference=%22%3E%3Cscript%3E&kind=%22%3E%3Cscript%3E",
        ],
    }
    seen, bad = 0, []
    for name, pages in addresses.items():
        for address in pages:
            page = browsers[name].get(address).content.decode()
            seen += page.count("&lt;script&gt;")
            bad += [f"{name} {address}: {element}" for element in elements_that_run(page)]
            assert "14{" not in page, "a template was run"
    assert bad == []
    assert seen > 40, "the texts are not on the pages at all"


def test_mails_show_it_as_text_and_headers_stay_one_line(scene: Scene) -> None:
    _walk_with_evil_texts(scene)
    drain()
    assert len(mail.outbox) >= 3
    for message in mail.outbox:
        assert "\n" not in message.subject
        headers = message.message()
        assert headers["Bcc"] is None
        for content, kind in getattr(message, "alternatives", []):
            assert kind == "text/html"
            # A mail has no stylesheet but its style attributes.
            assert [found for found in elements_that_run(str(content)) if " style=" not in found] == []
        assert "<script>" in str(message.body) or "GeneBody" in str(message.body)
        assert "&lt;" not in str(message.body), "plain text is not HTML"
    assert not OutboxMessage.objects.exclude(state="sent").exists()


def test_a_form_that_is_shown_again_holds_what_was_typed_as_text(scene: Scene) -> None:
    alice = signed_in(scene.alice)
    alice.post("/datasets/genebody/apply/")
    base = f"/applications/{Application.objects.get().reference}"
    answers = [
        alice.post(f"{base}/details/", DETAILS | {"name": EVIL, "country": EVIL}),
        alice.post(f"{base}/site/", SITE | {"members": EVIL, "intended_use": EVIL}),
        alice.post("/accounts/fresh/", {"code": EVIL, "next": EVIL}),
        Client().post("/accounts/login/", {"login": EVIL, "email": EVIL, "next": EVIL}),
        alice.get(f"{base}/details/?{EVIL}"),
    ]
    for answer in answers:
        assert elements_that_run(answer.content.decode()) == []
    assert answers[0].status_code == answers[1].status_code == 422


@pytest.mark.parametrize(
    "name",
    [
        'a".pdf',
        "a\r\nSet-Cookie: x=1.pdf",
        "../../etc/passwd.pdf",
        "<script>alert(1)</script>.pdf",
        "\u202efdp.exe",
        "a" * 400 + ".pdf",
        "签名.pdf",
    ],
)
def test_the_name_of_an_upload_never_reaches_a_header(scene: Scene, name: str) -> None:
    alice = signed_in(scene.alice)
    alice.post("/datasets/genebody/apply/")
    application = Application.objects.get()
    base = f"/applications/{application.reference}"
    upload = SimpleUploadedFile("x.pdf", b"%PDF-1.7\n", "application/pdf")
    upload._name = name  # type: ignore[attr-defined]  # as a hostile client sends it
    assert alice.post(f"{base}/signed-copy/", {"file": upload}).status_code in {302, 422}
    page = alice.get(f"{base}/signed-copy/").content.decode()
    assert elements_that_run(page) == []
    answer = alice.get(f"{base}/signed-copy.pdf")
    if answer.status_code == 200:
        assert answer["Content-Disposition"] == f'attachment; filename="{application.reference}-signed.pdf"'
        assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_header_cannot_be_split() -> None:
    with pytest.raises(ValueError, match="newlines"):
        pdf_attachment(b"", "a\r\nSet-Cookie: x=1")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_of_the_csv_is_never_a_formula(start: str) -> None:
    assert cell(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"
    assert cell("plain") == "plain"


def test_the_csv_of_the_record_holds_no_words_of_people(scene: Scene) -> None:
    _walk_with_evil_texts(scene)
    answer = signed_in(scene.dan).get("/record/record.csv")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert "script" not in text
    assert "alice" not in text
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0][0] == "sequence"
    assert len({len(row) for row in rows}) == 1
    assert len(rows) > 5


def _walk_with_evil_texts(scene: Scene) -> Application:
    """Alice's application from start to revocation, with hostile text wherever one can write."""
    alice, carol, dan = (signed_in(getattr(scene, name)) for name in ("alice", "carol", "dan"))
    alice.post("/datasets/genebody/apply/")
    application = Application.objects.get()
    base = f"/applications/{application.reference}"
    evil = {key: EVIL for key in DETAILS if key != "country"} | {"country": "HK"}
    evil |= {"city": EVIL[:119], "name": EVIL[:119], "position": EVIL[:119]}
    assert alice.post(f"{base}/details/", evil).status_code == 302
    place = SITE | {"site_department": EVIL, "site_city": EVIL[:119], "intended_use": EVIL}
    colleagues = {"members": f"{SHORT.replace('<', '(')} <bob@connect.ust.hk>"}
    assert alice.post(f"{base}/site/", place | colleagues).status_code == 302
    assert alice.post(f"{base}/agreement/").status_code == 302
    pdf = alice.get(f"{base}/agreement.pdf").content
    upload = SimpleUploadedFile("<img src=x onerror=alert(1)>.pdf", pdf, "application/pdf")
    assert alice.post(f"{base}/signed-copy/", {"file": upload}).status_code == 302
    assert alice.post(f"{base}/submit/", {"accept": "on"}).status_code == 302
    assert gathering.work_off() == 1
    case = f"/review/{application.reference}"
    for visibility in ("applicant", "reviewers"):
        assert carol.post(f"{case}/remark/", {"text": EVIL, "visibility": visibility}).status_code == 302
    drain()
    run = EvidenceRun.objects.get()
    seen = {"submission_number": 1, "evidence_digest": run.digest, "reason": EVIL}
    assert carol.post(f"{case}/decide/", seen | {"kind": "approve"}).status_code == 302
    drain()
    rule = {"suffix": "ust.hk", "verdict": "review", "reason": EVIL}
    assert dan.post("/stewardship/genebody/rules/add/", rule).status_code == 302
    address = f"/stewardship/genebody/end/?act=revoke&scope=grant&value={Grant.objects.get().reference}"
    _keep_token()
    ends = {"clause_id": "termination", "reason": EVIL, "expected": "1"}
    assert dan.post(address, ends).status_code == 302
    barred = {"whom": application.email, "reason": EVIL, "until": ""}
    assert dan.post("/stewardship/genebody/bars/", barred).status_code == 302
    drain()
    return application


_tokens: list[str] = []


def _keep_token() -> None:
    found = re.search(r"/l/([0-9a-zA-Z_-]+)", " ".join(str(message.body) for message in mail.outbox))
    _tokens[:] = [found.group(1)] if found else ["0" * 66]


def _token() -> str:
    return _tokens[0]
