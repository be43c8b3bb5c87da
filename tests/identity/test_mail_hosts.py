from __future__ import annotations

import datetime as dt

import pytest

from agreements.core import clock
from agreements.identity import mail_hosts
from agreements.mail import dns
from agreements.mail.dns import Failing

ZONE: dns.Zone = {
    ("hku.hk", "MX"): ["10 mx1.hku.hk.", "5 mx0.hku.hk."],
    ("nomail.example", "MX"): ["0 ."],
    ("away.example", "*"): Failing.TIMEOUT,
    ("broken.example", "*"): Failing.SERVFAIL,
}


@pytest.mark.parametrize(
    ("domain", "outcome", "summary"),
    [
        ("hku.hk", "pass", "Mail for hku.hk goes to mx0.hku.hk, mx1.hku.hk."),
        ("nomail.example", "attention", "nomail.example says that it takes no mail."),
        ("nowhere.example", "attention", "There is no domain nowhere.example."),
        (
            "away.example",
            "unknown",
            "No name server said whether away.example takes mail. This says nothing about the address.",
        ),
        (
            "broken.example",
            "unknown",
            "No name server said whether broken.example takes mail. This says nothing about the address.",
        ),
    ],
)
def test_a_domain_takes_mail_or_not_or_nobody_knows(domain: str, outcome: str, summary: str) -> None:
    with clock.frozen(dt.datetime(2026, 11, 20, 9, 30, tzinfo=dt.UTC)), dns.using(ZONE):
        found = mail_hosts.look_up(domain)
    assert (found["check"], found["outcome"], found["summary"]) == ("address-mail", outcome, summary)
    assert found["details"]["asked"] == "2026-11-20T09:30:00+00:00"
    assert found["details"]["times asked"] == ("2" if outcome == "unknown" else "1")


def test_an_answer_that_did_not_come_is_asked_for_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([dns.MailHosts("unknown", (), "?"), dns.MailHosts("accepts", ("mx.hku.hk",), "It does.")])
    monkeypatch.setattr(dns, "mail_hosts", lambda domain: next(answers))
    found = mail_hosts.look_up("hku.hk")
    assert (found["outcome"], found["summary"], found["details"]["mail servers"]) == ("pass", "It does.", "mx.hku.hk")


def test_a_slow_server_is_not_waited_for_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_hosts, "AGAIN_WITHIN", 0.0)
    monkeypatch.setattr(dns, "mail_hosts", lambda domain: dns.MailHosts("unknown", (), "?"))
    assert mail_hosts.look_up("hku.hk")["details"]["times asked"] == "1"


def test_of_a_thousand_mail_servers_ten_are_kept_and_the_number() -> None:
    hosts = [f"{number} {'a' * 60}.{'b' * 60}.{'c' * 60}.{number}.example." for number in range(1000)]
    with dns.using({("many.example", "MX"): hosts}):
        found = mail_hosts.look_up("many.example")
    assert found["details"]["of mail servers"] == "1000"
    assert len(found["details"]["mail servers"].split(", ")) == mail_hosts.HOSTS
    assert len(str(found)) < 5000
