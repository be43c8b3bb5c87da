"""Attesting that copies are destroyed, and being excused from it."""

from __future__ import annotations

import pytest
from django.core import mail

from agreements.core import clock
from agreements.core.errors import Invalid, NotAllowed, NotPossible
from agreements.documents import store
from agreements.documents.models import StoredDocument
from agreements.ledger.act import text_digest
from agreements.ledger.models import LedgerEntry
from agreements.ledger.queries import entries_about
from agreements.ledger.verify import verify
from agreements.mail.drain import drain
from agreements.revocation import attesting, certifying, listing, queries
from agreements.revocation.models import Destruction
from agreements.vault.protocol import NoSuchObject
from tests.documents.test_agreement_form import texts
from tests.flows.scene import Scene
from tests.revocation.ended import DUE, NOON, day, downloaded, ended, granted, owed_by

NAME = "Alice Zhang 张爱丽"


def attest(scene: Scene, *, name: str = NAME, remark: str = "") -> Destruction:
    with clock.frozen(day(-5)):
        return attesting.attest(destruction=owed_by(scene.alice), name=name, remark=remark, by=scene.alice.actor)


def test_an_attestation_settles_what_was_owed_and_is_recorded_with_its_certificate(scene: Scene) -> None:
    affected = ended(scene)
    settled = attest(scene, remark="The disk was shredded.")
    assert (settled.state, settled.signed_name, settled.settled_by) == ("attested", NAME, scene.alice)
    assert settled.settled_at == day(-5)
    assert settled.certificate is not None
    assert queries.owed_by(scene.alice.pk, affected.grant) is None
    entry = LedgerEntry.objects.get(kind="destruction.attested")
    assert (entry.actor, entry.role) == (scene.alice.actor.id, "holder")
    assert entry.subjects["procedure"] == affected.procedure.reference
    assert entry.payload["certificate_sha256"] == settled.certificate.sha256
    assert entry.payload["statement_digest"] == text_digest(settled.statement, salt=settled.text_salt)
    for words in ("Alice", "shredded", "archives"):
        assert words not in str(entry.payload)
    assert entry in entries_about(affected.procedure.reference)
    assert verify().holds


def test_the_statement_is_kept_word_for_word(scene: Scene) -> None:
    affected = ended(scene)
    statement = attesting.statement_of(owed_by(scene.alice))
    assert attest(scene).statement == statement.text
    reference = affected.grant.reference
    assert statement.text == (
        f"I attest to The lab, for what I had of GeneBody under access {reference}:\n"
        "1. I have destroyed every copy: the archives, what was unpacked from them and, as far as the terms "
        "(version 1.0) bind it, what was derived from them.\n"
        "2. No copy is left in backups, on shared or remote storage, or on any other device.\n"
        "3. Nobody who is not named under this access got a copy from me."
    )


def test_the_person_is_thanked_and_told_where_the_certificate_is(scene: Scene) -> None:
    affected = ended(scene)
    settled = attest(scene)
    mail.outbox.clear()
    with clock.frozen(day(-5)):
        drain()
    [letter] = [one for one in mail.outbox if "thank you" in one.subject]
    assert letter.to == [scene.alice.email]
    assert letter.subject == f"GeneBody: thank you: your copies under {affected.grant.reference} are destroyed"
    text = str(letter.body)
    assert f"Dear {NAME}," in text
    assert f"/grants/{affected.grant.reference}/destruction/{settled.pk}/" in text
    assert "nothing more is asked of you" in text
    assert "You receive this because alice@connect.ust.hk has, or had, access" in text


def test_a_second_attestation_is_told_that_it_was_done(scene: Scene) -> None:
    ended(scene)
    first = attest(scene)
    with pytest.raises(NotPossible, match="This was attested already; the certificate is made"):
        attest(scene, name="Alice Z.")
    again = owed_by(scene.alice)
    assert (again.signed_name, again.certificate, again.text_salt) == (NAME, first.certificate, first.text_salt)
    assert LedgerEntry.objects.filter(kind="destruction.attested").count() == 1


def test_of_two_at_once_one_counts_and_the_others_paper_is_thrown_away(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second reads before the first has written: both draw, one is told."""
    ended(scene)
    drawing = certifying.draw_destruction
    thrown: list[StoredDocument] = []

    def while_another_is_quicker(*args: object, **kwargs: object) -> StoredDocument:
        monkeypatch.setattr(certifying, "draw_destruction", drawing)
        attest(scene, name="Alice, first")
        thrown.append(drawing(*args, **kwargs))  # type: ignore[arg-type]
        return thrown[0]

    monkeypatch.setattr(certifying, "draw_destruction", while_another_is_quicker)
    with pytest.raises(NotPossible, match="attested already"):
        attest(scene, name="Alice, second")
    settled = owed_by(scene.alice)
    assert settled.signed_name == "Alice, first"
    assert not StoredDocument.objects.filter(store_key=thrown[0].store_key).exists()
    with pytest.raises(NoSuchObject):
        store.read(thrown[0])
    assert settled.certificate is not None
    assert store.read(settled.certificate).startswith(b"%PDF")


@pytest.mark.parametrize("who", ["bob", "dan", "eve"])
def test_nobody_attests_for_another(scene: Scene, who: str) -> None:
    ended(scene, members=(scene.bob,))
    with pytest.raises(NotAllowed):
        attesting.attest(destruction=owed_by(scene.alice), name=NAME, by=getattr(scene, who).actor)
    assert owed_by(scene.alice).state == "due"


def test_a_member_attests_for_their_own_copies(scene: Scene) -> None:
    affected = ended(scene, members=(scene.bob,))
    with clock.frozen(day(-5)):
        settled = attesting.attest(destruction=owed_by(scene.bob), name="Bob", by=scene.bob.actor)
    assert owed_by(scene.alice).state == "due"
    entry = LedgerEntry.objects.get(kind="destruction.attested")
    assert entry.role == "member"
    assert entry.subjects["member"] == str(scene.bob.public_id)
    assert settled.certificate is not None
    printed = " ".join(" ".join(texts(store.read(settled.certificate))).split())
    assert "member under the access" in printed
    assert affected.grant.holder_name in printed


@pytest.mark.parametrize(
    ("name", "remark", "field", "words"),
    [
        ("  ", "", "name", "Write your full name"),
        ("x" * 201, "", "name", "keep to 200 characters"),
        (NAME, "y" * 2001, "remark", "keep to 2000 characters"),
        ("Alice 😀", "", "name", "😀 (grinning face)"),
        ("Alice\u202egnp.exe", "", "name", "U+202E (right-to-left override)"),
        (NAME, "thanks 🙏", "remark", "🙏 (person with folded hands)"),
        ("अलिस", "", "name", "devanagari letter"),
    ],
)
def test_what_cannot_be_printed_is_named_and_nothing_happens(
    scene: Scene, name: str, remark: str, field: str, words: str
) -> None:
    ended(scene)
    before = StoredDocument.objects.count()
    with pytest.raises(Invalid) as refused:
        attest(scene, name=name, remark=remark)
    assert refused.value.field == field
    assert words in str(refused.value)
    assert owed_by(scene.alice).state == "due"
    assert StoredDocument.objects.count() == before


def test_downloads_are_counted_by_archive_and_only_ones_own(scene: Scene) -> None:
    grant = granted(scene, members=(scene.bob,))
    for days in (1, 3):
        downloaded(grant, scene.alice, at=day(-40 + days))
    downloaded(grant, scene.bob, at=day(-30))
    ended(scene, members=(scene.bob,), grant=grant)
    [alices] = queries.held(owed_by(scene.alice))
    assert (alices.name, alices.version, alices.times) == ("train40.zip", 1, 2)
    assert (alices.first_at, alices.last_at) == (day(-39), day(-37))


def test_a_steward_excuses_with_a_reason(scene: Scene) -> None:
    affected = ended(scene)
    with clock.frozen(day(20)):
        excused = attesting.excuse(destruction=owed_by(scene.alice), reason="Left the field.", by=scene.dan.actor)
    assert (excused.state, excused.remark, excused.settled_by) == ("excused", "Left the field.", scene.dan)
    entry = LedgerEntry.objects.get(kind="destruction.excused")
    assert entry.payload == {"reason_digest": text_digest("Left the field.", salt=excused.text_salt)}
    assert entry.role == "steward"
    assert queries.counts_in(affected.grant.dataset) == queries.Counts(excused=1)
    with pytest.raises(NotPossible, match="A steward has settled this already"):
        attest(scene)
    with pytest.raises(NotPossible):
        attesting.excuse(destruction=excused, reason="Again.", by=scene.dan.actor)


@pytest.mark.parametrize("who", ["alice", "carol", "eve"])
def test_only_a_steward_excuses(scene: Scene, who: str) -> None:
    ended(scene)
    with pytest.raises(NotAllowed):
        attesting.excuse(destruction=owed_by(scene.alice), reason="I would rather not.", by=getattr(scene, who).actor)


def test_a_steward_does_not_excuse_themselves(scene: Scene) -> None:
    affected = ended(scene)
    own = Destruction.objects.create(affected=affected, person=scene.dan, due_on=DUE)
    with pytest.raises(NotAllowed, match="another steward"):
        attesting.excuse(destruction=own, reason="Busy.", by=scene.dan.actor)


@pytest.mark.parametrize("reason", ["", " \n"])
def test_an_excuse_needs_its_reason(scene: Scene, reason: str) -> None:
    ended(scene)
    with pytest.raises(Invalid, match="Give the reason"):
        attesting.excuse(destruction=owed_by(scene.alice), reason=reason, by=scene.dan.actor)


@pytest.mark.parametrize(
    ("typed", "known", "same"),
    [
        ("alice ZHANG", "Alice Zhang 张爱丽", True),
        ("张爱丽", "张 爱丽", True),
        ("Zhang, Alice", "Alice Zhang", True),
        ("Jose Garcia", "José García", True),
        ("Bob Lee", "Alice Zhang", False),
        ("Alice", "Alice Zhang", False),
        ("Bob", "", True),
        ("-", "Alice Zhang", False),
        ("", "Alice Zhang", False),
    ],
)
def test_names_are_compared_loosely(typed: str, known: str, same: bool) -> None:
    assert attesting.names_agree(typed, known) is same


def test_counts_rows_and_lists_tell_the_same(scene: Scene) -> None:
    affected = ended(scene, members=(scene.bob,))
    procedure, dataset = affected.procedure, affected.grant.dataset
    with clock.frozen(NOON):
        assert queries.counts_of([procedure])[procedure.pk] == queries.Counts(due=2)
        assert not queries.destructions().filter(queries.late()).exists()
    attest(scene)
    with clock.frozen(day(1)):
        counts = queries.counts_of([procedure])[procedure.pk]
        assert counts == queries.Counts(due=1, overdue=1, attested=1)
        assert counts == queries.counts_in(dataset)
        assert counts.asked == 2
        assert [one.person for one in queries.destructions().filter(queries.late())] == [scene.bob]
        assert queries.is_overdue(owed_by(scene.bob))
    with clock.frozen(day(0)):
        assert not queries.destructions().filter(queries.late()).exists()
    [row] = listing.with_what_is_owed(listing.reached_by(procedure))
    assert row.affected == affected
    assert {one.person.name for one in row.owed} == {"Alice", "Bob"}
    assert queries.counts_of([]) == {}
