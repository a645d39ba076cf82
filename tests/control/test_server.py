import contextlib
import os
import socket

import pytest
import structlog
import trio
import trio.testing

from tests.fakes.control_parties import Office
from tests.fakes.line_client import LineClient, connected
from voicecalld.control import connection, server
from voicecalld.control.server import ControlServer


def request(request_id: object, method: str, **params: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}


def waiting(request_id: object) -> dict[str, object]:
    """A request that waits until the test lets the other party answer."""
    return request(request_id, "voicecall.continue", callId="c", message=f"m{request_id}")


async def is_alive(office: Office) -> bool:
    async with connected(office.path) as other:
        return "pid" in await other.ask("daemon.info")


async def test_only_root_and_our_own_user_are_let_in(office: Office) -> None:
    strangers = 12345
    office.server = ControlServer(office.service, peer_uid=lambda _sock: strangers)
    with structlog.testing.capture_logs() as logged:
        async with office.open(), connected(office.path) as client:
            answer = await client.receive()

            assert await client.receive_line() == b""

    assert (answer["id"], answer["error"]["code"]) == (None, 108)
    assert logged[0]["event"] == "control connection refused"


def test_the_kernel_knows_who_is_at_the_other_end() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        uid = server.read_peer_uid(trio.socket.from_stdlib_socket(ours))

    assert uid == os.geteuid()


async def test_one_connection_too_many_is_told_so_and_room_is_made_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 1)
    async with office.open():
        async with connected(office.path) as first:
            await first.ask("daemon.info")
            async with connected(office.path) as second:
                assert (await second.receive())["error"]["code"] == -32000
        await trio.testing.wait_all_tasks_blocked()

        assert await is_alive(office)


async def test_a_client_that_is_refused_and_gone_harms_nobody(office: Office) -> None:
    office.server = ControlServer(office.service, peer_uid=lambda _sock: 12345)
    async with office.open():
        for _ in range(20):
            async with connected(office.path):
                pass

        async with connected(office.path) as client:
            assert (await client.receive())["error"]["code"] == 108


async def test_a_listener_of_the_service_managers_is_served_likewise(office: Office) -> None:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(office.path))
    listening.listen()
    listener = trio.SocketListener(trio.socket.from_stdlib_socket(listening))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(office.server.serve, listener)
        async with await trio.open_unix_socket(office.path) as stream:
            assert "pid" in await LineClient(stream).ask("daemon.info")
        nursery.cancel_scope.cancel()

    assert listening.fileno() == -1


async def test_stopping_waits_for_no_client(office: Office) -> None:
    async with contextlib.AsyncExitStack() as clients:
        async with office.open():
            client = await clients.enter_async_context(connected(office.path))
            await client.send(waiting(1))
            await office.calls.wait_waiting(1)

        assert await client.receive_line() == b""

    assert office.calls.abandoned == ["m1"]


@pytest.mark.parametrize("fault", [OSError(24, "Too many open files"), ZeroDivisionError("a bug")])
async def test_a_connection_that_fails_takes_no_other_with_it(
    fault: Exception, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_sock: trio.socket.SocketType) -> None:
        await trio.lowlevel.checkpoint()
        raise fault

    with structlog.testing.capture_logs() as logged:
        async with office.open(), connected(office.path) as healthy:
            await healthy.ask("daemon.info")
            with monkeypatch.context() as patched:
                patched.setattr(connection, "wait_gone", broken)
                async with connected(office.path) as client:
                    assert await client.receive_line() == b""

            assert "pid" in await healthy.ask("daemon.info")
            assert office.server.connections == 1

    assert [entry["event"] for entry in logged] == ["control connection failed"]
