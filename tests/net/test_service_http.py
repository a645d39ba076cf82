"""`ServiceHttp` over real sockets: answers as they come, and nothing left of those given up."""

import ssl
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from tests.fakes.rest_server import (
    RestServer,
    flood,
    reply,
    running,
    say_nothing,
    send_and_close,
    send_and_reset,
)
from tests.leaks import belongings
from tests.net.link_to_server import LOOPBACK_PEM
from tests.net.speech_over_http import CHUNKED_HEAD, chunk, drip, opened, speech, stall_after
from voicecalld.errors import ServiceError
from voicecalld.net.service_http import ServiceHttp, open_service_http

# --- answers -------------------------------------------------------------------------


async def test_a_piece_is_there_before_the_next_is_sent() -> None:
    heard = trio.Event()

    async def speak(server: RestServer, stream: trio.abc.Stream) -> None:
        await stream.send_all(CHUNKED_HEAD + chunk(b"first"))
        await heard.wait()
        await stream.send_all(chunk(b"second") + chunk(b""))

    pieces = []
    async with running(speak) as server, opened() as http, http.stream(speech(server)) as answer:
        async for piece in answer.pieces():
            pieces.append(piece)
            heard.set()

    assert pieces == [b"first", b"second"]
    assert (answer.status, answer.headers["x-request-id"]) == (200, "7")


async def test_a_whole_answer_is_asked_for_in_one_go() -> None:
    async with running(reply(201, b"text", x_kind="T")) as server, opened() as http:
        answer = await http.ask(speech(server, authorization="Bearer KEY"))

    assert (answer.status, answer.body, answer.headers["x-kind"]) == (201, b"text", "T")
    assert b'{"input":"Hi"}' in server.requests[0]
    assert b"authorization: Bearer KEY" in server.requests[0]


async def test_the_first_piece_can_be_looked_at_before_the_rest_is_read() -> None:
    answer_bytes = CHUNKED_HEAD + chunk(b"RIFF") + chunk(b"wave") + chunk(b"")
    async with (
        running(send_and_close(answer_bytes)) as server,
        opened() as http,
        http.stream(speech(server)) as answer,
    ):
        first = await anext(answer.pieces())
        rest = await answer.rest(100)

    assert (first, rest) == (b"RIFF", b"wave")


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async with running(reply(302, location="/elsewhere"), reply(200)) as server, opened() as http:
        answer = await http.ask(speech(server))

    assert answer.status == 302
    assert len(server.requests) == 1


async def test_an_answer_of_the_greatest_length_is_taken() -> None:
    async with running(reply(200, b"x" * 100)) as server, opened() as http:
        answer = await http.ask(speech(server), most_bytes=100)

    assert len(answer.body) == 100


async def test_an_answer_without_end_is_refused_and_its_connection_closed() -> None:
    async with running(flood) as server, opened() as http:
        with pytest.raises(ServiceError, match="exceeds 1048576 bytes"):
            await http.ask(speech(server))
        await server.until_closed(1)

    assert server.flooded_bytes < 32 << 20


async def test_a_compressed_answer_is_refused() -> None:
    async with (
        running(reply(200, b"\x1f\x8b", content_encoding="gzip")) as server,
        opened() as http,
    ):
        with pytest.raises(ServiceError, match="compressed"):
            await http.ask(speech(server))

    assert b"accept-encoding: identity" in server.requests[0]


# --- connections ---------------------------------------------------------------------


async def test_an_answer_read_to_its_end_leaves_its_connection_for_the_next() -> None:
    async with running(reply(200, b"x")) as server, opened() as http:
        for _ in range(3):
            await http.ask(speech(server))

    assert (len(server.requests), server.connections) == (3, 1)


async def test_a_connection_that_is_kept_for_no_time_is_used_once() -> None:
    trust = ssl.create_default_context(cafile=LOOPBACK_PEM)
    async with (
        running(reply(200, b"x")) as server,
        open_service_http(most_at_once=1, keep_alive_s=0.0, trust=trust) as http,
    ):
        for _ in range(3):
            await http.ask(speech(server))

    assert (len(server.requests), server.connections) == (3, 3)


async def test_an_answer_given_up_closes_its_connection() -> None:
    async with running(drip) as server, opened() as http:
        async with http.stream(speech(server)) as answer:
            await anext(answer.pieces())
        await server.until_closed(1)

    assert http.places.borrowed_tokens == 0


async def test_an_answer_of_which_only_the_head_was_wanted_closes_its_connection() -> None:
    async with running(stall_after(b"x")) as server, opened() as http:
        async with http.stream(speech(server)) as answer:
            assert answer.status == 200
        await server.until_closed(1)


async def stumble(http: ServiceHttp, server: RestServer) -> None:
    async with http.stream(speech(server)) as answer:
        async for _ in answer.pieces():
            raise KeyError


async def test_an_error_in_the_block_comes_out_as_it_is() -> None:
    async with running(drip) as server, opened() as http:
        with pytest.raises(KeyError):
            await stumble(http, server)
        await server.until_closed(1)


async def test_a_generator_that_is_closed_within_the_block_ends_the_answer() -> None:
    async def sound(http: ServiceHttp, server: RestServer) -> AsyncGenerator[bytes, None]:
        async with http.stream(speech(server)) as answer:
            async for piece in answer.pieces():
                yield piece  # noqa: ASYNC119 - it is closed below

    async with running(drip) as server, opened() as http:
        pieces = sound(http, server)
        await anext(pieces)
        async with trio.open_nursery() as nursery:  # noqa: ASYNC112 - another task ends it
            nursery.start_soon(pieces.aclose)
        await server.until_closed(1)

    assert http.places.borrowed_tokens == 0


async def test_one_task_may_read_two_answers_at_once() -> None:
    async with (
        running(drip) as server,
        opened() as http,
        http.stream(speech(server)) as one,
        http.stream(speech(server)) as other,
    ):
        assert await anext(one.pieces())
        assert await anext(other.pieces())
        assert http.places.borrowed_tokens == 2


async def test_no_more_is_asked_at_once_than_the_service_allows() -> None:
    async with running(drip) as server, opened(most_at_once=2) as http, AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(http.stream(speech(server)))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(http.ask, speech(server))
            await trio.testing.wait_all_tasks_blocked()
            assert http.places.statistics().tasks_waiting == 1
            nursery.cancel_scope.cancel()

    assert len(server.requests) == 2


# --- warming up ----------------------------------------------------------------------


async def test_a_warm_connection_serves_the_next_request() -> None:
    async with running(reply(404)) as server, opened() as http:
        await http.warm(server.url)
        await http.ask(speech(server))

    assert [request.split()[0] for request in server.requests] == [b"HEAD", b"POST"]
    assert server.connections == 1


async def test_warming_up_never_raises() -> None:
    async with running(send_and_reset(b"")) as server, opened() as http:
        await http.warm(server.url)
        await http.warm("http://[")
        await http.warm("file:///etc/passwd")
    async with opened() as http:
        await http.warm(server.url)


async def test_warming_up_ends_although_nobody_answers(jumping_clock: MockClock) -> None:
    async with running(say_nothing) as server, opened() as http:
        await http.warm(server.url)
        await server.until_closed(1)

    assert http.places.borrowed_tokens == 0


async def test_warming_up_does_not_wait_for_a_place() -> None:
    async with (
        running(drip) as server,
        opened(most_at_once=1) as http,
        http.stream(speech(server)),
    ):
        await http.warm(server.url)

    assert len(server.requests) == 1


# --- cancellation --------------------------------------------------------------------


async def read_all(http: ServiceHttp, server: RestServer) -> None:
    async with http.stream(speech(server)) as answer:
        async for _ in answer.pieces():
            pass


@pytest.mark.parametrize("tls", [False, True])
async def test_cancellation_at_any_moment_leaves_nothing_behind(*, tls: bool) -> None:
    certificate = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.load_cert_chain(LOOPBACK_PEM)
    async with running(drip, tls=certificate if tls else None) as server, opened() as http:
        before = belongings()
        for checkpoints in range(60):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(read_all, http, server)
                for _ in range(checkpoints):
                    await trio.lowlevel.checkpoint()
                nursery.cancel_scope.cancel()
            await server.until_closed(server.connections)
            await trio.testing.wait_all_tasks_blocked()
            assert belongings() == before

    assert len(server.requests) > 10
    assert http.places.borrowed_tokens == 0
