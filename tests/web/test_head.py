import contextlib

import h11
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.web.hostile import GET, HOSTILE_HEADS, START, UPGRADE, post
from voicecalld.errors import BadHeadError
from voicecalld.web.head import (
    MAX_HEAD_BYTES,
    RequestHead,
    measure_head,
    parse_head,
    render_single_request,
)


def read(received: bytes) -> RequestHead | None:
    """What the edge makes of the first bytes of a connection; ``None``: it waits for more."""
    size = measure_head(received)
    return None if size is None else parse_head(received[:size])


def read_with_h11(received: bytes) -> h11.Request | None:
    """What h11 makes of them."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=2 * MAX_HEAD_BYTES)
    connection.receive_data(received)
    event = connection.next_event()
    return event if isinstance(event, h11.Request) else None


@pytest.mark.parametrize(("raw", "status"), HOSTILE_HEADS.values(), ids=HOSTILE_HEADS.keys())
def test_what_two_parsers_may_read_differently_is_refused(raw: bytes, status: int) -> None:
    with pytest.raises(BadHeadError) as caught:
        read(raw)

    assert caught.value.status == status


def test_a_webhook_is_read_with_everything_in_it() -> None:
    raw = (
        b"POST /voice/webhook?callId=a%20b&turn=7 HTTP/1.1\r\nHost: calls.example.test:8443\r\n"
        b"X-Twilio-Signature:\t abc= \r\nUser-Agent: TwilioProxy/1.1\r\nContent-Length: 12\r\n\r\n"
    )

    head = read(raw + b"CallSid=CA12")

    assert head is not None
    assert (head.method, head.content_length, head.is_websocket_upgrade) == ("POST", 12, False)
    assert (head.path, head.query) == ("/voice/webhook", "callId=a%20b&turn=7")
    assert head.values("x-twilio-signature") == ("abc=",)
    assert [name for name, _ in head.fields][:2] == ["host", "x-twilio-signature"]


@pytest.mark.parametrize(
    ("raw", "is_upgrade"),
    [
        (UPGRADE, True),
        (UPGRADE.replace(b"websocket", b"WebSocket"), True),
        (UPGRADE.replace(b"Connection: Upgrade", b"Connection: keep-alive,  upgrade"), True),
        (UPGRADE + b"Content-Length: 0\r\n", True),
        (GET, False),
        # nginx, set up as its manual says for WebSockets, does so to every request
        (GET + b"Connection: upgrade\r\n", False),
    ],
)
def test_an_upgrade_is_one_when_both_headers_say_so(raw: bytes, is_upgrade: bool) -> None:
    head = read(raw + b"\r\n")

    assert head is not None
    assert head.is_websocket_upgrade == is_upgrade


def test_one_byte_less_than_a_head_is_none_yet() -> None:
    raw = post(b"")

    assert [at for at in range(len(raw) + 1) if measure_head(raw[:at]) is not None] == [len(raw)]


def test_a_head_may_be_as_long_as_it_may_be_and_not_a_byte_longer() -> None:
    start = START + b"A: "
    fitting = start + b"b" * (MAX_HEAD_BYTES - len(start) - 4) + b"\r\n\r\n"

    assert measure_head(fitting) == MAX_HEAD_BYTES
    with pytest.raises(BadHeadError) as caught:
        measure_head(fitting.replace(b"\r\n\r\n", b"b\r\n\r\n"))

    assert caught.value.status == 431


def test_what_follows_the_head_is_no_part_of_it() -> None:
    assert measure_head(post(b"\x00\n\r\n\r\n")) == len(post(b""))


@pytest.mark.parametrize(
    "more", [b"Connection: keep-alive\r\n", b"Keep-Alive: timeout=5\r\n", b"TE: trailers\r\n"]
)
def test_whoever_serves_a_request_is_told_that_it_is_the_only_one(more: bytes) -> None:
    head = read(post(b"", more=more + b"X: \xe4\r\n"))
    assert head is not None

    assert render_single_request(head) == (
        b"POST /voice/webhook HTTP/1.1\r\nhost: calls.example.test\r\nx: \xe4\r\n"
        b"content-length: 0\r\nconnection: close\r\n\r\n"
    )


PIECES = [
    *(b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"\0", b"\r\n\r\n", b"a", b"%41", b"/", b"\xff"),
    *(b"POST /a?b HTTP/1.1", b"GET", b"HTTP/1.0", b"Host: x", b"Host: y:1", b"Content-Length: 3"),
    *(b"Content-Length:", b"Transfer-Encoding: chunked", b"Connection: upgrade", b"Expect: a"),
    *(b"Upgrade: websocket", b"Upgrade: h2c", b"X-Y_z: w", b"POST /a HTTP/1.1\r\nHost: x\r\n"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=14).map(b"".join))
@example(post())
@example(UPGRADE + b"\r\n")
def test_h11_reads_what_is_taken_as_we_have_read_it(raw: bytes) -> None:
    with contextlib.suppress(BadHeadError):
        head = read(raw)
        if head is None:
            return
        understood = read_with_h11(render_single_request(head))

        assert understood is not None
        assert (understood.method, understood.target) == (
            head.method.encode(),
            head.target.encode(),
        )
        assert read_with_h11(raw) is not None


@given(st.lists(st.sampled_from(PIECES), max_size=14).map(b"".join))
@example(post())
def test_a_head_that_was_rendered_reads_the_same(raw: bytes) -> None:
    with contextlib.suppress(BadHeadError):
        head = read(raw)
        if head is None or head.is_websocket_upgrade:
            return

        again = read(render_single_request(head))

        assert again is not None
        assert (again.method, again.target, again.content_length) == (
            head.method,
            head.target,
            head.content_length,
        )


@given(st.binary(max_size=300))
def test_no_bytes_do_more_than_be_refused(raw: bytes) -> None:
    with contextlib.suppress(BadHeadError):
        read(raw + b"\r\n\r\n")
