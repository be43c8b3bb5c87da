"""My access, through the pages."""

from __future__ import annotations

import re
import uuid

import pytest
from django.test import Client

from agreements.applications.models import State
from agreements.catalog.models import Archive
from agreements.core.clock import now
from agreements.grants import lifecycle
from agreements.grants.links import making as links
from agreements.grants.links import tokens
from agreements.grants.models import DownloadClosed, DownloadEnd, DownloadOpened, Grant, Link
from agreements.ledger.models import LedgerEntry
from agreements.mail.models import OutboxMessage
from agreements.revocation.revoking import revoke
from agreements.web import proofs
from tests.applications.cases import SYSTEM, put
from tests.flows.scene import Scene, signed_in


@pytest.fixture
def grant(scene: Scene) -> Grant:
    put(scene, State.APPROVED)
    return Grant.objects.get()


@pytest.fixture
def alice(scene: Scene, grant: Grant) -> Client:
    return signed_in(scene.alice)


def test_the_password_is_shown_on_fresh_proof_by_post_only_and_each_time_recorded(
    alice: Client, grant: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"/grants/{grant.reference}/password/"
    assert alice.post(address)["Location"].startswith("/accounts/fresh/")
    monkeypatch.setattr(proofs, "is_fresh", lambda request: True)
    pattern = r"data-copy=\"[0-9A-Z]{4}(-[0-9A-Z]{4}){4}\""
    assert not re.search(pattern, alice.get(address).content.decode())
    for number in (1, 2):
        shown = alice.post(address)
        assert re.search(pattern, shown.content.decode())
        assert "no-store" in shown["Cache-Control"]
        assert shown["Referrer-Policy"] == "no-referrer"
        assert LedgerEntry.objects.filter(kind="password.revealed").count() == number


def test_a_fresh_link_is_mailed_and_an_ended_one_is_dead(scene: Scene, alice: Client, grant: Grant) -> None:
    link = Link.objects.get()
    landing = f"/l/{tokens.token(link)}"
    assert Client().get(landing).status_code == 200
    assert alice.post(f"/grants/{grant.reference}/links/{link.archive_id}/fresh/").status_code == 302
    assert OutboxMessage.objects.filter(kind="link-fresh", recipient=scene.alice.email).count() == 1
    assert alice.post(f"/grants/{grant.reference}/links/{link.pk}/end/").status_code == 302
    assert Client().get(landing).status_code == 404
    assert alice.post(f"/grants/{grant.reference}/links/{link.pk}/end/").status_code == 404


def test_a_link_with_one_character_changed_is_dead_wherever_it_is_changed(grant: Grant) -> None:
    token = tokens.token(Link.objects.get())
    for place in (0, len(token) // 2, len(token) - 1):
        changed = token[:place] + ("0" if token[place] != "0" else "1") + token[place + 1 :]
        assert Client().get(f"/l/{changed}").status_code == 404


def test_under_a_suspended_access_nothing_is_offered(
    alice: Client, grant: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    lifecycle.suspend(grant=grant, by=SYSTEM, cause="look", reason="x")
    monkeypatch.setattr(proofs, "is_fresh", lambda request: True)
    page = alice.get(f"/grants/{grant.reference}/").content.decode()
    assert "This access is suspended" in page
    assert "/l/" not in page
    shown = alice.post(f"/grants/{grant.reference}/password/").content.decode()
    assert "data-copy" not in shown
    link = Link.objects.get()
    alice.post(f"/grants/{grant.reference}/links/{link.archive_id}/fresh/")
    assert Link.objects.count() == 1


def test_an_access_of_ones_own_is_the_only_one_listed(scene: Scene, alice: Client, grant: Grant) -> None:
    assert grant.reference in alice.get("/grants/").content.decode()
    for other in (scene.bob, scene.carol, scene.dan, scene.eve):
        assert grant.reference not in signed_in(other).get("/grants/").content.decode()


def test_the_password_page_of_an_ended_access_says_so_and_has_no_button(
    scene: Scene, alice: Client, grant: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proofs, "is_fresh", lambda request: True)
    address = f"/grants/{grant.reference}/password/"
    assert "Show my password" in alice.get(address).content.decode()
    revoke(grant=grant, clause_id="termination", reason="Over.", by=scene.dan.actor)
    page = alice.get(address).content.decode()
    assert f"Access {grant.reference} is revoked." in page
    assert "Show my password" not in page
    assert f'href="/grants/{grant.reference}/">Back to my access' in page


def test_a_revocation_names_its_clause_and_the_application_says_that_it_was_revoked(
    scene: Scene, alice: Client, grant: Grant
) -> None:
    revoke(grant=grant, clause_id="termination", reason="Over.", by=scene.dan.actor)
    page = alice.get(f"/grants/{grant.reference}/").content.decode()
    assert '#termination">Termination</a> (termination) of terms 1.0' in page
    page = signed_in(scene.dan).get(f"/stewardship/genebody/grants/{grant.reference}/").content.decode()
    assert '#termination">Termination</a> (termination)' in page
    page = alice.get(f"/applications/{grant.application.reference}/").content.decode()
    assert "Approved, and the access it gave was revoked" in page


def test_every_download_stands_on_the_page_of_the_access_for_its_holder_and_the_steward(
    scene: Scene, alice: Client, grant: Grant
) -> None:
    link = Link.objects.select_related("archive").get()
    size = link.archive.sealed_size
    _download(link, 0, size, sent=size, how=DownloadEnd.DONE)
    _download(link, 100, 300, sent=64, how=DownloadEnd.CLIENT_GONE)
    _download(link, 300, 400, sent=None, how=None)
    _download(link, 0, size, sent=None, how=DownloadEnd.HANDED_OVER)
    addresses = (
        (scene.alice, f"/grants/{grant.reference}/"),
        (scene.dan, f"/stewardship/genebody/grants/{grant.reference}/"),
    )
    for person, address in addresses:
        page = signed_in(person).get(address).content.decode()
        rows = re.findall(r"<tr>(.*?)</tr>", page[page.index('id="downloads"') :], re.DOTALL)[1:]
        told = [re.findall(r">([^<>]+)</td>", row) for row in rows]
        assert told == [
            ["train40.zip", "whole", "–", "address handed out"],
            ["train40.zip", "bytes 300 to 399", "–", "running"],
            ["train40.zip", "bytes 100 to 299", "64 B", "stopped by the client"],
            ["train40.zip", "whole", told[3][2], "complete"],
        ]


def _download(link: Link, start: int, stop: int, *, sent: int | None, how: DownloadEnd | None) -> None:
    opened = DownloadOpened.objects.create(
        process=uuid.uuid4(), grant=link.grant, link=link, archive=link.archive, range_start=start, range_stop=stop
    )
    if how is not None:
        DownloadClosed.objects.create(opened=opened, bytes_sent=sent, seconds=1.0, how=how)


def test_all_links_are_made_with_one_press_and_one_mail(scene: Scene, alice: Client, grant: Grant) -> None:
    page, address = f"/grants/{grant.reference}/", f"/grants/{grant.reference}/links/"
    assert "Make all links" not in alice.get(page).content.decode()
    assert "Every archive has a running link already." in alice.post(address, follow=True).content.decode()
    _another_archive(grant, "masks.zip")
    Link.objects.update(ended_at=now())
    assert "2 archives have no running link of yours." in alice.get(page).content.decode()
    assert alice.post(address).status_code == 302
    assert OutboxMessage.objects.get(kind="link-fresh").recipient == scene.alice.email
    assert links.running(grant=grant, person_pk=scene.alice.pk).count() == 2


def test_files_for_scripts_are_ones_own_and_kept_by_no_cache(scene: Scene, alice: Client, grant: Grant) -> None:
    token = tokens.token(Link.objects.get())
    for name, words in (
        ("links.txt", f"/d/{token}/train40.zip\n"),
        ("aria2.txt", "\n  out=train40.zip\n"),
        ("SHA256SUMS", "  train40/annots.npy\n"),
    ):
        address = f"/grants/{grant.reference}/{name}"
        response = alice.get(address)
        assert words in response.content.decode()
        assert (response["Cache-Control"], response["Referrer-Policy"]) == ("no-store", "no-referrer")
        assert response["Content-Disposition"] == f'attachment; filename="{name}"'
        assert Client().get(address)["Location"].startswith("/accounts/login/")
        for other in (scene.bob, scene.carol, scene.dan, scene.eve):
            assert signed_in(other).get(address).status_code == 404


def test_of_an_access_that_stands_still_no_file_is_given(alice: Client, grant: Grant) -> None:
    lifecycle.suspend(grant=grant, by=SYSTEM, cause="look", reason="x")
    for name in ("links.txt", "aria2.txt", "SHA256SUMS"):
        assert alice.get(f"/grants/{grant.reference}/{name}").status_code == 404


def test_an_earlier_version_is_shown_as_one_and_stays(alice: Client, grant: Grant) -> None:
    _another_archive(grant, "train40.zip", version=2)
    page = alice.get(f"/grants/{grant.reference}/").content.decode()
    assert page.index("version 2 of ") < page.index("version 1 of ")
    assert page.count("Earlier version") == 1
    assert "You were given this version, and it stays yours to download. Version 2 is newer." in page


def _another_archive(grant: Grant, name: str, *, version: int = 1) -> Archive:
    first = Archive.objects.get(name="train40.zip", version=1)
    fields = {field.name: getattr(first, field.name) for field in Archive._meta.fields if field.name != "id"}
    return Archive.objects.create(**fields | {"name": name, "version": version})


def test_every_running_link_stands_on_the_page_with_its_end(scene: Scene, alice: Client, grant: Grant) -> None:
    first = Link.objects.select_related("archive").get()
    second = links.make(grant=grant, archive=first.archive, person=scene.alice, by=scene.alice.actor)
    page = alice.get(f"/grants/{grant.reference}/").content.decode()
    assert "1 older link of yours works too" in page
    for link in (first, second):
        assert f"/grants/{grant.reference}/links/{link.pk}/end/" in page
    alice.post(f"/grants/{grant.reference}/links/{first.pk}/end/")
    assert "older link" not in alice.get(f"/grants/{grant.reference}/").content.decode()


def test_a_withdrawn_version_is_told_to_whom_it_was_given(scene: Scene, alice: Client, grant: Grant) -> None:
    archive = Link.objects.get().archive
    assert "was withdrawn on" not in alice.get(f"/grants/{grant.reference}/").content.decode()
    Archive.objects.filter(pk=archive.pk).update(withdrawn_at=grant.starts_at)
    page = alice.get(f"/grants/{grant.reference}/").content.decode()
    assert f"version {archive.version} was withdrawn on" in page
