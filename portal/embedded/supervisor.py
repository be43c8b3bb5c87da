"""Starts the parts in order, starts again what dies, stops all in the reverse order."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from portal.embedded import parts
from portal.embedded.children import PRIVATE, ROOT, Child, Undertaker, wait_until
from portal.embedded.ports import free_port, short_folder

# A part that dies is started again after a pause, doubling up to the limit while it keeps dying young.
FIRST_PAUSE, LONGEST_PAUSE, GROWN_UP = 0.5, 30.0, 60.0


@dataclass(frozen=True)
class Plan:
    """What to start. `home` takes logs, the broker's data and `running.json`; a port of 0 means a free one."""

    home: Path
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    host: str = "127.0.0.1"
    web_port: int = 0
    delivery_port: int = 0
    concurrency: int = 2


class StartFailed(RuntimeError):
    """A part did not become ready; the text holds the end of its log."""


def private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for its owner only; one that is there is shut to others."""
    before = os.umask(PRIVATE)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    finally:
        os.umask(before)


class Supervisor:
    """The parts of one embedded installation. Use it from the main thread, or as a program of its own.

    The kernel ends a child with the thread that started it, so a supervisor started in a short-lived thread loses its
    children with that thread.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.children: dict[str, Child] = {}
        self.web_port = plan.web_port or free_port(plan.host)
        self.delivery_port = plan.delivery_port or free_port(plan.host)
        self._sockets = short_folder()
        self._undertaker = Undertaker()
        self._deaths: dict[str, tuple[float, float]] = {}
        self._started: dict[str, float] = {}
        self.environment = self._environment()
        self._parts = {part.name: part for part in self._list_parts()}

    @property
    def site_url(self) -> str:
        """The address of the pages."""
        return self.environment["COUNTERSIGN_SITE_URL"]

    def prepare(self) -> None:
        """Bring database and static files up to date, and see to a signing key. Raises StartFailed."""
        try:
            self.manage("make_signing_key", "--if-missing")
        except StartFailed as failure:  # everything but issuing agreements works without
            sys.stderr.write(f"{failure}\n")
        for command in (["migrate"], ["createcachetable"], ["collectstatic", "--no-input"]):
            self.manage(*command, "--verbosity", "0")

    def manage(self, *arguments: str, entered: str = "") -> str:
        """Run a command of manage.py in this installation and return what it printed. Raises StartFailed."""
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            check=False,
            capture_output=True,
            text=True,
            input=entered,
            cwd=ROOT,
            umask=PRIVATE,
            env=self.environment,
        )
        if done.returncode:
            raise StartFailed(f"manage.py {arguments[0]} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
        return done.stdout

    def start(self, seconds: float = 60) -> None:
        """Start every part, the broker first, and wait until all are ready. Raises StartFailed, with all stopped."""
        private_folder(self.plan.home / "logs")
        try:
            for name, part in self._parts.items():
                self._launch(name)
                if part.name == "broker":
                    self._wait_for(name, seconds)
            for name in self._parts:
                self._wait_for(name, seconds)
        except BaseException:
            self.stop()
            raise

    def watch_once(self) -> list[str]:
        """Start again what died and whose pause is over; return the names of what was started."""
        again = []
        for name, child in list(self.children.items()):
            if child.alive:
                continue
            moment = time.monotonic()
            died_at, pause = self._deaths.get(name, (0.0, 0.0))
            if not died_at:
                child.end_group()
                young = moment - self._started[name] < GROWN_UP
                pause = min(max(pause * 2, FIRST_PAUSE), LONGEST_PAUSE) if young else FIRST_PAUSE
                self._deaths[name] = (moment, pause)
            elif moment - died_at >= pause:
                self._undertaker.forget(child)
                self._deaths[name] = (0.0, pause)
                self._launch(name)
                again.append(name)
        return again

    def restart(self, name: str, seconds: float = 60) -> None:
        """Stop one part if it runs, start it, and wait until it is ready."""
        self.children[name].stop()
        self._undertaker.forget(self.children[name])
        self._launch(name)
        self._wait_for(name, seconds)

    def stop(self) -> None:
        """Stop everything: who takes work first, the broker last."""
        others = [child for name, child in self.children.items() if name != "broker"]
        for child in others:
            child.ask_to_stop()
        wait_until(lambda: not any(child.alive for child in others), 10)
        for child in [*others, *(child for name, child in self.children.items() if name == "broker")]:
            child.stop()
            self._undertaker.forget(child)
        self.children.clear()
        self._undertaker.close()
        (self.plan.home / "running.json").unlink(missing_ok=True)
        shutil.rmtree(self._sockets, ignore_errors=True)

    def _environment(self) -> dict[str, str]:
        given = dict(self.plan.environment)
        own = {"PYTHONUNBUFFERED": "1", "DJANGO_SETTINGS_MODULE": "portal.settings"}
        given.setdefault("COUNTERSIGN_STATIC_ROOT", str(self.plan.home / "static"))
        given.setdefault("COUNTERSIGN_SIGNING_KEY", str(self.plan.home.resolve() / "signing-key.p12"))
        given.setdefault("COUNTERSIGN_SITE_URL", f"http://127.0.0.1:{self.web_port}")
        if given["COUNTERSIGN_SITE_URL"] == f"http://127.0.0.1:{self.web_port}":
            # No proxy stands in front, so nobody but the delivery process itself answers under /d/.
            given.setdefault("COUNTERSIGN_DELIVERY_URL", f"http://127.0.0.1:{self.delivery_port}")
        if not given.get("COUNTERSIGN_REDIS_URL"):
            given["COUNTERSIGN_REDIS_URL"] = f"redis+socket://{self._sockets / 'broker.sock'}?virtual_host=0"
            self._own_broker = True
        else:
            self._own_broker = False
        return given | own

    def _list_parts(self) -> list[parts.Part]:
        plan, found = self.plan, []
        if self._own_broker:
            data = plan.home / "broker"
            private_folder(data)
            found.append(parts.broker(data, self._sockets / "broker.sock"))
        return [
            *found,
            parts.web_server(plan.host, self.web_port),
            parts.delivery_server(plan.host, self.delivery_port),
            parts.worker(plan.concurrency),
            parts.beat(plan.home / "beat-schedule"),
        ]

    def _launch(self, name: str) -> None:
        part = self._parts[name]
        log = self.plan.home / "logs" / f"{name}.log"
        child = Child(name, part.command, log=log, environment=self.environment | part.environment)
        self._undertaker.knows(child)
        self.children[name] = child
        self._started[name] = time.monotonic()
        self._write_state()

    def _wait_for(self, name: str, seconds: float) -> None:
        child, part = self.children[name], self._parts[name]
        if wait_until(lambda: not child.alive or part.ready(child), seconds) and child.alive:
            return
        raise StartFailed(f"{name} is not ready; the end of {child.log}:\n{child.output()[-3000:]}")

    def _write_state(self) -> None:
        state = {
            "site": self.environment["COUNTERSIGN_SITE_URL"],
            "web_port": self.web_port,
            "delivery_port": self.delivery_port,
            "pids": {name: child.pid for name, child in self.children.items()},
        }
        unfinished = self.plan.home / "running.json.new"
        unfinished.write_text(json.dumps(state, indent=1), encoding="utf-8")
        unfinished.replace(self.plan.home / "running.json")
