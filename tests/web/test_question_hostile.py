"""The questions asked with hostile words, and answers that are no formulas."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from django.test import Client

from agreements.applications.models import State
from agreements.catalog import roles
from agreements.catalog.models import Dataset, Role
from agreements.grants.models import Grant
from agreements.revocation.models import ScopeKind
from agreements.web import csv_answer
from tests.applications.cases import put
from tests.flows.scene import SETUP, Scene, signed_in
from tests.revocation import many


@pytest.fixture
def grant(scene: Scene) -> Grant:
    """Alice's access."""
    return Grant.objects.select_related("application").get(application=put(scene, State.APPROVED))


@pytest.fixture
def dan(scene: Scene) -> Client:
    return signed_in(scene.dan)


@pytest.fixture
def stranger(scene: Scene) -> Client:
    """The steward of another dataset."""
    other = Dataset.objects.create(slug="other", reference_prefix="OT", title="Other", summary="", organization="")
    roles.give(user=scene.eve, dataset=other, role=Role.STEWARD, by=SETUP)
    return signed_in(scene.eve)


def rows_of(answer: object) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1", "＝1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert csv_answer.cell(text) == f"'{text}"


def test_numbers_and_moments_stay_what_they_are() -> None:
    assert csv_answer.cell(-5) == "-5"
    assert csv_answer.cell(None) == ""
    assert csv_answer.cell(dt.datetime(2026, 1, 1, tzinfo=dt.UTC)) == "2026-01-01T00:00:00+00:00"


def test_an_organization_named_as_a_formula_is_quoted(scene: Scene, grant: Grant, dan: Client) -> None:
    Grant.objects.filter(pk=grant.pk).update(holder_name="=HYPERLINK(1)")
    facts = rows_of(dan.get("/record/person/", {"who": scene.alice.email, "csv": "facts"}))
    assert "'=HYPERLINK(1)" in {row["who"] for row in facts}


@pytest.mark.parametrize("address", ["person/?who=", "organization/?name=", "organization/?domain="])
@pytest.mark.parametrize("text", ["%00", "x" * 5000, "' OR 1=1 --", "%25_%25", "\u202e"])
def test_what_no_name_has_is_no_error(dan: Client, address: str, text: str) -> None:
    assert dan.get(f"/record/{address}{text}").status_code == 200
    assert dan.get(f"/record/{address}{text}&page=99999999999999999999").status_code == 200


def test_a_row_of_a_procedure_leads_to_its_page(scene: Scene, grant: Grant, dan: Client) -> None:
    procedure = many.start(scene.dataset, ScopeKind.DATASET, by=scene.dan)
    page = dan.get("/record/", {"kind": "procedure.begun"}).content.decode()
    assert f'href="/stewardship/genebody/procedures/{procedure.reference}/">{procedure.reference}</a>' in page


def test_the_record_leads_to_each_question(grant: Grant, dan: Client) -> None:
    page = dan.get("/record/").content.decode()
    for address in ("/record/access/", "/record/person/", "/record/organization/", "/record/restored/"):
        assert f'href="{address}"' in page
    assert f"/record/application/{grant.application.reference}/" in page
    assert f"/record/downloads/{grant.reference}/" in page
