"""What each scope hits, and what it leaves."""

from __future__ import annotations

import pytest

from agreements.catalog.models import Access, Subset, Terms
from agreements.core.errors import Invalid, NotPossible
from agreements.grants import places
from agreements.grants.models import ClosedFor, Grant, GrantState
from agreements.people.models import User
from agreements.revocation.hits import Hits, check_any, clauses_for, hit_by
from agreements.revocation.models import ProcedureAct, ScopeKind
from agreements.revocation.scope import Scope, choices, describe
from tests.flows.scene import Scene
from tests.revocation import many

REVOKE, SUSPEND = ProcedureAct.REVOKE, ProcedureAct.SUSPEND


def found_by(scene: Scene, kind: ScopeKind, value: str = "", act: ProcedureAct = REVOKE) -> Hits:
    return hit_by(Scope(scene.dataset, kind, value), act=act)


def hit(scene: Scene, kind: ScopeKind, value: str = "", act: ProcedureAct = REVOKE) -> list[Grant]:
    return [each.grant for each in found_by(scene, kind, value, act).grants]


def id_of(user: User) -> str:
    return str(user.public_id)


@pytest.fixture
def extended(scene: Scene) -> Subset:
    return Subset.objects.create(
        dataset=scene.dataset, slug="extended", title="Extended", access=Access.AGREEMENT, position=2
    )


def test_one_access_is_hit_by_its_reference(scene: Scene) -> None:
    one, other = many.grants(scene.dataset, ["a@mit.edu", "b@mit.edu"], members=1)
    [found] = found_by(scene, ScopeKind.GRANT, one.reference.lower()).grants
    assert found.grant == one
    assert [who.email for who in found.people] == ["a@mit.edu", "member0.a@mit.edu"]
    assert other.reference not in describe(Scope(scene.dataset, ScopeKind.GRANT, one.reference))


def test_a_person_is_hit_in_what_they_hold_and_where_they_are_a_member(scene: Scene) -> None:
    own, colleagues, stranger = many.grants(scene.dataset, ["a@mit.edu", "b@mit.edu", "c@mit.edu"])
    [membership] = many.join([colleagues], ["a@mit.edu"])
    waiting = many.invite(stranger, "A+data@mit.edu".lower())
    found = found_by(scene, ScopeKind.PERSON, id_of(own.holder))
    assert [(each.grant, each.member) for each in found.grants] == [(own, None), (colleagues, membership)]
    assert [each.why for each in found.grants] == [
        "Their own access.",
        "a@mit.edu is a member of the access of B.",
    ]
    assert [who.email for who in found.grants[1].people] == ["a@mit.edu"]
    assert found.invitations == [waiting]
    assert (found.count, found.people) == (2, 1)


def test_a_membership_is_not_suspended_by_itself_and_that_is_said(scene: Scene) -> None:
    own, colleagues, third = many.grants(scene.dataset, ["a@mit.edu", "b@mit.edu", "c@mit.edu"])
    many.join([colleagues], ["a@mit.edu"])
    many.invite(third, "a@mit.edu")
    found = found_by(scene, ScopeKind.PERSON, id_of(own.holder), SUSPEND)
    assert [each.grant for each in found.grants] == [own]
    assert found.invitations == []
    [note] = found.notes
    assert note == (
        f"A membership cannot be suspended by itself: a@mit.edu ({colleagues.reference}) goes on under the access of "
        "a colleague."
    )


def test_an_organization_is_known_however_its_name_is_written(scene: Scene) -> None:
    [first] = many.grants(scene.dataset, ["a@x.edu"], organization="ETH  Zürich")
    [second] = many.grants(scene.dataset, ["b@y.edu"], organization="eth zu\u0308rich")
    [other] = many.grants(scene.dataset, ["c@x.edu"], organization="ETH Zürich Alumni")
    assert hit(scene, ScopeKind.ORGANIZATION, "ETH ZÜRICH") == [first, second]
    assert other not in hit(scene, ScopeKind.ORGANIZATION, places.organization_key("ETH Zürich"))


def test_a_domain_hits_itself_and_what_is_below_and_nothing_that_only_ends_alike(scene: Scene) -> None:
    exact, below, alike, above = many.grants(
        scene.dataset, ["a@mit.edu", "b@csail.mit.edu", "c@summit.edu", "d@other.edu"]
    )
    assert hit(scene, ScopeKind.DOMAIN, "MIT.edu") == [exact, below]
    assert hit(scene, ScopeKind.DOMAIN, "someone@csail.mit.edu") == [below]
    assert above not in hit(scene, ScopeKind.DOMAIN, "@mit.edu")
    # Whoever has another address now was given this as one of the domain.
    User.objects.filter(pk=exact.holder_id).update(email="a@new.example")
    found = found_by(scene, ScopeKind.DOMAIN, "mit.edu").grants
    assert [(each.grant, each.why) for each in found] == [
        (exact, "Applied for from a@mit.edu."),
        (below, "The holder's address is b@csail.mit.edu."),
    ]
    assert alike not in [each.grant for each in found]


def test_a_domain_reaches_its_people_under_the_access_of_others(scene: Scene) -> None:
    [elsewhere] = many.grants(scene.dataset, ["a@ethz.ch"])
    [part] = many.join([elsewhere], ["b@mit.edu"])
    waiting = many.invite(elsewhere, "c@lab.mit.edu")
    found = found_by(scene, ScopeKind.DOMAIN, "mit.edu")
    assert [each.member for each in found.grants] == [part]
    assert found.invitations == [waiting]


def test_a_site_is_organization_department_city_and_country(scene: Scene) -> None:
    [here] = many.grants(scene.dataset, ["a@mit.edu"])
    [next_door] = many.grants(scene.dataset, ["b@mit.edu"], site=many.SITE | {"department": "Robotics"})
    assert hit(scene, ScopeKind.SITE, here.site_key) == [here]
    [found] = found_by(scene, ScopeKind.SITE, next_door.site_key).grants
    assert found.why == "At MIT, Robotics, Cambridge, United States of America."


def test_a_subset_is_taken_where_something_is_left_and_ends_access_where_nothing_is(
    scene: Scene, extended: Subset
) -> None:
    train40 = Subset.objects.get(slug="train40")
    [both] = many.grants(scene.dataset, ["a@mit.edu"])
    [only] = many.grants(scene.dataset, ["b@mit.edu"], subsets=[train40])
    [without] = many.grants(scene.dataset, ["c@mit.edu"], subsets=[extended])
    found = found_by(scene, ScopeKind.SUBSET, "train40").grants
    assert [(each.grant, each.subset, each.why) for each in found] == [
        (both, train40, "Keeps its other subsets."),
        (only, None, "Covers nothing but Train40."),
    ]
    assert without not in [each.grant for each in found]


def test_a_version_of_the_terms_hits_who_signed_it(scene: Scene) -> None:
    first = Terms.objects.get(dataset=scene.dataset)
    later = many.second_terms(scene.dataset, "termination")
    [old] = many.grants(scene.dataset, ["a@mit.edu"], terms=first)
    [new] = many.grants(scene.dataset, ["b@mit.edu"], terms=later)
    assert hit(scene, ScopeKind.TERMS, "1.0") == [old]
    assert hit(scene, ScopeKind.TERMS, "2.0") == [new]


@pytest.mark.parametrize("kind", list(ScopeKind))
def test_no_scope_reaches_into_another_dataset(scene: Scene, kind: ScopeKind) -> None:
    other = many.second_dataset(scene.dataset)
    [here] = many.grants(scene.dataset, ["a@mit.edu"])
    [there] = many.grants(other, ["a@mit.edu"])
    many.join(many.grants(other, ["b@ethz.ch"]), ["a@mit.edu"])
    value = {
        ScopeKind.GRANT: here.reference,
        ScopeKind.PERSON: id_of(here.holder),
        ScopeKind.ORGANIZATION: "MIT",
        ScopeKind.DOMAIN: "mit.edu",
        ScopeKind.SITE: here.site_key,
        ScopeKind.SUBSET: "train40",
        ScopeKind.TERMS: "1.0",
        ScopeKind.DATASET: "",
    }[kind]
    for act in (REVOKE, SUSPEND):
        assert hit(scene, kind, value, act) == [here]
    with pytest.raises(Invalid):
        found_by(scene, ScopeKind.GRANT, there.reference)


def test_what_expired_is_hit_too_and_told_apart_and_what_was_closed_is_not_suspended(scene: Scene) -> None:
    [active] = many.grants(scene.dataset, ["a@mit.edu"])
    [suspended] = many.grants(scene.dataset, ["b@mit.edu"], state=GrantState.SUSPENDED)
    [expired] = many.grants(scene.dataset, ["c@mit.edu"], state=GrantState.EXPIRED)
    [closed] = many.grants(scene.dataset, ["e@mit.edu"], state=GrantState.EXPIRED)
    Grant.objects.filter(pk=closed.pk).update(closed_for=ClosedFor.MOVED)
    many.grants(scene.dataset, ["d@mit.edu"], state=GrantState.REVOKED)
    found = found_by(scene, ScopeKind.DATASET)
    assert [each.grant for each in found.running] == [active, suspended]
    assert [each.grant for each in found.expired] == [expired, closed]
    assert hit(scene, ScopeKind.DATASET, "", SUSPEND) == [active, suspended, expired]


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (ScopeKind.GRANT, "GB-G-NOSUCH", "GeneBody has no access GB-G-NOSUCH."),
        (ScopeKind.PERSON, "nobody", "Nobody of this name has, or had, access to GeneBody."),
        (ScopeKind.PERSON, "eve", "Nobody of this name has, or had, access to GeneBody."),
        (ScopeKind.ORGANIZATION, "Caltech", "Nobody at “Caltech” was given access to GeneBody."),
        (ScopeKind.ORGANIZATION, "", "Nobody at “” was given access"),
        (ScopeKind.DOMAIN, "edu", "“edu” is not a domain of one organization"),
        (ScopeKind.DOMAIN, "m%t.edu", "is not a domain"),
        (ScopeKind.SITE, "", "Nobody at the site “” was given access"),
        (ScopeKind.SUBSET, "train41", "GeneBody has no subset “train41”."),
        (ScopeKind.TERMS, "9", "GeneBody has no terms of version “9”."),
        (ScopeKind.DATASET, "genebody", "needs no further name"),
    ],
)
def test_what_names_nothing_is_refused_in_words(scene: Scene, kind: ScopeKind, value: str, words: str) -> None:
    many.grants(scene.dataset, ["a@mit.edu"])
    with pytest.raises(Invalid, match=words.replace("(", r"\(")) as refused:
        found_by(scene, kind, id_of(scene.eve) if value == "eve" else value)
    assert refused.value.field == "value"


def test_every_kind_offers_what_it_can_name_and_puts_it_into_words(scene: Scene, extended: Subset) -> None:
    [grant, _second] = many.grants(scene.dataset, ["a@mit.edu", "b@mit.edu"], members=1)
    many.grants(scene.dataset, ["z@gone.edu"], organization="Gone", state=GrantState.REVOKED)
    told = {
        ScopeKind.GRANT: f"access {grant.reference} (A)",
        ScopeKind.PERSON: "A (a@mit.edu), own access and memberships",
        ScopeKind.ORGANIZATION: "organization “MIT”",
        ScopeKind.DOMAIN: "everybody with an address at mit.edu or below it",
        ScopeKind.SITE: "site “MIT, Vision, Cambridge, United States of America”",
        ScopeKind.SUBSET: "subset Extended",
        ScopeKind.TERMS: "everybody who signed terms 1.0",
        ScopeKind.DATASET: "all access to GeneBody",
    }
    for kind in ScopeKind:
        offered = choices(scene.dataset, kind)
        words = {describe(Scope(scene.dataset, kind, choice.value)) for choice in offered}
        assert told[kind] in words
        assert not any("Gone" in each for each in words)
        assert all(found_by(scene, kind, choice.value).count for choice in offered)
    assert [choice.grants for choice in choices(scene.dataset, ScopeKind.ORGANIZATION)] == [2]


def test_a_subset_is_offered_while_somebody_has_it_or_may_get_it_back(scene: Scene) -> None:
    other = many.grants(scene.dataset, ["b@mit.edu"])[0].subsets.get()
    extra = Subset.objects.create(dataset=scene.dataset, slug="extra", title="Extra", access=Access.AGREEMENT)
    [bare, both] = many.grants(scene.dataset, ["a@mit.edu", "c@mit.edu"])
    bare.subsets.clear()
    both.subsets.add(extra)
    many.start(scene.dataset, ScopeKind.SUBSET, "extra", by=scene.dan, act=SUSPEND)
    assert not both.subsets.filter(pk=extra.pk).exists()
    offered = {choice.value: (choice.label, choice.grants) for choice in choices(scene.dataset, ScopeKind.SUBSET)}
    assert offered == {other.slug: (other.title, 2), "extra": ("Extra", 1)}


def test_who_has_memberships_alone_cannot_be_suspended_and_reads_why(scene: Scene) -> None:
    [colleagues] = many.grants(scene.dataset, ["b@mit.edu"])
    [member] = many.join([colleagues], ["a@mit.edu"])
    assert member.person is not None
    scope = Scope(scene.dataset, ScopeKind.PERSON, id_of(member.person))
    with pytest.raises(NotPossible, match=r"cannot be suspended by itself: a@mit.edu .* end the membership for good"):
        check_any(hit_by(scope, act=SUSPEND), scope)


def test_the_clauses_are_those_that_all_signed(scene: Scene) -> None:
    first = Terms.objects.get(dataset=scene.dataset)
    later = many.second_terms(scene.dataset, "termination", "newer")
    many.grants(scene.dataset, ["a@mit.edu"], terms=first)
    assert [each.id for each in clauses_for(found_by(scene, ScopeKind.DATASET))] == ["research-only", "termination"]
    many.grants(scene.dataset, ["b@mit.edu"], terms=later)
    [shared] = clauses_for(found_by(scene, ScopeKind.DATASET))
    assert (shared.id, shared.heading) == ("termination", "Of termination")


def test_nothing_left_to_end_is_said(scene: Scene) -> None:
    [grant] = many.grants(scene.dataset, ["a@mit.edu"], state=GrantState.REVOKED)
    for kind, value, words in (
        (ScopeKind.GRANT, grant.reference, f"Access {grant.reference} is revoked: this can no longer be done."),
        (ScopeKind.ORGANIZATION, "MIT", "There is nothing left to end here: organization “MIT”."),
    ):
        with pytest.raises(NotPossible) as refused:
            check_any(found_by(scene, kind, value), Scope(scene.dataset, kind, value))
        assert str(refused.value) == words


def test_what_is_hit_is_found_in_as_many_queries_for_many_as_for_few(
    scene: Scene, django_assert_max_num_queries: object
) -> None:
    many.grants(scene.dataset, [f"a{number}@mit.edu" for number in range(60)], members=1)
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        assert found_by(scene, ScopeKind.DATASET).people == 120
