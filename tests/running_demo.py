"""The demo for real, in a process of its own: a daemon, a telephone call in its own time."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEMO_COMMAND = [sys.executable, "-u", "-m", "voicecalld.demo"]


@dataclass
class RunningDemo:
    process: subprocess.Popen[Any]
    folder: Path

    @property
    def record(self) -> Path:
        return self.folder / "call.wav"

    def output(self) -> str:
        """All that it has to say; waits until it has said it."""
        self.process.wait()
        return (self.folder / "output").read_text(encoding="utf-8")


@contextmanager
def start_demo(folder: Path) -> Iterator[RunningDemo]:
    """A demo that has just been started; it is stopped in the end if it still runs."""
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [
                *DEMO_COMMAND,
                "--record",
                str(folder / "call.wav"),
                "--timeline",
                str(folder / "call.svg"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
        )
    try:
        yield RunningDemo(process=process, folder=folder)
    finally:
        process.terminate()
        process.wait()
