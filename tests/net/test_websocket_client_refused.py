"""`open_websocket` where there is no WebSocket to be had: why not, and how soon that is told."""

import ssl

import pytest
import trio
from trio.testing import MockClock

from tests.fakes.websocket_service import Act, Visit, echo, serving
from tests.net.link_to_server import LOOPBACK_PEM
from tests.net.websocket_visits import enter
from voicecalld.errors import ServiceError, ServiceRefusedError, UnreachableServiceError
from voicecalld.net.websocket_client import open_websocket


def answers(response: bytes) -> Act:
    """Answer the handshake with *response*, and close."""

    async def act(visit: Visit) -> None:
        await visit.stream.send_all(response)

    return act


async def never_answer(visit: Visit) -> None:
    await visit.stream.receive_some()


@pytest.mark.parametrize(
    ("response", "status", "words"),
    [
        (
            b'HTTP/1.1 401 No\r\nContent-Length: 15\r\n\r\n{"error":"key"}',
            401,
            '401: {"error":"key"}',
        ),
        (b"HTTP/1.1 429 Wait\r\nContent-Length: 0\r\n\r\n", 429, "status 429"),
        (b"HTTP/1.1 403 No\r\nConnection: close\r\n\r\nto the end", 403, "403: to the end"),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 99\r\n\r\ncut", 500, "500: cut"),
        (b"HTTP/1.1 302 Go\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 302, "status 302"),
        (b"HTTP/1.1 400 No\r\nContent-Length: 4\r\n\r\n\x1b[3m", 400, r"400: \x1b[3m"),
    ],
)
async def test_a_service_that_wants_no_websocket_tells_why(
    response: bytes, status: int, words: str
) -> None:
    async with serving(answers(response)) as service:
        with pytest.raises(ServiceRefusedError) as caught:
            await enter(service)
        await service.until_closed(1)

    assert caught.value.status == status
    assert str(caught.value).endswith(words)


async def test_of_a_long_refusal_200_characters_are_told() -> None:
    response = b"HTTP/1.1 400 No\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000
    async with serving(answers(response)) as service:
        with pytest.raises(ServiceRefusedError) as caught:
            await enter(service)

    assert str(caught.value).count("x") == 200


async def test_a_refusal_without_end_is_cut_off() -> None:
    async def flood(visit: Visit) -> None:
        await visit.stream.send_all(b"HTTP/1.1 400 No\r\nContent-Length: 99999999\r\n\r\n")
        while True:
            await visit.stream.send_all(b"x" * 65536)

    async with serving(flood) as service:
        with pytest.raises(ServiceRefusedError) as caught:
            await enter(service)
        await service.until_closed(1)

    assert len(caught.value.body) < 1 << 18


@pytest.mark.parametrize(
    "response",
    [
        b"",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 101 Ok\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/1.1 101",
    ],
)
async def test_an_answer_that_is_no_handshake_is_the_services_fault(response: bytes) -> None:
    async with serving(answers(response)) as service:
        with pytest.raises(ServiceError, match="not that of a WebSocket"):
            await enter(service)
        await service.until_closed(1)


async def test_a_reset_instead_of_an_answer_is_the_services_fault() -> None:
    async with serving(Visit.reset) as service:
        with pytest.raises(ServiceError):
            await enter(service)


@pytest.mark.parametrize("scheme", ["ws", "wss"])
async def test_a_service_that_never_answers_is_given_up_in_time(
    scheme: str, jumping_clock: MockClock
) -> None:
    begun_s = trio.current_time()

    async with serving(never_answer) as service:
        service.url = service.url.replace("ws:", f"{scheme}:")
        with pytest.raises(UnreachableServiceError, match="in time"):
            await enter(service)
        await service.until_closed(1)

    assert trio.current_time() - begun_s == pytest.approx(5.0)


async def test_a_closed_port_was_not_reached() -> None:
    async with serving(echo) as service:
        pass

    with pytest.raises(UnreachableServiceError, match="cannot be reached"):
        await enter(service)


async def test_a_certificate_of_nobody_we_trust_ends_it_before_anything_was_said() -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(LOOPBACK_PEM)
    async with serving(echo, tls=tls) as service:
        with pytest.raises(UnreachableServiceError, match="certificate verify failed"):
            async with open_websocket(service.url, headers={}, connect_s=5.0):
                raise AssertionError
        await service.until_closed(1)

    assert [visit.head for visit in service.visits] == [b""]


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/x", "ws://", "ws://[", "ws://host:port/", "ws://h/a b", "ws://h/é", ""],
)
async def test_a_url_that_is_no_websockets_is_refused(url: str) -> None:
    with pytest.raises(ServiceError, match="URL"):
        async with open_websocket(url, headers={}, connect_s=5.0):
            raise AssertionError


@pytest.mark.parametrize("secret", ["TOPSECRET\nX: y", "TOPSECRETé"])
async def test_a_header_that_cannot_be_sent_is_not_quoted(secret: str) -> None:
    with pytest.raises(ServiceError) as caught:
        async with open_websocket("ws://127.0.0.1:9/", headers={"k": secret}, connect_s=5.0):
            raise AssertionError

    assert "SECRET" not in str(caught.value)
