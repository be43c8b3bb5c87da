"""Two versions of the terms, compared clause by clause and word by word."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreements.catalog import terms_akin, terms_changes
from agreements.catalog.terms_changes import (
    BREAK,
    Change,
    ClauseChange,
    Op,
    Words,
    clause_changes,
    counts,
    kept_changes,
    to_agree,
    word_changes,
)
from agreements.catalog.terms_matching import Budget, Steps

COPIES = "Copies are kept where only the researcher and the members can reach them, and nobody else."
SITES = "Copies may be made for internal use at one single site of the organization: the site on the form."


def clause(key: str, *paragraphs: str, heading: str = "") -> dict[str, Any]:
    return {"id": key, "heading": heading or key.capitalize(), "paragraphs": list(paragraphs)}


def marked(words: Words) -> str:
    sign = {Op.SAME: "{}", Op.ADDED: "[+{}+]", Op.REMOVED: "[-{}-]"}
    return "".join(sign[op].format(text) for op, text in words)


def kinds(changes: list[ClauseChange]) -> list[tuple[str, str]]:
    return [(change.id, str(change.kind)) for change in changes]


def test_only_the_words_that_changed_are_marked() -> None:
    old = "Destroy every copy within 14 days and say so in writing."
    new = "Destroy every copy within 30 days, backups too, and say so in writing."
    assert marked(word_changes(old, new)) == (
        "Destroy every copy within [-14-][+30+] days[+, backups too,+] and say so in writing."
    )


def test_a_word_dropped_from_a_long_clause_is_found() -> None:
    (change,) = clause_changes([clause("a", "It must not be sold.")], [clause("a", "It must be sold.")])
    assert change.kind is Change.CHANGED
    assert marked(change.words) == "It must [-not -]be sold."


def test_text_that_stayed_is_the_same_even_where_the_clause_has_another_heading() -> None:
    old, new = [clause("a", SITES)], [clause("a", SITES, heading="Only one site")]
    (change,) = clause_changes(old, new)
    assert change.kind is Change.CHANGED
    assert marked(change.heading) == "[-A-][+Only one site+]"
    assert marked(change.words) == SITES


def test_clauses_are_matched_by_id_and_shown_in_the_new_order_the_removed_ones_where_they_stood() -> None:
    old = [clause("a", "One."), clause("gone", "Two."), clause("c", "Three.")]
    new = [clause("a", "One."), clause("c", "Three."), clause("new", "Four, which nobody has read yet.")]
    changes = clause_changes(old, new)
    assert kinds(changes) == [("a", "same"), ("gone", "removed"), ("c", "same"), ("new", "added")]
    assert [(change.old_number, change.number) for change in changes] == [(1, 1), (2, None), (3, 2), (None, 3)]
    assert counts(changes) == {"added": 1, "removed": 1, "changed": 0, "moved": 0, "same": 2}


def test_a_removed_first_clause_stands_first() -> None:
    assert kinds(clause_changes([clause("a", "One."), clause("b", "Two.")], [clause("b", "Two.")])) == [
        ("a", "removed"),
        ("b", "same"),
    ]


def test_one_clause_that_went_to_another_place_is_moved_and_the_others_are_not() -> None:
    old = [clause(key, f"Text of {key}.") for key in "abcd"]
    changes = clause_changes(old, [old[3], old[0], old[1], old[2]])
    assert kinds(changes) == [("d", "moved"), ("a", "same"), ("b", "same"), ("c", "same")]


def test_a_clause_may_move_and_change_at_once() -> None:
    old = [clause(key, f"Text of {key}.") for key in "abc"]
    changes = clause_changes(old, [clause("c", "Another text of c."), old[0], old[1]])
    assert (changes[0].kind, changes[0].is_moved) == (Change.CHANGED, True)


def test_a_clause_split_off_names_the_one_its_words_came_from() -> None:
    changes = clause_changes([clause("sites", SITES, COPIES)], [clause("sites", SITES), clause("keeping", COPIES)])
    assert kinds(changes) == [("sites", "changed"), ("keeping", "added")]
    assert changes[1].akin == "sites"
    assert marked(changes[0].words) == f"{SITES}[-{BREAK}{COPIES}-]"


def test_a_clause_put_into_another_one_names_where_its_words_stand_now() -> None:
    changes = clause_changes([clause("sites", SITES), clause("keeping", COPIES)], [clause("sites", SITES, COPIES)])
    assert [(change.id, change.akin) for change in changes if change.kind is Change.REMOVED] == [("keeping", "sites")]


def test_an_id_that_was_renamed_is_one_clause_less_and_one_more_and_each_names_the_other() -> None:
    changes = clause_changes([clause("old-id", SITES)], [clause("new-id", SITES)])
    assert {(change.id, change.kind, change.akin) for change in changes} == {
        ("old-id", Change.REMOVED, "new-id"),
        ("new-id", Change.ADDED, "old-id"),
    }


def test_unrelated_clauses_are_not_called_akin() -> None:
    changes = clause_changes([clause("a", SITES)], [clause("b", "The team may end access at any time, in writing.")])
    assert {change.akin for change in changes} == {""}


def test_clauses_without_words_in_common_are_not_compared_run_by_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms_akin, "_share", lambda *_texts: pytest.fail("compared"))
    old, new = ([clause(f"{tag}{n}", " ".join(f"{tag}{n}w{w}" for w in range(20))) for n in range(30)] for tag in "ab")
    assert {change.akin for change in clause_changes(old, new)} == {""}


def test_the_differences_of_two_texts_are_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = [clause("once", SITES)], [clause("once", COPIES)]
    first = kept_changes(old, new)
    assert list(first) == clause_changes(old, new)
    monkeypatch.setattr(terms_changes, "clause_changes", lambda *_texts: pytest.fail("computed again"))
    assert kept_changes([clause("once", SITES)], new) is first


def test_what_somebody_has_not_agreed_to_is_what_was_changed_or_added() -> None:
    old = [clause("a", "One."), clause("b", "Two."), clause("c", "Three.")]
    new = [clause("c", "Three."), clause("a", "One, and more."), clause("d", "Four.")]
    assert [change.id for change in to_agree(clause_changes(old, new))] == ["a", "d"]


def test_a_text_rewritten_altogether_is_shown_whole_and_not_in_shreds() -> None:
    pieces = word_changes(
        SITES, "Whoever breaks a clause loses the right to use it at that moment, without any notice."
    )
    assert [op for op, _text in pieces] == [Op.REMOVED, Op.ADDED]


def test_chinese_text_is_compared_by_character() -> None:
    assert marked(word_changes("数据集仅用于研究。", "数据集仅可用于非商业研究。")) == (
        "数据集仅[+可+]用于[+非商业+]研究。"
    )


def test_paragraphs_come_out_as_paragraphs() -> None:
    (change,) = clause_changes([clause("a", SITES)], [clause("a", SITES, COPIES)])
    assert change.paragraphs == [[(Op.SAME, SITES)], [(Op.ADDED, COPIES)]]


def test_a_paragraph_broken_in_two_shows_the_break() -> None:
    (change,) = clause_changes([clause("a", f"{SITES} {COPIES}")], [clause("a", SITES, COPIES)])
    assert change.kind is Change.CHANGED
    assert (Op.ADDED, "¶") in [piece for paragraph in change.paragraphs for piece in paragraph]


def test_very_long_clauses_are_compared_by_paragraph() -> None:
    budget = Budget(words=Steps(10), paragraphs=Steps(100))
    pieces = word_changes(BREAK.join([SITES, COPIES]), BREAK.join([SITES, COPIES + " Ever."]), budget)
    assert marked(pieces) == f"{SITES}{BREAK}[-{COPIES}-][+{COPIES} Ever.+]"


def test_paragraphs_too_many_to_compare_are_shown_whole() -> None:
    pieces = word_changes(SITES, COPIES, Budget(words=Steps(10), paragraphs=Steps(0)))
    assert pieces == [(Op.REMOVED, SITES), (Op.ADDED, COPIES)]


REPEATED = clause("a", "a " * 3999), clause("a", "a a b " * 1333)
HEAVY = {
    "one word again and again": ([REPEATED[0]], [REPEATED[1]]),
    "one paragraph again and again": (
        [clause("a", *["a"] * 9000, "b")],
        [clause("a", *["c", "a", "a"] * 3000, "b")],
    ),
    "no spaces between words, under another id": ([clause("a", "我们" * 40_000)], [clause("b", "我们" * 40_000)]),
    "thousands of clauses": ([clause(f"a{n}", "x") for n in range(9000)], [clause(f"a{n}", "y") for n in range(9000)]),
    "the other way round": (
        [clause(f"a{n}", "x") for n in range(9000)],
        [clause(f"a{n}", "x") for n in reversed(range(9000))],
    ),
    "all ids renamed": (
        [clause(f"a{n}", "x y z") for n in range(9000)],
        [clause(f"b{n}", "x y z") for n in range(9000)],
    ),
}


@pytest.mark.parametrize("texts", HEAVY.values(), ids=HEAVY)
def test_no_two_texts_are_work_without_end(texts: tuple[list[dict[str, Any]], list[dict[str, Any]]]) -> None:
    began = time.process_time()
    changes = clause_changes(*texts)
    assert time.process_time() - began < 15, "a second or two; without a bound it is minutes"
    assert {change.id for change in changes} == {one["id"] for text in texts for one in text}


def test_a_heavy_clause_leaves_the_others_their_words() -> None:
    old, new = "Within 14 days and in writing.", "Within 30 days and in writing."
    changes = clause_changes([REPEATED[0], clause("z", old)], [REPEATED[1], clause("z", new)])
    assert [op for op, _text in changes[0].words if op is not Op.SAME] == [Op.REMOVED, Op.ADDED]
    assert marked(changes[1].words) == "Within [-14-][+30+] days and in writing."


def test_looking_for_where_words_came_from_ends() -> None:
    texts = {f"a{n}": ["x", "y", "z"] for n in range(2000)}
    found = terms_akin.akin(texts, {f"b{n}": words for n, words in enumerate(texts.values())})
    assert 0 < len(found) < 2000


TEXT = st.lists(
    st.sampled_from(["the", "data", "must", "not", "be", "sold", ",", ".", "a/b", "don't", "数据", "研究", "été"]),
    max_size=14,
).map(" ".join)
CLAUSES = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.lists(TEXT.filter(bool), min_size=1, max_size=3)),
    max_size=6,
    unique_by=lambda one: one[0],
).map(lambda found: [clause(key, *paragraphs) for key, paragraphs in found])


@settings(max_examples=60, deadline=None)
@given(CLAUSES, CLAUSES)
def test_both_versions_can_be_read_back_from_what_is_shown(
    old: list[dict[str, Any]], new: list[dict[str, Any]]
) -> None:
    changes = clause_changes(old, new)
    for version, left_out, number in ((old, Op.ADDED, "old_number"), (new, Op.REMOVED, "number")):
        shown = sorted((c for c in changes if getattr(c, number)), key=lambda c: getattr(c, number))
        assert [change.id for change in shown] == [one["id"] for one in version]
        for change, one in zip(shown, version, strict=True):
            text = "".join(text for op, text in change.words if op is not left_out)
            assert text.split() == BREAK.join(one["paragraphs"]).split()
    assert all(c.kind is Change.SAME for c in clause_changes(old, old))
