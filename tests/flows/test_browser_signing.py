"""Signing in the browser: what is signed, what is kept of it, and what is not signed unseen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pikepdf
import pypdfium2
import pytest
from django.db import connection

from agreements.applications import browser_signatures, drafting, erasing, signing, submission, withdrawing
from agreements.applications.missing import what_is_missing
from agreements.applications.models import Application, BrowserSignature, EvidenceRun, Manner, SignedCopy
from agreements.core import clock
from agreements.core.errors import DomainError, Invalid, MovedOn, NotAllowed, NotPossible, TooMany
from agreements.documents import inspecting, joining, store
from agreements.documents.models import Inspection, IssuedAgreement, StoredDocument
from agreements.flows import browser_signing
from agreements.flows.agreement_issue import issue_agreement
from agreements.ledger.models import LedgerEntry
from agreements.review import gathering
from tests.flows.scene import DETAILS, SITE, Scene

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
DRAWN = (((100, 200), (180, 80), (260, 200), (340, 90)), ((420, 150), (600, 160), (800, 140)))
CLAUSES = ("research-only", "termination")


@dataclass(frozen=True, slots=True)
class Signing:
    """An application whose agreement is issued, and how its applicant signs it."""

    application: Application
    scene: Scene

    def __call__(self, **other: Any) -> SignedCopy:
        given: dict[str, Any] = {
            "application": self.application,
            "seen": self.issued.document.sha256,
            "manner": Manner.DRAWN,
            "name": "Alice Zhang 张爱丽",
            "strokes": DRAWN,
            "clauses": CLAUSES,
            "network_address": "192.0.2.7",
            "by": self.scene.alice.actor,
        }
        return browser_signing.sign(**(given | other))

    @property
    def issued(self) -> IssuedAgreement:
        return IssuedAgreement.objects.select_related("document").latest("pk")


@pytest.fixture
def noon() -> Iterator[None]:
    with clock.frozen(NOON):
        yield


@pytest.fixture
def sign(noon: None, scene: Scene) -> Signing:
    by = scene.alice.actor
    draft = drafting.start(dataset=scene.dataset, email=scene.alice.email, by=by)
    application = drafting.save(application=draft, fields=DETAILS | SITE, by=by)
    issue_agreement(application=application, by=by)
    return Signing(application, scene)


def texts(pdf: bytes) -> list[str]:
    with pypdfium2.PdfDocument(pdf) as document:
        return [" ".join(page.get_textpage().get_text_bounded().split()) for page in document]


def test_a_drawn_signature_makes_the_signed_copy_with_a_page_that_says_everything(sign: Signing) -> None:
    copy = sign()
    *issued, page = texts(store.read(copy.document))
    for stamped, plain in zip(issued, texts(store.read(sign.issued.document)), strict=True):
        assert stamped.startswith(plain)
        assert "Pages of the agreement as it was issued. It was signed in the portal: see the signature" in stamped
    assert "Signed in the portal: see the signature page." in issued[-1]
    assert "Signature page" in page
    for words in (
        "Signature, drawn", "Alice Zhang 张爱丽", "alice@connect.ust.hk", "2 March 2026, 12:00:00 UTC", "192.0.2.7",
        "1 Research only", "2 Termination", sign.application.reference, sign.issued.document.sha256, "0" * 64,
    ):  # fmt: skip
        assert words in page, words
    kept = BrowserSignature.objects.get(signed_copy=copy)
    assert (kept.manner, kept.name, kept.clauses) == ("drawn", "Alice Zhang 张爱丽", list(CLAUSES))
    assert (kept.email, kept.network_address, kept.signed_at) == ("alice@connect.ust.hk", "192.0.2.7", NOON)
    assert what_is_missing(sign.application) == []
    rows = LedgerEntry.objects.filter(kind__in=["agreement.signed", "signed-copy.received"]).order_by("sequence")
    assert [row.kind for row in rows] == ["agreement.signed", "signed-copy.received"]
    assert rows[0].payload == {
        "issue": 1,
        "issued_sha256": sign.issued.document.sha256,
        "sha256": copy.document.sha256,
        "manner": "drawn",
    }


def test_a_typed_name_needs_no_strokes_and_keeps_none(sign: Signing) -> None:
    copy = sign(manner=Manner.TYPED, strokes=DRAWN, name="  Alice   Zhang ")
    assert "Signature, typed" in texts(store.read(copy.document))[-1]
    kept = BrowserSignature.objects.get()
    assert (kept.name, kept.strokes) == ("Alice Zhang", [])


def test_the_copy_is_certified_so_that_nothing_may_change(sign: Signing) -> None:
    pdf = store.read(sign().document)
    with pikepdf.open(BytesIO(pdf)) as document:
        certification = document.Root.Perms.DocMDP.Reference[0]
        assert certification.TransformParams.P == 1  # ISO 32000-2, table 257: no changes


def test_a_double_click_makes_one_copy(sign: Signing, monkeypatch: pytest.MonkeyPatch) -> None:
    join, done = joining.join, []

    def and_then(parts: Sequence[bytes]) -> bytes:
        monkeypatch.setattr(joining, "join", join)
        done.append(sign())
        return join(parts)

    monkeypatch.setattr(joining, "join", and_then)
    papers = StoredDocument.objects.count()
    assert sign() == done[0]
    assert sign() == done[0]
    assert (SignedCopy.objects.count(), StoredDocument.objects.count()) == (1, papers + 1)


def test_another_signature_replaces_the_first(sign: Signing) -> None:
    first, second = sign(), sign(manner=Manner.TYPED)
    assert signing.current(sign.application) == second != first
    assert BrowserSignature.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_held_while_it_is_drawn(sign: Signing, monkeypatch: pytest.MonkeyPatch) -> None:
    join, held = joining.join, []

    def looks(parts: Sequence[bytes]) -> bytes:
        held.append(connection.in_atomic_block)
        return join(parts)

    monkeypatch.setattr(joining, "join", looks)
    sign()
    assert held == [False]


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a clause less": ({"clauses": CLAUSES[:1]}, "Each clause"),
    "none": ({"clauses": ()}, "Each clause"),
    "a clause of other terms": ({"clauses": (*CLAUSES, "no-business")}, "Each clause"),
    "one twice": ({"clauses": ("research-only", "research-only")}, "Each clause"),
    "no name": ({"name": "  "}, "Type your name"),
    "an emoji": ({"name": "Alice 😀"}, r"😀 \(grinning face\)"),
    "an address of a page": ({"name": "www.example.org"}, "without addresses of web pages"),
    "a long name": ({"name": "A" * 121}, "At most 120"),
    "nothing drawn": ({"strokes": ()}, "Nothing was drawn"),
    "a dot": ({"strokes": (((5, 5),),)}, "Nothing was drawn"),
    "outside the box": ({"strokes": (((0, 0), (1001, 0)),)}, "could not be read"),
    "too many strokes": ({"strokes": (((0, 0), (9, 9)),) * 151}, "too many lines"),
    "too many points": ({"strokes": (((0, 0), (9, 9)) * 3001,)}, "too many lines"),
    "another manner": ({"manner": "stamped"}, "Draw your signature"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_a_signature_is_refused_and_nothing_is_kept(sign: Signing, what: str) -> None:
    other, words = WRONG[what]
    papers = StoredDocument.objects.count()
    with pytest.raises(Invalid, match=words):
        sign(**other)
    assert (SignedCopy.objects.count(), StoredDocument.objects.count()) == (0, papers)


def test_what_was_not_seen_is_not_signed(sign: Signing) -> None:
    seen, by = sign.issued.document.sha256, sign.scene.alice.actor
    drafting.save(application=sign.application, fields={"position": "Professor"}, by=by)
    with pytest.raises(MovedOn, match="has to be made anew"):
        sign(seen=seen)
    issue_agreement(application=sign.application, by=by)
    with pytest.raises(MovedOn, match="A newer agreement"):
        sign(seen=seen)
    assert sign().application == sign.application


def change(sign: Signing) -> None:
    drafting.save(application=sign.application, fields={"city": "Kowloon"}, by=sign.scene.alice.actor)


def withdraw(sign: Signing) -> None:
    withdrawing.withdraw(application=sign.application, by=sign.scene.alice.actor)


@pytest.mark.parametrize(("happens", "refused"), [(change, MovedOn), (withdraw, NotPossible)])
def test_what_happens_while_it_is_drawn_is_found_and_nothing_is_left(
    sign: Signing, monkeypatch: pytest.MonkeyPatch, happens: Any, refused: type[DomainError]
) -> None:
    join = joining.join

    def and_then(parts: Sequence[bytes]) -> bytes:
        happens(sign)
        return join(parts)

    monkeypatch.setattr(joining, "join", and_then)
    papers = StoredDocument.objects.count()
    with pytest.raises(refused):
        sign()
    assert (SignedCopy.objects.count(), StoredDocument.objects.count()) == (0, papers)


def test_what_is_handed_in_is_signed_no_more_and_nobody_else_signs(sign: Signing) -> None:
    with pytest.raises(NotAllowed):
        sign(by=sign.scene.bob.actor)
    sign()
    submission.submit(application=sign.application, by=sign.scene.alice.actor)
    with pytest.raises(NotPossible, match="can no longer be changed"):
        sign(manner=Manner.TYPED)


def test_only_so_many_copies_are_taken_in_a_day(sign: Signing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "COPIES_PER_DAY", 1)
    sign()
    with pytest.raises(TooMany):
        sign(manner=Manner.TYPED)


def test_the_evidence_says_who_signed_and_looks_at_the_issued_pages_alone(sign: Signing) -> None:
    sign()
    submission.submit(application=sign.application, by=sign.scene.alice.actor)
    gathering.work_off()
    found = {each["check"]: each for each in EvidenceRun.objects.get().findings}
    assert found["page_set"]["outcome"] == "pass", found["page_set"]
    assert found["structure"]["outcome"] == "pass"
    assert found["signed"]["outcome"] == "pass"
    assert found["signed"]["summary"] == (
        "Signed in the browser by Alice Zhang 张爱丽 on 2 March 2026, 12:00 UTC, drawn. "
        "Confirmed by a code mailed to alice@connect.ust.hk."
    )
    assert found["signed"]["details"]["clauses accepted"] == 2
    # As paper that somebody sent, the same file would be short of ink and have a page too many.
    BrowserSignature.objects.all().delete()
    copy, report = SignedCopy.objects.get(), inspecting.report_of(Inspection.objects.get())
    as_paper = {each.check: each for each in browser_signatures.findings_of(copy, report, sign.issued)}
    assert as_paper["page_set"].outcome != "pass"
    assert as_paper["signed"].outcome != "pass"


def test_what_was_drawn_and_from_where_goes_with_the_copy(sign: Signing) -> None:
    sign()
    erasing.erase_signatures(sign.application)
    kept = BrowserSignature.objects.get()
    assert (kept.name, kept.strokes, kept.network_address) == ("", [], None)
    assert kept.email != "alice@connect.ust.hk"
    assert kept.clauses == list(CLAUSES)
