"""Who could open what, when: the page's answer, a second replay over the export, and what the live system said."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from agreements.flows.questions.access import Row, holders_at
from agreements.flows.questions.holders import who_could_open
from agreements.ledger import export
from agreements.ledger.kinds import Kind
from tests.figures import FIGURES
from tests.flows import history, history_acts
from tests.flows.history import SUBSETS, Who
from tests.flows.history_acts import VERBS

# Issuing, ends and members often; what shuts everything seldom, or nothing else would be seen.
OFTEN = (
    "issue",
    "issue",
    "join",
    "join",
    "suspend",
    "resume",
    "resume",
    "renew",
    "agree",
    "expire",
    "add",
    "leave",
    "remove",
    "end-subset",
    "lift",
    "import",
    "confirm",
)
STEPS = st.lists(
    st.tuples(st.sampled_from((*OFTEN, *VERBS)), st.integers(0, 200), st.sampled_from((0, 1, 5, 30, 60, 300))),
    min_size=5,
    max_size=25,
)
MOMENTS = st.lists(st.integers(0, 10_000), min_size=1, max_size=4)
# Not made smaller: a history of 25 steps is read sooner than it is shrunk.
QUIET = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "phases": (Phase.explicit, Phase.reuse, Phase.generate),
}
DAY = 24
# What random steps meet seldom. The first grant made has no end; the one that choice 1 makes has two days.
TOLD = [
    [("issue", 1, 0), ("expire", 0, 3 * DAY), ("renew", 1, 1), ("expire", 0, 9 * DAY)],
    [("issue", 1, 0), ("renew", 6, DAY), ("expire", 0, 2 * DAY), ("revoke", 1, 1)],
    [("join", 0, 1), ("account", 3, 1), ("account", 5, 1), ("account", 8, 1), ("account", 0, 1)],
    [("join", 0, 1), ("join", 7, 1), ("leave", 0, 1), ("remove", 0, 1), ("remove", 1, 1), ("join", 0, 1)],
    [("suspend", 0, 1), ("suspend", 0, 1), ("resume", 0, 1), ("resume", 0, 1), ("close", 0, 1)],
    [("end-subset", 0, 1), ("issue", 1, 1), ("lift", 0, 1), ("end-subset", 3, 1), ("add", 5, 1), ("end-subset", 0, 1)],
    [("join", 0, 1), ("end-person", 7, 1), ("end-person", 0, 1), ("lift", 0, 1)],
    [("withdraw", 0, 1), ("offer-again", 0, 1), ("withdraw", 0, 1)],
    [("import", 5, 1), ("confirm", 0, 1), ("suspend", 1, 1), ("resume", 0, 1), ("revoke", 1, 1)],
    [("import", 2, 1), ("suspend", 1, 1), ("confirm", 1, 1), ("resume", 0, 1), ("account", 6, 1), ("confirm", 0, 1)],
    [("import", 4, 1), ("expire", 0, 10 * DAY), ("confirm", 0, 1), ("import", 3, 1), ("confirm", 0, 1)],
    [("close", 0, 1), ("import", 4, 1), *[("resume", n, 1) for n in range(2)], ("join", 1, 1), ("join", 41, 1)],
    [("agree", 3, 1), ("renew", 0, 1), ("join", 0, 1), ("agree", 4, 1), ("issue", 1, 1), ("agree", 4, 1)],
    [("import", 2, 1), ("agree", 4, 1), ("confirm", 0, 1), ("agree", 4, 1), ("suspend", 1, 1), ("resume", 0, 1)],
    [("shut", 0, 1), ("issue", 1, 1), ("reopen", 0, 1), ("shut", 0, 1)],
]


class _Undo(Exception):
    pass


def check(steps: list[tuple[str, int, int]], moments: list[int]) -> int:
    """Run a history, compare all three at every noted moment and two of them in between; return how many held."""
    holdings = 0
    try:
        with transaction.atomic():
            world = history.make()
            for step in [("issue", 0, 0), *steps]:
                history_acts.step(world, *step)
            lines = [json.loads(line) for line in export.lines()]
            noted = sorted(world.said)
            between = [noted[0] + (noted[-1] - noted[0]) * moment / 10_000 for moment in moments]
            for at in [*noted, *between, noted[0] - dt.timedelta(days=1), noted[-1] + dt.timedelta(days=400)]:
                for subset in SUBSETS:
                    answered = answer(world, subset, at)
                    assert answered == replay(lines, subset, at), (subset, at)
                    if at in world.said:
                        assert answered == world.said[at][subset], (subset, at)
                    holdings += len(answered)
            raise _Undo
    except _Undo:
        return holdings


def answer(world: history.World, subset: str, at: dt.datetime) -> set[Who]:
    """Return what the page shows."""
    found = [each.holding for each in who_could_open(world.dataset, subset=subset, at=at)]
    assert len({(each.grant, each.person) for each in found}) == len(found)
    assert all(each.by_rows for each in found)
    return {Who(each.grant, each.person, each.is_member, each.terms) for each in found}


def replay(lines: list[dict[str, Any]], subset: str, at: dt.datetime) -> set[Who]:
    """Answer once more from the exported lines, by the last word on each thing and not by going along."""
    known = [line for line in lines if dt.datetime.fromisoformat(line["at"]) <= at]
    if last(known, "dataset.withdrawn", "dataset.offered-again") == "dataset.withdrawn":
        return set()
    if last(known, "dataset.shut", "dataset.reopened") == "dataset.shut":
        return set()
    begun = [line for line in known if line["kind"] in {"grant.issued", "grant.imported"}]
    return {who for line in begun for who in of_grant(known, line, subset, at)}


def of_grant(known: list[dict[str, Any]], issued: dict[str, Any], subset: str, at: dt.datetime) -> Iterator[Who]:
    reference = issued["subjects"]["grant"]
    mine = [line for line in known if line["subjects"].get("grant") == reference]
    renewals = [line["payload"] for line in mine if line["kind"] == "grant.renewed"]
    words = {"grant.issued", "grant.confirmed", "grant.renewed", "terms.agreed"}
    accepted = [line for line in mine if line["kind"] in words]
    ends = (renewals or [issued["payload"]])[-1]["ends"]
    kinds = [line["kind"] for line in mine]
    over = (
        not accepted,
        kinds.count("grant.suspended") > kinds.count("grant.resumed"),
        "grant.revoked" in kinds,
        "grant.closed" in kinds,
        last(mine, "grant.expired", "grant.renewed") == "grant.expired",
        ends is not None and dt.datetime.fromisoformat(ends) <= at,
        dt.datetime.fromisoformat(issued["payload"]["starts"]) > at,
    )
    about = [line for line in mine if line["payload"].get("subset") == subset]
    word = last(about, "subset.taken", "subset.given-back", "subset.added")
    covers = word in {"subset.given-back", "subset.added"} if word else subset in issued["payload"]["subsets"]
    if any(over) or not covers:
        return
    holder = accepted[-1]["subjects"]["person"]
    if not is_closed(known, holder):
        yield Who(reference, holder, False, accepted[-1]["payload"]["terms"])
    for member in {line["subjects"]["member"] for line in mine if line["kind"] == "member.joined"}:
        theirs = [line for line in mine if line["subjects"].get("member") == member]
        if last(theirs, "member.joined", "member.left", "member.removed") == "member.joined":
            joined = [line for line in theirs if line["kind"] == "member.joined"][-1]
            if not is_closed(known, member):
                yield Who(reference, member, True, joined["payload"]["terms"])


def last(lines: list[dict[str, Any]], *kinds: str) -> str:
    """Return the kind of the last line that is of one of the kinds, or nothing."""
    found = [line["kind"] for line in lines if line["kind"] in kinds]
    return found[-1] if found else ""


def is_closed(known: list[dict[str, Any]], person: str) -> bool:
    theirs = [line for line in known if line["subjects"].get("person") == person]
    return last(theirs, "account.closed", "account.opened", "person.erased") in {"account.closed", "person.erased"}


@pytest.mark.django_db
@pytest.mark.parametrize("steps", TOLD)
def test_the_answer_agrees_for_what_random_histories_meet_seldom(steps: list[tuple[str, int, int]]) -> None:
    assert check(steps, [2_500, 5_000, 7_500])


@pytest.mark.django_db
@pytest.mark.parametrize("histories", [20, pytest.param(500, marks=[pytest.mark.long, pytest.mark.timeout(3600)])])
def test_the_answer_agrees_with_a_replay_of_the_export_and_with_what_was_live(histories: int) -> None:
    held = []

    @settings(max_examples=histories, **QUIET)  # type: ignore[arg-type]
    @given(STEPS, MOMENTS)
    def run(steps: list[tuple[str, int, int]], moments: list[int]) -> None:
        held.append(check(steps, moments))

    run()
    FIGURES.append(f"{len(held)} histories, {sum(held)} times somebody held access, {held.count(0)} without any")
    assert sum(held) > 10 * histories, "the histories opened next to nothing: they prove next to nothing"


def test_a_record_of_100_000_rows_is_answered_in_seconds() -> None:
    at, grants = history.START, 10_000
    begun = time.monotonic()
    found = holders_at(_many(grants, at), subset="train40", at=at + dt.timedelta(days=1))
    took = time.monotonic() - begun
    assert len(found) == grants
    assert took < 10


def _many(grants: int, at: dt.datetime) -> Iterator[Row]:
    """Yield ten rows for each grant: issued, and suspended and resumed again and again."""
    issued = {"terms": "1.0", "subsets": ["train40"], "starts": at.isoformat(), "ends": None}
    for number in range(grants):
        subjects = {"grant": f"GB-G-{number}", "person": f"person {number}", "dataset": "genebody"}
        first = number * 10
        yield Row(first, at, Kind.GRANT_ISSUED, subjects, issued)
        for turn in range(4):
            yield Row(first + 1 + 2 * turn, at, Kind.GRANT_SUSPENDED, subjects, {"cause": "question"})
            yield Row(first + 2 + 2 * turn, at, Kind.GRANT_RESUMED, subjects, {"cause": "question"})
        yield Row(first + 9, at, Kind.LINK_ISSUED, subjects, {})
