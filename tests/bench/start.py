"""How long the daemon takes from its execution until it tells systemd that it is ready."""

from collections.abc import Sequence
from pathlib import Path

from tests.bench.figure import Effort, Figure, distribution, in_ms
from tests.bench.process import PAGE_BYTES
from tests.bench.running import running_daemon

MIB = 1024 * 1024


def measure(effort: Effort) -> Sequence[Figure]:
    """The time to READY, and the memory of a daemon that has nothing to do."""
    starts = [start() for _ in range(effort.pick(10, 3, 1))]
    took_s, resident_bytes = zip(*starts, strict=True)
    return (
        distribution(
            "start: exec to READY",
            "ms",
            in_ms(took_s),
            goal="< 1000",
            limit="Imports (pydantic, numpy, trio), then the engines' worker processes.",
        ),
        distribution(
            "start: memory of the idle daemon",
            "MiB resident",
            [resident / MIB for resident in resident_bytes],
            goal="< 90",
            limit="The daemon's own process; the engines' workers come on top.",
        ),
    )


def start() -> tuple[float, int]:
    """Start a daemon once: the seconds it took, and its resident bytes."""
    with running_daemon() as daemon:
        statm = Path(f"/proc/{daemon.pid}/statm").read_text(encoding="ascii")
        return daemon.started_s, int(statm.split()[1]) * PAGE_BYTES
