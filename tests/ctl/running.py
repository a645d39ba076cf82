"""Runs voicecallctl against the office of a test: in a thread, or as a process of its own."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trio

from tests.fakes.control_parties import Office
from voicecalld.ctl.main import main

# The tests' own process may have a daemon, or none.
PLAIN_ENVIRONMENT = {"PATH": os.environ["PATH"], "TZ": "UTC", "PYTHONPATH": str(Path.cwd())}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    status: int
    out: str
    err: str


async def run_ctl(office: Office, capsys: pytest.CaptureFixture[str], *argv: str) -> Ended:
    """Run a command in a thread, while the daemon of *office* serves it."""
    async with office.open():
        status = await trio.to_thread.run_sync(run_main, ["--socket", str(office.path), *argv])
    captured = capsys.readouterr()
    return Ended(status=status, out=captured.out, err=captured.err)


def run_main(argv: list[str]) -> int:
    """The exit status of voicecallctl, however it ends."""
    try:
        return main(argv)
    except SystemExit as ended:
        return int(str(ended.code))


@contextlib.asynccontextmanager
async def started_ctl(office: Office, *argv: str) -> AsyncIterator[trio.Process]:
    """A process of its own; killed if the test fails."""
    command = [sys.executable, "-m", "voicecalld.ctl.main", "--socket", str(office.path), *argv]
    process = await trio.lowlevel.open_process(
        command,
        env=PLAIN_ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=heed_interrupts,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    async with process.stdout, process.stderr:
        try:
            yield process
        finally:
            process.kill()
            with trio.CancelScope(shield=True):
                await process.wait()


def heed_interrupts() -> None:
    """What a shell starts in the background ignores SIGINT, and so do its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


async def read_until(process: trio.Process, wanted: bytes) -> bytes:
    """What the process has printed up to *wanted*."""
    assert process.stdout is not None
    printed = b""
    while wanted not in printed:
        received = await process.stdout.receive_some()
        assert received, printed
        printed += received
    return printed
