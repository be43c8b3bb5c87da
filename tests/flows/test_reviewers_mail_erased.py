"""What is kept about a reviewer goes with them, and what reviewers were mailed of a case goes with its applicant."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from agreements.applications import withdrawing
from agreements.applications.models import Application, State
from agreements.catalog.models import Role
from agreements.core import actors
from agreements.core.clock import frozen, now
from agreements.flows import erasure, own_data, retention
from agreements.flows.holding import tables
from agreements.mail.drain import drain
from agreements.mail.models import OutboxMessage
from agreements.people.models import User
from agreements.review import erasing, notices
from agreements.review.models import ReviewerNotices
from agreements.review.notices import Wishes
from tests.applications.cases import put, staff
from tests.flows.scene import Scene, submitted

OPERATOR = actors.job("erase_person")
LAB = "Zhang Quirinella Laboratory"


@pytest.fixture
def told(scene: Scene, tmp_path: Path, settings: Any) -> Application:
    """Carol and Frank were mailed Alice's case, by itself and in the list of the morning, beside Eve's."""
    settings.VAULT_PAPERS = f"folder:{tmp_path / 'papers'}"
    frank = staff(scene, "frank", Role.REVIEWER)
    for reviewer in (scene.carol, frank):
        User.objects.filter(pk=reviewer.pk).update(time_zone="UTC")
        notices.choose(person=reviewer, wishes=Wishes(each_case=True), by=reviewer.actor)
    application = submitted(scene)
    eves = put(Scene(scene.dataset, scene.eve, scene.bob, scene.carol, scene.dan, scene.alice), State.SUBMITTED)
    Application.objects.filter(pk=application.pk).update(organization=LAB)
    Application.objects.filter(pk=eves.pk).update(organization="ETH Zürich")
    with frozen((now() + dt.timedelta(days=1)).replace(hour=9)):
        notices.tell_due()
        drain()
    assert LAB in texts()
    return application


def texts() -> str:
    return "\n".join(OutboxMessage.objects.filter(kind__startswith="review-").values_list("sent_text", flat=True))


def test_an_applicant_who_is_erased_is_in_no_mail_to_reviewers(scene: Scene, told: Application) -> None:
    erasure.erase(person=scene.alice, reason="Asked.", by=OPERATOR)
    assert LAB not in texts()
    digests = OutboxMessage.objects.filter(kind="review-digest")
    assert digests.count() == 2
    for digest in digests:
        assert f"{told.reference} [erased]\n" in digest.sent_text
        assert "ETH Zürich" in digest.sent_text, "what it says of others stays"
    assert not OutboxMessage.objects.filter(kind="review-case", subject_reference=told.reference).exclude(sent_text="")


def test_nor_is_one_whose_case_is_forgotten_by_the_datasets_times(scene: Scene, told: Application) -> None:
    scene.dataset.forget_days = 30
    scene.dataset.save()

    withdrawing.withdraw(application=told, by=scene.alice.actor)
    with frozen(now() + dt.timedelta(days=60)):
        retention.run()
    assert LAB not in texts()


def test_a_list_that_is_being_sent_in_this_moment_writes_nothing_down(scene: Scene, told: Application) -> None:
    leased = now() + dt.timedelta(minutes=1)
    OutboxMessage.objects.filter(kind="review-digest").update(
        state="queued", lease_token="t", leased_until=leased, sent_text=""
    )
    erasure.erase(person=scene.alice, reason="Asked.", by=OPERATOR)
    for digest in OutboxMessage.objects.filter(kind="review-digest"):
        assert (digest.state, digest.lease_token) == ("superseded", "")


def test_a_reviewer_who_is_erased_leaves_neither_wishes_nor_address(scene: Scene, told: Application) -> None:
    frank = User.objects.get(name="Frank")
    erasure.erase(person=frank, reason="Asked.", by=OPERATOR)
    assert not ReviewerNotices.objects.filter(person=frank).exists()
    assert not OutboxMessage.objects.filter(recipient__startswith="frank").exists()
    assert notices.tell_due() == 0
    assert ReviewerNotices.objects.filter(person=scene.carol).exists(), "somebody else's stay"


def test_a_reviewer_takes_along_what_they_chose_and_what_they_were_mailed(scene: Scene, told: Application) -> None:
    (kept,) = tables.account(scene.carol)[0]["mail_about_cases"]
    assert kept["each_morning"] is True
    assert kept["each_case_since"] is not None
    files = dict(own_data._files(scene.carol))
    account = json.loads(b"".join(files["account.json"]))
    assert account["mail_about_cases"][0]["looked_at_on"] == str(kept["looked_at_on"])
    assert {"review-case", "review-digest"} <= {row["kind"] for row in tables.mails(scene.carol)}
    assert tables.account(scene.alice)[0]["mail_about_cases"] == []


def test_the_lines_of_a_case_go_and_no_others() -> None:
    text = "Dear Carol,\n\nGB-A-1 · G\n  organization: “A”\n  (more)\n\nGB-A-12 · G\n  organization: “B”\n\nend"
    assert erasing.without(text, "GB-A-1") == text.replace(
        "GB-A-1 · G\n  organization: “A”\n  (more)", "GB-A-1 [erased]"
    )
