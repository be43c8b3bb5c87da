"""Approving and granting, as one act."""

from __future__ import annotations

from agreements.applications.models import Application, State
from agreements.catalog.models import Terms
from agreements.flows.approving import approve
from tests.applications.cases import put, seen
from tests.flows.scene import DETAILS, SITE, Scene


def test_the_grant_is_what_was_submitted_and_not_what_the_application_says_since(scene: Scene) -> None:
    application = put(scene, State.SUBMITTED)
    terms = Terms.objects.get(pk=application.terms_id)
    later = Terms.objects.create(
        dataset=scene.dataset,
        version="2.0",
        title="Later",
        effective_from=terms.effective_from,
        clauses=terms.clauses,
        source="",
        sha256="1" * 64,
    )
    rows = Application.objects.filter(pk=application.pk)
    rows.update(name="Eve", organization="Elsewhere", site_department="", site_city="Zürich", terms=later)
    _approved, grant = approve(application=application, seen=seen(application), reason="", by=scene.carol.actor)
    assert grant is not None
    assert (grant.holder_name, grant.organization, grant.terms) == (DETAILS["name"], DETAILS["organization"], terms)
    assert grant.site == {
        "organization": DETAILS["organization"],
        "department": SITE["site_department"],
        "city": SITE["site_city"],
        "country": SITE["site_country"],
    }
