"""A real name server on loopback for tests of whole processes: UDP, and TCP for what does not fit.

It answers from a zone as `agreements.mail.dns.using` takes one; the zone may be changed while it runs.
"""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from agreements.mail.dns import Failing, Zone
from tests.services.ports import free_port


@dataclass
class NameServer:
    """`asked`: (name, type) of every question in order."""

    port: int
    zone: Zone
    asked: list[tuple[str, str]] = field(default_factory=list)

    @property
    def setting(self) -> str:
        """Return what COUNTERSIGN_NAME_SERVERS is set to."""
        return f"127.0.0.1:{self.port}"

    def answer(self, wire: bytes, *, by_udp: bool) -> bytes | None:
        """Return the answer, or None if there shall be none."""
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        found = self.zone.get((name, kind), self.zone.get((name, "*")))
        if found is Failing.TIMEOUT:
            return None
        reply = dns.message.make_response(query, recursion_available=True)
        if found is Failing.SERVFAIL:
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif found is None and not any(key == name or key.endswith("." + name) for key, _kind in self.zone):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif found:
            texts = [_quoted(one) for one in found] if kind == "TXT" else [str(one) for one in found]
            reply.answer.append(dns.rrset.from_text(question.name, 300, "IN", kind, *texts))
        if not by_udp:
            return reply.to_wire(max_size=65_535)
        try:
            return reply.to_wire(max_size=query.payload if query.edns >= 0 else 512)
        except dns.exception.TooBig:
            reply.answer.clear()
            reply.flags |= dns.flags.TC
            return reply.to_wire()


def _quoted(text: str) -> str:
    pieces = [text[start : start + 200] for start in range(0, len(text), 200)] or [""]
    return " ".join('"' + piece.replace("\\", "\\\\").replace('"', '\\"') + '"' for piece in pieces)


@contextmanager
def running(zone: Zone) -> Iterator[NameServer]:
    """Serve a zone on a free port of 127.0.0.1 and stop at the end."""
    server = NameServer(free_port(), zone)
    with (
        socketserver.ThreadingUDPServer(("127.0.0.1", server.port), _udp(server)) as udp,
        socketserver.ThreadingTCPServer(("127.0.0.1", server.port), _tcp(server)) as tcp,
    ):
        udp.daemon_threads = tcp.daemon_threads = True
        for one in (udp, tcp):
            threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        udp.shutdown()
        tcp.shutdown()


def _udp(server: NameServer) -> type[socketserver.BaseRequestHandler]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            wire, sock = self.request
            if (reply := server.answer(wire, by_udp=True)) is not None:
                sock.sendto(reply, self.client_address)

    return Handler


def _tcp(server: NameServer) -> type[socketserver.BaseRequestHandler]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            sock: socket.socket = self.request
            with suppress(OSError, struct.error):
                (size,) = struct.unpack("!H", sock.recv(2, socket.MSG_WAITALL))
                reply = server.answer(sock.recv(size, socket.MSG_WAITALL), by_udp=False)
                if reply is not None:
                    sock.sendall(struct.pack("!H", len(reply)) + reply)

    return Handler
