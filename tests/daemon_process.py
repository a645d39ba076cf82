"""A real daemon in a process of its own, and the command line to drive it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_S = 60  # a loaded machine; usually it is below one second


@dataclass
class DaemonProcess:
    """A running daemon; ``notices`` is its notify socket."""

    process: subprocess.Popen[Any]
    folder: Path
    notices: socket.socket

    @property
    def socket_path(self) -> Path:
        return self.folder / "control.sock"

    def wait_for_notice(self, text: str) -> None:
        """Wait until the daemon tells systemd *text*."""
        try:
            while text not in self.notices.recv(4096).decode():
                pass
        except TimeoutError:
            raise AssertionError(f"the daemon has not told {text}: {self.log()}") from None

    def ctl(self, *arguments: str, status: int = 0) -> Any:
        """Run voicecallctl --json; gives what it printed, and checks its exit status."""
        done = self.run_ctl("--json", *arguments)
        assert done.returncode == status, done.stderr
        return json.loads(done.stdout or done.stderr)

    def run_ctl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "voicecalld.ctl.main", "--socket", str(self.socket_path)]
        return subprocess.run(
            [*command, *arguments], capture_output=True, text=True, check=False, timeout=120
        )

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; gives the exit status."""
        self.process.send_signal(number)
        return self.process.wait(timeout=60)

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def workers(self) -> list[int]:
        """The processes that the daemon has started."""
        tasks = Path(f"/proc/{self.process.pid}/task")
        children = [(task / "children").read_text() for task in tasks.iterdir()]
        return [int(pid) for text in children for pid in text.split()]


@contextmanager
def running_daemon(folder: Path, config: str = "", **environment: str) -> Iterator[DaemonProcess]:
    """A daemon that is ready, with all of its files in *folder*."""
    with starting_daemon(folder, config, **environment) as daemon:
        daemon.wait_for_notice("READY=1")
        yield daemon


@contextmanager
def starting_daemon(folder: Path, config: str = "", **environment: str) -> Iterator[DaemonProcess]:
    """A daemon that was just started; it is killed in the end if it still runs."""
    folder.mkdir(exist_ok=True)
    config_path = folder / "voicecalld.toml"
    config_path.write_text(config)
    command = [sys.executable, "-m", "voicecalld", "--config", str(config_path)]
    command += ["--socket", str(folder / "control.sock")]
    environment |= {
        "PATH": os.environ["PATH"],
        "STATE_DIRECTORY": str(folder / "state"),
        "NOTIFY_SOCKET": str(folder / "notify.sock"),
    }
    with notify_socket(folder / "notify.sock") as notices, (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            yield DaemonProcess(process=process, folder=folder, notices=notices)
        finally:
            process.kill()
            process.wait()


@contextmanager
def notify_socket(path: Path) -> Iterator[socket.socket]:
    """Where a daemon tells what systemd wants to know."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
        notices.bind(str(path))
        notices.settimeout(START_S)
        yield notices
