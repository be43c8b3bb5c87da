"""One application from the first page to the opened archive and to the end of the access.

A process of its own that knows HTTP and what arrived at the SMTP sink, and nothing of the product's code.
`python -m demo.walk --base URL --mails DIR|URL --source PATH`
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import httpx

from demo import applying, deciding, receiving
from demo.mailbox import Mailbox
from demo.report import Report
from demo.story import Story
from demo.visitor import Visitor, WalkFailed


def main() -> int:
    """Walk; return 0 if everything was as promised, else 1 with the reason printed."""
    asked = _arguments()
    report = Report(asked.keep)
    story = _story(asked, report)
    try:
        walk(story)
    except (WalkFailed, TimeoutError, ValueError, httpx.HTTPError) as failure:
        report.console.print(f"\n[bold red]The walk stopped at step {report.steps}[/]")
        report.evidence(str(failure))
        return 1
    finally:
        for mail in story.mails.all():
            report.keep(f"mail-{mail.name}.eml", mail.raw)
    report.step("Done: every step held")
    return 0


def walk(story: Story) -> None:
    """Go through all steps in order. Raises WalkFailed or TimeoutError at the first that does not hold."""
    deciding.invite_reviewer(story)
    applying.apply(story)
    applying.sign_agreement(story)
    applying.submit(story)
    before_decision = story.mails.count()
    deciding.review(story)
    receiving.read_mail(story, before_decision)
    grant = receiving.read_password(story)
    receiving.download(story)
    before_revocation = story.mails.count()
    deciding.revoke(story, grant)
    receiving.find_it_ended(story, before_revocation)


def _story(asked: argparse.Namespace, report: Report) -> Story:
    def visitor(name: str, address: str) -> Visitor:
        return Visitor(name, address, base=asked.base, certificate=asked.certificate)

    return Story(
        base=asked.base,
        dataset=asked.dataset,
        subset=asked.subset,
        source=asked.source,
        mails=Mailbox(asked.mails),
        report=report,
        certificate=asked.certificate,
        applicant=visitor("Alice", asked.applicant),
        reviewer=visitor("Carol", asked.reviewer),
        steward=visitor("Dan", asked.steward),
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="demo.walk", description="Walk one application through a running site.")
    parser.add_argument("--base", required=True, help="address of the site")
    parser.add_argument("--mails", required=True, help="folder of the mail sink, or address of its viewer")
    parser.add_argument("--source", required=True, type=Path, help="folder or zip that was published")
    parser.add_argument("--keep", type=Path, help="folder for raw mails, headers and the archive")
    parser.add_argument("--certificate", help="file of a certificate authority to trust besides")
    parser.add_argument("--dataset", default="genebody")
    parser.add_argument("--subset", default="train40")
    parser.add_argument("--applicant", default="alice@connect.ust.hk")
    parser.add_argument("--reviewer", default="carol@lab.example")
    parser.add_argument("--steward", default="dan@lab.example")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
