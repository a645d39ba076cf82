import ssl
import traceback
from collections.abc import Callable

import pytest
import trio
import trio.testing

from tests.fakes.rest_server import Act, reply, running, send_and_close, send_and_reset, written
from tests.net.link_to_server import LOOPBACK_PEM, dial, hang_up, opened
from tests.ports import reserved_port
from voicecalld import __version__
from voicecalld.errors import CarrierError, UnreachableError
from voicecalld.net.http_client import open_http_link
from voicecalld.provider.http import HttpRequest

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
    with reserved_port() as port:
        request = HttpRequest(method="POST", url=f"http://127.0.0.1:{port}/calls")

        async with opened() as link:
            with pytest.raises(UnreachableError, match="cannot be reached: Connection refused"):
                await link.request(request)


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
