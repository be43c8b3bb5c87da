from __future__ import annotations

from agreements.documents.scripts import break_lines, is_right_to_left, visual


def lines(text: str, wide: int) -> list[str]:
    return [line.text for line in break_lines(text, wide, lambda line: float(len(line)))]


def test_words_stay_whole_and_no_line_is_too_wide() -> None:
    assert lines("one two three four", 9) == ["one two", "three", "four"]


def test_a_word_wider_than_the_line_is_cut() -> None:
    assert lines("a abcdefghij b", 4) == ["a", "abcd", "efgh", "ij b"]


def test_chinese_breaks_anywhere_but_before_a_full_stop() -> None:
    assert lines("我们研究人体。重建", 6) == ["我们研究人", "体。重建"]


def test_korean_breaks_at_spaces() -> None:
    assert lines("김민준 이서연", 5) == ["김민준", "이서연"]


def test_paragraphs_stay_apart() -> None:
    assert lines("one\n\ntwo", 9) == ["one", "", "two"]


def test_a_whole_paragraph_has_the_direction_of_its_beginning() -> None:
    broken = break_lines("דוד (David)\nDavid", 7, lambda line: float(len(line)))
    assert [(line.text, line.right_to_left) for line in broken] == [("דוד", True), ("(David)", True), ("David", False)]


def test_hebrew_is_drawn_from_the_right_with_brackets_mirrored() -> None:
    assert visual("אבג (NeRF 2026) דה") == "הד (NeRF 2026) גבא"


def test_arabic_letters_are_joined() -> None:
    assert visual("محمد") == "\ufeaa\ufee4\ufea4\ufee3"


def test_the_first_letter_decides_the_direction() -> None:
    assert is_right_to_left("(1) דוד and Alice")
    assert not is_right_to_left("Alice and דוד")


def test_other_text_is_left_alone() -> None:
    assert visual("Alice 王") == "Alice 王"
