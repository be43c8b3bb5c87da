"""After a person was erased, their name is nowhere: every value of every table and every stored file is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from agreements.bars.checks import on_person
from agreements.core.erased import HOST
from agreements.flows import erasure
from agreements.ledger.models import LedgerEntry
from agreements.ledger.verify import verify
from agreements.people.models import User
from tests.flows.leaving import ADDRESS, NAME, OPERATOR, WORDS, go_through_everything, had_access_before
from tests.flows.left_behind import found, places
from tests.flows.scene import Scene


@pytest.fixture
def stored(tmp_path: Path, settings: Any) -> None:
    settings.STAFF_MFA_REQUIRED = False
    settings.VAULT_PAPERS = f"folder:{tmp_path / 'papers'}"


def test_nothing_in_any_table_or_file_names_who_was_erased(stored: None, scene: Scene) -> None:
    left = go_through_everything(scene)
    had_access_before(scene, left.person)
    before = found(*WORDS)
    told = {place.partition(" in ")[2].partition("/")[0] for place in before}
    assert told >= {
        "papers", "table agreements_user", "table agreements_application", "table agreements_submission",
        "table agreements_evidencerun", "table agreements_decision", "table agreements_remark",
        "table agreements_signedcopy", "table agreements_grant", "table agreements_grantmember",
        "table agreements_procedure", "table agreements_destruction", "table agreements_bar",
        "table agreements_domainrule", "table agreements_staffinvitation", "table agreements_outboxmessage",
        "table agreements_emailedcode", "table agreements_suspension", "table agreements_browsersignature",
        "table agreements_renewal", "table agreements_reconciliation",
        "table account_emailaddress", "table django_admin_log",
    }  # fmt: skip

    done = erasure.erase(person=left.person, reason=f"{NAME} asked for it.", by=OPERATOR)

    assert found(*WORDS) == set()
    assert done.files_left == 0
    verdict = verify()
    assert verdict.holds, verdict
    entry = LedgerEntry.objects.get(kind="person.erased")
    assert entry.payload["rows"] == done.rows
    named = LedgerEntry.objects.filter(sequence__in=done.rows).values_list("kind", flat=True)
    assert set(named) >= {
        "application.submitted", "application.returned", "application.approved", "remark.added", "grant.revoked",
        "procedure.begun", "destruction.attested", "signed-copy.received", "agreement.issued", "agreement.signed",
        "evidence.gathered", "domain-rule.added", "grant.suspended", "grant.resumed", "grant.renewed",
        "dataset.reopened",
    }  # fmt: skip
    assert LogEntry.objects.exists(), "the administrator's own list was looked at"


def test_the_names_of_others_stay_and_every_page_still_opens(stored: None, scene: Scene) -> None:
    left = go_through_everything(scene)
    erasure.erase(person=left.person, reason="Asked.", by=OPERATOR)
    assert "bob@connect.ust.hk" in {text for _place, text in places()}
    staff, bob = Client(), Client()
    staff.force_login(scene.dan)
    bob.force_login(scene.bob)
    for browser, address in (
        (staff, f"/review/{left.application.reference}/"),
        (staff, "/review/?show=all"),
        (staff, f"/stewardship/genebody/grants/{left.grant.reference}/"),
        (staff, f"/stewardship/genebody/grants/{left.bobs.reference}/"),
        (staff, "/stewardship/genebody/"),
        (staff, "/stewardship/genebody/people/"),
        (staff, "/stewardship/genebody/rules/"),
        (staff, "/record/"),
        (bob, f"/grants/{left.bobs.reference}/"),
        (bob, f"/grants/{left.bobs.reference}/members/"),
    ):
        answer = browser.get(address)
        assert answer.status_code == 200, address
        assert not any(word in answer.content.decode() for word in WORDS), address


def test_who_comes_back_with_the_same_mailbox_has_a_new_account_and_is_still_barred(stored: None, scene: Scene) -> None:
    left = go_through_everything(scene)
    erasure.erase(person=left.person, reason="Asked.", by=OPERATOR)
    left.person.refresh_from_db()
    assert left.person.email.endswith(f"@{HOST}")
    again = User.objects.create_user(ADDRESS)
    assert again.pk != left.person.pk
    assert on_person(dataset_pk=scene.dataset.pk, person_pk=again.pk, email=ADDRESS)
    assert on_person(dataset_pk=scene.dataset.pk, person_pk=again.pk, email=ADDRESS.upper().replace("@", "+x@"))
    assert not on_person(dataset_pk=scene.dataset.pk, person_pk=scene.eve.pk, email=scene.eve.email)
    assert left.browser.get("/account/").status_code == 302
