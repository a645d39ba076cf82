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

SOURCE = Path(__file__).with_suffix(".c")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What lets one stream in: its call, its own id, the token."""

    call: str
    stream: str
    token: str


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


@asynccontextmanager
async def running_load(
    program: Path,
    tickets: Sequence[Ticket],
    *,
    port: int,
    path: str,
    signature: str,
    ramp_s: float,
    measured_s: float,
    processors: set[int],
) -> AsyncGenerator[Load, None]:
    """A carrier with these streams, opened *ramp_s* apart; gone at the end of the block."""
    spins = int(processors.isdisjoint(os.sched_getaffinity(0)))
    times = (round(1e6 * ramp_s), round(1000 * measured_s))
    command = (program, port, path, *times, spins, signature)
    lines = "".join(f"{one.call} {one.stream} {one.token}\n" for one in tickets)
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
