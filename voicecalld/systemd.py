"""What systemd and a service of it say to one another.

Everything it passes comes in environment variables. They are taken, not only read: a child that
inherited them would speak in our name. Without systemd the variables are absent, and nothing here
has an effect.

Source: sd_notify(3), sd_listen_fds(3), sd_watchdog_enabled(3), systemd.exec(5).
"""

import os
import socket
from collections.abc import MutableMapping
from typing import Final

import trio

from voicecalld.errors import StartError

FIRST_INHERITED_FD = 3  # SD_LISTEN_FDS_START
UNNAMED: Final = "unknown"  # what systemd calls a socket without a name


class Notifier:
    """Tells systemd how we are; a message that cannot be sent is dropped, as nobody can help.

    *path* is that of a Unix datagram socket, ``@`` first if it is an abstract one; empty if
    nobody wants to know.
    """

    def __init__(self, path: str) -> None:
        self._address = "\0" + path[1:] if path.startswith("@") else path

    def ready(self, status: str = "") -> None:
        """Calls can be placed and answered."""
        self._send("READY=1", *status_line(status))

    def status(self, status: str) -> None:
        """*status* is what `systemctl status` shows."""
        self._send(*status_line(status))

    def stopping(self, status: str = "") -> None:
        """No new calls are taken; the live ones are being ended."""
        self._send("STOPPING=1", *status_line(status))

    def watchdog(self) -> None:
        """Everything still works."""
        self._send("WATCHDOG=1")

    def _send(self, *lines: str) -> None:
        if not self._address:
            return
        # A new socket each time: systemd may have been restarted, and messages are rare. Python
        # opens it close-on-exec.
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.setblocking(False)
                sender.sendto("\n".join(lines).encode(), self._address)
        except OSError:
            return


def status_line(status: str) -> tuple[str, ...]:
    """*status* as a line of its own: a line break in it would begin another assignment."""
    return (f"STATUS={' '.join(status.split())}",) if status else ()


def take_notifier(environ: MutableMapping[str, str]) -> Notifier:
    """The way to systemd, out of *environ*."""
    return Notifier(environ.pop("NOTIFY_SOCKET", ""))


def inherited_sockets(
    environ: MutableMapping[str, str], pid: int, first_fd: int = FIRST_INHERITED_FD
) -> dict[str, int]:
    """The listening sockets that the process *pid* was started with: name and descriptor.

    They follow one another from *first_fd* on. The variables are taken out of *environ*, and
    children will not inherit the descriptors.

    Raises:
        StartError: the variables make no sense, or two sockets have the same name.
    """
    meant_for = environ.pop("LISTEN_PID", "")
    count = environ.pop("LISTEN_FDS", "")
    names = environ.pop("LISTEN_FDNAMES", "")
    if meant_for != str(pid):
        return {}  # absent, or they were our parent's
    fds = range(first_fd, first_fd + parse_natural("LISTEN_FDS", count))
    named = names.split(":") if names else [UNNAMED] * len(fds)
    if len(named) != len(fds):
        raise StartError(f"LISTEN_FDNAMES names {len(named)} sockets, LISTEN_FDS={count}")
    sockets = dict(zip(named, fds, strict=True))
    if len(sockets) != len(fds):
        raise StartError(f"two inherited sockets have the same name: {names or UNNAMED}")
    for fd in fds:
        keep_from_children(fd)
    return sockets


def keep_from_children(fd: int) -> None:
    """Let no child inherit *fd*.

    Raises:
        StartError: there is no such descriptor.
    """
    try:
        os.set_inheritable(fd, False)
    except OSError as error:
        raise StartError(f"the inherited socket {fd} cannot be used: {error}") from error


def watchdog_interval_s(environ: MutableMapping[str, str], pid: int) -> float | None:
    """How often systemd wants to hear from the process *pid*; None if it does not.

    The variables are taken out of *environ*.

    Raises:
        StartError: the interval is not a number.
    """
    interval = environ.pop("WATCHDOG_USEC", "")
    meant_for = environ.pop("WATCHDOG_PID", str(pid))
    if not interval or meant_for != str(pid):
        return None
    return parse_natural("WATCHDOG_USEC", interval) / 1_000_000 or None


def parse_natural(name: str, text: str) -> int:
    """The number in the variable *name*.

    Raises:
        StartError: *text* is none.
    """
    if not (text.isascii() and text.isdecimal()):
        raise StartError(f"{name} is not a number: {text!r}")
    return int(text)


async def feed_watchdog(notifier: Notifier, interval_s: float) -> None:
    """Tell systemd that we are alive, twice each interval, until cancelled.

    When the program hangs, this task no longer gets its turn, and systemd restarts the daemon. A
    disk that cannot be written is no reason: a restart would end the calls and mend nothing.
    """
    while True:
        notifier.watchdog()
        await trio.sleep(interval_s / 2)
