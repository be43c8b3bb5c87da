"""Quirinella, whose name stands nowhere else, and everything that the site comes to hold about her."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from agreements.applications import remarks
from agreements.applications.models import Application, EvidenceRun, State, Visibility
from agreements.bars.models import Bar
from agreements.catalog import interest, invitations, shutting
from agreements.catalog.models import Access, Dataset, Role, Subset
from agreements.core import actors
from agreements.core.clock import now, today
from agreements.flows import restore_watch
from agreements.flows.approving import approve
from agreements.grants import lifecycle
from agreements.grants.ends import renewing
from agreements.grants.imported import confirming
from agreements.grants.members import invitations as member_invitations
from agreements.grants.members import membership
from agreements.grants.models import Grant, GrantMember, SubsetOffer
from agreements.identity import rules
from agreements.identity.models import Verdict
from agreements.ledger.act import new_salt
from agreements.mail.drain import drain
from agreements.people.models import User
from agreements.review import decisions, gathering
from agreements.review.decisions import Seen
from agreements.revocation import attesting, certifying
from agreements.revocation.models import AffectedGrant, Destruction
from agreements.revocation.revoking import revoke
from tests.applications.cases import put
from tests.flows.scene import DETAILS, SITE, Scene, signed_in
from tests.web.opening_things import bring_in

FIRST, LAST = "Quirinella", "Zyxwvutsky"
NAME: Final = f"{FIRST} {LAST}"
LOCAL: Final = "q.zyx77"
ADDRESS: Final = f"{LOCAL}@connect.ust.hk"
WORDS: Final = (FIRST, LAST, LOCAL)
OPERATOR = actors.job("erase_person")


@dataclass(frozen=True, slots=True)
class Left:
    """What is there once she has gone through everything: her grant, revoked, and her part in Bob's."""

    person: User
    browser: Client
    application: Application
    grant: Grant
    bobs: Grant


def arrive() -> tuple[User, Client]:
    """Sign in for the first time, by a mailed code, and give a name."""
    browser = Client()
    browser.post("/accounts/login/", {"login": ADDRESS, "email": ADDRESS})
    code = re.search(r"[0-9A-Z]{3}-[0-9A-Z]{3}", str(mail.outbox[-1].body))
    assert code, mail.outbox[-1].body
    browser.post("/accounts/login/code/confirm/", {"code": code.group()})
    profile = {"name": NAME, "language": "en", "time_zone": "Europe/Berlin"}
    assert browser.post("/account/", profile).status_code == 302
    return User.objects.get(email=ADDRESS), browser


def apply(browser: Client, person: User, *, times: int = 1) -> Application:
    """Hand in an application through the pages."""
    browser.post("/datasets/genebody/apply/")
    application = Application.objects.get(applicant=person, state="draft")
    base = f"/applications/{application.reference}"
    browser.post(f"{base}/details/", DETAILS | {"name": NAME, "address_line2": f"c/o {LAST}"})
    site = {"members": "Bob Lee <bob@connect.ust.hk>", "site_department": f"{LAST} Lab"}
    browser.post(f"{base}/site/", SITE | site | {"intended_use": f"What {NAME} always wanted."})
    sign_here(browser, f"{base}/sign/")
    for time in range(times):
        browser.post(f"{base}/agreement/")
        pdf = browser.get(f"{base}/agreement.pdf").content
        browser.post(f"{base}/signed-copy/", {"file": SimpleUploadedFile(f"{LAST}-{time}.pdf", pdf)})
    browser.post(f"{base}/submit/", {"accept": "on"})
    application.refresh_from_db()
    assert application.state == "submitted"
    return application


def sign_here(browser: Client, page: str) -> None:
    """Sign in the browser, by drawing."""
    browser.post(page, {"action": "make"})
    shown = browser.get(page).content.decode()
    found = re.search(r'name="issued" value="([0-9a-f]{64})"', shown)
    assert found, shown
    ticks = dict.fromkeys(re.findall(r'name="(clause-[a-z-]+)"', shown), "on")
    strokes = "[[[100, 200], [180, 80], [260, 200], [340, 90]]]"
    browser.post(page, {"issued": found[1], "manner": "drawn", "name": NAME, "strokes": strokes} | ticks)
    code = re.search(r"[0-9A-Z]{3}-[0-9A-Z]{3}", str(mail.outbox[-1].body))
    assert code, mail.outbox[-1].body
    browser.post(page, {"action": "check", "code": code.group()})


def seen(application: Application) -> Seen:
    run = EvidenceRun.objects.filter(submission__application=application).order_by("-pk")[0]
    return Seen(run.submission.number, run.digest)


def go_through_everything(scene: Scene) -> Left:
    """Return what is there after an application, access, a colleague's access, a revocation and its attestation."""
    person, browser = arrive()
    application = apply(browser, person, times=2)
    gathering.work_off()
    _review(scene, application)
    grant = Grant.objects.get(application=application)
    join(grant, scene.bob)
    bobs = grant_of_bob(scene)
    join(bobs, person)
    drain()
    _download(browser)
    _go_on(scene, person, grant)
    _end(scene, person, grant)
    _mention(scene, person)
    drain()
    browser.get("/account/")
    return Left(person, browser, application, grant, bobs)


def grant_of_bob(scene: Scene) -> Grant:
    """Return an access of Bob's own."""
    mine = Scene(scene.dataset, alice=scene.bob, bob=scene.alice, carol=scene.carol, dan=scene.dan, eve=scene.eve)
    return Grant.objects.get(application=put(mine, State.APPROVED))


def join(grant: Grant, person: User) -> GrantMember:
    """Make somebody a member by the front door."""
    membership.invite(grant=grant, email=person.email, name=person.name, by=grant.holder.actor)
    invited = GrantMember.objects.select_related("grant").get(grant=grant, email=person.email, ended_at=None)
    return membership.accept(token=member_invitations.token(invited), by=person.actor)


def _review(scene: Scene, application: Application) -> None:
    carol = scene.carol.actor
    remarks.add(application=application, text=f"I know {NAME}.", visibility=Visibility.REVIEWERS, by=carol)
    remarks.add(application=application, text=f"Dear {FIRST}, soon.", visibility=Visibility.APPLICANT, by=carol)
    reason = f"Ms {LAST} has to sign page 2."
    decisions.return_for_changes(application=application, seen=seen(application), reason=reason, by=carol)
    drain()
    browser = signed_in(application.applicant)
    base = f"/applications/{application.reference}"
    browser.post(f"{base}/details/", DETAILS | {"name": NAME, "position": f"Head of {LAST} Lab"})
    browser.post(f"{base}/agreement/")
    pdf = browser.get(f"{base}/agreement.pdf").content
    browser.post(f"{base}/signed-copy/", {"file": SimpleUploadedFile("signed.pdf", pdf)})
    browser.post(f"{base}/submit/", {"accept": "on"})
    gathering.work_off()
    application.refresh_from_db()
    approve(application=application, seen=seen(application), reason=f"{NAME} is known.", by=carol)
    drain()


def _download(browser: Client) -> None:
    bodies = [str(message.body) for message in mail.outbox if message.to == [ADDRESS]]
    links = [found for body in bodies for found in re.findall(r"/l/[A-Za-z0-9_-]+", body)]
    page = browser.get(links[-1]).content.decode()
    direct = re.search(r"(/d/[^\"<\s]+)", page)
    assert direct, page
    response = Client().get(direct.group(1))
    assert b"".join(response.streaming_content)  # type: ignore[attr-defined]


def _go_on(scene: Scene, person: User, grant: Grant) -> None:
    """Suspend and resume, renew, wait for a subset and be offered it, restore a backup."""
    dan, dataset = scene.dan.actor, scene.dataset
    cause = lifecycle.suspend(grant=grant, by=dan, cause="question", reason=f"What does {NAME} do?")
    lifecycle.resume(grant=grant, by=dan, suspension=cause, reason=f"{NAME} answered.")
    Dataset.objects.filter(pk=dataset.pk).update(grant_days=365)
    Grant.objects.filter(pk=grant.pk).update(ends_at=now() + dt.timedelta(days=10))
    ending = Grant.objects.select_related("dataset", "terms", "holder", "application").get(pk=grant.pk)
    use = f"What {NAME} still wants."
    end = ending.ends_at
    renewing.renew(grant=ending, seen_end=end, drop_subsets=(), drop_members=(), use=use, by=person.actor)
    coming = Subset.objects.create(dataset=dataset, slug="extended370", title="More", access=Access.ANNOUNCED)
    interest.note(subset=coming, by=person.actor)
    SubsetOffer.objects.create(grant=grant, subset=coming)
    restore_watch.tell(by=OPERATOR)
    shutting.reopen(
        dataset=dataset,
        checkpoint_sequence=None,
        checkpoint_hash="",
        missing=None,
        reason=f"The end of {NAME} was done again.",
        by=dan,
    )


def had_access_before(scene: Scene, person: User) -> Grant:
    """Bring in access from before the portal, of which its holder says that it is no longer used."""
    return confirming.decline(grant=bring_in(scene, person, note=f"{NAME} signed on paper."), by=person.actor)


def _end(scene: Scene, person: User, grant: Grant) -> None:
    revoke(grant=grant, clause_id="termination", reason=f"{NAME} passed it on.", by=scene.dan.actor)
    drain()
    affected = AffectedGrant.objects.get(grant=grant)
    for owing in (person, scene.bob):
        Destruction.objects.get_or_create(affected=affected, person=owing, defaults={"due_on": today()})
    certifying.work_off()
    for owed in Destruction.objects.filter(affected=affected).select_related("person"):
        attesting.attest(destruction=owed, name=owed.person.name, remark=f"By {FIRST}.", by=owed.person.actor)


def _mention(scene: Scene, person: User) -> None:
    """Name her where others write, and where a later version of a check may."""
    for run in EvidenceRun.objects.filter(submission__application__applicant=person):
        run.findings[0]["details"] = {"looked_at": ADDRESS}
        run.save()
    dan = scene.dan.actor
    Bar.objects.create(
        dataset=scene.dataset, person=person, reason=f"{NAME} broke it.", reason_salt=new_salt(), set_by=scene.dan
    )
    reason = f"Ask {NAME} or {ADDRESS.upper()}."
    rules.add(dataset=scene.dataset, suffix="ust.hk", verdict=Verdict.REVIEW, reason=reason, by=dan)
    invitations.invite(dataset=scene.dataset, email=ADDRESS, role=Role.AUDITOR, by=dan)
    admin = User.objects.create_superuser("adam@site.example")
    signed_in(admin).post(f"/admin/agreements/user/{person.pk}/change/", {"is_active": "on"})
