"""What is said of files that are not ours byte for byte, by real looks inside: filled in, signed, changed, made up."""

from __future__ import annotations

import random
from dataclasses import replace
from io import BytesIO

import pikepdf
import pypdf
import pytest

from agreements.applications.blank_form import blank_form
from agreements.catalog.models import Terms
from agreements.documents import certifying, issuing, store
from agreements.documents.agreement_form import render_agreement
from agreements.documents.inspection import InspectionReport
from agreements.documents.judgement import Judgement
from agreements.documents.models import IssuedAgreement, StoredDocument
from agreements.flows import verifying
from agreements.flows.verifying import Verdict
from agreements.flows.vouching.answers import Outcome
from agreements.grants.models import Grant
from tests.documents.judging_by_hand import filled
from tests.documents.papers import FORM, bound, photograph
from tests.documents.signers import annotated, covered, saved_by_pikepdf, signed
from tests.flows.papers_of_ours import MARCH, approved, at_, executed, issued, text_of, told
from tests.flows.scene import Scene

BEGAN = "This began as an agreement as this portal issued it on 2 March 2026."
NOT_VOUCHED = "the portal does not vouch for what was written there."
NOTHING_ELSE = "Nothing else was changed in it.\nThe access that rests on it is in force."
TEXTS = {"signing_place": "Hong Kong", "signing_date": "2 March 2026"}


@pytest.fixture
def grant(scene: Scene) -> Grant:
    return approved(scene)


@pytest.fixture
def paper(grant: Grant) -> bytes:
    return issued(grant.application)


def is_refused(verdict: Verdict, *, sort: Outcome = Outcome.ALTERED) -> bool:
    """Return whether an answer is that one, and says nothing of how anything stands."""
    assert verdict.stands is None
    for words in ("in force", "suspended", "ended", "rests", "2026"):
        assert words not in text_of(verdict), words
    return verdict.outcome is sort


class TestFilledInAndSigned:
    def test_a_form_that_was_filled_in_is_otherwise_unaltered(self, paper: bytes) -> None:
        verdict = at_(filled(paper, TEXTS, ticked=True))
        assert text_of(verdict) == (
            "Ours, filled in since, but not signed digitally\n"
            f"{BEGAN}\nIts form was filled in since; {NOT_VOUCHED}\nNothing else was changed in it.\n"
            "The file bears no digital signature.\n"
            "The access that rests on it is in force."
        )
        assert (verdict.exit_code, verdict.tone) == (0, "attention")

    def test_a_signature_of_an_unknown_authority_is_intact_and_its_identity_unverified(self, paper: bytes) -> None:
        once = signed(paper)
        assert told(once) == (
            "Ours, filled in or signed since, otherwise unaltered; in force\n"
            f"{BEGAN}\nIt was signed digitally since, or filled in and signed; {NOT_VOUCHED}\n"
            "The digital signature is intact, covers the whole file; the identity of whoever made it is unverified.\n"
            f"{NOTHING_ELSE}"
        )
        assert "Łukaszewska" not in told(once)

    def test_filled_in_then_signed(self, paper: bytes) -> None:
        assert "is intact, covers the whole file" in told(signed(filled(paper, TEXTS)))

    def test_a_file_whose_access_ended_says_when(self, grant: Grant, paper: bytes) -> None:
        Grant.objects.update(ends_at=MARCH, ended_at=MARCH, state="revoked")
        verdict = at_(filled(paper, TEXTS))
        assert verdict.headline.endswith("; ended on 2 March 2026")
        assert verdict.exit_code == 3

    def test_an_old_issue_that_nobody_certified_is_known_by_how_it_begins(self, grant: Grant) -> None:
        old = render_agreement(FORM, qr_key=issuing.qr_key(1), qr_key_number=1)
        IssuedAgreement.objects.update(document=store.save(old), certified_with=None)
        assert told(filled(old, TEXTS)).startswith("Ours, filled in since, but not signed digitally")
        assert is_refused(at_(annotated(old)))


class TestChanged:
    def test_what_was_added_to_the_pages_of_an_issue_is_refused(self, paper: bytes) -> None:
        for changed in (annotated(paper), covered(paper), annotated(signed(paper)), paper + b"% more"):
            verdict = at_(changed)
            assert is_refused(verdict), text_of(verdict)
            assert verdict.headline == "Changed: do not rely on it"
            assert (verdict.tone, verdict.exit_code) == ("bad", 1)

    def test_our_certification_taken_out_of_it_hides_nothing(self, paper: bytes) -> None:
        taken = BytesIO(paper)
        writer = pypdf.PdfWriter(taken, incremental=True)
        del writer.root_object["/AcroForm"]
        out = BytesIO()
        writer.write(out)
        assert is_refused(at_(out.getvalue()))

    def test_one_byte_anywhere_is_one_too_many(self, paper: bytes) -> None:
        chance = random.Random(6)
        for _turn in range(4):
            at = chance.randrange(200, len(paper) - 200)
            changed = bytearray(paper)
            changed[at] ^= 1
            verdict = at_(bytes(changed))
            assert verdict.outcome not in {Outcome.UNALTERED, Outcome.FILLED_IN}, at
            assert verdict.stands is None

    def test_anything_behind_an_executed_agreement_is_refused_without_a_look(
        self, grant: Grant, paper: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        both = executed(grant, certifying.certify(_pages(), permits="nothing").pdf)
        monkeypatch.setattr(verifying, "inspect", None)
        for changed in (filled(both, TEXTS), annotated(both), both + b"\n"):
            assert is_refused(at_(changed))

    def test_a_changed_byte_of_an_executed_agreement_is_found(self, grant: Grant) -> None:
        both = executed(grant, certifying.certify(_pages(), permits="nothing").pdf)
        changed = both.replace(b"/MediaBox", b"/MediaBix", 1)
        assert changed != both
        assert at_(changed).outcome not in {Outcome.UNALTERED, Outcome.FILLED_IN}

    def test_what_our_key_certified_and_our_record_does_not_have_is_not_vouched_for(self, scene: Scene) -> None:
        stray = certifying.certify(_pages(), permits="form-filling").pdf
        assert is_refused(at_(stray), sort=Outcome.UNKNOWN_PAPER)
        assert is_refused(at_(annotated(stray)))


class TestStrangers:
    def test_a_scan_gets_one_answer_however_the_agreement_stands(self, scene: Scene, grant: Grant) -> None:
        scan = bound(photograph(issued(grant.application)))
        first = at_(scan)
        assert is_refused(first, sort=Outcome.COPY)
        assert "cannot tell from it whether anything on the pages was changed" in text_of(first)
        store.save(scan)
        Grant.objects.update(state="revoked", ended_at=MARCH)
        assert at_(scan) == first, "neither the state nor that we have this very scan"

    def test_a_page_made_up_with_a_copied_code_learns_what_any_copy_does(self, scene: Scene, grant: Grant) -> None:
        before = at_(_made_up(grant.application.reference, key=issuing.qr_key(1)))
        assert is_refused(before, sort=Outcome.COPY)
        nowhere = at_(_made_up("GB-A-NOWHERE", key=issuing.qr_key(1)))
        assert nowhere == before, "whether there is such an application is not told"

    def test_a_made_up_code_learns_nothing(self, scene: Scene, grant: Grant) -> None:
        known = at_(_made_up(grant.application.reference, key=bytes(32)))
        unknown = at_(_made_up("GB-A-NOWHERE", key=bytes(32)))
        assert known == unknown
        assert is_refused(known, sort=Outcome.NOT_OURS)

    def test_an_issue_saved_anew_is_a_copy(self, paper: bytes) -> None:
        verdict = at_(saved_by_pikepdf(paper))
        assert verdict.outcome in {Outcome.COPY, Outcome.ALTERED}
        assert verdict.stands is None

    def test_an_inspector_that_was_taken_over_cannot_vouch(self, paper: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        lie = Judgement(
            certification="intact",
            permits="form-filling",
            changes="form-filling",
            revision_sha256=StoredDocument.objects.earliest("pk").sha256,
            continues=True,
        )
        monkeypatch.setattr(
            verifying, "inspect", lambda *_a, **_o: InspectionReport("ok", "", "", (), (), judgement=lie)
        )
        assert is_refused(at_(b"%PDF-1.7 a file that only knows a hash\n%%EOF\n"))

    def test_the_blank_form_is_what_anybody_can_fetch(self, scene: Scene) -> None:
        form = blank_form(Terms.objects.get(dataset=scene.dataset))
        verdict = at_(form)
        assert is_refused(verdict, sort=Outcome.BLANK)

    def test_what_somebody_else_certified_is_theirs(self, grant: Grant) -> None:
        assert is_refused(at_(signed(_pages(), field="Theirs", certify=True)), sort=Outcome.FOREIGN)

    def test_any_other_file_is_not_ours(self, scene: Scene) -> None:
        assert is_refused(at_(_pages()), sort=Outcome.NOT_OURS)

    def test_an_inspector_out_of_reach_is_nothing_about_the_file(
        self, grant: Grant, paper: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def no_room(*_arguments: object, **_options: object) -> InspectionReport:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(verifying, "inspect", no_room)
        for data in (_pages(), filled(paper, TEXTS)):
            verdict = at_(data)
            assert is_refused(verdict, sort=Outcome.UNREADABLE)
            assert verdict.sentences[1] == "So nothing can be said of it now. Try again later."

    def test_what_cannot_be_read_says_why(self, scene: Scene) -> None:
        for data, words in (
            (b"", "not a PDF"),
            (b"\xff\xd8\xff a photograph", "not a PDF"),
            (_encrypted(), "encrypted"),
            (b"%PDF-1.7\nnothing", "damaged"),
            (b"%PDF-1.7" + bytes(25 * 1024 * 1024), "larger than 25 MiB"),
        ):
            verdict = at_(data)
            assert is_refused(verdict, sort=Outcome.UNREADABLE), words
            assert words in text_of(verdict)
            assert verdict.exit_code == 2


def _pages() -> bytes:
    out = BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.add_blank_page()
        pdf.save(out)
    return out.getvalue()


def _encrypted() -> bytes:
    out = BytesIO()
    with pikepdf.open(BytesIO(_pages())) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(user="a", owner="b"))
    return out.getvalue()


def _made_up(reference: str, *, key: bytes) -> bytes:
    """Return a page that somebody drew around a code, here with our own key as if it was copied from a page."""
    return bound(
        photograph(render_agreement(replace(FORM, application_reference=reference), qr_key=key, qr_key_number=1))
    )
