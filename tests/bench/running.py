"""A real daemon in a process of its own, started as a service manager does it."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = Path(sys.executable).parent

# Long after every start that is worth measuring.
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningDaemon:
    """A daemon that is ready; *started_s* is what that took."""

    socket_path: Path
    pid: int
    started_s: float


@contextmanager
def running_daemon() -> Iterator[RunningDaemon]:
    """A daemon with the default settings, which is gone at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="voicecalld-bench-") as folder:
        home = Path(folder)
        config, control, notify = home / "empty.toml", home / "control.sock", home / "notify.sock"
        config.touch()
        environment = {
            **os.environ,
            "NOTIFY_SOCKET": str(notify),
            "STATE_DIRECTORY": str(home / "state"),
        }
        command = (PROGRAMS / "voicecalld", "--config", config, "--socket", control)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(notify))
            manager.settimeout(PATIENCE_S)
            began_s = time.perf_counter()
            with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
                try:
                    wait_ready(manager)
                    yield RunningDaemon(
                        socket_path=control,
                        pid=process.pid,
                        started_s=time.perf_counter() - began_s,
                    )
                finally:
                    process.terminate()
                    process.communicate(timeout=PATIENCE_S)


def wait_ready(manager: socket.socket) -> None:
    """Wait until the daemon says that it is ready."""
    while b"READY=1" not in manager.recv(4096).split(b"\n"):
        pass
