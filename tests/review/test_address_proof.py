"""How it is said that an address was proven."""

from __future__ import annotations

import pytest

from agreements.applications.models import Application
from agreements.core.addresses import comparison_key
from agreements.mail.inbox.models import InboundMail, Mailbox, Proof
from agreements.review.address_proof import proof_finding
from tests.flows.scene import Scene, submitted


def _mail(application: Application, *, sender: str, proof: Proof, number: int = 0) -> InboundMail:
    mailbox, _made = Mailbox.objects.get_or_create(name="access@host.example/INBOX")
    return InboundMail.objects.create(
        mailbox=mailbox,
        sha256=f"{number:064}",
        size=1,
        sender=sender,
        sender_key=comparison_key(sender),
        proof=proof,
        proof_domain="ust.hk" if proof == Proof.PROVEN else "",
        application_reference=application.reference,
    )


def _elsewhere(scene: Scene) -> Application:
    """Alice applies for an address that is not the one she signs in with."""
    application = submitted(scene)
    Application.objects.filter(pk=application.pk).update(email="alice@cse.ust.hk")
    application.refresh_from_db()
    return application


@pytest.mark.parametrize(
    ("email", "summary"),
    [
        ("alice@connect.ust.hk", "The applicant signed in with a code mailed to alice@connect.ust.hk."),
        ("Alice@connect.ust.hk", "The applicant signed in with a code mailed to Alice@connect.ust.hk."),
        (
            "alice+data@connect.ust.hk",
            "The applicant signed in with a code mailed to alice@connect.ust.hk; alice+data@connect.ust.hk is held to "
            "be another spelling of it.",
        ),
    ],
)
def test_an_address_that_one_signs_in_with_is_proven_by_the_code(scene: Scene, email: str, summary: str) -> None:
    application = submitted(scene)
    application.email = email
    found = proof_finding(application)
    assert (found["check"], found["outcome"]) == ("address-proof", "pass")
    assert found["summary"] == summary


def test_signed_mail_that_is_not_shown_is_counted_as_that_and_never_as_proving_nothing(scene: Scene) -> None:
    application = _elsewhere(scene)
    for number in range(7):
        _mail(application, sender="alice@cse.ust.hk", proof=Proof.PROVEN, number=number)
    details = proof_finding(application)["details"]
    assert details["signed mail, besides"] == "2 more"
    assert "other mail about this application" not in details


def test_an_address_that_nothing_proves_is_pointed_out(scene: Scene) -> None:
    found = proof_finding(_elsewhere(scene))
    assert found["outcome"] == "attention"
    assert found["summary"] == (
        "Nothing proves that alice@cse.ust.hk is the applicant's: they sign in with alice@connect.ust.hk."
    )


def test_a_signed_mail_from_the_address_about_this_application_proves_it(scene: Scene) -> None:
    application = _elsewhere(scene)
    mail = _mail(application, sender="Alice+x@cse.ust.hk", proof=Proof.PROVEN)
    found = proof_finding(application)
    assert found["outcome"] == "pass"
    assert found["summary"] == "A mail from alice@cse.ust.hk, signed by ust.hk, came about this application."
    assert found["details"][f"mail {mail.pk}"].startswith("signed by ust.hk, taken on ")


@pytest.mark.parametrize(
    ("sender", "proof"),
    [
        ("alice@cse.ust.hk", Proof.UNPROVEN),
        ("alice@cse.ust.hk", Proof.UNKNOWN),
        ("alice@cse.ust.hk", Proof.PENDING),
        ("eve@cse.ust.hk", Proof.PROVEN),
    ],
)
def test_other_mail_proves_nothing_and_is_counted(scene: Scene, sender: str, proof: Proof) -> None:
    application = _elsewhere(scene)
    _mail(application, sender=sender, proof=proof)
    found = proof_finding(application)
    assert found["outcome"] == "attention"
    assert found["details"]["other mail about this application"] == "1, which proves nothing"


def test_mail_about_another_application_proves_nothing_here(scene: Scene) -> None:
    application = _elsewhere(scene)
    mail = _mail(application, sender="alice@cse.ust.hk", proof=Proof.PROVEN)
    InboundMail.objects.filter(pk=mail.pk).update(application_reference="GB-A-OTHER2")
    found = proof_finding(application)
    assert (found["outcome"], "other mail about this application" in found["details"]) == ("attention", False)
