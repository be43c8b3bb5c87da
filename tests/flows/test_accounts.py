"""What a site administrator changes, and that the record tells of it."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.test import Client

from agreements.core.errors import NotAllowed
from agreements.flows import accounts
from agreements.ledger.models import LedgerEntry
from agreements.people.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> User:
    return User.objects.create_user("admin@genebody.example", is_staff=True, is_superuser=True)


def test_every_change_is_recorded_once(admin: User) -> None:
    eve = User.objects.create_user("eve@ethz.ch")
    password = eve.password
    for value in (True, True, False):
        accounts.set_administrator(user=eve, is_administrator=value, by=admin.actor)
    for value in (False, False, True):
        accounts.set_open(user=eve, is_open=value, by=admin.actor)
    rows = LedgerEntry.objects.values_list("kind", "actor", "role")
    kinds = ["administrator.made", "administrator.ended", "account.closed", "account.opened"]
    assert list(rows) == [(kind, admin.actor.id, "administrator") for kind in kinds]
    eve.refresh_from_db()
    assert (eve.is_active, eve.is_staff, eve.is_superuser) == (True, False, False)
    assert eve.password != password, "the sessions from before have ended"


def test_nobody_else_changes_accounts(admin: User) -> None:
    eve = User.objects.create_user("eve@ethz.ch")
    with pytest.raises(NotAllowed):
        accounts.set_open(user=admin, is_open=False, by=eve.actor)
    with pytest.raises(NotAllowed):
        accounts.set_administrator(user=eve, is_administrator=True, by=eve.actor)
    with pytest.raises(NotAllowed, match="your own account"):
        accounts.set_open(user=admin, is_open=False, by=admin.actor)
    assert not LedgerEntry.objects.exists()


def test_the_administrators_pages_go_through_the_domain(admin: User, client: Client, settings: LazySettings) -> None:
    settings.STAFF_MFA_REQUIRED = False
    eve = User.objects.create_user("eve@ethz.ch")
    client.force_login(admin)
    answer = client.post(f"/admin/agreements/user/{eve.pk}/change/", {"is_staff": "on"})
    assert answer.status_code == 302
    assert set(LedgerEntry.objects.values_list("kind", flat=True)) == {"administrator.made", "account.closed"}
    client.post(f"/admin/agreements/user/{admin.pk}/change/", {})
    admin.refresh_from_db()
    assert (admin.is_active, admin.is_staff) == (True, True)
