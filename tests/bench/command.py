"""How long `voicecallctl status` takes, from its execution to its end."""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.figure import Effort, Figure, distribution, in_ms
from tests.bench.running import PROGRAMS, running_daemon


def measure(effort: Effort) -> Sequence[Figure]:
    """The wall time against a running daemon, and that of a Python which does nothing."""
    count = effort.pick(50, 10, 1)
    with running_daemon() as daemon:
        status = (PROGRAMS / "voicecallctl", "--socket", daemon.socket_path, "status")
        took_s = [time_command(*status) for _ in range(count)]
    empty_s = [time_command(sys.executable, "-c", "") for _ in range(count)]
    return (
        distribution(
            "command: voicecallctl status",
            "ms",
            in_ms(took_s),
            goal="< 100",
            limit="Python's own start, then the imports of argparse, json and socket.",
        ),
        distribution(
            "command: of that an empty Python",
            "ms",
            in_ms(empty_s),
            limit="The interpreter and the .pth files of the environment.",
        ),
    )


def time_command(*command: str | Path) -> float:
    """How many seconds *command* takes, which must succeed."""
    began_s = time.perf_counter()
    subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return time.perf_counter() - began_s
