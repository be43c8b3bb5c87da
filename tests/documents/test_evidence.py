from __future__ import annotations

from agreements.documents.evidence import Finding, findings
from agreements.documents.inspection import InspectionReport, PageFinding
from tests.documents.papers import expected

PAGE = PageFinding(1, 10, 10, (), b"")


def found(
    *, outcome: str = "ok", reason: str = "", flags: tuple[str, ...] = (), pages: tuple[PageFinding, ...] = (PAGE,)
) -> dict[str, Finding]:
    report = InspectionReport(outcome, reason, "code" if reason else "", pages, flags)  # type: ignore[arg-type]
    return {finding.check: finding for finding in findings(report, expected())}


def test_a_clean_file_passes_in_careful_words() -> None:
    structure = found()["structure"]
    assert structure.outcome == "pass"
    assert structure.summary == "The file is a plain PDF with nothing hidden that was looked for."


def test_active_content_fails_and_is_named() -> None:
    structure = found(flags=("javascript", "embedded-file", "repaired"))["structure"]
    assert structure.outcome == "fail"
    assert structure.summary == "The PDF contains what an agreement does not need: JavaScript, an embedded file."


def test_untidiness_asks_for_attention() -> None:
    structure = found(flags=("trailing-bytes",))["structure"]
    assert (structure.outcome, structure.summary) == ("attention", "The PDF can be read, but has data after its end.")


def test_a_refused_file_fails_with_its_reason_and_the_rest_is_unknown() -> None:
    checks = found(outcome="refused", reason="The PDF is encrypted; save it without a password.", pages=())
    assert checks["structure"].outcome == "fail"
    assert checks["structure"].summary == "The PDF is encrypted; save it without a password."
    assert checks["page_set"].outcome == checks["signed"].outcome == "unknown"


def test_a_check_that_failed_is_unknown_and_never_a_pass() -> None:
    checks = found(outcome="failed", reason="The check was ended.")
    assert checks["structure"].outcome == checks["page_set"].outcome == "unknown"
    assert checks["page_set"].summary == "The pages were not checked: The check was ended."


def test_active_content_seen_before_a_failure_is_still_told() -> None:
    assert found(outcome="failed", reason="x", flags=("launch",))["structure"].outcome == "fail"


def test_a_signature_is_left_to_people() -> None:
    signed = found()["signed"]
    assert signed.outcome == "attention"
    assert signed.summary.endswith("please look whether it is signed, dated and ticked.")
