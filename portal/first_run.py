"""`manage.py setup`, its first half: settings and keys, before Django can be imported.

Settings need keys to be read at all, so this half knows no Django: it asks, writes the missing lines of the
environment file, loads them, and hands the rest of the command line to the `setup` command. A line that is there
is never changed, least of all a key, so it is safe to run again. No key is ever printed.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import getpass
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from portal import environment_file


@dataclass(frozen=True, slots=True)
class Question:
    """A setting that set-up asks for. `option` is its name on the command line."""

    setting: str
    option: str
    text: str
    default: str = ""
    secret: bool = False


QUESTIONS: Final = (
    Question("COUNTERSIGN_SITE_URL", "site-url", "Address of the site, as people type it", "http://127.0.0.1:8000"),
    Question("COUNTERSIGN_DATABASE_URL", "database-url", "Database, postgres://… or sqlite:///… (empty: a file here)"),
    Question("COUNTERSIGN_REDIS_URL", "redis-url", "Redis, redis://host:6379/0 (empty: `serve` starts its own)"),
    Question("COUNTERSIGN_SMTP_HOST", "smtp-host", "Mail server (SMTP)", "127.0.0.1"),
    Question("COUNTERSIGN_SMTP_PORT", "smtp-port", "Its port", "25"),
    Question("COUNTERSIGN_SMTP_SECURITY", "smtp-security", "Its security: none, starttls or tls", "none"),
    Question("COUNTERSIGN_SMTP_USER", "smtp-user", "User name there (empty: none)"),
    Question("COUNTERSIGN_SMTP_PASSWORD", "smtp-password-file", "Password there (empty: none)", secret=True),
    Question("COUNTERSIGN_MAIL_FROM", "mail-from", "Sender of our mails, such as: My Lab <data@lab.example>"),
)
CHECKS: Final[Mapping[str, tuple[Callable[[str], bool], str]]] = {
    "site-url": (
        lambda answer: urlsplit(answer).scheme in {"http", "https"} and bool(urlsplit(answer).hostname),
        "An address begins with https:// (or http:// for a trial on this machine).",
    ),
    "smtp-port": (str.isdigit, "A port is a number, such as 25, 465 or 587."),
    "smtp-security": (lambda answer: answer in {"none", "starttls", "tls"}, "One of: none, starttls, tls."),
    "mail-from": (
        lambda answer: "@" in parseaddr(answer)[1],
        "An address has an @, such as: My Lab <data@lab.example>",
    ),
}
# Under which the key that certifies agreements lies in its file.
SIGNING_PASSPHRASE: Final = "COUNTERSIGN_SIGNING_PASSPHRASE"  # noqa: S105 - the setting's name
# What the second half of the command takes.
PASSED_ON: Final = ("steward", "administrator", "dataset", "test-mail")


def parser() -> argparse.ArgumentParser:
    """Return the whole command line of `manage.py setup`."""
    line = argparse.ArgumentParser(prog="manage.py setup", description="Set up this installation; safe to run again.")
    line.add_argument("--non-interactive", action="store_true", help="ask nothing: options and defaults decide")
    line.add_argument("--env-file", type=Path, help="where settings are kept (default: .env beside manage.py)")
    line.add_argument(
        "--secrets-folder", type=Path, help="write keys as files into this folder, the environment file names them"
    )
    for question in QUESTIONS:
        text = "file that holds the mail server's password" if question.secret else question.text
        line.add_argument(f"--{question.option}", dest=question.setting, metavar="VALUE", help=text)
    line.add_argument("--dataset", metavar="FOLDER", help="dataset folder to load")
    line.add_argument("--steward", metavar="ADDRESS", help="first steward of that dataset")
    line.add_argument("--administrator", metavar="ADDRESS", help="first site administrator")
    line.add_argument("--test-mail", metavar="ADDRESS", help="send a test mail there")
    return line


def run(arguments: list[str]) -> list[str]:
    """Write what is missing, load it into the environment, and return the command line of the second half."""
    given = parser().parse_args(arguments)
    path = given.env_file or environment_file.default_path()
    if given.env_file:
        os.environ["COUNTERSIGN_ENV_FILE"] = str(path.resolve())
    there = environment_file.read(path)
    known = {**there, **os.environ}
    lines = _keys(known, given.secrets_folder) | _answers(known, vars(given), ask=not given.non_interactive)
    environment_file.append(path, lines)
    environment_file.load(path)
    _say(f"{path}: {len(lines)} settings written, {len(there)} were there." if lines else f"{path}: complete.")
    passed_on = ["setup"]
    for option in PASSED_ON:
        if value := getattr(given, option.replace("-", "_")):
            passed_on += [f"--{option}", value]
    return [*passed_on, *(["--non-interactive"] if given.non_interactive else [])]


def complete() -> None:
    """Write and load what the environment file of an installation from before lacks: the signing key's passphrase.

    Where settings come from elsewhere, and where the file cannot be written, nothing is done.
    """
    path = environment_file.default_path()
    if os.environ.get("COUNTERSIGN_ENV_FILE") == "" or not path.is_file() or _is_set(os.environ, SIGNING_PASSPHRASE):
        return
    with contextlib.suppress(OSError):
        environment_file.append(path, {SIGNING_PASSPHRASE: secrets.token_urlsafe(32)})
    environment_file.load()


def _is_set(known: Mapping[str, str], setting: str) -> bool:
    return setting in known or f"{setting}_FILE" in known


def _keys(known: Mapping[str, str], folder: Path | None) -> dict[str, str]:
    """Return lines for the keys that are missing; fresh random ones, in the lines or in files of the folder."""
    fresh = {
        "COUNTERSIGN_SECRET_KEY": secrets.token_urlsafe(50),
        "COUNTERSIGN_MASTER_KEYS": "1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        SIGNING_PASSPHRASE: secrets.token_urlsafe(32),
    }
    lines: dict[str, str] = {}
    for setting, value in fresh.items():
        if _is_set(known, setting):
            continue
        if folder is None:
            lines[setting] = value
            continue
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder.resolve() / setting.removeprefix("COUNTERSIGN_").lower()
        if not file.exists():
            environment_file.write_private(file, value + "\n")
        lines[f"{setting}_FILE"] = str(file)
    return lines


def _answers(known: Mapping[str, str], given: Mapping[str, object], *, ask: bool) -> dict[str, str]:
    """Return lines for the settings that are missing. Raises SystemExit for an option that cannot be."""
    lines: dict[str, str] = {}
    for question in QUESTIONS:
        option = given[question.setting]
        if _is_set(known, question.setting):
            _refuse_contradiction(question, known, option)
            continue
        if option is not None:
            if problem := _problem(question, str(option)):
                raise SystemExit(f"--{question.option}: {problem}")
            lines[f"{question.setting}_FILE" if question.secret else question.setting] = str(option)
        elif answer := _ask(question) if ask else question.default:
            lines[question.setting] = answer
    if "COUNTERSIGN_SITE_URL" in lines and not _is_set(known, "COUNTERSIGN_ALLOWED_HOSTS"):
        host = urlsplit(lines["COUNTERSIGN_SITE_URL"]).hostname or ""
        lines["COUNTERSIGN_ALLOWED_HOSTS"] = ",".join(dict.fromkeys([host, "127.0.0.1", "localhost"]))
    return lines


def _refuse_contradiction(question: Question, known: Mapping[str, str], option: object) -> None:
    """Raise SystemExit if an option says something else than a line that is there: lines are never changed here."""
    there = known.get(f"{question.setting}_FILE" if question.secret else question.setting)
    if option is not None and str(option) != there:
        shown = "set" if question.secret else there
        raise SystemExit(f"--{question.option}: {question.setting} is {shown} already; change that line by hand.")


def _problem(question: Question, answer: str) -> str:
    """Return what is wrong with an answer, in words, or nothing."""
    if "\n" in answer or "\r" in answer:
        return "One line, please."
    if question.secret:
        return "" if Path(answer).is_file() else "There is no such file."
    fits, words = CHECKS.get(question.option, (bool, ""))
    return "" if not answer or fits(answer) else words


def _ask(question: Question) -> str:
    hint = f" [{question.default}]" if question.default else ""
    try:
        if question.secret:
            return getpass.getpass(f"{question.text}: ")
        while True:
            answer = input(f"{question.text}{hint}: ").strip() or question.default
            problem = _problem(question, answer)
            if not problem:
                return answer
            _say(f"  {problem}")
    except EOFError:
        raise SystemExit("No answer can be read here: use --non-interactive and options (see --help).") from None


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
