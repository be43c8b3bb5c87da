"""One life in the property test of lives: what its rules share. See `test_lives.py`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar, Final

import pytest
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from agreements.applications.models import Application
from agreements.catalog.models import Dataset
from agreements.core import clock
from agreements.core.actors import Actor
from agreements.core.errors import DomainError
from agreements.flows.approving import approve
from agreements.grants import revealing
from agreements.grants.downloads.redeeming import redeem
from agreements.grants.downloads.refusals import Refused
from agreements.grants.links import tokens
from agreements.grants.models import DownloadOpened, Grant, GrantMember, GrantState, Link
from agreements.ledger.models import LedgerEntry, LedgerHead
from agreements.ledger.verify import verify
from agreements.people.models import User
from tests.applications.cases import seen
from tests.flows.lives_model import Model
from tests.flows.lives_world import START, World

NUMBER: Final = st.integers(min_value=0, max_value=10_000)
OPENED: Final = "download"
TRIED: Final = "link of a member without access"


class Life(RuleBasedStateMachine):
    """`world` is made once; each life begins from it and is rolled back. `done` counts what came to pass in all."""

    world: ClassVar[World]
    done: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.model = Model.of(self.world.people)
        self.at = START
        self.undo = transaction.atomic()
        # As Django marks its own tests' transactions: redeeming insists on one that really commits.
        self.undo._from_testcase = True  # type: ignore[attr-defined]
        self.undo.__enter__()

    def teardown(self) -> None:
        try:
            verdict = verify()
            assert verdict.holds, verdict
        finally:
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    def nothing_forbidden_opens(self) -> None:
        for link in Link.objects.select_related("grant", "seal__person", "archive__subset"):
            who = str(link.seal.person.public_id)
            if self.model.is_forbidden(link.grant.reference, who, link.archive.subset.slug):
                self.use(link)

    def use(self, link: Link) -> None:
        before = DownloadOpened.objects.count()
        try:
            with clock.frozen(self.at):
                redeem(tokens.token(link), start=0, stop=10)
        except Refused:
            assert DownloadOpened.objects.count() == before
        else:
            assert DownloadOpened.objects.count() == before + 1
            who = str(link.seal.person.public_id)
            assert not self.model.is_forbidden(link.grant.reference, who, link.archive.subset.slug)
            assert self._is_open(link), f"{link} opened"
            self.done[OPENED] += 1

    def _is_open(self, link: Link) -> bool:
        link = Link.objects.select_related("grant", "seal").get(pk=link.pk)
        in_time = link.grant.ends_at is None or link.grant.ends_at > self.at
        running = link.grant.state == GrantState.ACTIVE and in_time
        return running and link.ended_at is None and link.expires_at > self.at and link.seal.ended_at is None

    def do(self, kind: str, work: Callable[[], Any], *, by: User | None, may_be_nothing: bool = False) -> Any:
        """Return what came of it (True for nothing), or None if it was refused: then nothing may have been recorded."""
        before = self._head()
        try:
            with clock.frozen(self.at), transaction.atomic():
                found = work()
        except DomainError as refused:
            told = str(refused)
        else:
            told = ""
        if told:
            assert self._head() == before
            return None
        rows = LedgerEntry.objects.filter(sequence__gt=before, kind=kind)
        if by is not None:
            rows = rows.filter(actor=by.actor.id)
        assert rows.exists() or (may_be_nothing and self._head() == before), f"{kind} left no row"
        self.done[kind] += 1
        self.know_what_was_opened()
        return True if found is None else found

    def know_what_was_opened(self) -> None:
        for grant in Grant.objects.select_related("holder", "terms").exclude(reference__in=self.model.grants):
            self.model.opened(grant)

    @staticmethod
    def _head() -> int:
        head = LedgerHead.objects.filter(id=1).first()
        return head.sequence if head else 0

    def opens_nothing(self, member: GrantMember) -> None:
        """No password of the access is shown to a member, and no link of theirs is redeemed."""
        assert member.person is not None
        with clock.frozen(self.at), transaction.atomic(), pytest.raises(DomainError):
            revealing.reveal_all(grant=member.grant, by=member.person.actor)
        for link in Link.objects.filter(grant=member.grant, seal__person=member.person):
            with clock.frozen(self.at), pytest.raises(Refused):
                redeem(tokens.token(link), start=0, stop=10)
            self.done[TRIED] += 1

    def dataset(self) -> Dataset:
        """Return it as it is in this life."""
        return Dataset.objects.get(pk=self.world.scene.dataset.pk)

    def approval(self, application: Application, person: User) -> Callable[[], Any]:
        by: Actor = person.actor
        ask = seen(application)
        return lambda: approve(application=application, seen=ask, reason="", by=by)

    def application(self, number: int) -> Application:
        return self.world.applications[number % len(self.world.applications)]

    def person(self, number: int, *, fit: User | None = None) -> User:
        """Return whom the thing fits, mostly, so that much comes to pass; else anybody."""
        people = self.world.people
        return (fit or self.world.scene.dan) if number % 4 else people[number // 4 % len(people)]

    def grant(self, number: int) -> Grant:
        found: Grant | None = self.pick(
            Grant.objects.select_related("dataset", "terms", "holder").order_by("pk"), number
        )
        assert found is not None, "two were opened at the beginning"
        return found

    @staticmethod
    def pick(rows: Any, number: int) -> Any:
        count = rows.count()
        return rows[number % count] if count else None
