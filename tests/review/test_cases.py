"""The queue and what a case shows: history, remarks, neighbours."""

from __future__ import annotations

import datetime as dt

import pytest

from agreements.applications import remarks, submission, withdrawing
from agreements.applications.models import Application, State, Submission, Visibility
from agreements.bars.models import Bar
from agreements.catalog.models import Dataset, Role
from agreements.core import clock
from agreements.core.errors import Invalid, NotAllowed
from agreements.ledger.models import LedgerEntry
from agreements.people.models import User
from agreements.review import case, queue
from agreements.review.history import history_findings, history_of
from agreements.review.queue import Filters
from agreements.review.resubmission import resubmission_findings
from tests.applications.cases import put, staff
from tests.flows.scene import Scene, submitted

STATES = {
    "waiting": {State.SUBMITTED},
    "returned": {State.RETURNED},
    "decided": {State.APPROVED, State.DECLINED},
    "all": {State.SUBMITTED, State.RETURNED, State.APPROVED, State.DECLINED},
    "nonsense": {State.SUBMITTED},
}


@pytest.mark.parametrize("state", State)
def test_the_queue_shows_what_was_submitted_under_the_chosen_filter(scene: Scene, state: State) -> None:
    application = put(scene, state)
    for show, states in STATES.items():
        listed = queue.cases(by=scene.carol.actor, filters=Filters(show)).filter(pk=application.pk).exists()
        assert listed == (state in states), show


@pytest.mark.parametrize(
    ("words", "found"), [("zhang", True), ("hong kong", True), ("alice@", True), ("zhang oxford", False), ("%", False)]
)
def test_the_search_needs_every_word(scene: Scene, words: str, found: bool) -> None:
    submitted(scene)
    assert queue.cases(by=scene.carol.actor, filters=Filters(words=words)).exists() == found


def test_nobody_without_a_role_has_a_queue(scene: Scene) -> None:
    submitted(scene)
    for person in (scene.alice, scene.bob, scene.eve):
        assert not queue.cases(by=person.actor, filters=Filters("all")).exists()


def test_a_withdrawn_application_that_was_never_submitted_is_nobodys_case(scene: Scene) -> None:
    withdrawn = put(scene, State.WITHDRAWN)
    mine = submitted(scene)
    assert history_of(mine).by_person == []
    assert withdrawn not in queue.cases(by=scene.carol.actor, filters=Filters("all"))


def test_a_withdrawn_submission_still_opens_as_a_case(scene: Scene) -> None:
    application = submitted(scene)
    withdrawing.withdraw(application=application, by=scene.alice.actor)
    application.refresh_from_db()
    shown = case.load(application=application, by=scene.carol.actor)
    assert (shown.why_not, shown.submission.number) == ("withdrawn", 1)


def _earlier(scene: Scene, who: User, dataset: Dataset, reference: str) -> Application:
    first = Application.objects.first()
    assert first is not None
    first.pk, first.reference, first.applicant, first.email = None, reference, who, who.email
    first.dataset = dataset
    assert first.submitted_at is not None
    first.submitted_at -= dt.timedelta(days=1)
    first.save()
    return first


def test_history_knows_people_and_domains_of_the_same_dataset_only(scene: Scene) -> None:
    mine = submitted(scene)
    other = Dataset.objects.create(slug="other", reference_prefix="OT", title="Other", contact_address="o@o.example")
    of_bob = _earlier(scene, scene.bob, scene.dataset, "GB-A-BOB222")
    _earlier(scene, scene.eve, scene.dataset, "GB-A-EVE222")
    _earlier(scene, scene.bob, other, "OT-A-BOB222")
    found = history_of(mine)
    assert (found.by_person, found.from_domain) == ([], [of_bob])
    summaries = [finding["summary"] for finding in history_findings(mine)]
    assert summaries == ["1 other person from connect.ust.hk applied before."]


def test_history_counts_people_and_not_their_applications_and_only_those_from_before(scene: Scene) -> None:
    mine = submitted(scene)
    for number in range(25):
        _earlier(scene, scene.bob, scene.dataset, f"GB-A-BOB2{number:02}")
        _end(f"GB-A-BOB2{number:02}")
    above = User.objects.create_user("grace@ust.hk")
    _earlier(scene, above, scene.dataset, "GB-A-GRACE2")
    later = _earlier(scene, User.objects.create_user("late@connect.ust.hk"), scene.dataset, "GB-A-LATE22")
    Application.objects.filter(pk=later.pk).update(submitted_at=clock.now() + dt.timedelta(days=1))
    found = history_of(mine)
    assert (len(found.from_domain), found.people_at_domain) == (20, 2)
    assert later not in found.from_domain
    assert history_findings(mine)[0]["summary"] == "2 other people from connect.ust.hk applied before."


def _end(reference: str) -> None:
    Application.objects.filter(reference=reference).update(state=State.DECLINED)


@pytest.mark.parametrize(("domain", "noticed"), [("connect.ust.hk", True), ("ust.hk", True), ("hkust.hk", False)])
def test_a_bar_on_the_organization_is_evidence(scene: Scene, domain: str, noticed: bool) -> None:
    mine = submitted(scene)
    Bar.objects.create(dataset=scene.dataset, domain=domain, reason="x", reason_salt="00", set_by=scene.dan)
    checks = [finding["check"] for finding in history_findings(mine)]
    assert ("history-bar" in checks) == noticed


def test_remarks_are_read_by_whom_they_are_for(scene: Scene) -> None:
    application = submitted(scene)
    for visibility in Visibility:
        text = f"for {visibility}"
        remarks.add(application=application, text=text, visibility=visibility, by=scene.carol.actor)
    assert [item.text for item in remarks.visible_to_applicant(application)] == ["for applicant"]
    assert len(remarks.visible_to_reviewers(application)) == 2
    entry = LedgerEntry.objects.filter(kind="remark.added").last()
    assert entry is not None
    assert "for " not in str(entry.payload)


def test_a_remark_says_something_and_is_a_reviewers(scene: Scene) -> None:
    application = submitted(scene)
    with pytest.raises(Invalid, match="Write something first"):
        remarks.add(application=application, text=" ", visibility=Visibility.REVIEWERS, by=scene.carol.actor)
    auditor = staff(scene, "audrey", Role.AUDITOR)
    for person in (scene.alice, scene.eve, auditor):
        with pytest.raises(NotAllowed):
            remarks.add(application=application, text="x", visibility=Visibility.REVIEWERS, by=person.actor)


def test_the_cases_before_and_after_are_those_of_the_queue(scene: Scene) -> None:
    first = submitted(scene)
    second = _earlier(scene, scene.bob, scene.dataset, "GB-A-BOB222")
    _earlier(scene, scene.eve, Dataset.objects.create(slug="other", reference_prefix="OT"), "OT-A-EVE222")
    first.refresh_from_db()
    by = scene.carol.actor
    ordered = [item.reference for item in queue.cases(by=by, filters=Filters())]
    assert queue.neighbours(application=Application.objects.get(reference=ordered[0]), by=by) == (None, ordered[1])
    assert queue.neighbours(application=Application.objects.get(reference=ordered[1]), by=by) == (ordered[0], None)
    assert set(ordered) == {first.reference, second.reference}
    assert submission.newest(first) is not None


def test_a_second_submission_is_compared_with_the_first(scene: Scene) -> None:
    application = put(scene, State.RETURNED)
    by = scene.alice.actor
    again = submission.submit(application=application, by=by)
    (finding,) = resubmission_findings(again)
    assert (finding["outcome"], finding["summary"]) == (
        "attention",
        "Nothing changed: the form and the signed copy are those of submission 1.",
    )
    first = Submission.objects.get(application=application, number=1)
    assert resubmission_findings(first) == []
    again.form["city"] = "Kowloon"
    (finding,) = resubmission_findings(again)
    assert (finding["outcome"], finding["details"]["changed_in_the_form"]) == ("pass", ["city"])
    assert finding["summary"] == "The form changed since submission 1; the signed copy is the same."
