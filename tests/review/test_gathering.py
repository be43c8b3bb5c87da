"""Evidence gathered whole: with the registry that is loaded, frozen with its sources, and kept when it is run again."""

from __future__ import annotations

import datetime as dt
from unittest import mock

import pytest
from django.db import connection

from agreements.applications import evidence
from agreements.applications.models import Application, EvidenceRun, EvidenceState, Submission
from agreements.core import actors, clock
from agreements.identity import mail_hosts, packaged
from agreements.identity.folding import searchable
from agreements.identity.models import RegisteredDomain, RegisteredOrganization, SourceLoad
from agreements.identity.sources import REGISTRY, note_load
from agreements.mail import dns
from agreements.review import gathering
from tests.flows.scene import Scene, submitted

ZONE: dns.Zone = {("connect.ust.hk", "MX"): ["10 mx.connect.ust.hk."]}
UST = ("Hong Kong University of Science and Technology", "00q4vv597", "ust.hk", ["HKUST", "香港科技大學"])
HKU = ("University of Hong Kong", "02zhqgq86", "hku.hk", ["HKU", "香港大學"])


def load_registry(version: str, *organizations: tuple[str, str, str, list[str]]) -> SourceLoad:
    """Put organizations (name, id, domain, other names) where an imported dump is."""
    load = note_load(
        source=REGISTRY, version=version, sha256="0" * 64, entries=1, counts={}, by=actors.job("import_ror")
    )
    for name, registry_id, domain, names in organizations:
        row = RegisteredOrganization.objects.create(
            load=load,
            registry_id=registry_id,
            name=name,
            names=[name, *names],
            search=searchable([name, *names]),
            types=["education"],
            country="HK",
        )
        RegisteredDomain.objects.create(load=load, organization=row, domain=domain)
    return load


def gathered() -> EvidenceRun:
    """Gather what is due, with name servers that answer, and return the run."""
    with dns.using(ZONE):
        assert gathering.work_off() == 1
    run = EvidenceRun.objects.order_by("-number").first()
    assert run is not None
    return run


def summary(run: EvidenceRun, check: str) -> tuple[str, str]:
    (found,) = [finding for finding in run.findings if finding["check"] == check]
    return found["outcome"], found["summary"]


def test_evidence_is_frozen_with_every_source_and_its_version(scene: Scene) -> None:
    load_registry("1.70", UST, HKU)
    submitted(scene)
    run = gathered()
    assert run.state == EvidenceState.COMPLETE
    assert run.sources["ror"] == "1.70"
    assert set(packaged.PACKAGES) < set(run.sources)
    assert summary(run, "address-domain") == (
        "pass",
        "Institutional. ROR 1.70 knows ust.hk as Hong Kong University of Science and Technology (education).",
    )
    assert summary(run, "address-organization") == ("pass", "The organization in the form goes with connect.ust.hk.")
    assert summary(run, "address-mail") == ("pass", "Mail for connect.ust.hk goes to mx.connect.ust.hk.")
    assert summary(run, "address-proof")[0] == "pass"
    assert summary(run, "history-domain")[1] == "This is the first application from connect.ust.hk."


def test_an_organization_of_another_domain_is_pointed_out(scene: Scene) -> None:
    load_registry("1.70", UST, HKU)
    application = submitted(scene)
    submission = handed_in(application)
    submission.form["organization"] = "香港大学"
    submission.save()
    assert summary(gathered(), "address-organization")[0] == "attention"


@pytest.mark.parametrize(
    ("organization", "outcome"),
    [("HKU", "attention"), ("The University of Hong Kong", "attention"), ("香港科技大學", "pass"), ("HKUST", "pass")],
)
def test_all_names_in_the_registry_are_compared(scene: Scene, organization: str, outcome: str) -> None:
    load_registry("1.70", UST, HKU)
    submission = handed_in(submitted(scene))
    submission.form["organization"] = organization
    submission.save()
    assert summary(gathered(), "address-organization")[0] == outcome


def test_running_again_under_another_registry_keeps_what_was_found_first(scene: Scene) -> None:
    load_registry("1.70", UST)
    application = submitted(scene)
    first = gathered()
    kept = (first.findings, first.sources, first.digest)
    load_registry("1.71", HKU)
    moment = clock.now() + dt.timedelta(minutes=5)
    with clock.frozen(moment):
        evidence.request_again(submission=handed_in(application), by=scene.carol.actor)
        second = gathered()
    first.refresh_from_db()
    assert (first.findings, first.sources, first.digest) == kept
    assert (second.number, second.sources["ror"]) == (2, "1.71")
    assert "ROR 1.70" in summary(first, "address-domain")[1]
    assert "ROR" not in summary(second, "address-domain")[1]
    assert second.digest != first.digest


def test_name_servers_that_do_not_answer_leave_it_unknown_and_the_rest_complete(scene: Scene) -> None:
    submitted(scene)
    with dns.using({("connect.ust.hk", "*"): dns.Failing.TIMEOUT}):
        assert gathering.work_off() == 1
    run = EvidenceRun.objects.get()
    assert (run.state, summary(run, "address-mail")[0]) == (EvidenceState.COMPLETE, "unknown")


@pytest.mark.django_db(transaction=True)
def test_name_servers_are_asked_outside_any_transaction(scene: Scene) -> None:
    asked = []
    look_up = mail_hosts.look_up

    def watched(domain: str) -> object:
        asked.append(connection.in_atomic_block)
        return look_up(domain)

    submitted(scene)
    with mock.patch.object(mail_hosts, "look_up", watched):
        gathered()
    assert asked == [False]


def handed_in(application: Application) -> Submission:
    return Submission.objects.get(application=application)
