"""wget, curl and aria2 against the real delivery server: broken off and gone on with, in parts and at once, the file is
the one that a plain download gives; on a folder and on S3, under a personal and under the shared seal.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.embedded.children import wait_until
from tests.faults import deliveries
from tests.faults.deliveries import Deliveries, kill_in_the_middle, run, tool
from tests.faults.prepare_deliveries import MIB, SIZES
from tests.figures import FIGURES
from tests.services.s3 import seaweed_server  # noqa: F401

pytestmark = pytest.mark.timeout(600)
KINDS = pytest.mark.parametrize("kind", ["personal", "shared"])
LARGE_FILES = sum(size >= 4 * MIB for size in SIZES.values())
ARIA2 = ["--max-connection-per-server=8", "--split=8", "--min-split-size=1M", "--out=out"]


@pytest.fixture(scope="module", params=["folder", "s3"])
def site(request: pytest.FixtureRequest) -> Iterator[Deliveries]:
    vault = request.getfixturevalue("seaweed_server") if request.param == "s3" else None
    with deliveries.running(vault=vault) as made:
        yield made


@pytest.fixture(scope="module")
def two() -> Iterator[Deliveries]:
    with deliveries.running(processes=2) as made:
        yield made


@pytest.fixture
def plain(site: Deliveries, kind: str, tmp_path: Path) -> str:
    """The SHA-256 of one plain download."""
    return run("curl", site.urls(kind)[0], folder=tmp_path / "plain")


@KINDS
def test_wget_goes_on_after_kill_9(site: Deliveries, kind: str, plain: str, tmp_path: Path) -> None:
    url, folder = site.urls(kind)[0], tmp_path / "wget"
    for behind in (10 * MIB, 50 * MIB, 75 * MIB):
        begun = tool("wget", "--continue", "--limit-rate=60m", url, folder=folder)
        kill_in_the_middle(begun, folder / "out", behind=behind)
    assert run("wget", "--continue", url, folder=folder) == plain


@KINDS
def test_curl_goes_on_after_an_abort(site: Deliveries, kind: str, plain: str, tmp_path: Path) -> None:
    url, folder = site.urls(kind)[0], tmp_path / "curl"
    for behind in (10 * MIB, 70 * MIB):
        begun = tool("curl", "--continue-at", "-", "--limit-rate", "60M", url, folder=folder)
        kill_in_the_middle(begun, folder / "out", behind=behind)
    assert run("curl", "--continue-at", "-", url, folder=folder) == plain


@KINDS
def test_aria2_with_eight_connections_and_again(site: Deliveries, kind: str, plain: str, tmp_path: Path) -> None:
    port, url = next(iter(site.children)), site.urls(kind)[0]
    site.forget_codes()
    site.kill(port)  # and so that nothing is in a memory
    site.start(port)
    made: list[list[tuple[int, int | None]]] = []
    asked = []
    for turn in ("first", "second"):
        before = site.requests()
        assert run("aria2c", *ARIA2, "--max-download-limit=60M", url, folder=tmp_path / turn) == plain
        _all_passes_over(site)
        asked.append(site.requests() - before)
        made.append(site.passes()[sum(len(each) for each in made) :])
    read = sum(read or 0 for _, read in made[0]) / MIB
    FIGURES.append(
        f"aria2c -x 8 -s 8, {sum(SIZES.values()) / MIB:.0f} MiB, {kind}: {asked[0]} requests, "
        f"{len(made[0])} passes ({read:.0f} MiB); again: {asked[1]} requests, {len(made[1])} passes"
    )
    members = [member for passes in made for member, _ in passes]
    assert len(members) == len(set(members)) <= LARGE_FILES
    assert asked[0] < 100


@pytest.mark.long
@KINDS
def test_aria2_with_as_many_connections_as_it_can(site: Deliveries, kind: str, plain: str, tmp_path: Path) -> None:
    many = ["--max-connection-per-server=16", "--split=16", "--min-split-size=1M", "--out=out"]
    assert run("aria2c", *many, site.urls(kind)[0], folder=tmp_path / "aria2") == plain


@pytest.mark.long
@KINDS
def test_aria2_goes_on_after_kill_9(site: Deliveries, kind: str, plain: str, tmp_path: Path) -> None:
    url, folder = site.urls(kind)[0], tmp_path / "aria2"
    go_on = [*ARIA2, "--continue=true", "--auto-save-interval=1"]
    for behind in (10 * MIB, 40 * MIB):
        begun = tool("aria2c", *go_on, "--max-download-limit=40M", url, folder=folder)
        kill_in_the_middle(begun, folder / "out", behind=behind)
    assert run("aria2c", *go_on, url, folder=folder) == plain


@pytest.mark.long
def test_a_killed_server_is_gone_on_with_at_its_successor(site: Deliveries, tmp_path: Path) -> None:
    port = next(iter(site.children))
    url = site.urls("personal")[0]
    plain = run("curl", url, folder=tmp_path / "plain")
    begun = {
        "wget": tool("wget", "--continue", "--limit-rate=30m", url, folder=tmp_path / "wget"),
        "curl": tool("curl", "--limit-rate", "30M", url, folder=tmp_path / "curl"),
        "aria2c": tool("aria2c", *ARIA2, "--max-download-limit=30M", url, folder=tmp_path / "aria2c"),
    }
    for name in begun:
        assert wait_until(lambda name=name: deliveries.bytes_in(tmp_path / name / "out") > 5 * MIB, 60)
    site.kill(port)
    for process in begun.values():
        process.kill()
        process.wait(60)
    site.start(port)
    assert run("wget", "--continue", url, folder=tmp_path / "wget") == plain
    assert run("curl", "--continue-at", "-", url, folder=tmp_path / "curl") == plain
    assert run("aria2c", *ARIA2, "--continue=true", url, folder=tmp_path / "aria2c") == plain


def test_two_processes_make_one_pass_over_each_member(two: Deliveries, tmp_path: Path) -> None:
    plain = run("curl", two.urls("personal")[0], folder=tmp_path / "plain")
    at_both = [*ARIA2, "--max-download-limit=60M", *two.urls("personal")]
    assert run("aria2c", *at_both, folder=tmp_path / "aria2c") == plain
    _all_passes_over(two)
    members = [member for member, read in two.passes() if read]
    FIGURES.append(f"aria2c at two processes: {len(members)} passes over {len(set(members))} members")
    assert sorted(members) == sorted(set(members))
    served = two.database.rows("SELECT process, count(*) FROM agreements_downloadopened GROUP BY process")
    assert len(served) == 2


def _all_passes_over(site: Deliveries) -> None:
    assert wait_until(lambda: all(read is not None for _, read in site.passes()), 60), site.passes()
