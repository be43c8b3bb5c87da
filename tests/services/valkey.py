"""A real Redis-compatible broker for tests: Valkey from its wheel, on a unix socket, gone with its parent."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.embedded import parts
from portal.embedded.children import Child, wait_until
from portal.embedded.ports import short_folder

START_LIMIT = 20
"""Seconds until it must answer."""


class Valkey:
    """A broker that a test can freeze, stop and start again with what it held."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._part = parts.broker(folder, folder / "broker.sock")
        self._child = self._launch()

    @property
    def url(self) -> str:
        """Its address, for COUNTERSIGN_REDIS_URL."""
        return f"redis+socket://{self._folder / 'broker.sock'}?virtual_host=0"

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._child.pid

    def freeze(self) -> None:
        """Let it accept and answer nothing (SIGSTOP)."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def stop(self) -> None:
        """Stop it; what it held stays in its folder."""
        if self._child.alive:
            self.thaw()
        self._child.stop()

    def start(self) -> None:
        """Start it again."""
        self._child = self._launch()

    def _launch(self) -> Child:
        child = Child("valkey", self._part.command, log=self._folder / "valkey.log", folder=self._folder)
        if not wait_until(lambda: not child.alive or self._part.ready(child), START_LIMIT) or not child.alive:
            raise RuntimeError(f"Valkey did not start: {child.output()[-2000:]}")
        return child


@contextmanager
def running() -> Iterator[Valkey]:
    """Run a broker with its data in a folder of its own, and remove both at the end."""
    folder = short_folder("cs-vk-")
    valkey = Valkey(folder)
    try:
        yield valkey
    finally:
        valkey.stop()
        shutil.rmtree(folder, ignore_errors=True)
