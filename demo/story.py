"""Who walks, where, and what they have in hand: shared by the parts of the walk."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from demo.mailbox import Mail, Mailbox
from demo.report import Report
from demo.visitor import Visitor, WalkFailed

APPLICANT_NAME = "Alice Zhang 张爱丽"


@dataclass
class Story:
    """The state of one walk."""

    base: str
    dataset: str
    subset: str
    source: Path
    mails: Mailbox
    report: Report
    certificate: str | None
    applicant: Visitor
    reviewer: Visitor
    steward: Visitor
    application: str = ""
    links: list[str] = field(default_factory=list)
    grant_page: str = ""
    direct: str = ""
    password: str = ""


def sign_in(story: Story, who: Visitor) -> None:
    """Sign in by the code that was mailed. The visitor stands on the page that asks for the address, or anywhere."""
    if who.page.find_form(has="email") is None:
        who.go("/accounts/login/")
    before = story.mails.count()
    who.submit(who.form(has="email"), {"email": who.address})
    mail = _code_mail(story, who, before)
    who.submit(who.form(has="code"), {"code": mail.code})
    if who.page.find_form(has="code") is not None:
        raise WalkFailed(f"{who.name}: the mailed code was not taken: {who.page.text[:800]}")
    story.report.evidence(f"{who.name} ({who.address}) signed in with the code of the mail {mail.subject!r}")


def confirm_afresh(story: Story, who: Visitor) -> None:
    """Give a fresh code if the page asks for one."""
    asking = who.page.find_form(button="code")
    if asking is None and who.page.find_form(has="code") is None:
        return
    before = story.mails.count()
    if who.page.find_form(has="code") is None and asking is not None:
        who.submit(asking)
    mail = _code_mail(story, who, before)
    who.submit(who.form(has="code"), {"code": mail.code})
    story.report.evidence(f"{who.name} proved the mailbox again with a fresh code")


def _code_mail(story: Story, who: Visitor, after: int) -> Mail:
    return story.mails.wait_for(who.address, lambda mail: bool(mail.code), what="mail with a code", after=after)
