"""A real daemon in a process of its own, which lives as long as the demo needs it."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from voicecalld.demo.config import render_config
from voicecalld.errors import DemoFailedError, NoDaemonError

START_S: Final = 60.0  # on a slow disk the models take a while
LOOK_S: Final = 0.2  # how soon it is noticed that the daemon died instead
STOP_S: Final = 15.0
SHOWN_LOG_LINES: Final = 20
SHORT_FOLDER: Final = "/tmp"  # noqa: S108 - what is made in it is ours alone
SOCKET_PATH_BYTES: Final = 107  # unix(7): sun_path has 108, the last of them is zero
PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h

# What systemd, or the operator, has told about another daemon.
NOT_FOR_OURS: Final = (
    *("VOICECALLD_SOCKET", "STATE_DIRECTORY", "RUNTIME_DIRECTORY", "CONFIGURATION_DIRECTORY"),
    *("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "WATCHDOG_USEC", "WATCHDOG_PID"),
    *("JOURNAL_STREAM", "CREDENTIALS_DIRECTORY"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnDaemon:
    """The daemon of this demo."""

    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def socket_path(self) -> str:
        """Its control socket."""
        return str(self.folder / "control.sock")

    def log_end(self) -> str:
        """The last lines that it logged."""
        text = (self.folder / "daemon.log").read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-SHOWN_LOG_LINES:])


@contextlib.contextmanager
def run_daemon(record: Path) -> Iterator[OwnDaemon]:
    """A daemon that is ready, in a temporary folder; both are gone afterwards.

    Raises:
        DemoFailedError: it does not start, goes away, or does not stop as it should.
    """
    with open_folder() as folder:
        (folder / "voicecalld.toml").write_text(
            render_config(folder / "state", record), encoding="utf-8"
        )
        with open_notices(folder) as notices:
            daemon = OwnDaemon(process=start(folder), folder=folder)
            try:
                wait_ready(daemon, notices)
                yield daemon
            except NoDaemonError as error:
                raise DemoFailedError(f"{error}:\n{daemon.log_end()}") from error
            finally:
                stop(daemon.process)
            check_status(daemon)


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A new folder of our own (mode 0700), gone afterwards, with paths short enough for sockets.

    Raises:
        DemoFailedError: it cannot be made.
    """
    base = tempfile.gettempdir()
    longest = f"{base}/voicecalld-demo-12345678/control.sock"
    if len(os.fsencode(longest)) > SOCKET_PATH_BYTES:
        base = SHORT_FOLDER
    try:
        made = tempfile.TemporaryDirectory(prefix="voicecalld-demo-", dir=base)
    except OSError as error:
        raise DemoFailedError(f"no folder can be made in {base}: {error.strerror}") from error
    with made as name:
        yield Path(name)


@contextlib.contextmanager
def open_notices(folder: Path) -> Iterator[socket.socket]:
    """The socket on which the daemon says that it is ready, as it does to systemd."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
        notices.bind(str(folder / "notify.sock"))
        notices.settimeout(LOOK_S)
        yield notices


def start(folder: Path) -> subprocess.Popen[bytes]:
    """Start a daemon with the configuration in *folder*; it ends with the thread that calls this.

    Nobody who kills the demo (SIGKILL) leaves it a chance to end its daemon, so the kernel does.
    """
    command = [
        *(sys.executable, "-m", "voicecalld"),
        *("--config", str(folder / "voicecalld.toml")),
        *("--socket", str(folder / "control.sock")),
    ]
    prctl, our_pid = ctypes.CDLL(None).prctl, os.getpid()

    def end_with_parent() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != our_pid:  # it was killed already
            os._exit(1)

    with (folder / "daemon.log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - our own program, in our own interpreter
            command,
            # The demo has no second thread that could hold a lock at the fork.
            preexec_fn=end_with_parent,  # noqa: PLW1509
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=build_environment(os.environ, folder),
            # A Ctrl-C is for the demo, which then ends its daemon.
            process_group=0,
        )


def build_environment(ours: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The daemon's variables: *ours*, without what is meant for another daemon."""
    kept = {name: value for name, value in ours.items() if name not in NOT_FOR_OURS}
    return kept | {"NOTIFY_SOCKET": str(folder / "notify.sock")}


def wait_ready(daemon: OwnDaemon, notices: socket.socket) -> None:
    """Wait until the daemon serves.

    Raises:
        DemoFailedError: it ended instead, or takes too long.
    """
    give_up_s = time.monotonic() + START_S
    while time.monotonic() < give_up_s:
        status = daemon.process.poll()
        if status is not None:
            raise DemoFailedError(
                f"the daemon did not start, exit status {status}:\n{daemon.log_end()}"
            )
        with contextlib.suppress(TimeoutError):
            if b"READY=1" in notices.recv(4096).splitlines():
                return
    raise DemoFailedError(f"the daemon was not ready in {START_S:.0f} s:\n{daemon.log_end()}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the daemon: politely, and else by force."""
    process.terminate()
    try:
        process.wait(STOP_S)
    except BaseException as error:  # somebody impatient pressed Ctrl-C again, perhaps
        process.kill()
        process.wait()
        if not isinstance(error, subprocess.TimeoutExpired):
            raise


def check_status(daemon: OwnDaemon) -> None:
    """Raise `DemoFailedError` unless the daemon ended well."""
    status = daemon.process.returncode
    if status != 0:
        raise DemoFailedError(f"the daemon ended with exit status {status}:\n{daemon.log_end()}")
