"""What a child says of signatures is taken for what it looks like or not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agreements.documents import inspection
from agreements.documents.inspector import child, frames
from agreements.documents.inspector.child import Answer
from agreements.documents.judgement import Judgement, from_json
from agreements.documents.judgement_answer import BadJudgement, judgement_of

SIGNATURE = {
    "field": "Signature",
    "intact": True,
    "whole_file": True,
    "changes": "none",
    "identity": "unverified",
    "signer": "Alice",
}


def test_nothing_said_is_nothing_found() -> None:
    assert judgement_of({}, max_pages=40) == Judgement()


@pytest.mark.parametrize(
    "said",
    [
        {"certification": "perfect"},
        {"certification": ["intact"]},
        {"changes": None},
        {"permits": "everything"},
        {"revision_sha256": "0" * 63},
        {"revision_sha256": "Z" * 64},
        {"certificate": 7},
        {"continues": "yes"},
        {"pages_differ": [0]},
        {"pages_differ": [41]},
        {"pages_differ": [2, 2]},
        {"pages_differ": [True]},
        {"pictures": "1"},
        {"signatures": {}},
        {"signatures": [SIGNATURE] * 21},
        {"signatures": [SIGNATURE | {"intact": 1}]},
        {"signatures": [SIGNATURE | {"identity": "the steward"}]},
        {"signatures": [SIGNATURE | {"identity": "trusted"}]},
        {"signatures": [SIGNATURE | {"signer": "A" * 201}]},
        {"signatures": ["Alice"]},
        {"unjudged": "faint"},
        {"unjudged": ["fine"]},
        {"unjudged": [["faint"]]},
        {"trouble": "<script>"},
    ],
)
def test_what_is_no_judgement_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(BadJudgement):
        judgement_of(said, max_pages=40)


def test_a_judgement_is_the_same_after_it_was_kept() -> None:
    judged = judgement_of({"certification": "intact", "signatures": [SIGNATURE], "pages_differ": [1, 3]}, max_pages=40)
    assert from_json(json.loads(json.dumps(judged.as_json()))) == judged
    assert from_json({}) is None


@pytest.mark.parametrize(
    ("ended", "signal_number", "trouble"),
    [("timeout", 0, "timeout"), ("signal", 14, "signal"), ("signal", 24, "processor")],
)
def test_a_child_that_ends_while_it_judges_has_lost_no_page(
    ended: str, signal_number: int, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = frames.JUDGEMENT + b"\0\0\0\x02{}"
    done = frames.DONE + b"\0\0\0\0"
    for body in (done, done + whole[:5]):
        monkeypatch.setattr(child, "run", lambda *_given, _body=body, **_more: Answer(_body, ended, signal_number))
        report = inspection.inspect(b"%PDF-1.7", certificates=[b"x"])
        assert report.outcome == "ok"
        assert report.judgement == Judgement(trouble=trouble)


def test_a_judgement_that_nobody_asked_for_or_a_second_one_makes_no_sense(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = frames.JUDGEMENT + b"\0\0\0\x02{}"
    done = frames.DONE + b"\0\0\0\0"
    monkeypatch.setattr(child, "run", lambda *_given, **_more: Answer(done + whole, "exited"))
    assert inspection.inspect(b"%PDF-1.7").reason_code == "bad-answer"
    monkeypatch.setattr(child, "run", lambda *_given, **_more: Answer(done + whole + whole, "exited"))
    assert inspection.inspect(b"%PDF-1.7", certificates=[b"x"]).reason_code == "bad-answer"
