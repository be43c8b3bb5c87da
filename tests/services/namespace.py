"""A network of its own for processes of a test, as a container has one, with settings of the kernel for it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from portal.embedded.children import ROOT

_HOLDER = """
import fcntl, pathlib, socket, struct, sys
with socket.socket() as any_socket:  # SIOCSIFFLAGS: `lo` up
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 1))
for setting in sys.argv[1:]:
    name, _, value = setting.partition("=")
    pathlib.Path("/proc/sys", name.replace(".", "/")).write_text(value)
print("ready", flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class Network:
    """What to write before a command so that it runs there; `own` says whether it is one apart from the machine's."""

    prefix: list[str] = field(default_factory=list)
    own: bool = False

    def setting(self, name: str) -> list[int]:
        """Return the numbers of a kernel setting as this network has them."""
        path = Path("/proc/sys", name.replace(".", "/"))
        command = [*self.prefix, "cat", str(path)]
        return [int(word) for word in subprocess.run(command, check=True, capture_output=True).stdout.split()]


@contextmanager
def with_settings(settings: Mapping[str, str]) -> Iterator[Network]:
    """Make a network with these settings; where the system does not let us, give the machine's own as it is."""
    root = os.geteuid() == 0
    unshare = ["unshare", "--net", *([] if root else ["--map-root-user"])]
    words = [f"{name}={value}" for name, value in settings.items()]
    command = [*unshare, sys.executable, "-c", _HOLDER, *words]
    try:
        holder = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
        )
    except FileNotFoundError:
        yield Network()
        return
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        if holder.stdout.readline() != "ready\n":
            yield Network()
            return
        user = [] if root else ["--user", "--preserve-credentials"]
        yield Network(["nsenter", f"--target={holder.pid}", "--net", *user, "--"], own=True)
    finally:
        holder.stdin.close()
        holder.wait(10)
        holder.stdout.close()
