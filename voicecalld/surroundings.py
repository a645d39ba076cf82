"""What is around the daemon: its directories and sockets, the time, and chance."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


def new_id() -> str:
    """An id that nobody can guess or will ever see twice."""
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where the daemon runs; *control* is a listening socket that we were started with, if any.

    ``config`` is the file with the settings; empty if there is none.
    """

    state: Path
    socket_path: str
    pid: int
    control: int | None = None
    config: str = ""
    unix_clock: Callable[[], float] = time.time  # noqa: TID251 - the place that all have it from
    new_id: Callable[[], str] = new_id
