"""What a piece of code may leave behind: descriptors and tasks."""

import os
from dataclasses import dataclass

import trio


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """What this process has open, and runs."""

    descriptors: int
    tasks: int


def belongings() -> Belongings:
    return Belongings(
        descriptors=len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - names only
        tasks=trio.lowlevel.current_statistics().tasks_living,
    )
