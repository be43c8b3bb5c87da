"""The proxy of the compose file, from its wheel, with our Caddyfile: only addresses and TLS are changed."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from portal.embedded.children import ROOT, Child, wait_until
from tests.services.namespace import Network

START_LIMIT: Final = 20


def caddyfile(*, port: int, delivery_port: int, web_port: int) -> str:
    """Return our Caddyfile for plain HTTP on this machine."""
    text = (ROOT / "Caddyfile").read_text()
    text, redirects = re.subn(r"# Caddy's own redirect.*?\n}\n", "", text, flags=re.DOTALL)
    text, sites = re.subn(r"^\{\$SITE_HOST:localhost\} \{", f"http://127.0.0.1:{port} {{", text, flags=re.MULTILINE)
    text, certificates = re.subn(r"\ttls .*\n", "", text)
    text, deliveries = re.subn(r"reverse_proxy delivery:8000", f"reverse_proxy 127.0.0.1:{delivery_port}", text)
    text, webs = re.subn(r"reverse_proxy web:8000", f"reverse_proxy 127.0.0.1:{web_port}", text)
    assert (redirects, sites, certificates, deliveries, webs) == (1, 1, 1, 1, 1), "the Caddyfile has changed its shape"
    return text


def settings_of_compose() -> Mapping[str, str]:
    """Return the `sysctls` that the compose file gives its proxy."""
    block = re.search(r"\n    sysctls:\n((?:      .*\n)+)", _compose())
    assert block is not None, "the compose file sets nothing for its proxy"
    return dict(re.findall(r"^      (net\.[a-z0-9_.]+): \"?([0-9 ]+)\"?$", block[1], flags=re.MULTILINE))


def _debug_of_compose() -> str:
    found = re.search(r"^      GODEBUG: (\S+)$", _compose(), flags=re.MULTILINE)
    return found[1] if found else ""


def _compose() -> str:
    text = (ROOT / "docker-compose.yml").read_text()
    return text[text.index("\n  caddy:\n") : text.index("\n  # For a trial:")]


@contextmanager
def running(folder: Path, *, port: int, delivery_port: int, web_port: int, network: Network) -> Iterator[Child]:
    """Run the proxy in a network, its files in a folder."""
    config = folder / "Caddyfile"
    config.write_text(caddyfile(port=port, delivery_port=delivery_port, web_port=web_port))
    program = Path(sys.executable).with_name("caddy")
    homes = {"HOME": str(folder), "XDG_DATA_HOME": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config")}
    command = [*network.prefix, str(program), "run", "--config", str(config), "--adapter", "caddyfile"]
    child = Child(
        "caddy",
        command,
        log=folder / "caddy.log",
        environment={"PATH": "/usr/bin:/bin", "GODEBUG": _debug_of_compose(), **homes},
    )
    try:
        started = "serving initial configuration"
        if not wait_until(lambda: not child.alive or started in child.output(), START_LIMIT) or not child.alive:
            raise RuntimeError(f"Caddy did not start: {child.output()[-2000:]}")
        yield child
    finally:
        child.stop()
