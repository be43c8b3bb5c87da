"""Asking name servers: what is not there, what nobody knows, and how long it may take."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from agreements.mail import dns
from agreements.mail.dns import Failing, NoAnswer, Zone
from tests.services import name_server
from tests.services.ports import free_port

LONG_KEY = "v=DKIM1; k=rsa; p=" + "A" * 1800

ZONE: Zone = {
    ("ust.hk", "MX"): ["20 Second.ust.hk.", "10 first.ust.hk."],
    ("no-mail.example", "MX"): ["0 ."],
    ("only-a.example", "A"): ["192.0.2.1"],
    ("only-aaaa.example", "AAAA"): ["2001:db8::1"],
    ("empty.example", "TXT"): ["hello"],
    ("late-failure.example", "MX"): [],
    ("late-failure.example", "A"): Failing.SERVFAIL,
    ("slow.example", "*"): Failing.TIMEOUT,
    ("broken.example", "*"): Failing.SERVFAIL,
    ("sel._domainkey.ust.hk", "TXT"): ['v=DKIM1; p="quoted\\'],
    ("long._domainkey.ust.hk", "TXT"): [LONG_KEY],
    ("two.example", "TXT"): ["b", "a"],
    ("xn--fsqu00a.example", "MX"): ["10 mx.example."],
}


@pytest.fixture(params=["zone", "server"])
def answered(request: pytest.FixtureRequest, settings: Settings) -> Iterator[None]:
    """The same questions to the test's zone and to a real server: both must answer alike."""
    if request.param == "zone":
        with dns.using(ZONE):
            yield
    else:
        with name_server.running(ZONE) as server:
            settings.NAME_SERVERS = server.setting
            yield


@pytest.mark.usefixtures("answered")
class TestBothAlike:
    def test_mail_servers_come_by_preference(self) -> None:
        found = dns.mail_hosts("UST.hk")
        assert (found.state, found.hosts) == ("accepts", ("first.ust.hk", "second.ust.hk"))
        assert found.words == "Mail for UST.hk goes to first.ust.hk, second.ust.hk."

    def test_a_null_mx_refuses_mail(self) -> None:
        found = dns.mail_hosts("no-mail.example")
        assert (found.state, found.hosts) == ("refuses", ())
        assert found.words == "no-mail.example says that it takes no mail."

    @pytest.mark.parametrize("domain", ["only-a.example", "only-aaaa.example"])
    def test_without_an_mx_the_domains_own_address_takes_mail(self, domain: str) -> None:
        assert dns.mail_hosts(domain).hosts == (domain,)
        assert dns.mail_hosts(domain).state == "accepts"

    def test_a_domain_that_is_not_there_refuses_mail(self) -> None:
        assert dns.mail_hosts("nowhere.example").words == "There is no domain nowhere.example."
        assert dns.mail_hosts("nowhere.example").state == "refuses"

    def test_a_domain_with_neither_refuses_mail(self) -> None:
        assert dns.mail_hosts("empty.example").state == "refuses"

    @pytest.mark.parametrize("domain", ["broken.example", "late-failure.example"])
    def test_a_server_that_could_not_find_out_says_nothing(self, domain: str) -> None:
        assert dns.mail_hosts(domain).state == "unknown"

    def test_a_text_comes_in_one_piece_and_as_it_is(self) -> None:
        assert dns.txt("sel._domainkey.ust.hk.") == 'v=DKIM1; p="quoted\\'

    def test_a_text_that_fits_no_datagram_is_fetched_whole(self) -> None:
        assert dns.txt("long._domainkey.ust.hk") == LONG_KEY

    def test_a_text_that_is_not_there_is_none(self) -> None:
        assert dns.txt("other._domainkey.ust.hk") is None
        assert dns.txt("ust.hk") is None

    def test_several_texts_are_all_told(self) -> None:
        assert sorted(dns.txts("two.example")) == ["a", "b"]
        assert dns.txt("two.example") == "a"

    def test_a_failing_server_raises_for_a_text(self) -> None:
        with pytest.raises(NoAnswer):
            dns.txt("broken.example")

    def test_a_name_in_another_script_is_asked_as_the_wire_has_it(self) -> None:
        assert dns.mail_hosts("例子.example").state == "accepts"

    @pytest.mark.parametrize("name", ["", ".", "a..b", "x" * 64 + ".example", "a b.example", "\x00.example", "a\\."])
    def test_what_is_no_name_is_not_there(self, name: str) -> None:
        assert dns.txt(name) is None
        assert dns.mail_hosts(name).state == "refuses"


def test_silence_ends_in_time_and_says_nothing(settings: Settings) -> None:
    with name_server.running(ZONE) as server:
        settings.NAME_SERVERS = server.setting
        assert dns.mail_hosts("slow.example").state == "unknown"
        with pytest.raises(NoAnswer):
            dns.txt("slow.example")
    # One mail server and one text were asked for, each twice in its three seconds.
    assert len(server.asked) <= 2 * 3


def test_a_second_server_is_asked_when_the_first_is_silent(settings: Settings) -> None:
    with name_server.running({("ust.hk", "*"): Failing.TIMEOUT}) as silent, name_server.running(ZONE) as second:
        settings.NAME_SERVERS = f"{silent.setting}, {second.setting}"
        assert dns.mail_hosts("ust.hk").state == "accepts"


@pytest.mark.parametrize("named", ["none", "None", "resolver.example", f"127.0.0.1:{free_port()}"])
def test_where_nobody_can_be_asked_nothing_is_known(settings: Settings, named: str) -> None:
    settings.NAME_SERVERS = named
    assert dns.mail_hosts("ust.hk").state == "unknown"
    with pytest.raises(NoAnswer):
        dns.txt("sel._domainkey.ust.hk")


@pytest.mark.parametrize(
    ("written", "host", "port"),
    [
        ("192.0.2.53", "192.0.2.53", 53),
        ("192.0.2.53:5353", "192.0.2.53", 5353),
        ("2001:db8::1", "2001:db8::1", 53),
        ("[2001:db8::1]:5353", "2001:db8::1", 5353),
    ],
)
def test_servers_are_named_with_and_without_a_port(written: str, host: str, port: int) -> None:
    server = dns._resolver(written).nameservers[0]
    assert (server.address, server.port) == (host, port)  # type: ignore[union-attr]
