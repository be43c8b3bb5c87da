"""From templates to a mail: the plain text first and good alone, the HTML beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.template import Context, TemplateDoesNotExist
from django.template.loader import get_template

_BLANK_LINES: Final = re.compile(r"\n[ \t]*(?:\n[ \t]*)+\n")
_TRAILING: Final = re.compile(r"[ \t]+$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail ready to be sent; `html` may be empty, `reply_to` is an address or empty."""

    subject: str
    text: str
    html: str = ""
    reply_to: str = ""


def from_templates(kind: str, context: Mapping[str, Any], subject: str, *, reply_to: str = "") -> Rendered:
    """Return the mail made from `mail/<kind>.txt` and, where it exists, `mail/<kind>.html`.

    Where the context has `dataset_title`, the subject starts with it. `why` in the context says why the mail
    came, in one sentence; the base templates have one for when it is missing.
    """
    full = {"site_url": settings.SITE_URL, "subject": subject, **context}
    return Rendered(
        subject=_subject(str(context.get("dataset_title", "")), subject),
        text=_plain(_render(f"mail/{kind}.txt", full, escape=False)),
        html=_html(kind, full),
        reply_to=reply_to,
    )


def _subject(dataset_title: str, subject: str) -> str:
    words = " ".join(subject.split())
    title = " ".join(dataset_title.split())
    if not title or words.startswith(title):
        return words
    return f"{title}: {words}"


def _html(kind: str, context: Mapping[str, Any]) -> str:
    try:
        return _render(f"mail/{kind}.html", context, escape=True)
    except TemplateDoesNotExist as missing:
        if missing.args[0] != f"mail/{kind}.html":
            raise
        return ""


def _render(name: str, context: Mapping[str, Any], *, escape: bool) -> str:
    # The backend's own render() always escapes, which would put `&#x27;` into plain text.
    template = get_template(name).template  # type: ignore[attr-defined]
    return str(template.render(Context(dict(context), autoescape=escape)))


def _plain(text: str) -> str:
    return _BLANK_LINES.sub("\n\n", _TRAILING.sub("", text)).strip() + "\n"
