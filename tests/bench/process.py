"""What this process holds: memory, file descriptors, tasks."""

import gc
import os
from dataclasses import dataclass
from pathlib import Path

import trio

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """Resident bytes, Trio tasks and open descriptors."""

    resident_bytes: int
    tasks: int
    descriptors: int


def take_stock() -> Holdings:
    """What is held when the garbage is gone."""
    gc.collect()
    return Holdings(
        resident_bytes=resident_bytes(),
        tasks=trio.lowlevel.current_statistics().tasks_living,
        descriptors=len(list(Path("/proc/self/fd").iterdir())),
    )


def resident_bytes() -> int:
    """The resident memory of this process; proc_pid_statm(5)."""
    _size, resident, *_ = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(resident) * PAGE_BYTES


def waited_s() -> float:
    """How long the main thread was ready to run and had no processor; 0 if the kernel counts not.

    Source: Documentation/scheduler/sched-stats.rst.
    """
    try:
        _ran_ns, waited_ns, _slices = Path("/proc/self/schedstat").read_text("ascii").split()
    except OSError:
        return 0.0
    return int(waited_ns) / 1e9
