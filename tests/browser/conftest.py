"""A whole installation and a real browser for the tests of this folder."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import zhplot
from playwright.sync_api import Browser, sync_playwright

from tests.browser.site import Site
from tests.services import tools

# Debian's Chromium, as root in a container, and quiet: it asks nobody for updates.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="package")
def site() -> Iterator[Site]:
    """An embedded installation with the sample dataset; staff needs no second factor."""
    yield from running_site(second_factor=False)


@pytest.fixture(autouse=True)
def _limits_begin_anew(request: pytest.FixtureRequest) -> None:
    """Let nobody have asked for a code yet: the same people sign in, test after test, within minutes."""
    if "site" in request.fixturenames:
        site: Site = request.getfixturevalue("site")
        with closing(sqlite3.connect(site.folder / "countersign.sqlite3", timeout=20)) as database, database:
            database.execute("DELETE FROM cache")


@pytest.fixture(scope="module")
def site_with_second_factor() -> Iterator[Site]:
    """The same with the second factor that staff needs everywhere else."""
    yield from running_site(second_factor=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. Of one module only: while Playwright runs, Django refuses the database to other tests."""
    program = tools.path_of("chromium")
    with tempfile.TemporaryDirectory(prefix="cs-fonts-") as home, sync_playwright() as playwright:
        surroundings = _with_chinese_letters(Path(home))
        chromium = playwright.chromium.launch(executable_path=program, args=ARGUMENTS, env=surroundings)
        yield chromium
        chromium.close()


def _with_chinese_letters(home: Path) -> dict[str, str | float | bool]:
    """Return an environment in which Chromium finds the Chinese font of a wheel: bare machines have none."""
    (home / "fonts").symlink_to(Path(zhplot.__file__).parent / "fonts")
    return {**os.environ, "XDG_DATA_HOME": str(home)}


def running_site(*, second_factor: bool) -> Iterator[Site]:
    tools.path_of("chromium")
    folder = Path(tempfile.mkdtemp(prefix="cs-browser-"))
    site = Site(folder, second_factor=second_factor)
    try:
        site.start()
        yield site
    finally:
        site.stop()
        shutil.rmtree(folder, ignore_errors=True)
