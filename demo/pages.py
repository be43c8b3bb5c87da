"""What a person sees of a page: its text, its links, its forms. From the HTML alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

SILENT = {"script", "style", "template", "svg", "head"}
BLOCKS = {"p", "div", "li", "tr", "h1", "h2", "h3", "dt", "dd", "section", "td", "th", "br", "option", "form", "pre"}


@dataclass
class Field:
    """One control of a form."""

    name: str
    kind: str
    value: str = ""
    required: bool = False
    checked: bool = False
    options: list[tuple[str, str]] = field(default_factory=list)
    label: str = ""


@dataclass
class Form:
    """A form with what it would send as it stands."""

    action: str
    method: str
    fields: list[Field] = field(default_factory=list)
    buttons: list[Field] = field(default_factory=list)
    id: str = ""

    @property
    def names(self) -> set[str]:
        """Return the names of everything that can be filled in."""
        return {entry.name for entry in self.fields if entry.kind != "hidden"}

    def control(self, name: str) -> Field:
        """Return the control of that name. Raises StopIteration if there is none."""
        return next(entry for entry in self.fields if entry.name == name)

    def standing(self) -> dict[str, list[str]]:
        """Return what a browser would send if nothing was touched and no button used."""
        sent: dict[str, list[str]] = {}
        for entry in self.fields:
            if entry.kind == "file" or (entry.kind in {"checkbox", "radio"} and not entry.checked):
                continue
            sent.setdefault(entry.name, []).append(entry.value)
        return sent

    def describe(self) -> str:
        """Return one line for an error message."""
        return f"{self.method} {self.action}: {sorted(self.names)}, buttons {[b.label for b in self.buttons]}"


@dataclass
class Page:
    """A page as it came."""

    url: str
    status: int
    html: str
    headers: dict[str, str]
    forms: list[Form]
    links: list[tuple[str, str]]
    text: str
    title: str

    def find_link(self, pattern: str) -> str | None:
        """Return the address of the first link whose address matches, or else whose words do."""
        expression = re.compile(pattern, re.IGNORECASE)
        for by_words in (False, True):
            for address, words in self.links:
                if expression.search(words if by_words else address):
                    return address
        return None

    def find_form(self, *, has: str = "", action: str = "", button: str = "") -> Form | None:
        """Return the first form that has the field, whose action matches, and that has the button."""
        for form in self.forms:
            named = not has or has in {entry.name for entry in form.fields}
            acts = re.search(action, form.action) is not None
            pressed = not button or any(re.search(button, b.label, re.IGNORECASE) for b in form.buttons)
            if named and acts and pressed:
                return form
        return None


def read_page(url: str, status: int, html: str, headers: dict[str, str]) -> Page:
    """Parse a page."""
    parser = _Reader(url)
    parser.feed(html)
    parser.close()
    lines = (re.sub(r"\s+", " ", line).strip() for line in "".join(parser.pieces).split("\n"))
    text = "\n".join(line for line in lines if line)
    return Page(url, status, html, headers, parser.finished_forms(), parser.links, text, parser.heading)


class _Reader(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        self.pieces: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.heading = ""
        self.forms: list[Form] = []
        self._outside: list[tuple[str, bool, Field]] = []
        self._form: Form | None = None
        self._link: tuple[str, list[str]] | None = None
        self._silent = 0
        self._open: Field | None = None
        self._words: list[str] = []
        self._labels: dict[str, str] = {}
        self._label_for: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in SILENT:
            self._silent += 1
        if tag in BLOCKS:
            self.pieces.append("\n")
        if tag == "a" and "href" in given:
            self._link = (urljoin(self.base, given["href"]), [])
        elif tag == "form":
            action = urljoin(self.base, given.get("action") or self.base)
            self._form = Form(action, given.get("method", "get").lower(), id=given.get("id", ""))
            self.forms.append(self._form)
        elif tag in {"input", "select", "textarea", "button"}:
            self._control(tag, given)
        elif tag == "option" and self._open is not None:
            self._open.options.append((given.get("value", ""), ""))
            if "selected" in given or (len(self._open.options) == 1):
                self._open.value = given.get("value", "")
        elif tag == "h1":
            self._words = []
        elif tag == "label":
            self._label_for, self._words = given.get("for"), []

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT and self._silent:
            self._silent -= 1
        if tag in BLOCKS:
            self.pieces.append("\n")
        if tag == "a" and self._link is not None:
            self.links.append((self._link[0], " ".join("".join(self._link[1]).split())))
            self._link = None
        elif tag == "form":
            self._form = None
        elif tag in {"select", "textarea", "button"} and self._open is not None:
            words = "".join(self._words)
            if tag == "textarea":
                self._open.value = words.removeprefix("\n")
            elif tag == "button":
                self._open.label = " ".join(words.split())
            self._open = None
        elif tag == "h1":
            self.heading = " ".join("".join(self._words).split())
        elif tag == "label" and self._label_for:
            self._labels[self._label_for] = " ".join("".join(self._words).split())
            self._label_for = None

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(data)
        self._words.append(data)
        if self._link is not None:
            self._link[1].append(data)
        if self._open is not None and self._open.kind == "select" and self._open.options:
            value, label = self._open.options[-1]
            self._open.options[-1] = (value, (label + data).strip())

    def _control(self, tag: str, given: dict[str, str]) -> None:
        kind = given.get("type", "submit" if tag == "button" else "text") if tag in {"input", "button"} else tag
        value = given.get("value", "on" if kind in {"checkbox", "radio"} else "")
        entry = Field(given.get("name", ""), kind, value, "required" in given, "checked" in given, label=value)
        if tag != "input":
            self._open, self._words = entry, []
        if "disabled" in given:
            return
        is_button = kind in {"submit", "image", "button"}
        if "form" in given:
            self._outside.append((given["form"], is_button, entry))
        elif self._form is not None:
            self._put(self._form, is_button, entry)

    @staticmethod
    def _put(form: Form, is_button: bool, entry: Field) -> None:
        if is_button:
            form.buttons.append(entry)
        elif entry.name:
            form.fields.append(entry)

    def finished_forms(self) -> list[Form]:
        """Return the forms, with the controls that stand outside and name theirs."""
        by_id = {form.id: form for form in self.forms if form.id}
        for form_id, is_button, entry in self._outside:
            if form_id in by_id:
                self._put(by_id[form_id], is_button, entry)
        return self.forms
