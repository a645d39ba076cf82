"""Answers that do not tell whether the carrier obeyed, and what is sent again after them."""

import httpx  # noqa: ASYNC127 - as in the module that is tested
import pytest
import trio
import trio.testing

from tests.fakes.rest_server import (
    FLOOD_BYTES,
    Act,
    flood,
    reply,
    running,
    say_nothing,
    send_and_close,
    send_and_reset,
    written,
)
from tests.net.link_to_server import dial, hang_up, opened
from voicecalld.errors import CarrierError, OutcomeUnknownError
from voicecalld.net.http_client import MOST_AT_ONCE, MOST_REPLY_BYTES, HttpLink, open_http_links
from voicecalld.provider.http import HttpRequest

# The first half of an answer's head, or of its body.
PARTS = [written(200)[:9], written(200, b"0123456789")[:-5]]
LOSSES = [
    pytest.param(send_and_reset(b""), id="reset before the answer"),
    pytest.param(send_and_close(b""), id="closed before the answer"),
    pytest.param(send_and_reset(PARTS[0]), id="reset within the head"),
    pytest.param(send_and_close(PARTS[0]), id="closed within the head"),
    pytest.param(send_and_close(PARTS[1]), id="closed within the body"),
    pytest.param(send_and_reset(PARTS[1]), id="reset within the body"),
    pytest.param(send_and_close(b"SIP/2.0 200 OK\r\n\r\n"), id="another protocol"),
    pytest.param(send_and_close(b"\x15\x03\x01\x00\x02"), id="TLS without being asked"),
    pytest.param(reply(200, b"\x1f\x8b", Content_Encoding="gzip"), id="compressed"),
    pytest.param(flood, id="endless"),
]
FAILURES = [
    pytest.param(reply(500, b"out of order"), id="500"),
    pytest.param(reply(503, b"out of order", Retry_After="0"), id="503"),
]


@pytest.mark.parametrize("loss", LOSSES)
async def test_a_dial_whose_answer_tells_nothing_is_not_sent_again(loss: Act) -> None:
    async with running(loss, reply(201)) as server, opened() as link:
        with pytest.raises(OutcomeUnknownError):
            await link.request(dial(server))

    assert len(server.requests) == 1


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_dial_at_which_the_carrier_fails_is_not_sent_again_and_its_answer_is_given(
    failure: Act,
) -> None:
    async with running(failure, reply(201)) as server, opened() as link:
        response = await link.request(dial(server))

    assert response.status >= 500
    assert response.body == b"out of order"
    assert len(server.requests) == 1


async def test_what_the_carrier_fails_at_to_the_last_is_given_with_its_reason() -> None:
    async with running(reply(503, b"out of order")) as server, opened() as link:
        response = await link.request(hang_up(server))

    assert (response.status, response.body) == (503, b"out of order")
    assert len(server.requests) == 6


@pytest.mark.parametrize("loss", [*LOSSES, *FAILURES])
async def test_a_hang_up_whose_answer_tells_nothing_is_sent_again(loss: Act) -> None:
    async with running(loss, loss, reply(200, b"over")) as server, opened() as link:
        response = await link.request(hang_up(server))

    assert response.body == b"over"
    assert len(server.requests) == 3


@pytest.mark.parametrize("loss", LOSSES)
async def test_the_link_is_as_good_as_new_after_an_answer_that_tells_nothing(loss: Act) -> None:
    async with running(loss, reply(201, b"made")) as server, opened() as link:
        with pytest.raises(OutcomeUnknownError):
            await link.request(dial(server))
        response = await link.request(dial(server))

    assert response.body == b"made"
    assert link.places.borrowed_tokens == 0


async def test_an_answer_cut_by_a_reset_after_its_last_byte_is_an_answer() -> None:
    async with running(send_and_reset(written(201, b"made"))) as server, opened() as link:
        response = await link.request(dial(server))

    assert (response.status, response.body) == (201, b"made")


async def test_a_reply_of_a_mebibyte_is_read() -> None:
    async with running(reply(200, bytes(MOST_REPLY_BYTES))) as server, opened() as link:
        response = await link.request(dial(server))

    assert len(response.body) == MOST_REPLY_BYTES


async def test_a_reply_of_many_is_not_read_to_its_end() -> None:
    async with running(flood) as server, opened() as link:
        with pytest.raises(CarrierError, match="exceeds"):
            await link.request(dial(server))
        await server.until_closed(1)

    # What we have read, and what was under way in the buffers of the kernel.
    assert server.flooded_bytes < FLOOD_BYTES


async def test_a_request_that_was_refused_as_one_too_many_is_sent_again_even_a_dial() -> None:
    busy = reply(429, Retry_After="0")
    async with running(reply(429), busy, reply(201)) as server, opened() as link:
        response = await link.request(dial(server))

    assert response.status == 201
    assert len(server.requests) == 3


async def test_one_too_many_for_too_long_is_the_answer() -> None:
    async with running(reply(429, b"no")) as server, opened() as link:
        response = await link.request(dial(server))

    assert (response.status, response.body) == (429, b"no")
    assert len(server.requests) == 6


@pytest.mark.parametrize("loss", [*LOSSES, *FAILURES])
async def test_a_refusal_of_what_is_sent_again_says_that_it_may_have_been_obeyed_before(
    loss: Act,
) -> None:
    async with running(loss, reply(403, b"no")) as server, opened() as link:
        response = await link.request(hang_up(server))

    assert (response.status, response.follows_doubt) == (403, True)


async def test_a_refusal_follows_no_doubt_if_nothing_else_was_answered_before() -> None:
    async with running(reply(429), reply(403, b"no")) as server, opened() as link:
        response = await link.request(hang_up(server))

    assert (response.status, response.follows_doubt) == (403, False)


async def test_a_carrier_that_goes_away_after_its_answer_was_lost_may_have_obeyed() -> None:
    class Leaving(httpx.AsyncBaseTransport):
        left = False

        async def handle_async_request(self, _request: httpx.Request) -> httpx.Response:
            if self.left:
                raise httpx.ConnectError("gone")
            self.left = True
            raise httpx.ReadError("reset")

    link = HttpLink(Leaving(), random=lambda: -1.0)

    with pytest.raises(OutcomeUnknownError, match="an earlier answer was lost, and now"):
        await link.request(HttpRequest(method="POST", url="http://a.test/", is_repeatable=True))


async def test_a_carrier_that_hangs_leaves_room_for_the_requests_to_another() -> None:
    async with (
        running(say_nothing) as hanging,
        running(reply(204)) as other,
        open_http_links(["hanging", "other"], random=lambda: -1.0) as links,
        trio.open_nursery() as nursery,
    ):
        for _ in range(MOST_AT_ONCE):
            nursery.start_soon(links["hanging"].request, dial(hanging))
        await trio.testing.wait_all_tasks_blocked()

        with trio.fail_after(30):
            response = await links["other"].request(hang_up(other))
        nursery.cancel_scope.cancel()

    assert response.status == 204
