"""What `/verify/` says of agreements that show another text, and that pyHanko takes for filled in."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import pytest

from agreements.documents.inspection import InspectionReport
from agreements.documents.judgement import Judgement
from agreements.flows import verifying
from agreements.flows.vouching.answers import Outcome
from agreements.grants.models import Grant
from tests.documents import forging
from tests.documents.judging_by_hand import filled
from tests.documents.signers import signed
from tests.flows.papers_of_ours import approved, at_, issued, text_of
from tests.flows.scene import Scene

CANNOT_BE_TOLD = (
    "Added to: whether it is unaltered cannot be told\n"
    "This began as a paper of this portal, and was added to in a way that is not judged here.\n"
    "Whether its pages still say the same cannot be told: not every program shows them alike. "
    "It has to be compared by eye with the file as the portal gave it out.\n"
    "Do not rely on it. Ask for that file, or ask the lab."
)


@pytest.fixture
def grant(scene: Scene) -> Grant:
    return approved(scene)


@pytest.fixture
def paper(grant: Grant) -> bytes:
    return issued(grant.application)


@pytest.mark.parametrize(
    ("forged", "outcome"),
    [
        (forging.drawn_field, Outcome.ALTERED),
        (lambda pdf: forging.drawn_field(pdf, box=(0, 0, 0, 0)), Outcome.UNJUDGED),
        (lambda pdf: signed(forging.signature_field(pdf, (0, 0, 0, 0))), Outcome.ALTERED),
        (lambda pdf: signed(forging.hidden_page(pdf, entry=b"0_00000000 00000 n")), Outcome.ALTERED),
        (lambda pdf: forging.hidden_page(pdf, start=b"startxref\n+"), Outcome.UNJUDGED),
        (lambda pdf: signed(forging.hidden_page(pdf)), Outcome.UNJUDGED),
        (forging.copied_signatures, Outcome.ALTERED),
    ],
    ids=["no box", "an empty box", "an invisible field", "a table", "a start", "unlisted, then signed", "many copies"],
)
def test_another_text_is_never_called_filled_in(
    paper: bytes, forged: Callable[[bytes], bytes], outcome: Outcome
) -> None:
    verdict = at_(forged(paper))
    assert (verdict.outcome, verdict.stands, verdict.exit_code) == (outcome, None, 1)
    assert "Do not rely on it." in text_of(verdict)
    assert "in force" not in text_of(verdict)
    if outcome is Outcome.UNJUDGED:
        assert text_of(verdict) == CANNOT_BE_TOLD


@pytest.mark.parametrize(
    "lacks",
    [{"pages_differ": None}, {"pictures": (1,)}, {"unjudged": ("faint",)}, {"trouble": "unreadable"}],
    ids=["not compared", "a picture", "faint", "trouble"],
)
def test_what_was_not_compared_to_the_end_is_not_called_unaltered(
    paper: bytes, lacks: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = sha256(paper).hexdigest()
    good: dict[str, object] = {"certification": "intact", "permits": "form-filling", "changes": "form-filling"}
    good |= {"revision_sha256": digest, "continues": True, "pages_differ": ()}

    def told(judgement: dict[str, object]) -> Outcome:
        report = InspectionReport("ok", "", "", (), (), judgement=Judgement(**judgement))  # type: ignore[arg-type]
        monkeypatch.setattr(verifying, "inspect", lambda *_data, **_options: report)
        return at_(filled(paper, {"signing_place": "Hong Kong"})).outcome

    assert told(good) is Outcome.FILLED_IN
    assert told(good | lacks) is Outcome.UNJUDGED
