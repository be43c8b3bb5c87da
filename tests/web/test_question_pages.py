"""The questions of the record, as stewards and auditors ask them, and as others try to."""

from __future__ import annotations

import csv
import datetime as dt
import io
import uuid
from urllib.parse import quote

import pytest
from django.test import Client

from agreements.applications.models import State
from agreements.bars import barring
from agreements.bars.models import Bar
from agreements.catalog import roles
from agreements.catalog.models import Archive, Dataset, Role
from agreements.core import clock
from agreements.core.domains import domain_of
from agreements.flows import accounts, restore_watch
from agreements.grants.downloads import digests
from agreements.grants.models import DownloadClosed, DownloadEnd, DownloadOpened, Grant, GrantMember, Link, MemberState
from agreements.people.models import User
from agreements.revocation import lifting
from agreements.revocation.models import ProcedureAct, ScopeKind
from agreements.revocation.revoking import revoke
from tests.applications.cases import put
from tests.flows.scene import SETUP, Scene, signed_in
from tests.revocation import many


@pytest.fixture
def grant(scene: Scene) -> Grant:
    """Alice's access."""
    return Grant.objects.select_related("application").get(application=put(scene, State.APPROVED))


@pytest.fixture
def dan(scene: Scene) -> Client:
    return signed_in(scene.dan)


@pytest.fixture
def stranger(scene: Scene) -> Client:
    """The steward of another dataset."""
    other = Dataset.objects.create(slug="other", reference_prefix="OT", title="Other", summary="", organization="")
    roles.give(user=scene.eve, dataset=other, role=Role.STEWARD, by=SETUP)
    return signed_in(scene.eve)


def rows_of(answer: object) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text)))


def test_the_life_of_an_application_tells_of_its_access_and_of_what_ended_it(
    scene: Scene, grant: Grant, dan: Client
) -> None:
    procedure = revoke(grant=grant, clause_id="termination", reason="Shared.", by=scene.dan.actor)
    page = dan.get(f"/record/application/{grant.application.reference}/").content.decode()
    for words in ("Application started", "Approved", "Access granted", "Access revoked"):
        assert words in page
    kinds = [row["kind"] for row in rows_of(dan.get(f"/record/application/{grant.application.reference}/?csv=rows"))]
    assert kinds[0] == "application.started"
    assert {"grant.issued", "link.issued", "grant.revoked"} <= set(kinds)
    assert procedure.reference


def test_an_application_of_another_dataset_is_not_there(grant: Grant, stranger: Client) -> None:
    assert stranger.get(f"/record/application/{grant.application.reference}/").status_code == 404
    assert stranger.get(f"/record/application/{grant.application.reference}/?csv=rows").status_code == 404
    assert stranger.get(f"/record/downloads/{grant.reference}/").status_code == 404


def test_everything_about_a_person_by_address_and_by_id(scene: Scene, grant: Grant, dan: Client) -> None:
    Bar.objects.create(dataset=scene.dataset, person=scene.alice, reason="Why.", reason_salt="0" * 32, set_by=scene.dan)
    for who in (scene.alice.email, scene.alice.email.upper(), str(scene.alice.public_id)):
        page = dan.get("/record/person/", {"who": who}).content.decode()
        assert grant.reference in page
        assert grant.application.reference in page
        assert "Bar" in page
    facts = rows_of(dan.get("/record/person/", {"who": scene.alice.email, "csv": "facts"}))
    assert {"Application", "Decision", "Access", "Bar"} <= {row["what"] for row in facts}
    rows = rows_of(dan.get("/record/person/", {"who": scene.alice.email, "csv": "rows"}))
    assert "application.submitted" in {row["kind"] for row in rows}


def test_somebody_of_another_dataset_looks_like_nobody(scene: Scene, grant: Grant, stranger: Client) -> None:
    nobody = stranger.get("/record/person/", {"who": "nobody@nowhere.example"}).content.decode()
    for who in (scene.alice.email, str(scene.alice.public_id), str(uuid.uuid4())):
        page = stranger.get("/record/person/", {"who": who}).content.decode()
        assert _main(page).replace(who, "") == _main(nobody).replace("nobody@nowhere.example", "")
        assert "Nothing is known" in page
        assert rows_of(stranger.get("/record/person/", {"who": who, "csv": "facts"})) == []
        assert rows_of(stranger.get("/record/person/", {"who": who, "csv": "rows"})) == []


def _main(page: str) -> str:
    return page[page.index("<main") : page.index("</main>")]


@pytest.mark.parametrize("how", ["address", "id"])
def test_a_bar_on_a_domain_tells_nobody_who_has_an_account_there(
    scene: Scene, grant: Grant, stranger: Client, how: str
) -> None:
    User.objects.filter(pk=scene.alice.pk).update(name="Alice Secretname")
    domain = domain_of(scene.alice.email)
    barring.set_bar(dataset=Dataset.objects.get(slug="other"), by=scene.eve.actor, reason="Why.", domain=domain)

    def told(who: str) -> tuple[str, list[dict[str, str]], list[dict[str, str]]]:
        page = stranger.get("/record/person/", {"who": who}).content.decode().partition("<main")[2]
        both = [rows_of(stranger.get("/record/person/", {"who": who, "csv": csv})) for csv in ("facts", "rows")]
        return page.replace(who, "WHO").replace(quote(who), "WHO"), both[0], both[1]

    asked, nobody = (
        (scene.alice.email, f"nobody@{domain}") if how == "address" else (str(scene.alice.public_id), str(uuid.uuid4()))
    )
    assert told(asked) == told(nobody)
    assert "Secretname" not in told(asked)[0]
    # Who is known by something else has the bar on the domain among what is known.
    barring.set_bar(dataset=scene.dataset, by=scene.dan.actor, reason="Why.", domain=domain)
    facts = rows_of(signed_in(scene.dan).get("/record/person/", {"who": asked, "csv": "facts"}))
    assert [row["reference"] for row in facts if row["what"] == "Bar"] == [domain]


def test_the_life_of_an_application_has_no_rows_of_others_whom_the_same_procedure_reached(
    scene: Scene, dan: Client
) -> None:
    one, *others = many.grants(scene.dataset, [f"p{number}@mit.edu" for number in range(4)])
    procedure = many.start(scene.dataset, ScopeKind.ORGANIZATION, "MIT", by=scene.dan, act=ProcedureAct.SUSPEND)
    lifting.lift(procedure=procedure, reason="Settled.", by=scene.dan.actor)
    rows = rows_of(dan.get(f"/record/application/{one.application.reference}/?csv=rows"))
    assert {row["grant"] for row in rows} == {one.reference, ""}
    kinds = {row["kind"] for row in rows}
    assert kinds >= {"procedure.begun", "grant.suspended", "suspension.lifted", "grant.resumed"}
    assert others


def test_a_member_is_told_of_what_ended_their_access_and_of_what_they_owe(scene: Scene, dan: Client) -> None:
    one, other = many.grants(scene.dataset, ["holder@mit.edu", "other@mit.edu"])
    many.join([one], ["member@mit.edu"])
    left = many.join([one], ["left@mit.edu"])[0]
    GrantMember.objects.filter(pk=left.pk).update(ended_at=clock.now(), state=MemberState.LEFT)
    with clock.frozen(clock.now() + dt.timedelta(days=1)):
        procedure = revoke(grant=one, clause_id="termination", reason="Shared.", by=scene.dan.actor)
        revoke(grant=other, clause_id="termination", reason="Shared.", by=scene.dan.actor)
        facts = rows_of(dan.get("/record/person/", {"who": "member@mit.edu", "csv": "facts"}))
        rows = rows_of(dan.get("/record/person/", {"who": "member@mit.edu", "csv": "rows"}))
        before = rows_of(dan.get("/record/person/", {"who": "left@mit.edu", "csv": "facts"}))
    assert [row["reference"] for row in facts if row["what"] == "Revocation"] == [procedure.reference]
    owed = [row for row in facts if row["what"] == "Destruction of copies"]
    assert [(row["reference"], row["who"]) for row in owed] == [(one.reference, "Member")]
    assert owed[0]["state"].startswith("awaited, due ")
    assert {(row["kind"], row["grant"]) for row in rows} >= {("grant.revoked", one.reference)}
    assert [row["grant"] for row in rows if row["kind"] == "procedure.begun"] == [one.reference]
    assert other.reference not in {row["grant"] for row in rows}
    # Who had left before was reached by nothing.
    assert [row["what"] for row in before] == ["Membership"]


def test_an_organization_is_the_same_by_its_name_as_by_its_domain(scene: Scene, dan: Client) -> None:
    one = many.grants(scene.dataset, ["holder@mit.edu"], members=1)[0]
    many.grants(scene.dataset, ["somebody@gmail.com"])
    barring.set_bar(dataset=scene.dataset, by=scene.dan.actor, reason="Why.", domain="mit.edu")
    procedure = many.start(scene.dataset, ScopeKind.DOMAIN, "mit.edu", by=scene.dan)
    for asked in ({"name": "MIT"}, {"domain": "mit.edu"}):
        facts = rows_of(dan.get("/record/organization/", asked | {"csv": "facts"}))
        assert {row["what"] for row in facts} >= {"Access", "Membership", "Revocation", "Destruction of copies", "Bar"}
        assert {one.reference, procedure.reference, "mit.edu"} <= {row["reference"] for row in facts}
        kinds = {row["kind"] for row in rows_of(dan.get("/record/organization/", asked | {"csv": "rows"}))}
        assert kinds >= {"procedure.begun", "grant.revoked", "bar.set"}
    # A free mailbox is no organization's.
    barring.set_bar(dataset=scene.dataset, by=scene.dan.actor, reason="Why.", domain="gmail.com")
    facts = rows_of(dan.get("/record/organization/", {"name": "MIT", "csv": "facts"}))
    assert [row["reference"] for row in facts if row["what"] == "Bar"] == ["mit.edu"]


def test_a_closed_account_tells_nothing_beyond_the_datasets(scene: Scene, grant: Grant, stranger: Client) -> None:
    adam = User.objects.create_superuser("adam@site.example")
    accounts.set_open(user=scene.alice, is_open=False, by=adam.actor)
    assert "Nothing is known" in stranger.get("/record/person/", {"who": scene.alice.email}).content.decode()


def test_an_organization_is_known_however_its_name_is_written_and_by_its_domain(
    scene: Scene, grant: Grant, dan: Client, stranger: Client
) -> None:
    asked = (
        {"name": grant.organization},
        {"name": f"  {grant.organization.upper()} "},
        {"domain": "ust.hk"},
        {"domain": "@connect.ust.hk"},
    )
    for each in asked:
        assert grant.reference in dan.get("/record/organization/", each).content.decode(), each
        assert grant.reference not in stranger.get("/record/organization/", each).content.decode()
    for each in ({"domain": "st.hk"}, {"name": "Hong Kong"}, {"domain": "."}, {"name": " "}):
        assert grant.reference not in dan.get("/record/organization/", each).content.decode(), each


def test_a_draft_is_its_authors_alone(scene: Scene, dan: Client) -> None:
    draft = put(scene, State.DRAFT)
    page = dan.get("/record/organization/", {"domain": "ust.hk"}).content.decode()
    assert draft.reference not in page
    page = dan.get("/record/person/", {"who": scene.alice.email}).content.decode()
    assert "Hong Kong University" not in page


def test_who_could_open_what_on_a_date(scene: Scene, grant: Grant, dan: Client, stranger: Client) -> None:
    tomorrow = clock.now() + dt.timedelta(days=1)
    asked = {"subset": "genebody/train40", "on": f"{tomorrow:%Y-%m-%d}", "time": f"{tomorrow:%H:%M}"}
    page = dan.get("/record/access/", asked).content.decode()
    assert scene.alice.email in page
    assert grant.reference in page
    row = rows_of(dan.get("/record/access/", asked | {"csv": "rows"}))[0]
    assert (row["email"], row["terms"], row["standing"]) == (scene.alice.email, "1.0", "holder")
    assert row["rows"].isdigit()
    before = dan.get("/record/access/", asked | {"on": "2020-01-01"}).content.decode()
    assert "Nobody could open Train40 then" in before
    assert stranger.get("/record/access/", asked).status_code == 422
    assert dan.get("/record/access/", asked | {"on": "yesterday"}).status_code == 422
    assert dan.get("/record/access/", asked | {"on": ""}).status_code == 422
    assert dan.get("/record/access/", asked | {"subset": "genebody/nothing"}).status_code == 422


def test_after_a_revocation_nobody_could(scene: Scene, grant: Grant, dan: Client) -> None:
    revoke(grant=grant, clause_id="termination", reason="Shared.", by=scene.dan.actor)
    page = dan.get("/record/access/", {"subset": "genebody/train40"}).content.decode()
    assert "Nobody could open" in page


def test_a_day_alone_is_any_moment_of_it(scene: Scene, grant: Grant, dan: Client) -> None:
    later = clock.now() + dt.timedelta(days=2)
    with clock.frozen(later.replace(hour=12, minute=0)):
        revoke(grant=grant, clause_id="termination", reason="Shared.", by=scene.dan.actor)
    asked = {"subset": "genebody/train40", "on": f"{later:%Y-%m-%d}"}
    page = dan.get("/record/access/", asked).content.decode()
    assert scene.alice.email in page
    assert "1 person could open Train40 at any moment of" in page
    assert scene.alice.email in dan.get("/record/access/", asked | {"time": "11:59"}).content.decode()
    for nobody in (asked | {"time": "12:01"}, asked | {"on": f"{later + dt.timedelta(days=1):%Y-%m-%d}"}):
        assert "Nobody could open Train40 then" in dan.get("/record/access/", nobody).content.decode()


def test_a_shutting_after_a_restore_is_named(scene: Scene, grant: Grant, dan: Client) -> None:
    restore_watch.tell(by=SETUP)
    for moment in ({}, {"on": f"{clock.now():%Y-%m-%d}"}):
        page = dan.get("/record/access/", {"subset": "genebody/train40"} | moment).content.decode()
        assert "were shut after a restore, since" in page
        assert "no running access" not in page


def test_what_was_downloaded_under_a_grant_with_totals_and_digests(scene: Scene, grant: Grant, dan: Client) -> None:
    noon = clock.now() - dt.timedelta(days=3)
    for number in range(60):
        _download(grant, at=noon + dt.timedelta(seconds=number), sent=1000)
    _download(grant, at=clock.now(), sent=None)
    digests.digest_due()
    page = dan.get(f"/record/downloads/{grant.reference}/").content.decode()
    assert "not yet digested" in page
    assert "digest of the day: row" in page
    assert "58.6 KiB" in page
    assert "Page 1 of 2" in page
    rows = rows_of(dan.get(f"/record/downloads/{grant.reference}/?csv=rows"))
    assert len(rows) == 61
    assert (rows[1]["first byte"], rows[1]["last byte"], rows[1]["bytes sent"]) == ("0", "999", "1000")
    assert rows[0]["digested by row"] == ""
    assert rows[1]["digested by row"].isdigit()


def _download(grant: Grant, *, at: dt.datetime, sent: int | None) -> None:
    link = Link.objects.get(grant=grant)
    archive = Archive.objects.get(pk=link.archive_id)
    opened = DownloadOpened.objects.create(
        process=uuid.uuid4(), grant=grant, link=link, archive=archive, at=at, range_start=0, range_stop=1000
    )
    if sent is not None:
        DownloadClosed.objects.create(opened=opened, at=at, bytes_sent=sent, seconds=0.1, how=DownloadEnd.DONE)
