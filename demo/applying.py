"""Alice's part: from the dataset's page to a submitted application."""

from __future__ import annotations

import hashlib
import re

from demo.report import size
from demo.signing import print_sign_scan
from demo.story import APPLICANT_NAME, Story, sign_in
from demo.visitor import Visitor, WalkFailed

ANSWERS = {
    "name": APPLICANT_NAME,
    "organization": "Hong Kong University of Science and Technology",
    "position": "PhD student",
    "address_line1": "Clear Water Bay Road",
    "address_line2": "Department of Computer Science",
    "city": "Hong Kong",
    "country": "HK",
    "site_department": "Visual Computing Laboratory",
    "site_city": "Hong Kong",
    "site_country": "HK",
    "intended_use": "Training and evaluating a model that renders people from few views, for a doctoral thesis.",
}
REFERENCE = re.compile(r"/applications/([^/]+)/")


def apply(story: Story) -> None:
    """Find the dataset, sign in, fill in the form step by step."""
    alice, report = story.applicant, story.report
    report.step("Alice opens the dataset's page and asks for access")
    alice.go("/")
    if alice.page.find_link(f"/datasets/{story.dataset}/apply/") is None:
        alice.follow(f"/datasets/{story.dataset}/$")
    report.evidence(f"{alice.page.url}: {alice.page.title}")
    alice.follow(f"/datasets/{story.dataset}/apply/")
    sign_in(story, alice)
    _start(story)
    report.step("She fills in the form; each page is saved as a draft")
    for _ in range(6):
        form = next((form for form in alice.page.forms if form.names & set(ANSWERS)), None)
        if form is None:
            break
        alice.submit(form, {name: ANSWERS[name] for name in form.names & set(ANSWERS)})
        report.evidence(f"saved {', '.join(sorted(form.names & set(ANSWERS)))}")
    else:
        raise WalkFailed(f"the form does not end: {alice.page.url}: {alice.page.text[:1500]}")


def _start(story: Story) -> None:
    """Press the button that starts the application, where the page has one."""
    alice = story.applicant
    if "/applications/" not in alice.page.url:
        alice.submit(alice.form(action=r"/apply/"))
    found = REFERENCE.search(alice.page.url)
    if found is None:
        raise WalkFailed(f"no application was started: {alice.page.url}: {alice.page.text[:1000]}")
    story.application = found[1]
    story.report.evidence(f"application {story.application}")


def sign_agreement(story: Story) -> None:
    """Download the agreement, sign it on paper, upload the scan, and wait until it was looked at."""
    alice, report = story.applicant, story.report
    report.step("She downloads her agreement, prints it, signs it, scans it, and uploads the scan")
    issued = _agreement(alice, story.application)
    report.evidence(f"agreement.pdf: {size(len(issued))}, SHA-256 {hashlib.sha256(issued).hexdigest()}")
    report.keep("agreement-issued.pdf", issued)
    scan = print_sign_scan(issued, name=APPLICANT_NAME)
    report.keep("agreement-signed.pdf", scan)
    _to_upload(alice, story.application)
    alice.submit(alice.form(has="file"), files={"file": ("signed agreement.pdf", scan, "application/pdf")})
    report.evidence(f"uploaded the scan: {size(len(scan))}, SHA-256 {hashlib.sha256(scan).hexdigest()}")


def _agreement(alice: Visitor, reference: str) -> bytes:
    if alice.page.find_link(r"/agreement\.pdf") is None and alice.page.find_form(button="agreement") is None:
        alice.go(f"/applications/{reference}/agreement/")
    if alice.page.find_link(r"/agreement\.pdf") is None:
        alice.submit(alice.form(action=r"/agreement/", button="agreement"))
    address = alice.page.find_link(r"/agreement\.pdf")
    if address is None:
        raise WalkFailed(f"no agreement to download at {alice.page.url}: {alice.page.text[:1000]}")
    answer = alice.client.get(address)
    if answer.status_code != 200 or not answer.content.startswith(b"%PDF-"):
        raise WalkFailed(f"{address} answered {answer.status_code} {answer.headers.get('content-type')}")
    return answer.content


def _to_upload(alice: Visitor, reference: str) -> None:
    if alice.page.find_form(has="file") is None:
        found = alice.page.find_link(r"/signed-copy/$")
        alice.go(found or f"/applications/{reference}/signed-copy/")


def submit(story: Story) -> None:
    """Hand in, and read the receipt."""
    alice, report = story.applicant, story.report
    report.step("She submits")
    before = story.mails.count()
    found = alice.page.find_link(r"/submit/")
    alice.go(found or f"/applications/{story.application}/submit/")
    alice.submit(alice.form(has="accept"), {"accept": "on"})
    alice.go(f"/applications/{story.application}/")
    report.evidence(f"{alice.page.url}: {alice.page.title}")
    receipt = story.mails.wait_for(
        alice.address, lambda mail: story.application in mail.text, what="receipt", after=before
    )
    report.shown(receipt.subject, receipt.text)
