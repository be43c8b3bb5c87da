from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from agreements.mail.rendering import from_templates

TEXT = """{% extends "mail/base.txt" %}{% block body %}Dear {{ name }},

{% if never %}nothing{% endif %}


your application arrived.{% endblock %}"""
HTML = """{% extends "mail/base.html" %}{% block body %}<p>Dear {{ name }},</p>{% endblock %}"""


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    engine = settings.TEMPLATES[0]
    settings.TEMPLATES = [engine | {"DIRS": [*engine["DIRS"], tmp_path]}]
    settings.SITE_URL = "https://portal.example.org"
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "received.txt").write_text(TEXT)
    return tmp_path


def test_the_text_is_plain_and_says_why_it_came(folder: Path) -> None:
    made = from_templates(
        "received",
        {"name": "Dara O'Brien & Søn", "why": "You applied for GeneBody.", "reference": "GB-A-7K2F9M"},
        "x",
    )
    assert made.text == (
        "Dear Dara O'Brien & Søn,\n\nyour application arrived.\n\n--\nYou applied for GeneBody.\n"
        "Reference: GB-A-7K2F9M\nhttps://portal.example.org\n"
    )
    assert made.html == ""


def test_without_a_reason_given_the_base_has_one(folder: Path) -> None:
    assert "You receive this mail because your address is used at https://portal.example.org." in (
        from_templates("received", {"name": "Alice"}, "x").text
    )


def test_the_html_escapes_what_people_typed(folder: Path) -> None:
    (folder / "mail" / "received.html").write_text(HTML)
    made = from_templates("received", {"name": "<b>Eve</b>"}, "x")
    assert "<p>Dear &lt;b&gt;Eve&lt;/b&gt;,</p>" in made.html
    assert "Dear <b>Eve</b>," in made.text


def test_a_missing_base_template_is_not_mistaken_for_a_mail_without_html(folder: Path) -> None:
    (folder / "mail" / "received.html").write_text('{% extends "mail/nowhere.html" %}')
    with pytest.raises(Exception, match="nowhere"):
        from_templates("received", {"name": "Alice"}, "x")


@pytest.mark.parametrize(
    ("subject", "expected"),
    [("approved", "GeneBody: approved"), ("GeneBody: approved", "GeneBody: approved"), ("a\nb", "GeneBody: a b")],
)
def test_the_subject_starts_with_the_name_of_the_dataset(folder: Path, subject: str, expected: str) -> None:
    assert from_templates("received", {"dataset_title": "GeneBody"}, subject).subject == expected
