"""A machine without the fonts of a script says so when it starts and at the form, and does everything else."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from django.core.checks import run_checks

from agreements.applications import drafting
from agreements.core.errors import Invalid
from agreements.documents import fonts, printed_scripts
from portal.before_serving import say_what_is_lacking


@pytest.fixture
def without_korean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine with no font that has Hangul."""
    korean = ("NanumGothic", "microhei", "WenKai")
    kept = {
        family: tuple(font for font in asked if not any(name in font for name in korean))
        for family, asked in fonts.CANDIDATES.items()
    }
    monkeypatch.setattr(fonts, "CANDIDATES", kept)
    fonts.forget_choices()
    yield
    monkeypatch.undo()
    fonts.forget_choices()


def test_here_nothing_is_lacking() -> None:
    assert printed_scripts.lacking() == []
    assert not [found for found in run_checks(tags=["countersign"]) if found.id == "agreements.W001"]


@pytest.mark.usefixtures("without_korean")
def test_the_start_up_names_the_script(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        say_what_is_lacking()
    assert "This machine has no font for Korean: the form refuses names in it." in caplog.text
    assert "fonts-wqy-microhei" in caplog.text


@pytest.mark.usefixtures("without_korean")
def test_the_form_names_the_characters_and_the_script_and_takes_everything_else() -> None:
    with pytest.raises(Invalid) as refused:
        drafting.check_field("김민준", field="name")
    assert str(refused.value) == (
        "The agreement cannot be printed with: 김 (hangul syllable gim), 민 (hangul syllable min), "
        "준 (hangul syllable jun). Please write it another way. This server has no font for Korean yet: "
        "use Latin letters, or ask the lab to install one."
    )
    drafting.check_field("王小明", field="name")
    drafting.check_field("Kim Min-jun", field="name")


def test_what_no_machine_prints_is_not_blamed_on_the_fonts() -> None:
    with pytest.raises(Invalid) as refused:
        drafting.check_field("Zoë 😀", field="name")
    assert str(refused.value) == (
        "The agreement cannot be printed with: 😀 (grinning face). Please write it another way."
    )
