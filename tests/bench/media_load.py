"""A carrier with many media streams at once: a program in C, so that it costs little itself."""

import json
import os
import subprocess
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import trio

from tests.bench.media_carriers import StreamCarrier, render

SOURCE = Path(__file__).with_suffix(".c")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What lets one stream in: its call, and the token."""

    call: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where a carrier brings its streams: what it believes, and the port and path behind that."""

    carrier: StreamCarrier
    url: str
    port: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the load has seen; see ``print_result`` in its source."""

    received: int
    lost: int
    sent: int
    blocked: int
    marks: int
    measured: int
    silent: int
    error_p50_ms: float
    error_p99_ms: float
    error_max_ms: float
    first_p50_ms: float
    first_p99_ms: float
    own_cpu_s: float


def build_load(folder: Path) -> Path:
    """Compile the program into *folder*."""
    program = folder / "media_load"
    subprocess.run(("cc", "-O2", "-o", program, SOURCE), check=True)
    return program


def split_processors() -> tuple[set[int], set[int]]:
    """The one for what is measured, and the others for the load; the same if there is only one."""
    ours, *others = sorted(os.sched_getaffinity(0))
    return {ours}, set(others) or {ours}


class Load:
    """The running program."""

    def __init__(self, process: trio.Process) -> None:
        assert process.stdout is not None
        self.output = process.stdout
        self.unread = b""

    async def read_line(self) -> str:
        """What it says next."""
        while b"\n" not in self.unread:
            data = await self.output.receive_some()
            if not data:
                raise EOFError("the load has given up")
            self.unread += data
        line, _, self.unread = self.unread.partition(b"\n")
        return line.decode()

    async def wait_for(self, word: str) -> None:
        """Wait until it says *word*."""
        line = await self.read_line()
        assert line == word

    async def read_result(self) -> Result:
        """Wait until it is over; gives what it has seen."""
        fields: dict[str, Any] = json.loads(await self.read_line())
        return Result(**fields)


def describe_stream(door: Door, number: int, ticket: Ticket) -> str:
    """What the program has to know of stream *number*; see its source."""
    carrier = door.carrier
    stream = carrier.stream_form.format(number)
    upgrade = carrier.prove(door.url, ticket.token)
    headers = {
        "Host": f"127.0.0.1:{door.port}",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        **upgrade.headers,
    }
    request = f"GET {door.path}{upgrade.query} HTTP/1.1"
    fields = (f"{name}: {value}" for name, value in headers.items())
    messages = map(render, carrier.open(ticket.call, stream, ticket.token))
    return "\n".join((stream, request, *fields, "", *messages, "", ""))


@asynccontextmanager
async def running_load(
    program: Path,
    door: Door,
    tickets: Sequence[Ticket],
    *,
    ramp_s: float,
    measured_s: float,
    processors: set[int],
) -> AsyncGenerator[Load, None]:
    """A carrier with these streams, opened *ramp_s* apart; gone at the end of the block."""
    spins = int(processors.isdisjoint(os.sched_getaffinity(0)))
    times = (round(1e6 * ramp_s), round(1000 * measured_s))
    command = (program, door.port, *times, spins, door.carrier.media, door.carrier.mark)
    lines = "".join(describe_stream(door, *numbered) for numbered in enumerate(tickets))
    start = partial(
        trio.run_process,
        [str(part) for part in command],
        stdin=lines.encode(),
        stdout=subprocess.PIPE,
        check=False,
        preexec_fn=lambda: os.sched_setaffinity(0, processors),
    )
    async with trio.open_nursery() as nursery:
        yield Load(await nursery.start(start))
        nursery.cancel_scope.cancel()
