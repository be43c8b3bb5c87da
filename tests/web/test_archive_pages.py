# ruff: noqa: F811 - fixtures are imported and then named as arguments
"""The archives on the desk: all that was published, withdrawing a version, and who sees and does what."""

from __future__ import annotations

import datetime as dt
import os
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from agreements.applications.models import State
from agreements.catalog import roles
from agreements.catalog.models import Access, Archive, Dataset, PublishJob, Role, Subset, Upload
from agreements.catalog.publishing import uploads
from agreements.core.clock import frozen, now
from agreements.grants.models import DownloadOpened, Generation, GenerationState, Grant, Link
from agreements.ledger.models import LedgerEntry
from agreements.ledger.verify import verify
from agreements.people.models import User
from tests.applications.cases import SYSTEM, put, staff
from tests.flows.scene import Scene, signed_in
from tests.web.publishing_desk import ARCHIVES, PREVIEW, PUBLISH, dan, place, words, work_off  # noqa: F401


def test_a_version_is_withdrawn_with_its_consequences_named_first(dan: Any, scene: Scene) -> None:
    put(scene, State.APPROVED)
    first = Archive.objects.get()
    dan.post(f"{PREVIEW}?subset=train40&inbox=new.zip", {"seal": "personal"})
    work_off()
    second = Archive.objects.get(version=2)
    page = words(dan.get(f"{ARCHIVES}{second.pk}/withdraw/"))
    assert "1 grant is no longer offered this version." in page
    assert "No running link leads to it." in page
    assert "Version 1 is offered instead." in page
    link = Link.objects.get()
    DownloadOpened.objects.create(
        process=os.urandom(16).hex(), grant=link.grant, link=link, archive=first, range_start=0, range_stop=1
    )
    page = words(dan.get(f"{ARCHIVES}{first.pk}/withdraw/"))
    assert "No grant is offered this version now." in page
    assert "1 running link to it stops with the next request." in page
    assert "1 download of it is running and is cut within seconds." in page
    assert "Version 2 is offered instead." in page
    assert dan.post(f"{ARCHIVES}{second.pk}/withdraw/", {"reason": "  "}).status_code == 422
    page = words(dan.post(f"{ARCHIVES}{second.pk}/withdraw/", {"reason": "A face was not blurred."}, follow=True))
    assert "train40.zip, version 2 is withdrawn." in page
    assert "A face was not blurred." in page
    answer = dan.post(f"{ARCHIVES}{second.pk}/withdraw/", {"reason": "Again."})
    assert (answer.status_code, "withdrawn already" in words(answer)) == (422, True)
    entry = LedgerEntry.objects.latest("sequence")
    assert (entry.kind, entry.payload["version"]) == ("archive.withdrawn", 2)
    assert "blurred" not in str(entry.payload)
    assert verify().holds


def test_an_auditor_reads_the_archives_and_finds_no_button(scene: Scene, dan: Any) -> None:
    dan.post(f"{PREVIEW}?subset=train40&inbox=new.zip", {"seal": "personal"})
    page = signed_in(staff(scene, "audrey", Role.AUDITOR)).get(ARCHIVES).content.decode()
    assert "train40.zip" in page
    assert "Waiting for a worker" in page
    assert "/withdraw/" not in page
    assert "/stop/" not in page
    assert f'href="{PUBLISH}"' not in page


def test_another_datasets_archives_jobs_and_uploads_are_not_there(scene: Scene, dan: Any) -> None:
    dan.post(f"{PREVIEW}?subset=train40&inbox=new.zip", {"seal": "personal"})
    job, archive = PublishJob.objects.get(), Archive.objects.get()
    subset = Subset.objects.select_related("dataset").get(slug="train40")
    upload = uploads.begin(subset=subset, file_name="a.zip", size=100, by=scene.dan.actor)
    other = Dataset.objects.create(slug="other", reference_prefix="OT", title="Other", contact_address="o@o.example")
    roles.give(user=scene.eve, dataset=other, role=Role.STEWARD, by=SYSTEM)
    eve = signed_in(scene.eve)
    for path in (f"archives/jobs/{job.pk}/", f"archives/{archive.pk}/withdraw/", f"uploads/{upload.pk}/"):
        assert eve.get(f"/stewardship/other/{path}").status_code == 404
    assert eve.get("/stewardship/other/archives/").status_code == 200


def test_another_datasets_inbox_is_neither_shown_nor_published(scene: Scene, dan: Any) -> None:
    other = Dataset.objects.create(slug="other", reference_prefix="OT", title="Other", contact_address="o@o.example")
    Subset.objects.create(dataset=other, slug="all", title="All", access=Access.OPEN)
    roles.give(user=scene.eve, dataset=other, role=Role.STEWARD, by=SYSTEM)
    eve = signed_in(scene.eve)
    page = words(eve.get("/stewardship/other/archives/publish/"))
    assert "new.zip" not in page
    assert "The inbox is empty" in page
    for name in ("new.zip", "../genebody/new.zip", "genebody"):
        address = f"/stewardship/other/archives/publish/preview/?subset=all&inbox={name}"
        assert "nothing of this name in the inbox" in words(eve.get(address, follow=True))
        assert "nothing of this name in the inbox" in words(eve.post(address, {"seal": "none"}, follow=True))
    assert eve.get(f"{PREVIEW}?subset=train40&inbox=new.zip").status_code == 404
    assert not PublishJob.objects.exists()


def test_a_second_steward_sees_an_upload_and_may_only_remove_it(scene: Scene, dan: Any) -> None:
    subset = Subset.objects.select_related("dataset").get(slug="train40")
    upload = uploads.begin(subset=subset, file_name="a.zip", size=100, by=scene.dan.actor)
    bob = signed_in(_steward(scene, scene.bob))
    assert "a.zip" in words(bob.get(PUBLISH))
    assert bob.get(f"/stewardship/genebody/uploads/{upload.pk}/").status_code == 404
    assert bob.get(f"{PREVIEW}?subset=train40&upload={upload.pk}").status_code == 404
    page = words(bob.post(f"/stewardship/genebody/uploads/{upload.pk}/remove/", follow=True))
    assert "The upload of a.zip was removed." in page
    assert Upload.objects.get().removed_at is not None


def test_the_page_asks_the_database_as_often_for_twenty_archives_and_jobs_as_for_one(dan: Any) -> None:
    dan.post(f"{PREVIEW}?subset=train40&inbox=new.zip", {"seal": "personal"})
    dan.get(ARCHIVES)
    job, archive = work_off(), Archive.objects.get(version=2)
    before = _queries(dan)
    for version in range(3, 22):
        archive.pk, archive.version, job.pk = None, version, None
        archive.save(force_insert=True)
        job.save(force_insert=True)
    assert _queries(dan) == before


def test_ended_jobs_are_told_of_for_a_week(dan: Any) -> None:
    dan.post(f"{PREVIEW}?subset=train40&inbox=new.zip", {"seal": "personal"})
    work_off()
    with frozen(now() + dt.timedelta(days=6)):
        assert "Published as version 2." in words(dan.get(ARCHIVES))
    with frozen(now() + dt.timedelta(days=8)):
        assert "Published as version 2." not in words(dan.get(ARCHIVES))


def test_the_desk_leads_to_the_archives_and_lists_none(dan: Any, scene: Scene) -> None:
    dan.post(f"{PREVIEW}?subset=train40&inbox=new.zip", {"seal": "personal"})
    work_off()
    dan.get(ARCHIVES)
    page = words(dan.get("/stewardship/genebody/"))
    assert "train40.zip" not in page
    assert f'href="{ARCHIVES}"' in page
    assert Grant.objects.count() == 0


def _queries(client: Any) -> int:
    with CaptureQueriesContext(connection) as asked:
        client.get(ARCHIVES)
    return len(asked)


def _steward(scene: Scene, user: User) -> User:
    roles.give(user=user, dataset=scene.dataset, role=Role.STEWARD, by=SYSTEM)
    return user


def test_the_page_tells_how_far_a_shared_archive_is_sealed(dan: Any) -> None:
    dan.post(f"{PREVIEW}?subset=train40&inbox=new.zip", {"seal": "shared"})
    work_off()
    archive = Archive.objects.get(version=2)
    page = words(dan.get(ARCHIVES))
    assert "waiting to be sealed" in page
    assert f'href="/stewardship/genebody/shared/#shared-{archive.pk}"' in page
    Generation.objects.create(
        archive=archive,
        generation=1,
        state=GenerationState.SEALING,
        seal_id="0" * 32,
        key_number=1,
        done=archive.sealed_size // 2 + 1,
    )
    assert "being sealed, 50 %" in words(dan.get(ARCHIVES))


def test_the_desk_is_marked_as_current_on_its_subpages(dan: Any) -> None:
    assert 'href="/stewardship/genebody/" aria-current="true"' in words(dan.get(ARCHIVES))
    assert 'href="/stewardship/genebody/" aria-current="page"' in words(dan.get("/stewardship/genebody/"))
