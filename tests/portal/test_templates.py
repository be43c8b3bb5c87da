"""The frame and the parts of the pages: they compile, keep to the Content-Security-Policy, and say what they take."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines
from django.template.loader import get_template, render_to_string

TEMPLATES = Path(settings.BASE_DIR) / "portal" / "templates"
ALL = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html"))
# A mail is read in a mail program, which knows no stylesheet and no policy of this site.
PAGES = [name for name in ALL if "mail" not in Path(name).parts]
PARTS = [name for name in ALL if name.startswith("parts/")]
SCRIPTS = sorted((Path(settings.BASE_DIR) / "portal" / "static" / "countersign").glob("*.js"))
INLINE = re.compile(
    r"""<style|\sstyle\s*=\s*["']|\son[a-z]+\s*=\s*["']|javascript:|<script(?![^>]*\ssrc=)""", re.IGNORECASE
)
STATES = {
    "submitted": "In review",
    "approved": "Approved",
    "returned": "Returned for changes",
    "revoked": "Revoked",
    "suspended": "Suspended",
    "announced": "Coming soon",
}


@pytest.fixture(autouse=True)
def _plain_static_files(settings: object) -> None:
    settings.STORAGES = {  # type: ignore[attr-defined]
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.mark.parametrize("name", ALL)
def test_every_template_compiles(name: str) -> None:
    get_template(name)


@pytest.mark.parametrize("name", PAGES)
def test_no_page_carries_inline_script_or_style(name: str) -> None:
    text = re.sub(r"\{% comment %\}.*?\{% endcomment %\}", "", (TEMPLATES / name).read_text(), flags=re.DOTALL)
    assert not INLINE.search(text), f"{name}: {INLINE.search(text)}"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_whose_form_is_checked_sends_its_origin(name: str) -> None:
    # Under `no-referrer` Chromium sends `Origin: null` with a form, and Django's check refuses it.
    text = (TEMPLATES / name).read_text()
    overrides = name != "base.html" and "{% block referrer %}" in text
    assert not (overrides and "{% csrf_token %}" in text), name


@pytest.mark.parametrize("name", PARTS)
def test_every_part_says_at_its_top_what_it_takes(name: str) -> None:
    assert re.match(r"(\{% load [a-z0-9_ ]+ %\})?\{% comment %\}\n\S", (TEMPLATES / name).read_text())


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "413", "429", "500", "503"])
def test_an_error_page_renders_with_an_empty_context(name: str) -> None:
    page = get_template(f"{name}.html").render()
    assert f'<p class="code">{name[:3]}</p>' in page
    assert "To the datasets" in page


@pytest.mark.parametrize(("state", "word"), STATES.items())
def test_a_status_is_an_icon_and_a_word(state: str, word: str) -> None:
    badge = render_to_string("parts/status_badge.html", {"state": state})
    assert word in badge
    assert 'class="icon"' in badge


def test_an_unknown_status_shows_its_own_text() -> None:
    assert "brand-new" in render_to_string("parts/status_badge.html", {"state": "brand-new"})


def test_a_part_escapes_what_a_stranger_typed() -> None:
    row = render_to_string("parts/evidence_row.html", {"sign": "fail", "finding": "<script>alert(1)</script>"})
    assert "<script>" not in row
    copied = render_to_string("parts/copyable.html", {"label": "x", "value": '"><img src=x>'})
    assert "<img" not in copied


def test_a_confirmation_carries_the_csrf_token_it_is_given() -> None:
    source = (
        '{% include "parts/confirm.html" with name="w" button="Withdraw" title="Sure?" action="/x"'
        " csrf_token=csrf_token only %}"
    )
    html = engines["django"].from_string(source).render({"csrf_token": "TOKEN"})
    assert 'name="csrfmiddlewaretoken" value="TOKEN"' in html


def test_scripts_never_evaluate_text_or_write_markup() -> None:
    for script in SCRIPTS:
        assert not re.search(
            r"\beval\(|new Function|innerHTML|document\.write|insertAdjacentHTML", script.read_text()
        ), script
