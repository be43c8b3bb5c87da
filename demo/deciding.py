"""Carol's and Dan's part: who reviews, the review of the case, and later the end of the access."""

from __future__ import annotations

import re

from demo.story import Story, confirm_afresh, sign_in
from demo.visitor import WalkFailed

REVOKED_UNDER = "no-redistribution"
WHY = "The archive was found on a public file host; the salts name this access."
INVITATION = r"/invitations?/"
WAITING = re.compile(r"pending|being gathered|being checked|still running", re.IGNORECASE)


def invite_reviewer(story: Story) -> None:
    """The steward invites a reviewer, who accepts."""
    dan, carol, report = story.steward, story.reviewer, story.report
    report.step("Dan, the steward, invites Carol as a reviewer, and she accepts")
    dan.go("/accounts/login/")
    sign_in(story, dan)
    dan.go(f"/stewardship/{story.dataset}/people/")
    before = story.mails.count()
    dan.submit(dan.form(has="role"), {"email": carol.address, "role": "reviewer"})
    mail = story.mails.wait_for(
        carol.address, lambda mail: bool(mail.addresses(INVITATION)), what="invitation", after=before
    )
    report.evidence(f"mail to {carol.address}: {mail.subject}")
    carol.go(mail.addresses(INVITATION)[0])
    sign_in(story, carol)
    if carol.page.find_form(button="accept") is None:
        carol.go(mail.addresses(INVITATION)[0])
    carol.submit(carol.form(button="accept"))
    report.evidence(f"Carol accepted: {carol.page.url}")


def review(story: Story) -> None:
    """Open the case, read the evidence, approve with a reason."""
    carol, report = story.reviewer, story.report
    report.step("Carol reviews the case: evidence first, then a decision with a reason")
    carol.go("/review/")
    carol.follow(f"/review/{story.application}/")
    carol.reload_until(
        lambda page: WAITING.search(page.text) is None and _approve_form_is_there(story),
        what="the evidence on the case",
        seconds=120,
    )
    for line in _findings(carol.page.text):
        report.evidence(line)
    form = carol.form(has="reason", button="approve")
    carol.submit(form, {"reason": "Institutional address, complete and signed agreement."}, button="approve")
    confirm_afresh(story, carol)
    carol.go(f"/review/{story.application}/")
    if not re.search(r"approved", carol.page.text, re.IGNORECASE):
        raise WalkFailed(f"the case does not say that it is approved: {carol.page.text[:2000]}")
    report.evidence(f"{carol.page.url}: approved")


def _approve_form_is_there(story: Story) -> bool:
    return story.reviewer.page.find_form(has="reason", button="approve") is not None


def _findings(text: str) -> list[str]:
    """Return a line for each finding on the case: how it came out, what was looked at, what was found."""
    lines = text.split("\n")
    return [
        f"{line:<10} {lines[at + 1]}: {lines[at + 2]}"
        for at, line in enumerate(lines[:-2])
        if line.lower() in {"pass", "attention", "fail", "unknown"}
    ]


def revoke(story: Story, grant: str) -> None:
    """End the access under a clause of its terms, with a reason."""
    dan, report = story.steward, story.report
    report.step(f"Dan revokes the access, citing the clause {REVOKED_UNDER!r}")
    dan.go(f"/stewardship/{story.dataset}/")
    dan.follow(rf"/{grant}/$")
    dan.follow(rf"/end/\?act=revoke&scope=grant&value={grant}$")
    confirm_afresh(story, dan)
    form = dan.form(has="clause_id")
    control = form.control("clause_id")
    offered = [value for value, _ in control.options]
    if REVOKED_UNDER not in offered:
        raise WalkFailed(f"the clause {REVOKED_UNDER} is not offered: {offered}")
    dan.submit(form, {"clause_id": REVOKED_UNDER, "reason": WHY})
    if dan.page.find_form(has="clause_id") is not None:
        raise WalkFailed(f"the revocation was not taken: {dan.page.text[:1500]}")
    report.evidence(f"clause {REVOKED_UNDER}, reason: {WHY}")
