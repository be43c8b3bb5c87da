"""The page that shows the mails of the sink: everything escaped, no script, links to click."""

from __future__ import annotations

import email
import html
import json
import re
import threading
from email.message import EmailMessage
from email.policy import default
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; padding: 1rem; border: 1px solid #8884; }
"""
ADDRESS = re.compile(r"https?://[^\s<>\"']+")
NAME = re.compile(r"^\d{4,}$")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def serve(folder: Path, host: str, port: int) -> ThreadingHTTPServer:
    """Show the mails of a folder in a thread of its own; return the server, to be shut down."""
    server = ThreadingHTTPServer((host, port), partial(Viewer, folder))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class Viewer(BaseHTTPRequestHandler):
    """`/`, `/mail/NNNN`, `/raw/NNNN.eml`, `/mails.json`, `/style.css`."""

    def __init__(self, folder: Path, *arguments: object) -> None:
        self._folder = folder
        super().__init__(*arguments)  # type: ignore[arg-type]  # what the server hands over

    def do_GET(self) -> None:
        """Answer one request."""
        path = self.path.partition("?")[0]
        if path == "/":
            self._answer(self._list())
        elif path == "/style.css":
            self._answer(STYLE, "text/css")
        elif path == "/mails.json":
            self._answer(json.dumps(self._names()), "application/json")
        elif (found := re.fullmatch(r"/raw/(\d{4,})\.eml", path)) and found[1] in self._names():
            self._answer((self._folder / f"{found[1]}.eml").read_bytes(), "message/rfc822")
        elif (found := re.fullmatch(r"/mail/(\d{4,})", path)) and found[1] in self._names():
            self._answer(self._one(found[1]))
        else:
            self._answer(page("Not here", "<p><a href='/'>All mails</a></p>"), status=404)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: addresses in requests may hold what belongs to the reader."""

    def _names(self) -> list[str]:
        return sorted(path.stem for path in self._folder.glob("*.eml") if NAME.match(path.stem))

    def _read(self, name: str) -> EmailMessage:
        message = email.message_from_bytes((self._folder / f"{name}.eml").read_bytes(), policy=default)
        assert isinstance(message, EmailMessage)
        return message

    def _list(self) -> str:
        rows = []
        for name in reversed(self._names()):
            mail = self._read(name)
            subject = html.escape(str(mail["Subject"]))
            cells = (html.escape(str(mail["Date"])), html.escape(str(mail["To"])))
            rows.append(f"<tr><td>{cells[0]}</td><td>{cells[1]}</td><td><a href='/mail/{name}'>{subject}</a></td></tr>")
        table = f"<table><tr><th>Date</th><th>To</th><th>Subject</th></tr>{''.join(rows)}</table>"
        nothing = "<p>No mail yet. This page looks again every few seconds.</p>"
        return page("Mails", table if rows else nothing, refresh=True)

    def _one(self, name: str) -> str:
        mail = self._read(name)
        body = mail.get_body(("plain",))
        text = str(body.get_content()) if body else "(this mail has no plain text)"
        shown = "".join(
            f"<tr><th>{html.escape(header)}</th><td>{html.escape(str(mail[header]))}</td></tr>"
            for header in ("From", "To", "Subject", "Date", "Message-ID")
            if mail[header]
        )
        way_back = f"<p><a href='/'>All mails</a> · <a href='/raw/{name}.eml'>as it was sent</a></p>"
        return page(str(mail["Subject"]), f"{way_back}<table>{shown}</table><pre>{linked(text)}</pre>")

    def _answer(self, content: str | bytes, media_type: str = "text/html", status: int = 200) -> None:
        body = content.encode() if isinstance(content, str) else content
        self.send_response(status)
        charset = "; charset=utf-8" if media_type.startswith("text/") else ""
        for header, value in {
            **HEADERS,
            "Content-Type": media_type + charset,
            "Content-Length": str(len(body)),
        }.items():
            self.send_header(header, value)
        self.end_headers()
        self.wfile.write(body)


def page(title: str, body: str, *, refresh: bool = False) -> str:
    """Return a whole page around a body that is already escaped."""
    again = "<meta http-equiv='refresh' content='5'>" if refresh else ""
    head = f"<meta charset='utf-8'>{again}<title>{html.escape(title)}</title><link rel='stylesheet' href='/style.css'>"
    return f"<!doctype html><html lang='en'><head>{head}</head><body><h1>{html.escape(title)}</h1>{body}</body></html>"


def linked(text: str) -> str:
    """Return text as escaped HTML in which addresses are links."""
    parts, at = [], 0
    for found in ADDRESS.finditer(text):
        address = found[0].rstrip(".,;:)")
        parts.append(html.escape(text[at : found.start()]))
        parts.append(f"<a href='{html.escape(address)}' rel='noreferrer'>{html.escape(address)}</a>")
        at = found.start() + len(address)
    return "".join([*parts, html.escape(text[at:])])
