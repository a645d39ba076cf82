import functools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from tests.carriers.faults import Answering
from tests.carriers.http_server import HUGE_BYTES, Answered, serve_connection
from tests.carriers.loopback import Loopback
from tests.carriers.outside import NoAnswerError
from tests.ports import reserved_port
from voicecalld.provider.http import HttpRequest, HttpResponse

URL = "https://calls.example.test/voice?callId=42#rc=1"


class Server:
    """Answers everything alike, and keeps what it was asked."""

    def __init__(self, how: Answering) -> None:
        self.how = how
        self.requests: list[HttpRequest] = []

    async def answer(self, request: HttpRequest) -> Answered:
        await trio.lowlevel.checkpoint()
        self.requests.append(request)
        return Answered(response=HttpResponse(status=201, body=b'{"sid": "CA1"}'), how=self.how)


@asynccontextmanager
async def serve(how: Answering = Answering.WELL) -> AsyncIterator[tuple[Server, Loopback]]:
    server = Server(how)
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    address = listeners[0].socket.getsockname()
    async with trio.open_nursery() as nursery:
        handler = functools.partial(serve_connection, server.answer)
        await nursery.start(trio.serve_listeners, handler, listeners)
        yield server, Loopback(address)
        nursery.cancel_scope.cancel()


async def test_a_public_url_is_reached_at_an_address_of_this_machine() -> None:
    request = HttpRequest(method="POST", url=URL, headers={"X-Test": "1"}, body=b"a=1")

    async with serve() as (server, loopback):
        response = await loopback.request(request)

    (received,) = server.requests
    assert (response.status, response.body) == (201, b'{"sid": "CA1"}')
    assert (received.method, received.url, received.body) == ("POST", "/voice?callId=42", b"a=1")
    assert received.headers["host"] == "calls.example.test"
    assert received.headers["x-test"] == "1"


@pytest.mark.parametrize("how", [Answering.RESET, Answering.CUT])
async def test_an_answer_that_breaks_off_is_none(how: Answering) -> None:
    async with serve(how) as (_, loopback):
        with pytest.raises(NoAnswerError) as caught:
            await loopback.request(HttpRequest(method="GET", url=URL))

    assert caught.value.connected


async def test_a_silent_server_keeps_its_client_waiting() -> None:
    async with serve(Answering.SILENCE) as (server, loopback), trio.open_nursery() as nursery:
        nursery.start_soon(loopback.request, HttpRequest(method="GET", url=URL))
        while not server.requests:  # noqa: ASYNC110 - it is a matter of a few turns of the loop
            await trio.lowlevel.checkpoint()
        await trio.testing.wait_all_tasks_blocked()

        assert len(nursery.child_tasks) == 1
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("how", "status", "length"),
    [
        (Answering.ERROR, 500, len(b"<html>Internal Server Error</html>")),
        (Answering.BROKEN_JSON, 201, 7),
        (Answering.HUGE, 201, 14 + HUGE_BYTES),
    ],
)
async def test_an_answer_can_be_whole_and_bad(how: Answering, status: int, length: int) -> None:
    async with serve(how) as (_, loopback):
        response = await loopback.request(HttpRequest(method="GET", url=URL))

    assert (response.status, len(response.body)) == (status, length)


async def test_a_server_that_is_away_is_not_even_connected_to() -> None:
    with reserved_port() as port, pytest.raises(NoAnswerError) as caught:
        await Loopback(("127.0.0.1", port)).request(HttpRequest(method="GET", url=URL))

    assert not caught.value.connected
