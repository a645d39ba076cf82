import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from tests.fakes.control_parties import Office
from voicecalld.control.server import ControlServer
from voicecalld.ctl.client import Client, connect, parse_message
from voicecalld.errors import NoDaemonError, RefusedError


@pytest.fixture
def ends() -> Iterator[tuple[Client, socket.socket]]:
    """A client, and the other end of its connection."""
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with Client(ours, "/there") as client, theirs:
        yield client, theirs


def ask(office: Office) -> object:
    with connect([str(office.path)]) as client:
        return client.call("daemon.info", {})["pid"]


async def test_the_first_daemon_that_answers_is_asked(office: Office, tmp_path: Path) -> None:
    async with office.open():
        client = await trio.to_thread.run_sync(connect, [str(tmp_path / "no"), str(office.path)])
        with client:
            assert client.path == str(office.path)


async def test_a_daemon_that_lets_us_not_in_says_why(office: Office) -> None:
    office.server = ControlServer(office.service, peer_uid=lambda _sock: 12345)
    async with office.open():
        with pytest.raises(RefusedError, match="only root") as caught:
            await trio.to_thread.run_sync(ask, office)

    assert caught.value.code == 108


def test_events_that_come_before_an_answer_do_not_disturb_it(
    ends: tuple[Client, socket.socket],
) -> None:
    client, daemon = ends
    daemon.sendall(
        b'{"jsonrpc":"2.0","method":"voicecall.event","params":{}}\n'
        b'{"jsonrpc":"2.0","id":7,"result":{"old":true}}\n'
        b'{"jsonrpc":"2.0","id":1,"result":{"new":true}}\n'
    )

    assert client.call("x", {}) == {"new": True}


def test_what_is_no_event_is_not_taken_for_one(ends: tuple[Client, socket.socket]) -> None:
    client, daemon = ends
    daemon.sendall(
        b'{"jsonrpc":"2.0","id":7,"result":{}}\n'
        b'{"jsonrpc":"2.0","method":"voicecall.event","params":{"seq":1}}\n'
    )

    assert next(client.events()) == {"seq": 1}


def test_a_daemon_that_ends_in_the_middle_of_an_answer_has_gone_away(
    ends: tuple[Client, socket.socket],
) -> None:
    client, daemon = ends
    daemon.sendall(b'{"jsonrpc":"2.0"')
    daemon.shutdown(socket.SHUT_WR)

    with pytest.raises(NoDaemonError, match="the daemon at /there has gone away"):
        client.call("x", {})


def test_a_daemon_that_closed_with_our_request_unread_has_gone_away(
    ends: tuple[Client, socket.socket],
) -> None:
    client, daemon = ends
    client.socket.sendall(b"unread")
    daemon.close()

    with pytest.raises(NoDaemonError, match="has gone away"):
        client.call("x", {})


@pytest.mark.parametrize("line", [b"HTTP/1.1 400 Bad Request\r\n", b"[]\n", b'{"id": 1}\n'])
def test_something_else_at_the_socket_is_recognized(
    ends: tuple[Client, socket.socket], line: bytes
) -> None:
    client, daemon = ends
    daemon.sendall(line)

    with pytest.raises(NoDaemonError, match="something else at /there"):
        client.call("x", {})


def test_a_message_of_the_daemons_is_an_object() -> None:
    assert parse_message(b'{"jsonrpc": "2.0", "id": 1}') == {"jsonrpc": "2.0", "id": 1}
