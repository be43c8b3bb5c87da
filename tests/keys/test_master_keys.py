"""Whether the configured keys are the ones that were used."""

from __future__ import annotations

from typing import Any

import pytest

from agreements.core.secrets import KeyRing, UnknownKey, key_ring
from agreements.keys import master_keys
from agreements.keys.models import MasterKey

ONE, TWO, OTHER = bytes(range(32)), bytes(32), b"o" * 32
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def two_keys(settings: Any) -> None:
    settings.MASTER_KEYS = {1: ONE, 2: TWO}


def test_a_key_is_noted_when_it_is_first_used_and_known_again() -> None:
    master_keys.confirm(2)
    master_keys.confirm(2)
    assert list(MasterKey.objects.values_list("number", flat=True)) == [2]
    noted = MasterKey.objects.get()
    assert len(bytes.fromhex(noted.check_value)) == 8
    assert bytes.fromhex(noted.check_value) not in TWO + key_ring().derive(
        "countersign/password/1", number=2, length=32
    )


def test_another_key_under_an_old_number_is_refused_before_it_makes_other_passwords(settings: Any) -> None:
    master_keys.confirm(1)
    settings.MASTER_KEYS = {1: OTHER, 2: TWO}
    with pytest.raises(master_keys.WrongKey, match="Master key 1 of this server is not the one used before"):
        master_keys.confirm(1)
    assert master_keys.differing(key_ring()) == [1]
    assert not master_keys.are_right(key_ring())


def test_a_compromised_key_is_refused_and_a_process_that_has_no_newer_one_is_not_right(settings: Any) -> None:
    master_keys.confirm(1)
    master_keys.confirm(2)
    assert master_keys.are_right(key_ring())
    assert [master_keys.mark_compromised(1), master_keys.mark_compromised(1)] == [True, False]
    assert master_keys.compromised() == {1}
    with pytest.raises(master_keys.WrongKey, match="was replaced"):
        master_keys.confirm(1)
    assert master_keys.are_right(key_ring())
    assert not master_keys.are_right(KeyRing({1: ONE}))
    assert master_keys.missing(KeyRing({1: ONE})) == [2]


def test_a_key_that_is_not_configured_is_neither_noted_nor_confirmed() -> None:
    with pytest.raises(UnknownKey):
        master_keys.confirm(3)
    assert not MasterKey.objects.exists()
