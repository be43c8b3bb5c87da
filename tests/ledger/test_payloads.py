"""Every kind has a label, fields with types and a sentence; what does not fit is refused and named."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from agreements.core import actors
from agreements.ledger import field_types
from agreements.ledger.act import act
from agreements.ledger.field_types import FieldType
from agreements.ledger.kinds import Kind, label
from agreements.ledger.models import LedgerEntry
from agreements.ledger.payloads import PAYLOADS, check_payload
from agreements.ledger.sentences import SENTENCES, WITHOUT, sentence
from agreements.ledger.verify import verify
from tests.ledger.samples import sample

JOB = actors.job("tests")
NO_TEXT = "two\nlines"
WRONG: dict[str, list[Any]] = {
    "TEXT": ["", NO_TEXT, "x" * 251, "nul\0", "half \ud800", 1, None, ["a"]],
    "CODE": ["", "two words", "x" * 61, "-", None, True],
    "FLAG": [1, 0, None, "true"],
    "COUNT": [-1, True, 1.0, "1", None, 2**63],
    "NUMBER": [0, False, 1.5, "1"],
    "SIZE": [-1, 1.5, None],
    "SHA256": ["", "0" * 63, "0" * 65, "A" * 64, "0" * 63 + "\n", None, 1],
    "DIGEST": ["", "g" * 64, None],
    "DIGEST_OR_EMPTY": [None, "0"],
    "ED25519_KEY": ["00", None],
    "ED25519_SIGNATURE": ["0" * 64, None],
    "MOMENT": ["2026-03-02", "2026-03-02T12:00:00", "yesterday", None, 5],
    "DATE": ["2026-02-30", "20260302", "2026-03-02T12:00:00+00:00", None],
}


def types() -> dict[str, FieldType]:
    return {name: value for name, value in vars(field_types).items() if isinstance(value, FieldType)}


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_label_fields_with_types_and_a_sentence(kind: Kind) -> None:
    assert label(kind)
    assert all(isinstance(type_, FieldType) for type_ in PAYLOADS[kind].values())
    fields = set(re.findall(r"%\((\w+)\)s", str(SENTENCES[kind])))
    assert fields <= set(PAYLOADS[kind])
    assert "%" not in re.sub(r"%\(\w+\)s", "", str(SENTENCES[kind]))


def test_the_tables_have_no_row_for_a_kind_that_is_not_there() -> None:
    assert set(PAYLOADS) == set(SENTENCES) == set(Kind)


def test_no_field_is_for_a_secret_or_a_persons_words() -> None:
    fields = set().union(*(set(payload) for payload in PAYLOADS.values()))
    assert not fields & {"reason", "text", "name", "email", "password", "token", "link", "remark", "address"}


@pytest.mark.parametrize("kind", Kind)
def test_a_sample_of_every_kind_makes_a_sentence(kind: Kind) -> None:
    said = sentence(kind, sample(kind))
    assert said
    assert "%" not in said
    empty = {name: None for name, type_ in PAYLOADS[kind].items() if type_.fits(None)}
    assert "None" not in sentence(kind, sample(kind) | empty)


def test_sentences_are_what_a_person_reads() -> None:
    revoked = {"clause": "no-redistribution", "terms": "1.0", "reason_digest": "0" * 64}
    assert sentence("grant.revoked", revoked) == "Access revoked under clause no-redistribution of terms 1.0"
    granted = {"terms": "1.0", "subsets": ["train40", "test10"], "starts": "2026-03-02T12:00:00+00:00", "ends": None}
    assert sentence("grant.issued", granted) == ("Access granted under terms 1.0 to train40, test10, with no end")


def test_a_row_of_another_version_still_says_what_it_is() -> None:
    assert sentence("grant.revoked", {"paragraph": 4}) == "Access revoked"
    assert sentence("grant.revoked", {"clause": ["a"], "terms": 1}) == "Access revoked"
    assert sentence("grant.mislaid", {}) == "grant.mislaid"


@pytest.mark.parametrize("name", WRONG)
def test_a_type_refuses_what_is_not_of_it(name: str) -> None:
    type_ = types()[name]
    assert type_.fits(type_.example)
    assert type_.show(type_.example)
    assert [value for value in WRONG[name] if type_.fits(value)] == []


def test_every_type_is_tried_above() -> None:
    assert set(WRONG) == set(types())


def test_types_made_of_types() -> None:
    texts, words = field_types.list_of(field_types.TEXT), field_types.by_name(field_types.CODE)
    assert texts.fits([])
    assert texts.show(["a", "b"]) == "a, b"
    assert [value for value in (None, "ab", ("a",), ["a", 1]) if texts.fits(value)] == []
    assert words.show({"b": "fail", "a": "pass"}) == "a pass, b fail"
    assert [value for value in (None, ["a"], {"a": 1}, {"a\n": "pass"}) if words.fits(value)] == []


@pytest.mark.parametrize("kind", [kind for kind in Kind if PAYLOADS[kind]])
def test_a_wrong_type_is_refused_with_kind_and_field_named_and_the_value_never(kind: Kind) -> None:
    for name in PAYLOADS[kind]:
        with pytest.raises(ValueError, match=f"^{re.escape(kind)}: {name} must be") as caught:
            check_payload(kind, sample(kind) | {name: b"hunter2"})
        assert "hunter2" not in str(caught.value)


@pytest.mark.django_db
def test_what_every_type_allows_is_the_same_after_the_database_kept_it() -> None:
    with act() as record:
        for kind in Kind:
            record.record(kind, by=JOB, as_role="system", subjects={"dataset": "数据 é"}, **sample(kind))
    assert verify().holds
    for entry in LedgerEntry.objects.all():
        assert json.dumps(entry.payload, sort_keys=True) == json.dumps(sample(Kind(entry.kind)), sort_keys=True)


def test_words_of_ours_are_said_as_people_say_them_and_what_is_null_is_left_out() -> None:
    begun = sample(Kind.PROCEDURE_BEGUN) | {"clause": "single-site", "act": "suspend", "grants": 2, "people": 3}
    assert sentence("procedure.begun", begun | {"scope": "organization eth zurich", "destroy_by": None}) == (
        "Procedure begun under clause single-site: suspension, the organization eth zurich; access reached: 2, "
        "people: 3"
    )
    assert sentence("procedure.begun", begun | {"act": "revoke", "scope": "person 1d0c"}) == (
        "Procedure begun under clause single-site: revocation, all of one person; access reached: 2, people: 3; "
        "copies to be destroyed by 2 March 2026"
    )
    barred = sample(Kind.BAR_SET) | {"until": None}
    assert sentence("bar.set", barred) == "Barred from applying, with no end"
    shut = sample(Kind.DATASET_SHUT) | {"cause": "told", "expected_sequence": None}
    assert (
        sentence("dataset.shut", shut)
        == "Downloads shut after a restore: told by the operator; the record ends at row 3"
    )
    ended = sample(Kind.INTEREST_ENDED) | {"cause": "told", "subset": "test10"}
    assert sentence("interest.ended", ended) == "No longer to be told of subset test10 (they were told)"
    # Another version's word is shown as it is.
    assert sentence("grant.closed", {"cause": "some-thing"}) == "Access closed by its holder (some thing)"
    assert sentence("signed-copy.received", sample(Kind.SIGNED_COPY_RECEIVED) | {"size": 5 * 2**20}).endswith("5.0 MiB")


def test_a_sentence_without_a_field_is_for_one_that_may_be_null() -> None:
    for kind, (field, words) in WITHOUT.items():
        assert PAYLOADS[kind][field].fits(None)
        fields = set(re.findall(r"%\((\w+)\)s", str(words)))
        assert fields <= set(PAYLOADS[kind]) - {field}
