"""What an address says of an organization."""

from __future__ import annotations

import pytest

from agreements.core.domains import domains_of, same_organization


def test_an_address_is_of_its_domain_and_of_those_above() -> None:
    assert domains_of("Alice@CS.ust.hk") == ["cs.ust.hk", "ust.hk", "hk"]


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("b@cs.ust.hk", True),
        ("b@ust.hk", True),
        ("b@lab.cs.ust.hk", True),
        ("b@math.ust.hk", False),
        ("b@hkust.hk", False),
        ("b@evilcs.ust.hk", False),
    ],
)
def test_one_organization_is_a_domain_with_what_is_above_and_below_it(other: str, same: bool) -> None:
    assert same_organization("alice@cs.ust.hk", other) == same
    assert same_organization(other, "alice@cs.ust.hk") == same
