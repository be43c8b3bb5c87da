"""The delivery process: its rate against the engine's, pages and memory beside 200 slow clients, how soon a cut cuts.

``python -m bench.delivery --json FILE --quick``. Real servers: gunicorn for downloads, granian for pages, PostgreSQL, a
folder vault; for the cut Caddy too, in a network with the settings of the compose file where the system allows that.
Clients are one process that drops in the kernel what it reads. The engine runs in a process of its own, in turns with
HTTP: rates are each one's best.
"""

from __future__ import annotations

import http.client
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.rows import Row, arguments, report
from portal.embedded import parts
from portal.embedded.children import Child, wait_until
from tests.faults.processes import children_of
from tests.services import caddy, delivery_site, namespace, postgres
from tests.services.cutting import GRANTS, SLOW, bound_of, closed_of, fifty
from tests.services.delivery_site import Site
from tests.services.ports import free_port
from tests.services.readers import Reader

MB: Final = 1e6
CLIENTS: Final = 200
PACE: Final = 2_000_000
PEOPLE: Final = 13
"""Nobody may run more than sixteen downloads at once."""
PAGES: Final = 60

ENGINE: Final = """
import os, sys, time
if sys.argv[1] == "one core" and hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
import django; django.setup()
from agreements.grants.downloads import sources
from agreements.grants.links import making as links
link = links.with_all().first()
view = sources.view_of(link.archive, link.seal)
began = time.perf_counter()
size = sum(map(len, view.stream()))
print(size / (time.perf_counter() - began))
"""

Facts = dict[str, object]


def main() -> None:
    """Measure, and print the rows."""
    options = arguments(__doc__)
    facts: Facts = {}
    with postgres.running() as database:
        members = 6 if options.quick else 16
        with delivery_site.running(members=members, grants=PEOPLE, database_url=database.url) as site:
            rows = [
                memory_of_one(site, facts),
                *rates(site, rounds=3 if options.quick else 8),
                pages(site, facts, seconds=4 if options.quick else 20),
            ]
    rows += cut(facts)
    report(rows, title="delivery", json_file=options.json, facts=facts)


def rates(site: Site, *, rounds: int) -> list[Row]:
    """One curl to /dev/null against the engine alone, on one core and on all: it takes a second one if that is free.

    On two cores the second row compares three busy threads (cipher and sending, authentication, curl) with two.
    """
    best = {"one core": 0.0, "all cores": 0.0}
    over_http = 0.0
    for _ in range(rounds):
        for cores, before in best.items():
            best[cores] = max(before, float(site.python(ENGINE, cores)))
        over_http = max(over_http, download(site))
    return [
        Row(
            promise=f"one download by curl, against the engine alone on {cores}",
            ours=over_http / MB,
            against=engine / MB,
            target=0.8,
        )
        for cores, engine in best.items()
    ]


def download(site: Site) -> float:
    """Return the rate of one whole download in bytes a second."""
    done = site.curl("-o", "/dev/null", "-w", "%{http_code} %{speed_download}", path=site.paths[0])
    status, speed = done.stdout.split()
    assert status == "200", status
    return float(speed)


def memory_of_one(site: Site, facts: Facts) -> Row:
    """What one download adds to the process at its highest; the first one has read the index before."""
    site.curl("-o", "/dev/null", "--range", "0-9", path=site.paths[0])
    (worker,) = children_of(site.server.pid)
    idle = resident(worker, "VmRSS")
    facts["memory of the idle process (MB)"] = idle
    forget_peak(worker)
    download(site)
    return Row(
        promise="memory of one download above idle, peak",
        ours=resident(worker, "VmHWM") - idle,
        against=64.0,
        target=1.0,
        unit="MB",
        direction="at most",
    )


def pages(site: Site, facts: Facts, *, seconds: float) -> Row:
    """A page's median time while slow clients download."""
    (worker,) = children_of(site.server.pid)
    idle = resident(worker, "VmRSS")
    with web_server(site) as port:
        alone = statistics.median(page_times(port, site.made["page"]))
        forget_peak(worker)
        readers = [Reader(site.paths[number % PEOPLE], pace=PACE) for number in range(CLIENTS)]
        with site.reading(readers, seconds=seconds * 4) as reading:
            began = time.time()
            end = time.monotonic() + seconds
            times: list[float] = []
            while time.monotonic() < end:
                times += page_times(port, site.made["page"])
            took = time.time() - began
            reading.say("stop")
            results = reading.results()
    assert [reader.status for reader in results] == [200] * CLIENTS
    facts["a page without downloads, median (ms)"] = alone
    facts["a page beside them, 95th percentile (ms)"] = statistics.quantiles(times, n=20)[-1]
    facts["what the 200 clients got together (MB/s)"] = sum(r.taken_after(began) for r in results) / took / MB
    facts["memory of 200 downloads above one process with none (MB)"] = resident(worker, "VmHWM") - idle
    return Row(
        promise="a page while 200 clients download at 2 MB/s, median",
        ours=statistics.median(times),
        against=50.0,
        target=1.0,
        unit="ms",
        direction="at most",
    )


@contextmanager
def web_server(site: Site) -> Iterator[int]:
    """Run the pages' server beside the site; give its port."""
    port = free_port()
    part = parts.web_server("127.0.0.1", port)
    child = Child("web", part.command, log=site.folder / "web.log", environment=site.environment | part.environment)
    try:
        if not wait_until(lambda: not child.alive or part.ready(child), 60) or not child.alive:
            raise RuntimeError(f"the pages' server did not start:\n{child.output()}")
        yield port
    finally:
        child.stop(15)


def page_times(port: int, path: str) -> list[float]:
    """Return how long a page took, in milliseconds, so many times in a row on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    times = []
    for _ in range(PAGES):
        began = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        times.append((time.perf_counter() - began) * 1000)
    connection.close()
    return times


def cut(facts: Facts) -> list[Row]:
    """Revoke everything while fifty downloads run through the proxy."""
    with (
        namespace.with_settings(caddy.settings_of_compose()) as network,
        delivery_site.running(members=2, grants=GRANTS, network=network) as site,
    ):
        port = free_port()
        with (
            caddy.running(site.folder, port=port, delivery_port=site.port, web_port=site.port, network=network),
            site.reading(fifty(site.paths), seconds=60, port=port) as reading,
        ):
            time.sleep(2)
            committed = site.revoke(*range(GRANTS))
            assert wait_until(lambda: sum(len(closed_of(site, number)) for number in committed) == 50, 30)
            reading.say("hurry")
            results = reading.results()
        last = max(at - end for number, end in committed.items() for _, at, *_ in closed_of(site, number))
    slow, burst = (reader.taken_after(committed[0]) - SLOW * last for reader in results[:2])
    facts["network with the compose file's settings"] = network.own
    facts["drained by one that was fast before (KiB)"] = burst / 1024
    facts["receive buffer of the reader at 50 kB/s (KiB)"] = results[0].buffer / 1024
    return [
        Row(
            promise="revoked to the last of 50 downloads cut",
            ours=last,
            against=5.0,
            target=1.0,
            unit="s",
            direction="at most",
        ),
        Row(
            promise="drained to a reader at 50 kB/s through the proxy, against the bound and its own buffer",
            ours=slow / 1024,
            against=(bound_of(network) + results[0].buffer) / 1024,
            target=1.0,
            unit="KiB",
            direction="at most",
        ),
    ]


def resident(pid: int, field: str) -> float:
    """Return VmRSS or VmHWM of a process in MB."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024 / MB


def forget_peak(pid: int) -> None:
    """Let VmHWM begin anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


if __name__ == "__main__":
    main()
