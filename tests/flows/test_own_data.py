"""What a person takes along: all that is theirs, nothing that is somebody else's, nothing that opens anything."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from agreements.core.secrets import key_ring
from agreements.flows import own_data
from agreements.grants import passwords
from agreements.grants.links import tokens
from agreements.grants.models import Link, Seal
from agreements.ledger.models import LedgerEntry
from agreements.people.models import User
from tests.flows.leaving import LAST, NAME, Left, go_through_everything
from tests.flows.scene import Scene


@pytest.fixture
def left(scene: Scene, tmp_path: Path, settings: Any) -> Left:
    settings.STAFF_MFA_REQUIRED = False
    settings.VAULT_PAPERS = f"folder:{tmp_path / 'papers'}"
    return go_through_everything(scene)


def opened(person: User) -> dict[str, bytes]:
    """Return the files of what a person takes along."""
    pieces = list(own_data.hand_out(person))
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_everything_that_is_theirs_is_in_it(left: Left) -> None:
    files = opened(left.person)
    folder = f"applications/{left.application.reference}"
    assert {name for name in files if name.startswith(folder)} == {
        f"{folder}/application.json",
        *(f"{folder}/signed-copy-{number}.pdf" for number in (1, 2, 3, 4)),
        *(f"{folder}/agreement-{number}.pdf" for number in (1, 2)),
    }
    assert files[f"{folder}/signed-copy-1.pdf"].startswith(b"%PDF")
    written = json.loads(files[f"{folder}/application.json"])
    assert written["form"]["name"] == NAME
    here, *papers = [each["signed_in_the_browser"] for each in written["signed_copies"]]
    assert (here["name"], here["manner"], here["network_address"]) == (NAME, "drawn", "127.0.0.1")
    assert here["strokes"] == [[[100, 200], [180, 80], [260, 200], [340, 90]]]
    assert papers == [None, None, None]
    assert [each["reason"] for each in written["answers"]] == [f"Ms {LAST} has to sign page 2."]
    (grant,) = json.loads(files["grants.json"])
    assert grant["invited"][0]["email"] == "bob@connect.ust.hk"
    assert grant["ended_by"][0]["reason"] == f"{NAME} passed it on."
    (part,) = json.loads(files["parts.json"])
    assert part["grant"] == left.bobs.reference
    assert json.loads(files["destructions.json"])[0]["signed_name"] == NAME
    assert json.loads(files["account.json"])["email"] == left.person.email
    assert len(files["downloads.jsonl"].splitlines()) == 1
    assert any(b"passed it on" in line for line in files["mails.jsonl"].splitlines())
    rows = [json.loads(line) for line in files["record.jsonl"].splitlines()]
    assert {row["kind"] for row in rows} >= {"application.submitted", "grant.revoked", "data.handed-out"}
    assert [name for name in files if name.startswith("certificates/")]


def test_nothing_of_other_people_is_in_it(left: Left, scene: Scene) -> None:
    files = opened(left.person)
    # A mail is given as it was sent to them, whoever it names.
    written = [data for name, data in files.items() if not name.endswith(".pdf") and name != "mails.jsonl"]
    text = b"\n".join(written).decode()
    for other in (scene.carol, scene.dan):
        assert other.email not in text
        assert str(other.public_id) not in text
        assert other.name not in text
    assert str(scene.bob.public_id) not in text
    assert f"I know {NAME}" not in text, "a remark of the reviewers"
    assert f"{NAME} is known" not in text, "the reason of an approval"
    assert f"{NAME} broke it" not in text, "the reason of a bar"
    assert "history-" not in text


def test_nothing_that_opens_anything_is_in_it(left: Left) -> None:
    text = b"\n".join(opened(left.person).values()).decode("latin-1")
    secrets = [tokens.token(link) for link in Link.objects.all()]
    secrets += [passwords.password_of(seal) for seal in Seal.objects.all()]
    secrets += [seal.seal_id for seal in Seal.objects.all()] + [link.link_id for link in Link.objects.all()]
    assert len(secrets) >= 8
    assert key_ring().current
    assert [secret for secret in secrets if secret in text] == []


def test_that_it_was_asked_for_is_recorded_before_the_first_byte(left: Left) -> None:
    before = LedgerEntry.objects.filter(kind="data.handed-out").count()
    pieces = own_data.hand_out(left.person)
    assert LedgerEntry.objects.filter(kind="data.handed-out").count() == before + 1
    assert next(iter(pieces))


def test_a_paper_that_was_erased_is_named_and_not_a_failure(left: Left) -> None:
    from agreements.documents import erasing as papers

    papers.mark(papers.agreements_of(left.application.reference))
    papers.remove_files()
    files = opened(left.person)
    name = f"applications/{left.application.reference}/agreement-1.pdf"
    assert files[name].startswith(b"This paper was erased on")


def test_the_page_counts_what_there_is_and_names_whom_to_ask(left: Left) -> None:
    words = {str(label): value for label, value in own_data.in_words(left.person)}
    assert words["Applications"] == 1
    assert words["Parts in other people's access"] == 1
    assert words["Downloads"] == 1
    (contact,) = own_data.contacts(left.person)
    assert contact.dataset.contact_address == "contact@genebody.example"
