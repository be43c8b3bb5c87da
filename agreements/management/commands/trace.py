"""manage.py trace FILE [--json]"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agreements.catalog.archives import ledger_name
from agreements.core.actors import job
from agreements.grants.tracing.findings import Codes
from agreements.grants.tracing.searching import Finding, Report, trace
from agreements.management.bars import adding, telling

NOT_FOUND: Final = 1
TROUBLE: Final = 2
WORDS: Final = {"searching": "Searching"}
WHAT_IT_MEANS: Final = (
    "It names the seal, not the hand: the file may have passed through others, and salts can be copied by whoever has "
    "seen the encrypted archive. A verified code shows that the bytes were made under that seal, nothing more."
)


class Command(BaseCommand):
    help = (
        "Say whose seal is on a file: a sealed archive, a piece of one, or anything that holds such pieces. Exits 0 if "
        "a seal is named, 1 if none is, 2 if the file cannot be read. What is found is written into the record."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the file that turned up; it is only read")
        parser.add_argument("--json", action="store_true", help="print one JSON document instead of sentences")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        # A program that reads the document is told nothing else.
        write = str if options["json"] else self.stderr.write
        is_terminal = sys.stderr.isatty() and not options["json"]
        try:
            with path.open("rb") as file, telling(WORDS, write=write, is_terminal=is_terminal) as tell:
                size = file.seek(0, 2)
                report = trace(file, size=size, by=job("trace"), told=adding(tell, "searching", size))
        except OSError as problem:
            raise CommandError(f"{path}: {problem.strerror or problem}", returncode=TROUBLE) from None
        except KeyboardInterrupt:
            raise CommandError("Interrupted.", returncode=TROUBLE) from None
        if options["json"]:
            self.stdout.write(json.dumps(_document(path, report), ensure_ascii=False, indent=2))
        else:
            self._tell(path, report)
        if not report.is_found:
            sys.exit(NOT_FOUND)

    def _tell(self, path: Path, report: Report) -> None:
        sample = report.sample
        self.stdout.write(f"{path}: {sample.size:,} bytes, SHA-256 {sample.sha256}")
        self.stdout.write(f"{sample.seen:,} salts of sealed members; {len(sample.salts):,} were compared.")
        for finding in report.findings:
            self.stdout.write("")
            for line in (_whose(finding), _what(finding), *_state(finding), f"{_matches(finding)}; {_codes(finding)}"):
                self.stdout.write(line)
        self.stdout.write("")
        if report.findings:
            self.stdout.write(WHAT_IT_MEANS)
        else:
            self.stdout.write(
                "No seal of this installation made them."
                if sample.seen
                else "Nothing in it is part of a sealed archive."
            )
        for line in _not_looked_at(report):
            self.stdout.write(line)


def _whose(finding: Finding) -> str:
    if finding.person is None or finding.grant is None:
        grants = "1 grant" if finding.handed_to == 1 else f"{finding.handed_to} grants"
        return f"Shared seal, generation {finding.generation}: downloaded under {grants}"
    role = "signer" if finding.is_signer else "member"
    return f"{finding.grant.reference}: {finding.person.display_name} <{finding.person.email}>, {role}"


def _what(finding: Finding) -> str:
    archives = " or ".join(f"{ledger_name(each)} version {each.version}" for each in finding.archives)
    return f"  {archives}; seal number {finding.seal.number} under key {finding.seal.key_number}"


def _state(finding: Finding) -> list[str]:
    """Return what has ended of it, in words."""
    lines = []
    if finding.grant is not None:
        lines.append(f"  the access is {finding.grant.get_state_display()}")
    if finding.seal.ended_at is not None:
        lines.append(f"  the seal ended on {finding.seal.ended_at:%Y-%m-%d}")
    withdrawn = [each for each in finding.archives if each.withdrawn_at is not None]
    lines += [
        f"  {each.name} version {each.version} was withdrawn on {each.withdrawn_at:%Y-%m-%d}" for each in withdrawn
    ]
    return lines


def _matches(finding: Finding) -> str:
    return f"  salts match {finding.matched} of its {finding.archives[0].member_count} members"


def _codes(finding: Finding) -> str:
    codes = finding.codes
    if not codes.whole:
        return "no member is whole, so no authentication code could be checked"
    if codes.wrong == 0:
        return f"authentication code verified for {_looked_at(codes)}"
    names = ", ".join(codes.wrong_names)
    return (
        f"authentication code WRONG for {names}; verified for {codes.right} of {_members(codes.checked)} looked at "
        f"(of {codes.whole}): bytes were changed, or the salts were planted over those of another seal"
    )


def _looked_at(codes: Codes) -> str:
    """Return how many members' codes were right, where none was wrong, and of how many."""
    if codes.right == codes.whole:
        return "the one whole member" if codes.whole == 1 else f"all {codes.whole} whole members"
    looked_at = "the one member" if codes.right == 1 else f"all {codes.right} members"
    return f"{looked_at} looked at (of {codes.whole})"


def _members(count: int) -> str:
    return "1 member" if count == 1 else f"{count} members"


def _not_looked_at(report: Report) -> list[str]:
    lines = [f"Not compared: {name}, whose index cannot be read." for name in report.unreadable]
    for number, count in sorted(report.lost_keys.items()):
        lines.append(f"Not compared: {count} seals under master key {number}, which is not configured here.")
    return lines


def _document(path: Path, report: Report) -> dict[str, Any]:
    sample = report.sample
    return {
        "file": str(path),
        "size": sample.size,
        "sha256": sample.sha256,
        "salts": sample.seen,
        "compared": len(sample.salts),
        "complete": report.is_complete,
        "seals": [_as_json(finding) for finding in report.findings],
        "not_compared": _not_looked_at(report),
        "meaning": WHAT_IT_MEANS,
    }


def _as_json(finding: Finding) -> dict[str, Any]:
    grant, person, seal = finding.grant, finding.person, finding.seal
    return {
        "grant": grant.reference if grant else None,
        "grant_state": grant.state if grant else None,
        "person": person.display_name if person else None,
        "email": person.email if person else None,
        "role": ("signer" if finding.is_signer else "member") if person else None,
        "generation": finding.generation,
        "handed_to": finding.handed_to if finding.generation else None,
        "dataset": finding.dataset.slug,
        "archives": [
            {"name": ledger_name(each), "version": each.version, "withdrawn": each.withdrawn_at is not None}
            for each in finding.archives
        ],
        "seal_number": seal.number,
        "key_number": seal.key_number,
        "seal_ended": seal.ended_at.isoformat() if seal.ended_at else None,
        "members_matched": finding.matched,
        "members": finding.archives[0].member_count,
        "codes": {
            "whole": finding.codes.whole,
            "looked_at": finding.codes.checked,
            "right": finding.codes.right,
            "wrong": finding.codes.wrong,
            "wrong_members": list(finding.codes.wrong_names),
        },
        "verified": finding.is_verified,
    }
