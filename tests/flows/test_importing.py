"""Earlier recipients are brought in once, suspended, and nothing opens before they confirm."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.core import mail

from agreements.applications.models import Application, Decision, SignedCopy, State, Submission
from agreements.bars import barring
from agreements.catalog.models import Dataset, Terms
from agreements.core import clock
from agreements.documents import store
from agreements.documents.models import Inspection, StoredDocument
from agreements.flows import import_plan
from agreements.grants.models import Grant, GrantState, Link, Seal, Suspension
from agreements.ledger.models import LedgerEntry
from agreements.ledger.verify import verify
from agreements.mail.drain import drain
from agreements.mail.models import OutboxMessage
from agreements.people.models import User
from tests.flows.recipients import PDF, ROW, Run, counts, folder_of, person
from tests.flows.scene import Scene


@pytest.fixture
def run(scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(tmp_path, capsys)


def test_a_row_becomes_an_application_a_signed_copy_and_suspended_access(run: Run, scene: Scene) -> None:
    said = run([ROW])
    grant = Grant.objects.get()
    assert f"line 2: {grant.reference} ada@ethz.ch" in said
    assert (grant.state, grant.holder.email, grant.holder_name) == (GrantState.SUSPENDED, "ada@ethz.ch", "Ada Earlier")
    assert grant.starts_at == dt.datetime(2023, 5, 31, tzinfo=dt.UTC)
    assert (grant.imported_at is not None, grant.confirmed_at) == (True, None)
    assert grant.site == {
        "organization": "ETH Zurich",
        "department": "Computer Science",
        "city": "Zürich",
        "country": "CH",
    }
    assert list(grant.subsets.values_list("slug", flat=True)) == ["train40"]
    assert Suspension.objects.get(grant=grant, closed_at=None).cause == "unconfirmed"
    application = Application.objects.get()
    assert (application.state, application.applicant) == (State.APPROVED, grant.holder)
    assert application.imported_at is not None
    assert not Decision.objects.exists()
    assert not Seal.objects.exists()
    assert not Link.objects.exists()
    copy = SignedCopy.objects.get()
    assert store.read(copy.document) == PDF + b"ada@ethz.ch"
    assert Inspection.objects.get(document=copy.document).state == "pending"
    assert Submission.objects.get().form["note"] == "mailed to Wayne"
    kinds = list(LedgerEntry.objects.order_by("sequence").values_list("kind", flat=True))
    assert kinds[-2:] == ["grant.imported", "grant.suspended"]
    assert verify().holds


def test_the_holder_is_asked_to_confirm(run: Run, scene: Scene) -> None:
    run([ROW])
    drain()
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == (
        ["ada@ethz.ch"],
        f"GeneBody: confirm your access {Grant.objects.get().reference}",
    )
    assert "on 31 May 2023 you signed the agreement for GeneBody" in sent.body
    assert f"/grants/{Grant.objects.get().reference}/confirm/" in sent.body


def test_nobody_is_written_to_without_being_asked_for(run: Run) -> None:
    said = run([ROW], "--no-mail")
    assert not OutboxMessage.objects.filter(kind="grant-imported").exists()
    assert "asked by mail" not in said


def test_a_dry_run_says_the_same_and_writes_nothing(run: Run, tmp_path: Path, settings: Any) -> None:
    before, papers = counts(), list(tmp_path.rglob("*"))
    said = run([ROW, person("Bo")], "--dry-run")
    assert counts() == before
    assert len(list(tmp_path.rglob("*"))) - len(papers) == 4, "the table, the folder and its two files"
    assert "      2 would be brought in" in said
    assert "This was a dry run: nothing was written." in said


def test_running_again_skips_what_is_there_and_says_so(run: Run) -> None:
    run([ROW, person("Bo")])
    before = counts()
    said = run([ROW | {"email": "ADA@ethz.ch"}, person("Bo"), person("Cy")])
    ada = Grant.objects.get(holder__email="ada@ethz.ch")
    assert f"line 2: {ada.reference} is there already" not in said, "another mail is another file in this test"
    said = run([ROW, person("Bo"), person("Cy")])
    assert f"line 2: {ada.reference} is there already" in said
    assert "      2 were brought in before" in said
    assert "      1 brought in now" in said
    assert Grant.objects.count() == before["agreements.Grant"] + 1


def test_whoever_is_there_already_keeps_their_account(run: Run, scene: Scene) -> None:
    run([person("Eve", email="Eve+data@ethz.ch")])
    assert Grant.objects.get().holder == scene.eve
    assert User.objects.filter(email__startswith="eve").count() == 1
    assert User.objects.get(pk=scene.eve.pk).name == "Eve"


def test_every_problem_is_told_at_once_and_nothing_is_written(run: Run, scene: Scene, tmp_path: Path) -> None:
    barring.set_bar(dataset=scene.dataset, domain="barred.example", reason="Earlier misuse.", by=scene.dan.actor)
    User.objects.create_user("shut@ethz.ch", is_active=False)
    rows = [
        person("One", email="no address"),
        person("Two", terms="7.7"),
        person("Three", signed_on="31.05.2023"),
        person("Four", signed_on="2999-01-01"),
        person("Five", site_country="Atlantis", country="XX"),
        person("Six", subsets="train40 nothing"),
        person("Seven", file="seven.txt"),
        person("Eight", email="eight@mail.barred.example"),
        person("Nine", email="shut@ethz.ch"),
        person("Ten", name="😀"),
        person("Eleven"),
        person("Twelve", email="Eleven+again@ethz.ch"),
        person("Thirteen", signed_on="2023-02-30"),
        person("Fourteen", note="=1+1", terms="8.8", signed_on=""),
    ]
    folder = folder_of(tmp_path, rows)
    (folder / "seven.txt").write_text("Dear Wayne, I agree.")
    before = counts()
    said = run(rows, folder=folder)
    assert counts() == before
    for line in (
        "line 2, email: This is not an e-mail address that mail can reach",
        "line 3, terms: terms 7.7 are not published; there are: 1.0.",
        "line 4, signed_on: 31.05.2023 is no date; write it as 2024-05-31.",
        "line 5, signed_on: 2999-01-01 cannot be the day of a signature.",
        "line 6, country: XX is no country; write its code, such as HK.",
        "line 6, site_country: Atlantis is no country; write its code, such as HK.",
        "line 7, subsets: nothing is no subset that is given by agreement; there are: train40.",
        "line 8, file: the file is not a PDF.",
        "line 9: eight@mail.barred.example is barred from this dataset.",
        "line 10: the account of shut@ethz.ch is closed.",
        "line 11, name: this cannot be printed: ",
        "line 13, email: this mailbox is in line 12 already.",
        "line 14, signed_on: 2023-02-30 is no date",
        "line 15, note: this begins like a formula of a spreadsheet (=1+1).",
        "line 15, signed_on: this is missing.",
        "line 15, terms: terms 8.8 are not published; there are: 1.0.",
    ):
        assert line in said
    assert said.endswith("Nothing was written. Mend these, or say --skip-bad. (1)")
    said = run(rows, "--skip-bad", folder=folder)
    assert [grant.holder.email for grant in Grant.objects.all()] == ["eleven@ethz.ch"]
    assert said.endswith("(1)")


@pytest.mark.parametrize(
    "name", ["../outside.pdf", "/etc/passwd", "sub/../../outside.pdf", "leads-out.pdf", "sub\\x.pdf"]
)
def test_a_file_outside_the_folder_is_never_opened(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "outside.pdf").write_bytes(PDF)
    folder = folder_of(tmp_path, [ROW])
    (folder / "leads-out.pdf").symlink_to(tmp_path / "outside.pdf")
    said = run([ROW | {"file": name}], folder=folder)
    assert "line 2, file: " in said
    assert not Grant.objects.exists()


def test_a_file_below_the_folder_may_be_named_and_belongs_to_one_row(run: Run, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, [ROW])
    (folder / "2023").mkdir()
    (folder / "ada.pdf").rename(folder / "2023" / "ada.pdf")
    rows = [ROW | {"file": "2023/ada.pdf"}, person("Bo", file="2023//ada.pdf")]
    assert "line 3, file: this file belongs to line 2 already." in run(rows, folder=folder)
    assert "      1 brought in now" in run(rows[:1], folder=folder)
    assert SignedCopy.objects.get().original_name == "ada.pdf"


def test_large_and_empty_files_are_refused(run: Run, tmp_path: Path, settings: Any) -> None:
    settings.SIGNED_COPY_LIMIT = 2**20
    rows = [ROW, person("Bo")]
    folder = folder_of(tmp_path, rows)
    (folder / "ada.pdf").write_bytes(PDF + b"0" * 2**20)
    (folder / "bo.pdf").write_bytes(b"")
    said = run(rows, folder=folder)
    assert said.count("the file is empty, or larger than 1 MiB.") == 2


def test_access_has_the_end_that_its_dataset_gives_and_what_is_over_stays_out(run: Run, scene: Scene) -> None:
    Dataset.objects.filter(pk=scene.dataset.pk).update(grant_days=365)
    day = clock.today() - dt.timedelta(days=100)
    said = run([ROW, person("Bo", signed_on=day.isoformat())], "--skip-bad")
    assert "line 2: access that began on 2023-05-31 ended on 2024-05-30." in said
    ends_at = Grant.objects.get().ends_at
    assert ends_at is not None
    assert ends_at.date() == day + dt.timedelta(days=365)


def test_whoever_has_access_already_is_not_given_a_second_one(run: Run, scene: Scene, tmp_path: Path) -> None:
    run([ROW])
    folder = folder_of(tmp_path, [ROW])
    (folder / "ada.pdf").write_bytes(PDF + b"another scan")
    assert f"ada@ethz.ch has access {Grant.objects.get().reference} already." in run([ROW], folder=folder)


def test_a_run_that_was_stopped_goes_on_where_it_was(
    run: Run, monkeypatch: pytest.MonkeyPatch, scene: Scene, tmp_path: Path
) -> None:
    rows = [ROW, person("Bo"), person("Cy")]
    folder = folder_of(tmp_path, rows)
    make = import_plan.make

    def changed(*args: Any, **kwargs: Any) -> Any:
        plan = make(*args, **kwargs)
        (folder / "bo.pdf").write_bytes(PDF + b"changed")
        return plan

    monkeypatch.setattr(import_plan, "make", changed)
    said = run(rows, folder=folder)
    assert "line 3: bo.pdf was changed while this ran. 1 of 3 were brought in; run it again to go on. (2)" in said
    documents = StoredDocument.objects.count()
    monkeypatch.setattr(import_plan, "make", make)
    assert "      2 brought in now" in run(rows, folder=folder)
    assert StoredDocument.objects.count() == documents + 2


def test_the_dataset_is_named_where_there_are_several(run: Run, scene: Scene) -> None:
    Dataset.objects.create(slug="other", reference_prefix="OT", title="Other", contact_address="o@o.example")
    assert run([ROW]).endswith("Say --dataset: genebody, other. (2)")
    assert "      1 brought in now" in run([ROW], "--dataset", "genebody")


def test_terms_of_another_dataset_do_not_count(run: Run, scene: Scene) -> None:
    other = Dataset.objects.create(slug="other", reference_prefix="OT", title="Other", contact_address="o@o.example")
    Terms.objects.create(
        dataset=other,
        version="9",
        title="T",
        effective_from=dt.date(2020, 1, 1),
        clauses=[],
        source="",
        sha256="1" * 64,
    )
    assert "terms 9 are not published; there are: 1.0." in run([ROW | {"terms": "9"}], "--dataset", "genebody")
