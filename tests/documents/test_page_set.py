"""Sheets printed, scanned and put together again, as people do it; then looked at by the real inspector."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PIL import Image

from agreements.documents import qr
from agreements.documents.agreement_form import page_count, render_blank
from agreements.documents.evidence import Finding, findings
from agreements.documents.inspection import inspect
from agreements.documents.page_set import Judgement, judge
from tests.documents.papers import (
    FORM,
    KEY,
    OTHER_KEY,
    another_application,
    bound,
    expected,
    issue,
    older_issue,
    older_terms,
    photograph,
    without_code,
)


@pytest.fixture(scope="module")
def sheets() -> list[Image.Image]:
    return photograph(issue())


def page_set(scanned: list[Image.Image]) -> Finding:
    report = inspect(bound(scanned))
    assert report.outcome == "ok", report.reason
    (finding,) = (f for f in findings(report, expected()) if f.check == "page_set")
    return finding


def outcome(finding: Finding) -> tuple[str, str]:
    return finding.outcome, finding.summary


def test_a_complete_scan_passes(sheets: list[Image.Image]) -> None:
    assert outcome(page_set(sheets)) == ("pass", "All 3 pages of the newest issue are there, in order.")


def test_the_issued_file_itself_passes() -> None:
    [_structure, pages, *_others] = findings(inspect(issue()), expected())
    assert pages.outcome == "pass"


def test_a_missing_page_fails(sheets: list[Image.Image]) -> None:
    assert outcome(page_set([sheets[0], sheets[2]])) == ("fail", "Page 2 is missing.")


def test_swapped_pages_are_pointed_out(sheets: list[Image.Image]) -> None:
    found = page_set([sheets[0], sheets[2], sheets[1]])
    assert outcome(found) == ("attention", "The pages are in the order 1, 3, 2.")


def test_a_page_of_another_application_fails(sheets: list[Image.Image]) -> None:
    stranger = photograph(issue(another_application()))[1]
    found = page_set([sheets[0], stranger, sheets[2]])
    assert outcome(found) == ("fail", "Page 2 belongs to another application.")
    assert "Page 2 is missing." in found.details["problems"]


def test_where_no_page_is_right_all_are_said_to_be_missing(sheets: list[Image.Image]) -> None:
    stranger = photograph(issue(another_application()))[0]
    found = page_set([Image.new("L", sheets[0].size, 255), stranger])
    assert found.details["problems"] == [
        "Page 2 belongs to another application.",
        "None of the 3 pages of the agreement was found, or their codes could not be read.",
        "No code of this portal could be read on page 1.",
    ]


def test_a_page_of_an_older_issue_fails(sheets: list[Image.Image]) -> None:
    found = page_set([photograph(issue(older_issue()))[0], *sheets[1:]])
    assert outcome(found) == ("fail", "Page 1 is of issue 1; the newest is issue 2.")


def test_a_page_of_older_terms_fails(sheets: list[Image.Image]) -> None:
    found = page_set([sheets[0], photograph(issue(older_terms()))[1], sheets[2]])
    assert outcome(found) == ("fail", "Page 2 is of terms version 0.9, not of the version applied for.")


def test_a_forged_code_fails(sheets: list[Image.Image]) -> None:
    found = page_set([*sheets[:2], photograph(issue(key=OTHER_KEY))[2]])
    assert outcome(found) == ("fail", "Page 3 carries a code that this portal did not make.")


def test_a_page_that_is_there_twice_is_pointed_out(sheets: list[Image.Image]) -> None:
    assert outcome(page_set([sheets[0], *sheets])) == ("attention", "Page 1 is there more than once.")


def test_a_code_that_was_cut_off_is_not_called_a_missing_page(sheets: list[Image.Image]) -> None:
    found = page_set([sheets[0], without_code(sheets[1]), sheets[2]])
    assert outcome(found) == ("attention", "Page 2 was not found, or its code could not be read.")


def test_an_added_sheet_is_pointed_out(sheets: list[Image.Image]) -> None:
    found = page_set([*sheets, Image.new("L", sheets[0].size, 255)])
    assert outcome(found) == ("attention", "No code of this portal could be read on page 4.")


def test_a_page_upside_down_is_read_all_the_same(sheets: list[Image.Image]) -> None:
    assert page_set([sheets[0], sheets[1].rotate(180), sheets[2]]).outcome == "pass"


def test_small_and_blurred_scans_are_read_by_trying_again() -> None:
    assert page_set(photograph(issue(), dots_per_inch=80, degrees=1.5)).outcome == "pass"


def test_the_blank_form_is_accepted_with_a_request_to_compare() -> None:
    names = (
        "dataset_name",
        "terms_version",
        "terms_sha256",
        "clauses",
        "issued_on",
        "contact_addresses",
        "mail_subject",
    )
    blank = render_blank(**{name: getattr(FORM, name) for name in names}, qr_key=KEY, qr_key_number=1)
    found = page_set(photograph(blank))
    assert found.outcome == "attention"
    assert found.summary.startswith("The blank form was used")


def codes(*pages: int, of: int = 3, application: str = FORM.application_reference) -> list[list[str]]:
    return [[qr.payload(qr.PageCode(application, "1.0", 2, page, of, 1), KEY)] for page in pages]


def judged(texts: list[list[str]]) -> Judgement:
    return judge(texts, expected())


def test_no_pages_at_all_is_a_failure() -> None:
    assert judged([]).summary == "None of the 3 pages of the agreement is there."


def test_someone_elses_code_beside_ours_is_nobodys_business() -> None:
    texts = codes(1, 2, 3)
    texts[0].append("https://university.example/letterhead")
    assert judged(texts).outcome == "pass"


def test_two_of_our_codes_on_one_page_fail() -> None:
    first, second, third = codes(1, 2, 3)
    assert judged([first + second, third]).summary == "Page 1 carries the codes of several pages."


def test_a_page_count_that_was_never_issued_fails() -> None:
    assert judged(codes(1, 2, 3, of=4)).summary == "Page 1 does not fit what was issued."


def test_a_reference_in_small_letters_is_the_same_reference() -> None:
    told = replace(expected(), application="gb-a-7k2f9m")
    assert judge(codes(1, 2, 3), told).outcome == "pass"


def test_the_details_say_what_each_page_claimed_and_no_key() -> None:
    details = judged(codes(1, 3)).details
    assert [page["page"] for page in details["pages"]] == [1, 3]
    assert KEY.hex() not in repr(details) + repr(expected())


def test_the_test_form_has_the_pages_these_scenarios_speak_of() -> None:
    assert page_count(issue()) == 3
