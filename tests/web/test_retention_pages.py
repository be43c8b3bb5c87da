"""The desk's page of what is kept for how long, and the pages of what was erased."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from agreements.applications.models import Application, State
from agreements.catalog.models import Role
from agreements.core import clock
from agreements.core.clock import now
from agreements.documents import erasing as papers
from agreements.flows import retention
from agreements.grants.models import Grant
from tests.applications.cases import put, staff
from tests.flows.scene import Scene, signed_in


@pytest.fixture
def kept(scene: Scene, tmp_path: Path, settings: Any) -> Scene:
    settings.VAULT_PAPERS = f"folder:{tmp_path / 'papers'}"
    scene.dataset.forget_days, scene.dataset.copy_years = 40, 1
    scene.dataset.save()
    return scene


def declined_and_erased(scene: Scene) -> Application:
    application = put(scene, State.DECLINED)
    with clock.frozen(now() + dt.timedelta(days=41)):
        retention.run()
    return application


def test_the_desk_shows_the_rules_what_goes_soon_and_what_went(kept: Scene) -> None:
    application = put(kept, State.DECLINED)
    dan = signed_in(kept.dan)
    early = dan.get("/stewardship/genebody/retention/").content.decode()
    assert "40 days after that" in early
    assert "1 year after the end of access" in early
    assert application.reference not in early
    with clock.frozen(now() + dt.timedelta(days=11)):
        assert application.reference in dan.get("/stewardship/genebody/retention/").content.decode()
    Application.objects.update(updated_at=now() - dt.timedelta(days=50))
    assert "with the next run" in dan.get("/stewardship/genebody/retention/").content.decode()
    retention.run()
    late = dan.get("/stewardship/genebody/retention/").content.decode()
    assert "its time was over" in late
    assert application.reference in late


def test_an_auditor_reads_the_same_and_there_is_nothing_to_press(kept: Scene) -> None:
    declined_and_erased(kept)
    audrey = staff(kept, "audrey", Role.AUDITOR)
    theirs = signed_in(audrey).get("/stewardship/genebody/retention/").content.decode()
    assert "its time was over" in theirs
    main = theirs[theirs.index("<main") : theirs.index("</main>")]
    assert "<form" not in main
    assert signed_in(kept.carol).get("/stewardship/genebody/retention/").status_code == 404


def test_every_page_of_an_erased_application_says_so_and_none_fails(kept: Scene) -> None:
    application = declined_and_erased(kept)
    alice, carol = signed_in(kept.alice), signed_in(kept.carol)
    base, case = f"/applications/{application.reference}", f"/review/{application.reference}"
    own = alice.get(f"{base}/").content.decode()
    assert "was erased on" in own
    assert "signed.pdf" not in own
    seen = carol.get(f"{case}/").content.decode()
    assert "What was written here was erased." in seen
    assert "The signed copy was erased on" in seen
    assert "erased@erased.invalid" not in seen
    for browser, address in ((alice, f"{base}/signed-copy.pdf"), (alice, f"{base}/agreement.pdf")):
        gone = browser.get(address)
        assert (gone.status_code, "SHA-256" in gone.content.decode()) == (410, True), address
    assert carol.get(f"{case}/signed-copy.pdf").status_code == 410
    assert carol.get(f"{case}/pages/1.png").status_code == 404
    assert carol.get(f"{case}/evidence/").status_code == 200
    assert "Add a remark" not in seen
    late = carol.post(f"{case}/remark/", {"text": "Late.", "visibility": "reviewers"})
    assert late.status_code == 422
    assert alice.get("/applications/").status_code == 200
    queue = carol.get("/review/?show=all").content.decode()
    assert application.reference in queue
    assert "erased@erased.invalid" not in queue


def test_the_history_of_another_case_names_the_erased_one_by_its_reference_alone(kept: Scene) -> None:
    application = declined_and_erased(kept)
    again = put(kept, State.SUBMITTED)
    page = signed_in(kept.carol).get(f"/review/{again.reference}/").content.decode()
    assert application.reference in page
    assert "erased@erased.invalid" not in page


def test_a_grant_whose_papers_were_erased_shows_as_before(kept: Scene) -> None:
    grant = Grant.objects.get(application=put(kept, State.APPROVED))
    papers.mark(papers.agreements_of(grant.application.reference))
    papers.remove_files()
    alice, dan = signed_in(kept.alice), signed_in(kept.dan)
    assert alice.get(f"/grants/{grant.reference}/").status_code == 200
    assert dan.get(f"/stewardship/genebody/grants/{grant.reference}/").status_code == 200
    assert "were erased on" in alice.get(f"/applications/{grant.application.reference}/").content.decode()
