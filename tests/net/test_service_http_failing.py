"""`ServiceHttp` over real sockets: whose fault it is that there is no answer, and how soon."""

import socket
import ssl
from collections.abc import Generator
from contextlib import ExitStack, contextmanager

import pytest
import trio
from trio.testing import MockClock

from tests.fakes.rest_server import (
    Act,
    reply,
    running,
    say_nothing,
    send_and_close,
    send_and_reset,
    written,
)
from tests.net.link_to_server import LOOPBACK_PEM
from tests.net.speech_over_http import CHUNKED_HEAD, chunk, opened, speech
from voicecalld.errors import ServiceError, UnreachableServiceError
from voicecalld.net.http_client import CONNECT_S
from voicecalld.net.service_http import ServiceRequest, open_service_http


@pytest.mark.parametrize(
    "act",
    [
        send_and_close(CHUNKED_HEAD + chunk(b"half")),
        send_and_close(CHUNKED_HEAD + chunk(b"half") + b"ff\r\nab"),
        send_and_close(CHUNKED_HEAD + chunk(b"half") + b"no length\r\n"),
        send_and_close(written(200, b"half", content_length="10")),
    ],
)
async def test_an_answer_that_breaks_off_is_the_services_fault(act: Act) -> None:
    async with running(act) as server, opened() as http:
        with pytest.raises(ServiceError, match="answer broke off"):
            await http.ask(speech(server))
        await server.until_closed(1)

    assert http.places.borrowed_tokens == 0


@pytest.mark.parametrize(
    "act", [send_and_close(b""), send_and_reset(b""), send_and_close(b"SSH-2.0-x\r\n")]
)
async def test_no_answer_at_all_is_the_services_fault_and_asked_for_once(act: Act) -> None:
    async with running(act) as server, opened() as http:
        with pytest.raises(ServiceError, match="does not answer") as caught:
            await http.ask(speech(server))

    assert not isinstance(caught.value, UnreachableServiceError)
    assert len(server.requests) == 1


async def test_what_is_left_unread_of_a_broken_answer_harms_nobody() -> None:
    act = send_and_close(CHUNKED_HEAD + chunk(b"good") + b"no length\r\n")
    async with running(act) as server, opened() as http, http.stream(speech(server)) as answer:
        assert await anext(answer.pieces()) == b"good"


async def test_a_closed_port_was_not_reached() -> None:
    async with running(reply(200)) as server:
        request = speech(server)

    async with opened() as http:
        with pytest.raises(UnreachableServiceError, match="cannot be reached"):
            await http.ask(request)


async def test_a_certificate_of_nobody_we_trust_ends_it_before_anything_was_said() -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(LOOPBACK_PEM)
    async with running(reply(200), tls=tls) as server, open_service_http(most_at_once=1) as http:
        with pytest.raises(UnreachableServiceError, match="certificate verify failed"):
            await http.ask(speech(server))

    assert server.requests == []


async def test_a_certificate_that_is_trusted_is_taken() -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(LOOPBACK_PEM)
    async with running(reply(200, b"safe"), tls=tls) as server, opened() as http:
        answer = await http.ask(speech(server))

    assert answer.body == b"safe"


@pytest.mark.parametrize("secret", ["TOPSECRET\n", "TOPSECRETé€"])
async def test_a_header_that_cannot_be_sent_is_not_quoted(secret: str) -> None:
    async with running(reply(200)) as server, opened() as http:
        with pytest.raises(ServiceError) as caught:
            await http.ask(speech(server, authorization=secret))

    assert "SECRET" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_neither_a_key_nor_words_are_in_what_is_printed_of_a_request() -> None:
    request = ServiceRequest(
        method="POST", url="http://x", headers={"xi-api-key": "KEY"}, body=b"WORDS"
    )

    assert "KEY" not in repr(request)
    assert "WORDS" not in repr(request)


# --- patience ------------------------------------------------------------------------


@contextmanager
def full_listener() -> Generator[int, None, None]:
    """A port whose queue is full: whoever connects hears nothing."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = listener.getsockname()
        for _ in range(2):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address)
        yield address[1]


async def test_a_server_that_takes_no_connection_is_given_4_s(jumping_clock: MockClock) -> None:
    begun_s = trio.current_time()

    with full_listener() as port:
        async with opened() as http:
            with pytest.raises(UnreachableServiceError):
                await http.ask(ServiceRequest(method="GET", url=f"http://127.0.0.1:{port}/"))

    assert trio.current_time() - begun_s == pytest.approx(CONNECT_S)


async def test_a_silent_service_is_the_callers_to_give_up(jumping_clock: MockClock) -> None:
    async with running(say_nothing) as server, opened() as http:
        with trio.move_on_after(3600) as patience:
            await http.ask(speech(server))
        await server.until_closed(1)

    assert patience.cancelled_caught
    assert http.places.borrowed_tokens == 0
