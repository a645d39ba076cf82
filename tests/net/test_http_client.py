import ssl
import traceback
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import trio

from tests.fakes.rest_server import (
    FLOOD_BYTES,
    Act,
    RestServer,
    flood,
    reply,
    running,
    send_and_close,
    send_and_reset,
    written,
)
from voicecalld import __version__
from voicecalld.errors import CarrierError, OutcomeUnknownError, UnreachableError
from voicecalld.net.http_client import MOST_REPLY_BYTES, HttpLink, open_http_link
from voicecalld.provider.http import HttpRequest

# A key and a certificate for 127.0.0.1, both made for these tests and good for nothing else.
LOOPBACK_PEM = Path(__file__).parent / "loopback.pem"

# The first half of an answer's head, or of its body.
PARTS = [written(200)[:9], written(200, b"0123456789")[:-5]]


def opened() -> AbstractAsyncContextManager[HttpLink]:
    """A link that trusts the server of these tests; its retries come at once: half of nothing."""
    trust = ssl.create_default_context(cafile=LOOPBACK_PEM)
    return open_http_link(random=lambda: -1.0, trust=trust)


def dial(server: RestServer) -> HttpRequest:
    return HttpRequest(method="POST", url=server.url, body=b"To=somebody")


def hang_up(server: RestServer) -> HttpRequest:
    return HttpRequest(method="POST", url=server.url, body=b"Status=done", is_repeatable=True)


# --- what is sent, and what comes back -----------------------------------------------


async def test_the_request_arrives_as_the_provider_wrote_it_with_our_name_on_it() -> None:
    async with running(reply(201, b"made", X_Carrier="yes")) as server, opened() as link:
        request = HttpRequest(
            method="POST",
            url=f"{server.url}?a=b%20c",
            headers={"Authorization": "Basic c2VjcmV0", "content-type": "text/plain"},
            body=b"hello",
        )

        response = await link.request(request)

    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = head.lower().decode().split("\r\n")
    assert lines[0] == "post /calls?a=b%20c http/1.1"
    assert "authorization: basic c2vjcmv0" in lines
    assert "content-type: text/plain" in lines
    assert f"user-agent: voicecalld/{__version__}" in lines
    assert "accept-encoding: identity" in lines
    assert body == b"hello"
    assert (response.status, response.body) == (201, b"made")
    assert response.headers["x-carrier"] == "yes"


async def test_a_request_without_a_body_is_sent_without_one() -> None:
    async with running(reply(200)) as server, opened() as link:
        await link.request(HttpRequest(method="GET", url=server.url))

    assert server.requests[0].startswith(b"GET /calls HTTP/1.1\r\n")
    assert server.requests[0].endswith(b"\r\n\r\n")
    assert b"content-length" not in server.requests[0].lower()


@pytest.mark.parametrize("status", [200, 204, 301, 400, 401, 403, 404, 409, 499])
async def test_an_answer_that_says_what_was_done_is_given_as_it_is(status: int) -> None:
    body = b"" if status == 204 else b"because"
    async with running(reply(status, body)) as server, opened() as link:
        response = await link.request(hang_up(server))

    assert (response.status, response.body) == (status, body)
    assert len(server.requests) == 1


async def test_a_redirect_is_not_followed() -> None:
    async with running(reply(307, Location="/elsewhere")) as server, opened() as link:
        response = await link.request(hang_up(server))

    assert response.status == 307
    assert len(server.requests) == 1


async def test_a_cookie_is_not_kept() -> None:
    async with running(reply(200, Set_Cookie="who=you")) as server, opened() as link:
        await link.request(dial(server))
        await link.request(dial(server))

    assert b"cookie" not in server.requests[1].lower()


async def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with running(reply(200)) as server, opened() as link:
        response = await link.request(dial(server))

    assert response.status == 200


# --- connections ---------------------------------------------------------------------


async def test_a_connection_is_used_again() -> None:
    async with running(reply(200, b"x")) as server, opened() as link:
        for _ in range(5):
            await link.request(dial(server))

    assert server.connections == 1


@pytest.mark.parametrize("last", [send_and_close, send_and_reset])
async def test_a_connection_that_the_carrier_ended_meanwhile_is_not_used_again(
    last: Callable[[bytes], Act],
) -> None:
    async with running(last(written(200)), reply(200)) as server, opened() as link:
        await link.request(dial(server))
        await server.until_closed(1)
        response = await link.request(dial(server))

    assert response.status == 200
    assert (server.connections, len(server.requests)) == (2, 2)


async def test_a_certificate_that_is_trusted_is_taken() -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(LOOPBACK_PEM)
    async with running(reply(200, b"safe"), tls=tls) as server, opened() as link:
        response = await link.request(dial(server))

    assert response.body == b"safe"


async def test_a_certificate_of_nobody_we_trust_ends_it_before_anything_was_said() -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(LOOPBACK_PEM)
    async with (
        running(reply(200), tls=tls) as server,
        open_http_link(random=lambda: -1.0) as link,
    ):
        with pytest.raises(UnreachableError, match="certificate verify failed"):
            await link.request(dial(server))

    assert server.requests == []


async def test_a_server_that_does_not_speak_tls_was_not_reached() -> None:
    async def refuse(stream: trio.SocketStream) -> None:
        await stream.send_all(written(400))
        await stream.aclose()

    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]
    request = HttpRequest(method="POST", url=f"https://127.0.0.1:{port}/calls")

    async with trio.open_nursery() as nursery, opened() as link:
        nursery.start_soon(trio.serve_listeners, refuse, listeners)
        with pytest.raises(UnreachableError):
            await link.request(request)
        nursery.cancel_scope.cancel()


async def test_a_closed_port_was_not_reached() -> None:
    async with running(reply(200)) as server:
        request = dial(server)

    async with opened() as link:
        with pytest.raises(UnreachableError, match=r"cannot be reached: .*127\.0\.0\.1"):
            await link.request(request)


# --- answers that tell nothing -------------------------------------------------------

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


# --- secrets -------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["Basic TOPSECRET\n", "Basic TOPSECRETé€"])
async def test_a_header_that_cannot_be_sent_is_not_quoted(text: str) -> None:
    async with running(reply(200)) as server, opened() as link:
        request = HttpRequest(method="GET", url=server.url, headers={"authorization": text})

        with pytest.raises(CarrierError) as caught:
            await link.request(request)

    assert "TOPSECRET" not in "".join(traceback.format_exception(caught.value))
    assert server.requests == []


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http://[::", f"http://{'a' * 300}/"])
async def test_an_address_that_is_none_of_http_is_asked_for_nothing(url: str) -> None:
    async with opened() as link:
        with pytest.raises(CarrierError, match="cannot be written as HTTP"):
            await link.request(HttpRequest(method="GET", url=url, is_repeatable=True))
