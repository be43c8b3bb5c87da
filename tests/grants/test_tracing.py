"""Whose seal is on a file that turned up."""

from __future__ import annotations

import io
import secrets as random
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from agreements.catalog.archives import index_of
from agreements.catalog.archives import reader as pack_reader
from agreements.catalog.models import Archive, Dataset, Role, RoleAssignment, SealKind
from agreements.catalog.publishing.publish import publish_archive
from agreements.core import actors
from agreements.core.clock import now
from agreements.core.errors import NotAllowed
from agreements.core.secrets import SALT, key_ring
from agreements.grants import issuing, passwords, rotation, seals
from agreements.grants.models import DownloadOpened, Generation, GenerationState, Grant, GrantState, Seal
from agreements.grants.tracing import sample as trace_sample
from agreements.grants.tracing import searching
from agreements.grants.tracing.searching import Report
from agreements.ledger.models import LedgerEntry
from agreements.sealing import FoundSalt, Layout, SealedView, read_salts
from tests.grants.scene import MEMBERS, Scene, approved, handed_in

BY = actors.job("tests")


def sealed(archive: Archive, seal: Seal | Generation) -> bytes:
    """Return an archive as it is delivered under a seal."""
    index = index_of(archive)
    salt_key = key_ring().derive(SALT, *seals.inputs_of(seal.seal_id, seal.number), number=seal.key_number, length=32)
    view = SealedView(index, Layout(index), passwords.password_of(seal), salt_key, pack_reader(archive))
    return b"".join(view.stream())


def traced(data: bytes, **options: Any) -> Report:
    return searching.trace(io.BytesIO(data), size=len(data), **({"by": BY} | options))


@pytest.fixture
def own(scene: Scene) -> Seal:
    """The seal of Alice, who signed."""
    return Seal.objects.get(grant=scene.grant, person=scene.alice)


@pytest.fixture
def bobs(scene: Scene) -> Seal:
    """The seal of Bob, a member of Alice's access."""
    return seals.new_seal(grant=scene.grant, person_pk=scene.bob.pk)


def test_signer_and_member_and_another_grant_are_told_apart(scene: Scene, own: Seal, bobs: Seal) -> None:
    application = approved(scene.dataset, scene.terms, scene.eve)
    other = issuing.issue(submission=handed_in(application), by=scene.carol.actor, as_role="reviewer")
    eves = Seal.objects.get(grant=other)
    for seal, grant, signer in ((own, scene.grant, True), (bobs, scene.grant, False), (eves, other, True)):
        (finding,) = traced(sealed(scene.sealed, seal)).findings
        assert (finding.seal, finding.grant, finding.is_signer) == (seal, grant, signer)
        assert (finding.archives, finding.matched) == ((scene.sealed,), len(MEMBERS))
        assert (finding.codes.right, finding.codes.wrong, finding.is_verified) == (len(MEMBERS), 0, True)


def test_a_piece_cut_around_one_local_header_names_the_seal(scene: Scene, own: Seal, bobs: Seal) -> None:
    layout = Layout(index_of(scene.sealed))
    for seal in (own, bobs):
        for number in range(len(MEMBERS)):
            piece = sealed(scene.sealed, seal)[layout.local_start(number) : layout.data_start(number)]
            (finding,) = traced(piece).findings
            assert (finding.seal, finding.matched, finding.codes.whole) == (seal, 1, 0)
            assert not finding.is_verified, "salts alone could be planted"
            assert not traced(piece[:-1]).is_found


def test_pieces_of_two_seals_inside_other_bytes_are_both_named(scene: Scene, own: Seal, bobs: Seal) -> None:
    mixed = b"\x00PK\x03\x04" * 1000 + sealed(scene.sealed, own)[100_000:] + b"x" * 999 + sealed(scene.sealed, bobs)
    found = {finding.seal: finding.matched for finding in traced(mixed).findings}
    assert found == {own: 2, bobs: 3}


def test_the_same_files_published_deflated_are_told_by_version(scene: Scene, own: Seal, tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "again.zip", "w", zipfile.ZIP_DEFLATED) as again:
        for name, data in MEMBERS.items():
            again.writestr(name, data)
    deflated = publish_archive(subset=scene.train40, source=tmp_path / "again.zip", name=scene.sealed.name, by=BY)
    assert deflated.version == 2
    for archive in (scene.sealed, deflated):
        (finding,) = traced(sealed(archive, own)).findings
        assert [each.version for each in finding.archives] == [archive.version]
        assert finding.matched == len(MEMBERS)
    first, second = (sealed(archive, own) for archive in (scene.sealed, deflated))
    salts = [{found.salt for found in read_salts([data])} for data in (first, second)]
    assert not salts[0] & salts[1]


def test_planted_salts_without_a_right_code_are_not_verified(scene: Scene, own: Seal, bobs: Seal) -> None:
    """Alice's headers and salts, which everyone can see who has her archive, over Bob's bytes."""
    layout, planted = Layout(index_of(scene.sealed)), bytearray(sealed(scene.sealed, bobs))
    for number in range(len(MEMBERS)):
        span = slice(layout.local_start(number), layout.data_start(number))
        planted[span] = sealed(scene.sealed, own)[span]
    (finding,) = traced(bytes(planted)).findings
    assert (finding.seal, finding.matched) == (own, len(MEMBERS))
    assert (finding.codes.right, finding.codes.wrong, finding.is_verified) == (0, len(MEMBERS), False)


def test_whatever_ended_is_still_named(scene: Scene, own: Seal) -> None:
    data = sealed(scene.sealed, own)
    Grant.objects.update(state=GrantState.REVOKED, ended_at=now())
    Seal.objects.update(ended_at=now())
    Archive.objects.update(withdrawn_at=now())
    (finding,) = traced(data).findings
    assert finding.seal == own
    assert finding.grant is not None
    assert finding.grant.ended_at == now()
    assert finding.seal.ended_at is not None


def test_a_seal_from_before_a_key_change_is_named_with_its_numbers(scene: Scene, own: Seal, settings: Any) -> None:
    before = sealed(scene.sealed, own)
    settings.MASTER_KEYS = settings.MASTER_KEYS | {2: b"n" * 32}
    rotation.renew_some(1, by=BY)
    fresh = Seal.objects.get(ended_at=None)
    for data, seal, numbers in ((before, own, (1, 1)), (sealed(scene.sealed, fresh), fresh, (2, 2))):
        (finding,) = traced(data).findings
        assert finding.seal == seal
        assert (finding.seal.number, finding.seal.key_number) == numbers
    settings.MASTER_KEYS = {2: b"n" * 32}
    report = traced(before)
    assert (report.findings, dict(report.lost_keys), report.is_complete) == ((), {1: 1}, False)


def test_a_shared_seal_names_its_generation_and_how_many_were_handed_it(scene: Scene) -> None:
    Archive.objects.filter(pk=scene.sealed.pk).update(seal=SealKind.SHARED)
    generations = [
        Generation.objects.create(
            archive=scene.sealed, generation=n, seal_id=f"{n:032x}", key_number=1, object_key="x", state=state
        )
        for n, state in ((1, GenerationState.RETIRED), (2, GenerationState.READY))
    ]
    for _twice in range(2):
        DownloadOpened.objects.create(
            process="00000000-0000-0000-0000-000000000000",
            grant=scene.grant, archive=scene.sealed, generation=generations[0], range_start=0, range_stop=1,
        )  # fmt: skip
    for generation, handed in zip(generations, (1, 0), strict=True):
        (finding,) = traced(sealed(scene.sealed, generation)).findings
        assert (finding.generation, finding.handed_to) == (generation.generation, handed)
        assert (finding.grant, finding.is_verified) == (None, True)


def test_what_is_found_is_recorded_without_a_secret_and_what_is_not_found_is_not(scene: Scene, own: Seal) -> None:
    data = sealed(scene.sealed, own)
    assert not traced(b"nothing here" * 1000).is_found
    assert not LedgerEntry.objects.filter(kind="archive.traced").exists()
    traced(data, by=scene.dan.actor, desk=scene.dataset)
    row = LedgerEntry.objects.get(kind="archive.traced")
    assert (row.actor, row.role, row.subjects) == (scene.dan.actor.id, "steward", {"dataset": "genebody"})
    assert row.payload == {
        "piece_sha256": sha256(data).hexdigest(),
        "salts": len(MEMBERS),
        "seals": [f"{scene.grant.reference} seal 1"],
    }


def test_a_steward_is_told_of_their_own_datasets_only(scene: Scene, own: Seal) -> None:
    other = Dataset.objects.create(slug="other", reference_prefix="OT", title="Other")
    RoleAssignment.objects.create(user=scene.eve, dataset=other, role=Role.STEWARD)
    report = traced(sealed(scene.sealed, own), by=scene.eve.actor, desk=other)
    assert (report.findings, report.elsewhere, report.is_found) == ((), 1, True)
    assert LedgerEntry.objects.get(kind="archive.traced").subjects == {"dataset": "genebody"}


def test_reviewers_auditors_and_holders_may_not(scene: Scene, own: Seal) -> None:
    RoleAssignment.objects.create(user=scene.bob, dataset=scene.dataset, role=Role.AUDITOR)
    for person in (scene.alice, scene.bob, scene.carol, scene.eve):
        with pytest.raises(NotAllowed):
            traced(b"", by=person.actor, desk=scene.dataset)


def test_of_too_many_salts_some_from_all_over_the_file_are_considered(scene: Scene, own: Seal, bobs: Seal) -> None:
    few = searching.Limits(salts=12, derived=1000, codes=1)
    both = sealed(scene.sealed, own) * 20 + sealed(scene.sealed, bobs) * 20
    report = traced(both, limits=few)
    assert (report.sample.seen, len(report.sample.salts)) == (40 * len(MEMBERS), 12)
    assert not report.is_complete
    assert {finding.seal for finding in report.findings} == {own, bobs}


def test_when_the_time_is_over_the_rest_is_only_hashed(scene: Scene, own: Seal) -> None:
    data = b"x" * trace_sample.BLOCK + sealed(scene.sealed, own)
    report = traced(data, limits=searching.Limits(salts=10, derived=10, codes=1, seconds=0))
    assert (report.sample.searched, report.sample.sha256) == (0, sha256(data).hexdigest())
    assert not report.is_complete


def test_long_names_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace_sample, "MOST_NAMES", 1000)

    def found() -> Iterator[FoundSalt]:
        for number in range(500):
            yield FoundSalt("n" * 300, bytes([number % 256]) * 16, b"", 0, 0)

    sample = trace_sample.Sample(0)
    trace_sample._keep(sample, found(), most=100)
    assert (sample.seen, len(sample.salts)) == (500, 3)


@pytest.mark.long
def test_a_million_seals_of_the_database_are_looked_at(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    """From their rows to the finding, the right one being the last; prints what it took."""
    count = 1_000_000
    for start in range(0, count, 50_000):
        Seal.objects.bulk_create(
            Seal(seal_id=random.token_hex(16), key_number=1, grant=scene.grant, person=scene.bob, ended_at=now())
            for _each in range(start, start + 50_000)
        )
    last = Seal.objects.create(seal_id="f" * 32, key_number=1, grant=scene.grant, person=scene.eve)
    data = sealed(scene.sealed, last)
    began, worked = time.monotonic(), time.process_time()
    (finding,) = traced(data).findings
    took, worked = time.monotonic() - began, time.process_time() - worked
    with capsys.disabled():
        sys.stdout.write(f" [{count:,} rows of seals in {took:.1f} s, {worked:.1f} s of one core] ")
    assert (finding.seal, finding.is_verified) == (last, True)
    assert worked < 60
