"""Access ends while fifty downloads run through the proxy: nothing more is made, little drains, all are broken."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from portal.embedded.children import wait_until
from tests.figures import FIGURES
from tests.services import caddy, delivery_site, namespace
from tests.services.cutting import CUT, GRANTS, PRODUCED, SLOW, STAYS, bound_of, closed_of, fifty
from tests.services.delivery_site import Site
from tests.services.ports import free_port

pytestmark = pytest.mark.services


@dataclass
class Behind:
    """A site, and the port of the proxy in front of it."""

    site: Site
    port: int
    bound: int

    def status(self, *arguments: str, path: str) -> str:
        done = self.site.curl("-o", "/dev/null", "-w", "%{http_code}", *arguments, port=self.port, path=path)
        return done.stdout


@pytest.fixture(scope="module")
def behind() -> Iterator[Behind]:
    """The delivery server behind Caddy, in a network with the settings of the compose file if the system lets us."""
    with (
        namespace.with_settings(caddy.settings_of_compose()) as network,
        delivery_site.running(members=2, grants=GRANTS, network=network) as site,
    ):
        port = free_port()
        with caddy.running(site.folder, port=port, delivery_port=site.port, web_port=site.port, network=network):
            yield Behind(site, port, bound_of(network))


def test_a_revocation_cuts_its_downloads_wherever_their_bytes_are_and_no_others(behind: Behind) -> None:
    site, readers = behind.site, fifty(behind.site.paths)
    with site.reading(readers, seconds=60, port=behind.port) as reading:
        time.sleep(2)
        committed = site.revoke(*(number for number in range(GRANTS) if number != STAYS))
        for number in committed:
            assert behind.status(path=site.paths[number]) == "404"
            assert behind.status("--head", path=site.paths[number]) == "404"
            assert behind.status("--range", "1000-", path=site.paths[number]) == "404"
        assert wait_until(lambda: sum(len(closed_of(site, number)) for number in committed) == len(CUT), 20)
        running = closed_of(site, STAYS)
        # Whatever is still on its way comes now; at 50 kB/s it would take half a minute.
        reading.say("hurry")
        results = reading.results()
    assert [reader.status for reader in results] == [200] * 50
    ends = [committed.get(site.paths.index(reader.path), 0.0) for reader in results]
    cut = [(reader, end) for reader, end in zip(results, ends, strict=True) if end]
    assert {reader.ended for reader, _ in cut} <= {"short", "ConnectionResetError"}
    assert all(reader.taken < reader.expected for reader, _ in cut)
    assert running == [], "downloads of another grant were ended, too"
    assert {reader.ended for reader, end in zip(results, ends, strict=True) if not end} == {"whole"}

    last = 0.0
    for number, end in committed.items():
        rows = closed_of(site, number)
        assert {how for how, *_ in rows} == {"revoked"}
        last = max(last, *(at - end for _, at, *_ in rows))
        assert all(0 < size < site.made["size"] and seconds > 0 for _, _, size, seconds in rows)
    assert sum(len(closed_of(site, number)) for number in range(GRANTS)) == 50
    assert last < PRODUCED
    drained = [reader.taken_after(end) for reader, end in cut[:2]]
    buffers = [reader.buffer for reader, _ in cut[:2]]
    FIGURES.append(
        f"revoked with 50 downloads: {len(cut)} cut, the last {last:.2f} s after the commit; a reader at 50 kB/s still "
        f"got {drained[0] // 1024} KiB (one that was fast before: {drained[1] // 1024} KiB), receive buffers of "
        f"{buffers[0] // 1024} and {buffers[1] // 1024} KiB; own network: {site.network.own}"
    )
    for size, buffer in zip(drained, buffers, strict=True):
        # What came at its pace until the cut was no draining.
        assert size <= behind.bound + buffer + SLOW * last
    assert not any(path.split("/")[2] in text for path in site.paths for text in logs_of(site))


def logs_of(site: Site) -> list[str]:
    """Return what server and proxy wrote."""
    return [path.read_text(errors="replace") for path in site.folder.glob("*.log")]
