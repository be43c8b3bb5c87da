"""Many clients in one process that costs little: each reads its download at a pace of its own and drops it.

`python -m tests.services.readers PORT SECONDS` reads a list of readers as JSON from standard input, says `reading` when
every one has its first byte, and prints what became of each when all have ended, or when the time is over. A further
line ends all of them at once (`stop`), or lets all read as fast as it goes (`hurry`).
"""

from __future__ import annotations

import heapq
import json
import re
import select
import socket
import sys
import time
from dataclasses import asdict, dataclass, field

CHUNK = 1 << 20
PAUSE = 0.05
"""Seconds between two reads of a reader with a pace."""


@dataclass
class Reader:
    """One download. `pace` in bytes a second, 0 for as fast as it goes; the first `burst` bytes go fast anyway."""

    path: str
    pace: int = 0
    burst: int = 0
    status: int = 0
    expected: int = 0
    taken: int = 0
    ended: str = "open"
    ended_at: float = 0.0
    buffer: int = 0
    """Of its kernel: what it may hold unread, in bytes."""
    samples: list[tuple[float, int]] = field(default_factory=list)

    def connect(self, port: int) -> socket.socket:
        """Send the request; what is not yet known is the answer."""
        connection = socket.create_connection(("127.0.0.1", port), timeout=30)
        connection.sendall(f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        return connection

    def read_head(self, connection: socket.socket) -> None:
        """Take the headers, and with them what came of the body."""
        head = b""
        while b"\r\n\r\n" not in head:
            data = connection.recv(4096)
            if not data:
                raise ConnectionError("no answer")
            head += data
        headers, _, body = head.partition(b"\r\n\r\n")
        self.status = int(headers.split(b" ", 2)[1])
        length = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", headers)
        self.expected = int(length[1]) if length else 0
        self.taken = len(body)
        connection.setblocking(False)

    def take(self, connection: socket.socket, buffer: bytearray) -> float:
        """Read once; return after how many seconds to read again, or -1 at the end. Times are those of the wall."""
        fast = not self.pace or self.taken < self.burst
        most = CHUNK if fast else max(1, int(self.pace * PAUSE))
        try:
            # MSG_TRUNC: the kernel drops what is read, and nothing is copied.
            count = connection.recv_into(buffer, min(most, len(buffer)), socket.MSG_TRUNC)
        except BlockingIOError:
            return 0.002 if fast else PAUSE
        except OSError as error:
            return self._end(type(error).__name__)
        if count == 0:
            return self._end("short")
        self.taken += count
        moment = time.time()
        self.buffer = max(self.buffer, connection.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF))
        if not self.samples or moment - self.samples[-1][0] >= PAUSE / 2:
            self.samples.append((moment, self.taken))
        if self.taken >= self.expected:
            return self._end("whole")
        return 0.0 if fast else PAUSE

    def taken_after(self, moment: float) -> int:
        """Return how many bytes came after a moment of the wall's clock, as far as the samples know."""
        return self.taken - max((taken for at, taken in self.samples if at <= moment), default=0)

    def _end(self, how: str) -> float:
        self.ended, self.ended_at = how, time.time()
        self.samples.append((self.ended_at, self.taken))
        return -1.0


def main(port: int, seconds: float) -> list[Reader]:
    """Run the readers of standard input to their end."""
    readers = [Reader(**each) for each in json.loads(sys.stdin.readline())]
    connections = [reader.connect(port) for reader in readers]
    for reader, connection in zip(readers, connections, strict=True):
        reader.read_head(connection)
    sys.stdout.write("reading\n")
    sys.stdout.flush()
    began = time.monotonic()
    due = [(began + PAUSE * number / len(readers), number) for number in range(len(readers))]
    heapq.heapify(due)
    buffer = bytearray(CHUNK)
    while due and (now := time.monotonic()) < began + seconds:
        if select.select([sys.stdin], [], [], 0)[0]:
            if sys.stdin.readline().strip() != "hurry":
                break
            for reader in readers:
                reader.pace = 0
        if due[0][0] > now:
            time.sleep(min(due[0][0] - now, 0.02))
        while due and due[0][0] <= now:
            at, number = heapq.heappop(due)
            again = readers[number].take(connections[number], buffer)
            if again >= 0:
                # From when it was due, not from now: a late turn is made up for.
                heapq.heappush(due, (max(at + again, now - 1), number))
    return readers


if __name__ == "__main__":
    done = main(int(sys.argv[1]), float(sys.argv[2]))
    sys.stdout.write(json.dumps([asdict(reader) for reader in done]) + "\n")
