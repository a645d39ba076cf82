from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

import pytest
import trio
from websockets.http11 import Request, Response
from websockets.trio.server import ServerConnection

from tests.carriers.echo import open_customer
from tests.carriers.loopback import Loopback
from tests.carriers.outside import NoAnswerError, RefusedStreamError
from tests.carriers.websocket import ClientSocket
from tests.ports import reserved_port
from voicecalld.errors import StreamBrokenError

URL = "wss://calls.example.test/stream"


def check(connection: ServerConnection, request: Request) -> Response | None:
    """Only who brings the right proof gets in."""
    if request.headers.get("X-Proof") == "1":
        return None
    return connection.respond(HTTPStatus.FORBIDDEN, "no")


@asynccontextmanager
async def customer(
    handler: Callable[[ServerConnection], Awaitable[None]],
) -> AsyncIterator[Loopback]:
    async with open_customer(handler, process_request=check) as address:
        yield Loopback(address)


@asynccontextmanager
async def open_stream(
    handler: Callable[[ServerConnection], Awaitable[None]],
) -> AsyncIterator[ClientSocket]:
    proof = {"X-Proof": "1"}
    async with customer(handler) as loopback, loopback.open_stream(URL, proof) as stream:
        yield stream


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


async def test_messages_go_both_ways_and_both_sides_say_goodbye() -> None:
    async with open_stream(echo) as stream:
        stream.send("hello")
        echoed = await stream.receive()

    assert list(echoed) == ["hello"]
    assert stream.close_code == 1000
    with pytest.raises(StreamBrokenError):
        stream.send("too late")


async def test_a_customer_may_ask_whether_we_are_there_and_send_in_pieces() -> None:
    async def ping(connection: ServerConnection) -> None:
        await connection.ping()
        await connection.send(["in ", "pieces"])
        await connection.send(b"\xff")
        await connection.aclose(1008)

    messages: list[str] = []

    async with open_stream(ping) as stream:
        while batch := await stream.receive():
            messages += batch

    assert messages == ["in pieces", "\ufffd"]
    assert stream.faults == ["a binary message"]
    assert stream.close_code == 1008


async def test_a_customer_that_vanishes_leaves_no_code_of_its_own() -> None:
    async def vanish(connection: ServerConnection) -> None:
        await connection.stream.aclose()

    async with open_stream(vanish) as stream:
        messages = await stream.receive()

    assert list(messages) == []
    assert stream.close_code == 1006


async def test_an_abort_is_no_goodbye() -> None:
    ends: list[int] = []
    ended = trio.Event()

    async def wait(connection: ServerConnection) -> None:
        await connection.wait_closed()
        assert connection.protocol.close_code is not None
        ends.append(connection.protocol.close_code)
        ended.set()

    async with customer(wait) as loopback:
        async with loopback.open_stream(URL, {"X-Proof": "1"}) as stream:
            await stream.abort()
        await ended.wait()

    assert ends == [1006]


async def test_a_refusal_is_told_with_its_status() -> None:
    async with customer(echo) as loopback:
        with pytest.raises(RefusedStreamError) as caught:
            async with loopback.open_stream(URL, {}):
                raise AssertionError("it was let in")

    assert caught.value.status == 403


async def test_a_customer_that_is_away_has_no_stream() -> None:
    with reserved_port() as port, pytest.raises(NoAnswerError):
        async with Loopback(("127.0.0.1", port)).open_stream(URL, {}):
            raise AssertionError("there is nobody")
