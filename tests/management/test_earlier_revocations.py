"""What an installation of 0.2 has in its tables becomes procedures, on either database, with every trigger in place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from agreements.catalog.models import Dataset
from agreements.core.clock import frozen
from agreements.grants import places
from agreements.grants.models import Grant
from agreements.ledger import triggers
from agreements.ledger.models import LedgerEntry
from agreements.revocation.models import AffectedGrant, Destruction, Procedure
from tests.ledger.lifting import expected, installed, sql

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = "0004_append_only_again"
NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
ENDED = NOON - dt.timedelta(days=100)
ORGANIZATION = "Ｍassachusetts  Institute of " + "Examples " * 18
SITE = {"organization": ORGANIZATION, "department": "VISION", "city": "Cambridge", "country": "US"}


@pytest.fixture
def earlier() -> Iterator[Any]:
    """The models of 0.2, on tables as they were then; whatever happens, those of today come back."""
    apps = migrated(BEFORE)
    # Going back rebuilds tables, which takes triggers away; in 0.2 all were there.
    for statement in [
        *triggers.remove_statements(connection.vendor),
        *triggers.install_statements(connection.vendor),
    ]:
        sql(statement)
    yield apps
    migrated()


def migrated(to: str = "") -> Any:
    """Return the models as they are after a migration, the newest if none is named; the database was brought there."""
    executor = MigrationExecutor(connection)
    (newest,) = executor.loader.graph.leaf_nodes("agreements")
    return executor.migrate([("agreements", to) if to else newest]).apps


def made(apps: Any) -> None:
    """Dan revoked two accesses of Alice's: one long ago, one of which the copies are due only next year."""
    user, dataset, terms = (apps.get_model("agreements", name) for name in ("User", "Dataset", "Terms"))
    alice, bob, carol, dan = (
        user.objects.create(email=f"{name}@mit.example.edu", name=name.title(), password="!")
        for name in ("alice", "bob", "carol", "dan")
    )
    genebody = dataset.objects.create(slug="genebody", reference_prefix="GB", contact_address="lab@lab.example.org")
    signed = terms.objects.create(
        dataset=genebody, version="1.0", effective_from=dt.date(2026, 1, 1), clauses=[], sha256="0" * 64
    )
    for number, destroy_by in ((1, dt.date(2025, 12, 6)), (2, dt.date(2027, 1, 1))):
        grant = access(apps, number, alice, genebody, signed)
        apps.get_model("agreements", "Revocation").objects.create(
            reference=f"GB-R-00000{number}",
            grant=grant,
            clause_id="termination",
            reason="The images were posted on a public page.",
            reason_salt="5a" * 16,
            revoked_by=dan,
            revoked_at=ENDED,
            destroy_by=destroy_by,
        )
        if number == 1:
            for person, state in ((bob, "joined"), (carol, "left"), (None, "invited")):
                member(apps, grant, person, state)
    apps.get_model("agreements", "LedgerEntry").objects.create(
        sequence=1, at=ENDED, actor="job:tests", kind="role.given", previous_hash="0" * 64, hash="1" * 64
    )


def access(apps: Any, number: int, holder: Any, dataset: Any, terms: Any) -> Any:
    application = apps.get_model("agreements", "Application").objects.create(
        reference=f"GB-A-00000{number}", dataset=dataset, terms=terms, applicant=holder, state="approved"
    )
    return apps.get_model("agreements", "Grant").objects.create(
        reference=f"GB-G-00000{number}",
        application=application,
        dataset=dataset,
        terms=terms,
        holder=holder,
        holder_name="Alice Example",
        organization=ORGANIZATION,
        site=SITE,
        state="revoked",
        starts_at=ENDED - dt.timedelta(days=30),
        ended_at=ENDED,
    )


def member(apps: Any, grant: Any, person: Any, state: str) -> None:
    apps.get_model("agreements", "GrantMember").objects.create(
        grant=grant,
        person=person,
        email=person.email if person else "eve@elsewhere.example.net",
        state=state,
        nonce=f"{state:0<32}",
        key_number=1,
        invited_by=grant.holder,
        ended_at=ENDED if state == "left" else None,
    )


def test_earlier_revocations_become_procedures_and_ask_for_what_nobody_was_asked_before(earlier: Any) -> None:
    made(earlier)
    assert expected() <= installed()
    with frozen(NOON):
        migrated()

    first, second = Procedure.objects.order_by("reference")
    grants = Grant.objects.order_by("reference")
    assert [row.reference for row in (first, second)] == ["GB-R-000001", "GB-R-000002"]
    assert (first.act, first.scope, first.scope_value) == ("revoke", "grant", "GB-G-000001")
    assert (first.begun_at, first.begun_by.name, first.destroy_by) == (ENDED, "Dan", dt.date(2025, 12, 6))
    assert (first.reason_salt, first.clause_id, first.dataset.slug) == ("5a" * 16, "termination", "genebody")

    reached = AffectedGrant.objects.order_by("pk")
    assert [(row.procedure, row.grant, row.state_before) for row in reached] == [
        (first, grants[0], ""),
        (second, grants[1], ""),
    ]
    # Alice and Bob, from today on; not who left, nor who never came. What was due later stays due then.
    asked = NOON.date() + dt.timedelta(days=Dataset.objects.get().destroy_days)
    owed = Destruction.objects.order_by("affected_id", "person__email")
    assert [(row.affected.procedure, row.person.name, row.due_on, row.state) for row in owed] == [
        (first, "Alice", asked, "due"),
        (first, "Bob", asked, "due"),
        (second, "Alice", dt.date(2027, 1, 1), "due"),
    ]

    for grant in grants:
        assert grant.organization_key == places.organization_key(ORGANIZATION) != ""
        assert grant.site_key == places.site_key(SITE) != ""
        assert grant.address_proven_at == grant.starts_at
    assert LedgerEntry.objects.get().hash == "1" * 64
    assert expected() <= installed()
    assert "agreements_revocation" not in connection.introspection.table_names()
