"""What Alice receives: the mail, the link, the password, the bytes; and afterwards, nothing more."""

from __future__ import annotations

import re

from demo import archive_check
from demo.mailbox import Mail
from demo.pages import Page
from demo.report import size
from demo.story import Story, confirm_afresh
from demo.visitor import WalkFailed, http_client

PASSWORD = re.compile(r"\b(?:[0-9A-HJKMNP-TV-Z]{4}-){4}[0-9A-HJKMNP-TV-Z]{4}\b")
GRANT = re.compile(r"/grants/([^/]+)/")


def read_mail(story: Story, after: int) -> Mail:
    """Wait for the mail with the links, and show it as it was sent."""
    story.report.step("The mail with the links arrives")
    mail = story.mails.wait_for(
        story.applicant.address, lambda mail: bool(mail.addresses(r"/l/")), what="mail with links", after=after
    )
    story.report.shown(f"{mail.subject} (as sent, {size(len(mail.raw))})", mail.text)
    story.links = mail.addresses(r"/l/")
    story.grant_page = next(iter(mail.addresses(r"/grants/")), "")
    if PASSWORD.search(mail.text):
        raise WalkFailed("the mail holds something that looks like a password")
    return mail


def read_password(story: Story) -> str:
    """Show the password on the page of the access, with a fresh code if one is asked for. Returns the reference."""
    alice, report = story.applicant, story.report
    report.step("Alice reads her own password: signed in, and her mailbox proved by a code minutes ago")
    alice.go(story.grant_page)
    found = GRANT.search(alice.page.url)
    if found is None:
        raise WalkFailed(f"the mail's address of the access leads to {alice.page.url}")
    alice.follow(r"/password/")
    confirm_afresh(story, alice)
    if PASSWORD.search(alice.page.text) is None:
        alice.submit(alice.form(action=r"/password/"))
    story.password = _password_on(alice.page)
    if alice.page.headers.get("cache-control", "").find("no-store") < 0:
        raise WalkFailed("the page with the password may be stored")
    report.evidence(f"password {story.password} (Cache-Control: {alice.page.headers['cache-control']})")
    return found[1]


def _password_on(page: Page) -> str:
    found = PASSWORD.search(page.text) or PASSWORD.search(page.html)
    if found is None:
        raise WalkFailed(f"no password on {page.url}: {page.text[:1000]}")
    return found[0]


def download(story: Story) -> None:
    """Follow the mailed link, download whole and in two parts, refuse a wrong password, open with the right one."""
    report = story.report
    report.step("She follows the link without being signed in, and downloads")
    with http_client(story.certificate) as client:
        story.direct = _direct_address(story)
        head = client.head(story.direct)
        report.evidence(f"link {story.links[0]}")
        report.evidence(f"HEAD {story.direct}: {head.status_code}, {size(int(head.headers['Content-Length']))}")
        whole = archive_check.fetch(client, story.direct)
        report.keep("headers.txt", "".join(f"{name}: {value}\n" for name, value in whole.headers.items()))
        report.keep(story.direct.rpartition("/")[2], whole.data)
        report.evidence(f"downloaded {size(len(whole.data))}, SHA-256 {whole.sha256}")
        resumed = archive_check.fetch_in_two(client, story.direct, whole)
        if resumed.data != whole.data:
            raise WalkFailed(f"the resumed download differs: {resumed.sha256}")
        report.evidence(f"broken off and resumed (206, If-Range): the same SHA-256 {resumed.sha256}")
    _open(story, whole.data)


def _direct_address(story: Story) -> str:
    """Return the direct address that the link's page shows, or to which its button leads."""
    stranger = type(story.applicant)("a browser", "", base=story.base, certificate=story.certificate)
    landing = stranger.go(story.links[0])
    shown = landing.find_link(r"/d/") or next(
        iter(re.findall(r"https?://[^\s<>\"']+/d/[^\s<>\"']+", landing.html)), None
    )
    form = landing.find_form(button="download")
    if form is None:
        raise WalkFailed(f"no download button at {landing.url}: {landing.text[:1000]}")
    with stranger.client.stream(
        form.method.upper(), form.action, data=form.standing(), headers={"Referer": landing.url}
    ) as answer:
        answer.read() if answer.status_code >= 400 else None
        if answer.status_code != 200:
            raise WalkFailed(f"the download button answered {answer.status_code} at {answer.url}")
        story.report.evidence(f"the button leads to the file: {answer.headers['Content-Type']}")
        return shown or str(answer.url)


def _open(story: Story, data: bytes) -> None:
    report = story.report
    report.step("She unzips it (pyzipper), and looks inside (Pillow, numpy)")
    wrong = story.password[:-1] + ("0" if story.password[-1] != "0" else "1")
    if archive_check.opens_with(data, wrong):
        raise WalkFailed("a wrong password opens the archive")
    report.evidence(f"wrong password {wrong}: refused")
    inside = archive_check.digests_inside(data, story.password)
    published = archive_check.digests_of_source(story.source)
    sums = {name for name in inside if name.rpartition("/")[2] == "SHA256SUMS" and name not in published}
    if {name: digest for name, digest in inside.items() if name not in sums} != published:
        missing, strange = sorted(published.keys() - inside.keys()), sorted(inside.keys() - published.keys())
        raise WalkFailed(f"the archive differs from its source: missing {missing[:5]}, strange {strange[:5]}")
    for name, digest in sorted(inside.items())[:12]:
        report.evidence(f"{digest}  {name}")
    report.evidence(f"{len(published)} files, every SHA-256 equal to the source's")
    report.keep("SHA256SUMS", "".join(f"{digest}  {name}\n" for name, digest in sorted(inside.items())))
    for line in archive_check.open_contents(data, story.password):
        report.evidence(line)


def find_it_ended(story: Story, before: int) -> None:
    """After the revocation: the notice, and the same link, password page and resumed download refused."""
    alice, report = story.applicant, story.report
    report.step("The notice arrives, and the same link is dead")
    notice = story.mails.wait_for(
        alice.address,
        lambda mail: "no-redistribution" in mail.text or "revoke" in mail.text.lower(),
        what="notice of revocation",
        after=before,
    )
    report.shown(notice.subject, notice.text)
    with http_client(story.certificate) as client:
        for what, answer in (
            ("GET  direct address", client.get(story.direct)),
            ("HEAD direct address", client.head(story.direct)),
            ("resumed download", client.get(story.direct, headers={"Range": "bytes=1000-"})),
            ("page of the link", client.get(story.links[0])),
        ):
            if not 400 <= answer.status_code < 500:
                raise WalkFailed(f"{what} answers {answer.status_code} after the revocation")
            report.evidence(f"{what}: {answer.status_code}")
    page = alice.go(story.grant_page.rstrip("/") + "/password/", expect=None)
    if PASSWORD.search(page.html):
        raise WalkFailed("the password is still shown after the revocation")
    report.evidence(f"password page: {page.status}, no password")
