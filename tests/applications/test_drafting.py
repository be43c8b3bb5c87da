"""Filling in: what is kept, what is refused, and with which words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import IntegrityError

from agreements.applications import drafting, submission, withdrawing
from agreements.applications.form import form_of, members_of
from agreements.applications.missing import what_is_missing
from agreements.applications.models import Application, SignedCopy, State, Submission
from agreements.catalog.models import Access, Subset, Terms
from agreements.core import clock, references
from agreements.core.errors import DomainError, Invalid, NotPossible
from agreements.documents import store
from agreements.documents.issuing import newest
from agreements.documents.models import Inspection, InspectionState
from agreements.flows.agreement_issue import issue_agreement
from agreements.ledger.models import LedgerEntry
from agreements.mail.models import OutboxMessage
from tests.applications.cases import fresh, put, save
from tests.flows.scene import DETAILS, SITE, Scene, draft_with_signed_copy
from tests.flows.sending import receive_upload


def start(scene: Scene) -> Application:
    return drafting.start(dataset=scene.dataset, email=scene.alice.email, by=scene.alice.actor)


def test_starting_twice_resumes(scene: Scene) -> None:
    assert start(scene) == start(scene)
    assert LedgerEntry.objects.filter(kind="application.started").count() == 1


def test_a_start_that_loses_the_race_gets_the_draft_of_the_other(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second click looks before the first has committed: the constraint decides."""
    first = start(scene)
    looks: list[Application | None] = [None, first]

    class Late:
        def first(self) -> Application | None:
            return looks.pop(0)

    monkeypatch.setattr(Application.objects, "filter", lambda **_: Late())
    assert start(scene) == first
    monkeypatch.undo()
    assert Application.objects.count() == 1
    assert LedgerEntry.objects.filter(kind="application.started").count() == 1


def test_a_reference_that_somebody_has_is_drawn_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = start(scene).reference
    drawn = iter([taken, "GB-A-333333"])
    monkeypatch.setattr(references, "new_reference", lambda **_: next(drawn))
    other = drafting.start(dataset=scene.dataset, email=scene.bob.email, by=scene.bob.actor)
    assert other.reference == "GB-A-333333"


def test_a_failure_that_is_no_double_click_is_not_taken_for_one(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = start(scene).reference
    monkeypatch.setattr(drafting, "free_reference", lambda *_rows, **_: taken)
    with pytest.raises(IntegrityError):
        drafting.start(dataset=scene.dataset, email=scene.bob.email, by=scene.bob.actor)


@pytest.mark.parametrize("state", [State.APPROVED, State.DECLINED, State.WITHDRAWN, State.LAPSED])
def test_after_an_end_a_new_application_can_be_started(scene: Scene, state: State) -> None:
    ended = put(scene, state)
    assert start(scene) != ended


def test_nothing_can_be_started_where_there_is_nothing_to_apply_for(scene: Scene) -> None:
    Subset.objects.update(access=Access.OPEN)
    with pytest.raises(NotPossible, match="nothing to apply for in GeneBody"):
        start(scene)
    Subset.objects.update(access=Access.AGREEMENT)
    Terms.objects.update(effective_from=clock.today() + dt.timedelta(days=1))
    with pytest.raises(NotPossible, match="No terms of GeneBody are in force yet"):
        start(scene)
    scene.dataset.withdrawn_at = clock.now()
    with pytest.raises(NotPossible, match="GeneBody has been withdrawn"):
        start(scene)
    assert not Application.objects.exists()


REFUSED = {
    "an emoji": ({"name": "Alice 😀"}, "name", "😀 (grinning face)"),
    "a script whose letters join by rules of the font": ({"name": "प्रिया"}, "name", "cannot be printed with"),
    "a mark that turns the direction round": (
        {"organization": "Uni\u202eversity"},
        "organization",
        "cannot be printed",
    ),
    "a filler that looks like nothing": ({"organization": "MIT\u3164"}, "organization", "hangul jungseong filler"),
    "a joiner that shows nothing": ({"organization": "M\u034fIT"}, "organization", "combining grapheme joiner"),
    "a selector that selects nothing": (
        {"site_department": "Vision\ufe0f"},
        "site_department",
        "variation selector-16",
    ),
    "two lines in a name": ({"name": "Alice\r\nsigned: Bob"}, "name", "Write this on one line."),
    "an address of a page": ({"organization": "Sign in at https://evil.example/"}, "organization", "without addresses"),
    "a page without a scheme": ({"position": "see www.evil.example"}, "position", "without addresses"),
    "a mailbox": ({"name": "Alice, alice@evil.example"}, "name", "without addresses"),
    "two lines in an address": ({"address_line1": "Road 1\nRoad 2"}, "address_line1", "Write this on one line."),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_printed_is_refused_with_the_reason_and_nothing_is_lost(scene: Scene, what: str) -> None:
    fields, field, words = REFUSED[what]
    application = save(start(scene), scene.alice.actor, **DETAILS)
    with pytest.raises(Invalid) as refused:
        save(application, scene.alice.actor, **fields)
    assert (refused.value.field, words in str(refused.value)) == (field, True), str(refused.value)
    assert fresh(application).name == DETAILS["name"]


@pytest.mark.parametrize("name", ["محمد العربي", "张爱丽", "Ωμέγα Ζήτα", "Þórbjörg Ñandú", "김민수", "שרה כהן"])
def test_names_in_many_scripts_are_kept_and_printed(scene: Scene, name: str) -> None:
    application = save(start(scene), scene.alice.actor, **(DETAILS | SITE | {"name": name}))
    issued = issue_agreement(application=application, by=scene.alice.actor)
    assert store.read(issued.document).startswith(b"%PDF")
    assert fresh(application).name == name


MEMBERS: dict[str, tuple[list[tuple[str, str]], str]] = {
    "twice": ([("Bob", "bob@connect.ust.hk"), ("Bobby", "BOB@connect.ust.hk ")], "An address is named twice."),
    "the signer": ([("Alice", "Alice@Connect.UST.hk")], "You are bound as the signer; name only your colleagues here."),
    "too many": ([(f"N {n}", f"n{n}@ust.hk") for n in range(11)], "At most 10 colleagues can be named."),
    "an emoji": ([("Bob 😀", "bob@connect.ust.hk")], "😀 (grinning face)"),
    "a long name": ([("B" * 121, "bob@connect.ust.hk")], "is too long"),
    "a long address": ([("Bob", "b" * 250 + "@ust.hk")], "is too long"),
    "an address": ([("see evil.example/x", "bob@connect.ust.hk")], "without addresses"),
    "two lines": ([("Bob\nEve", "bob@connect.ust.hk")], "Write this on one line."),
}


@pytest.mark.parametrize("what", MEMBERS)
def test_colleagues_that_cannot_be_named_are_refused_and_the_old_list_stays(scene: Scene, what: str) -> None:
    application = start(scene)
    drafting.set_members(application=application, members=[("Bob", "bob@connect.ust.hk")], by=scene.alice.actor)
    members, words = MEMBERS[what]
    with pytest.raises(Invalid) as refused:
        drafting.set_members(application=application, members=members, by=scene.alice.actor)
    assert (refused.value.field, words in str(refused.value)) == ("members", True), str(refused.value)
    assert [member.name for member in members_of(application)] == ["Bob"]


def test_colleagues_are_kept_in_their_order_and_can_be_taken_out(scene: Scene) -> None:
    application = start(scene)
    members = [("Zoe", "zoe@ust.hk"), ("Bob", "Bob@UST.hk")]
    drafting.set_members(application=application, members=members, by=scene.alice.actor)
    kept = [(member.name, member.email) for member in members_of(application)]
    assert kept == [("Zoe", "zoe@ust.hk"), ("Bob", "bob@ust.hk")]
    drafting.set_members(application=application, members=[], by=scene.alice.actor)
    assert members_of(application) == []


def test_what_is_missing_is_named_until_nothing_is(scene: Scene) -> None:
    by = scene.alice.actor
    application = start(scene)
    assert [item.text for item in what_is_missing(application)][:2] == ["your full name", "your organization"]
    assert len(what_is_missing(application)) == 12
    assert [item.step for item in what_is_missing(application)][-3:] == ["site", "agreement", "signature"]
    application = save(application, by, **DETAILS)
    assert {item.step for item in what_is_missing(application)} == {"site", "agreement", "signature"}
    application = save(application, by, **SITE)
    assert [item.text for item in what_is_missing(application)] == [
        "the agreement, made from your details",
        "the signed copy",
    ]
    issue_agreement(application=application, by=by)
    assert [item.text for item in what_is_missing(application)] == ["the signed copy"]
    issued = newest(application.reference)
    assert issued is not None
    pdf = store.read(issued.document)
    receive_upload(application=application, data=pdf, original_name="a.pdf", by=by)
    assert what_is_missing(application) == []
    application = save(application, by, city="Kowloon")
    assert "your details changed" in what_is_missing(application)[0].text
    issue_agreement(application=application, by=by)
    assert [item.text for item in what_is_missing(application)] == ["a signed copy of the newest agreement"]
    receive_upload(application=application, data=pdf, original_name="b.pdf", by=by)
    Inspection.objects.update(state=InspectionState.REFUSED, reason="It is encrypted.")
    assert [item.text for item in what_is_missing(application)] == [
        "another signed copy: the one you sent cannot be accepted"
    ]


def test_an_incomplete_application_cannot_be_submitted(scene: Scene) -> None:
    application = save(start(scene), scene.alice.actor, **DETAILS)
    with pytest.raises(Invalid, match="Still missing: the department or laboratory of the site; the city"):
        submission.submit(application=application, by=scene.alice.actor)
    assert not Submission.objects.exists()


def test_submitting_freezes_and_a_second_click_changes_nothing(scene: Scene) -> None:
    application = draft_with_signed_copy(scene)
    first = submission.submit(application=application, by=scene.alice.actor)
    with pytest.raises(NotPossible, match="is in review"):
        submission.submit(application=application, by=scene.alice.actor)
    assert list(Submission.objects.all()) == [first]
    assert (first.number, first.form) == (1, form_of(fresh(application)))
    assert OutboxMessage.objects.filter(kind="application-received").count() == 1
    assert LedgerEntry.objects.filter(kind="application.submitted").count() == 1


@pytest.mark.parametrize("state", [state for state in State if state not in {State.DRAFT, State.RETURNED}])
def test_what_was_handed_in_cannot_be_changed(scene: Scene, state: State) -> None:
    application, by = put(scene, state), scene.alice.actor
    acts: list[Callable[[], object]] = [
        lambda: save(application, by, name="Mallory"),
        lambda: drafting.set_members(application=application, members=[], by=by),
        lambda: issue_agreement(application=application, by=by),
        lambda: receive_upload(application=application, data=b"%PDF-1.7 x", original_name="x", by=by),
    ]
    for change in acts:
        with pytest.raises(NotPossible, match="it can no longer be changed"):
            change()
    assert fresh(application).name == DETAILS["name"]
    assert SignedCopy.objects.count() == 1


def test_a_returned_application_is_changed_and_submitted_under_the_next_number(scene: Scene) -> None:
    application = put(scene, State.RETURNED)
    again = submission.submit(application=application, by=scene.alice.actor)
    assert (again.number, fresh(application).state) == (2, State.SUBMITTED)


def test_nobody_else_can_change_a_draft(scene: Scene) -> None:
    application = draft_with_signed_copy(scene)
    for other in (scene.bob, scene.carol, scene.dan, scene.eve):
        for change in (
            lambda by=other.actor: save(application, by, name="x"),
            lambda by=other.actor: submission.submit(application=application, by=by),
            lambda by=other.actor: withdrawing.withdraw(application=application, by=by),
            lambda by=other.actor: receive_upload(application=application, data=b"%PDF-", original_name="", by=by),
        ):
            with pytest.raises(DomainError, match="You may not do this with this application"):
                change()
    assert fresh(application).state == State.DRAFT
