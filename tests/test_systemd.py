import itertools
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from voicecalld.errors import StartError
from voicecalld.systemd import (
    Notifier,
    feed_watchdog,
    inherited_sockets,
    take_notifier,
    watchdog_interval_s,
)

REPOSITORY = Path(__file__).parents[1]

# What a daemon started by systemd does first; it answers its first client with what it found.
CHILD = """
import json, os, socket
from voicecalld.systemd import inherited_sockets

before = os.environ["LISTEN_FDNAMES"]
sockets = inherited_sockets(os.environ, os.getpid())
left = sorted(name for name in os.environ if name.startswith("LISTEN_"))
inheritable = [os.get_inheritable(fd) for fd in sockets.values()]
with socket.socket(fileno=sockets["control"]) as listener:
    client, _ = listener.accept()
    with client:
        client.sendall(json.dumps([before, sockets, left, inheritable]).encode())
"""


@contextmanager
def systemd_at(path: str) -> Iterator[socket.socket]:
    """The other end of $NOTIFY_SOCKET."""
    address = "\0" + path[1:] if path.startswith("@") else path
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.setblocking(False)
        receiver.bind(address)
        yield receiver


def received(receiver: socket.socket) -> list[str]:
    messages = []
    while True:
        try:
            messages.append(receiver.recv(4096).decode())
        except BlockingIOError:
            return messages


@pytest.fixture(params=["path", "abstract"])
def notify_path(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "path":
        return str(tmp_path / "notify.sock")
    return f"@voicecalld-test-{os.getpid()}-{tmp_path.name}"


# --- notifications --------------------------------------------------------------------


def test_systemd_is_told_how_we_are(notify_path: str) -> None:
    environ = {"NOTIFY_SOCKET": notify_path, "HOME": "/"}

    with systemd_at(notify_path) as receiver:
        notifier = take_notifier(environ)
        notifier.ready("Waiting for calls")
        notifier.status("3 calls")
        notifier.watchdog()
        notifier.stopping("Ending 3 calls")

        assert received(receiver) == [
            "READY=1\nSTATUS=Waiting for calls",
            "STATUS=3 calls",
            "WATCHDOG=1",
            "STOPPING=1\nSTATUS=Ending 3 calls",
        ]
    assert environ == {"HOME": "/"}


def test_a_line_break_in_a_status_begins_no_other_message(notify_path: str) -> None:
    with systemd_at(notify_path) as receiver:
        Notifier(notify_path).status("calls:\nWATCHDOG=trigger")

        assert received(receiver) == ["STATUS=calls: WATCHDOG=trigger"]


def test_nobody_is_told_when_nobody_wants_to_know() -> None:
    take_notifier({}).ready()


def test_a_systemd_that_has_gone_is_no_reason_to_fail(notify_path: str) -> None:
    with systemd_at(notify_path):
        notifier = Notifier(notify_path)

    notifier.ready("nobody hears this")


def test_a_systemd_that_does_not_read_is_not_waited_for(notify_path: str) -> None:
    with systemd_at(notify_path) as receiver:
        notifier = Notifier(notify_path)
        for number in range(5_000):  # the kernel queues a few hundred
            notifier.status(str(number))

        assert received(receiver)[0] == "STATUS=0"


# --- inherited sockets ----------------------------------------------------------------


# Not 3, which may be in use by whatever runs the tests.
FIRST_FD = 100


@pytest.fixture
def inheritable_fds() -> Iterator[None]:
    """Two descriptors that children would inherit, as systemd leaves them."""
    ends = os.pipe()
    for fd in (FIRST_FD, FIRST_FD + 1):
        assert not is_open(fd)
        os.dup2(ends[0], fd)
    yield
    for fd in (FIRST_FD, FIRST_FD + 1, *ends):
        os.close(fd)


def is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def test_sockets_are_known_by_their_names(inheritable_fds: None) -> None:
    environ = {"LISTEN_PID": "42", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "control:web", "A": "b"}

    sockets = inherited_sockets(environ, 42, FIRST_FD)

    assert sockets == {"control": FIRST_FD, "web": FIRST_FD + 1}
    assert environ == {"A": "b"}
    assert not os.get_inheritable(FIRST_FD)
    assert not os.get_inheritable(FIRST_FD + 1)


def test_a_socket_without_a_name_is_unknown(inheritable_fds: None) -> None:
    environ = {"LISTEN_PID": "42", "LISTEN_FDS": "1"}

    assert inherited_sockets(environ, 42, FIRST_FD) == {"unknown": FIRST_FD}


@pytest.mark.parametrize("listen_pid", [None, "41", ""])
def test_sockets_of_another_process_are_not_ours_but_their_variables_go(
    listen_pid: str | None,
) -> None:
    environ = {"LISTEN_FDS": "1", "LISTEN_FDNAMES": "control"}
    if listen_pid is not None:
        environ["LISTEN_PID"] = listen_pid

    assert inherited_sockets(environ, 42) == {}
    assert environ == {}


@pytest.mark.parametrize(
    ("fds", "names", "complaint"),
    [
        ("two", "control", "LISTEN_FDS is not a number: 'two'"),
        ("", "", "LISTEN_FDS is not a number"),
        ("\u0661", "control", "LISTEN_FDS is not a number"),
        ("2", "control", "names 1 sockets"),
        ("2", "control:control", "same name: control:control"),
        ("2", "", "same name: unknown"),
    ],
)
def test_variables_that_make_no_sense_stop_the_start(fds: str, names: str, complaint: str) -> None:
    environ = {"LISTEN_PID": "42", "LISTEN_FDS": fds, "LISTEN_FDNAMES": names}

    with pytest.raises(StartError, match=complaint):
        inherited_sockets(environ, 42)


def test_a_socket_that_is_not_there_stops_the_start() -> None:
    missing = next(fd for fd in itertools.count(3) if not is_open(fd))
    names = ":".join(str(fd) for fd in range(3, missing + 1))
    environ = {"LISTEN_PID": "42", "LISTEN_FDS": str(missing - 2), "LISTEN_FDNAMES": names}

    with pytest.raises(StartError, match=f"the inherited socket {missing} cannot be used"):
        inherited_sockets(environ, 42)


@pytest.mark.skipif(
    shutil.which("systemd-socket-activate") is None,
    reason="SOCKET ACTIVATION NOT CHECKED: systemd-socket-activate is not installed",
)
async def test_a_socket_that_systemd_opened_takes_our_connections(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    activate = ["systemd-socket-activate", f"--listen={path}", "--fdname=control"]
    child = [f"--setenv=PYTHONPATH={REPOSITORY}", sys.executable, "-c", CHILD]

    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            run = partial(trio.run_process, [*activate, *child], stderr=subprocess.PIPE)
            process = await nursery.start(run)
            assert process.stderr is not None
            assert b"Listening on" in await process.stderr.receive_some()
            async with await trio.open_unix_socket(path) as stream:
                answer = b"".join([part async for part in stream])

    assert answer == b'["control", {"control": 3}, [], [false]]'


# --- watchdog -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variables", "interval_s"),
    [
        ({"WATCHDOG_USEC": "20000000"}, 20.0),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "42"}, 0.5),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "41"}, None),
        ({"WATCHDOG_PID": "42"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_ours_if_it_names_us_or_nobody(
    variables: dict[str, str], interval_s: float | None
) -> None:
    environ = dict(variables)

    assert watchdog_interval_s(environ, 42) == interval_s
    assert environ == {}


def test_an_interval_that_is_no_number_stops_the_start() -> None:
    with pytest.raises(StartError, match="WATCHDOG_USEC is not a number: '-1'"):
        watchdog_interval_s({"WATCHDOG_USEC": "-1"}, 42)


async def test_the_watchdog_is_fed_twice_an_interval(
    notify_path: str, autojump_clock: MockClock
) -> None:
    with systemd_at(notify_path) as receiver:
        with trio.move_on_after(35):  # at 0, 10, 20 and 30 s
            await feed_watchdog(Notifier(notify_path), 20.0)

        assert received(receiver) == ["WATCHDOG=1"] * 4
