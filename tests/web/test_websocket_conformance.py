"""RFC 6455 over a real socket: our own cases, whole and in pieces, and peers made by a library."""

import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from tests.fakes.websocket_peer import (
    CLOSE,
    UPGRADE,
    Peer,
    Received,
    allow,
    close_frame,
    frame,
    media_peer,
    turning_inlet,
)
from tests.web.conformance_cases import ALL, INVALID, VALID, Case
from voicecalld.net.inlet import Inlet
from voicecalld.net.message_stream import MessageStream
from voicecalld.web.frames import MAX_MESSAGE_BYTES, text_frame
from voicecalld.web.media_protocol import MediaProtocol

MAX_PIECES = 2000

# Short and long heads, and every kind of character.
TEXTS = st.one_of(st.text(max_size=20), st.integers(0, 400).map("x".__mul__))
PAYLOADS = st.binary(max_size=125)


def expected(case: Case) -> tuple[Received, ...]:
    """All frames that come back, with the goodbye at the end."""
    if case.back and case.back[-1].opcode == CLOSE:
        return case.back
    return (*case.back, Received(CLOSE, (case.code or 1000).to_bytes(2)))


def without_reason(frames: Sequence[Received], case: Case) -> tuple[Received, ...]:
    """The frames as they are expected; what a Close of the server says in words is up to it."""
    if case.code is None or not frames or frames[-1].opcode != CLOSE:
        return tuple(frames)
    return (*frames[:-1], Received(CLOSE, frames[-1].payload[:2]))


def in_pieces(data: bytes) -> Iterator[bytes]:
    """*data* in single bytes; if it is long, in as many pieces as can be waited for."""
    size = -(-len(data) // MAX_PIECES)
    return (data[at : at + size] for at in range(0, len(data), size))


async def hold(
    pieces: Iterable[bytes], inlet: Inlet | None = None
) -> tuple[list[str], list[Received]]:
    """Send the pieces and a goodbye; gives what was heard, and all frames that came back."""
    heard: list[str] = []
    back: list[Received] = []

    async def serve(stream: MessageStream) -> None:
        await stream.deliver(heard.extend)

    async def read(peer: Peer) -> None:
        back.extend(await peer.read_frames(answers=False))

    async with media_peer(serve, inlet=inlet) as peer:
        await peer.open()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(read, peer)
            # Who is sent away may notice it only when he still sends, and we have gone.
            with contextlib.suppress(trio.BrokenResourceError):
                for piece in pieces:
                    await peer.send(piece)
                await peer.send(close_frame(1000))
    return heard, back


def test_there_are_enough_cases_and_no_two_have_the_same_name() -> None:
    assert len({case.name for case in ALL}) == len(ALL) >= 120


@pytest.mark.parametrize("case", ALL, ids=lambda case: re.sub(r"\W+", "-", case.name))
async def test_the_answer_is_the_one_of_the_standard(case: Case) -> None:
    data = b"".join(case.sent)

    async with turning_inlet() as inlet:
        heard, back = await hold([data], inlet)
    heard_in_pieces, back_in_pieces = await hold(in_pieces(data))

    assert tuple(heard) == tuple(heard_in_pieces) == case.heard
    assert without_reason(back, case) == expected(case)
    assert without_reason(back_in_pieces, case) == expected(case)


# --- without a socket: any messages in any pieces -------------------------------------


def opened() -> MediaProtocol:
    protocol = MediaProtocol(lambda: 0.0)
    protocol.shake_hands(UPGRADE.encode(), allow)
    protocol.data_to_send()
    assert protocol.is_open
    return protocol


@st.composite
def cuts(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """*data*, cut anywhere."""
    places = draw(st.lists(st.integers(0, len(data)), max_size=8).map(sorted))
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


def feed(protocol: MediaProtocol, pieces: Sequence[bytes]) -> list[str]:
    """What is received until the protocol wants no more."""
    return [message for piece in pieces if protocol.is_open for message in protocol.receive(piece)]


@given(st.data())
def test_whatever_a_client_sends_is_received_and_every_ping_is_answered(
    data: st.DataObject,
) -> None:
    client = ClientProtocol(parse_uri("ws://calls.example.test/"), state=State.OPEN)
    said: list[str] = []
    pinged: list[bytes] = []
    for _ in range(data.draw(st.integers(0, 6))):
        match data.draw(st.sampled_from(["text", "parts", "ping", "pong"])):
            case "text":
                said.append(data.draw(TEXTS))
                client.send_text(said[-1].encode())
            case "parts":
                said.append(data.draw(TEXTS))
                parts = data.draw(cuts(said[-1].encode()))
                client.send_text(parts[0], fin=False)
                client.send_ping(b"between")
                pinged.append(b"between")
                for part in parts[1:]:
                    client.send_continuation(part, fin=False)
                client.send_continuation(b"", fin=True)
            case "ping":
                pinged.append(data.draw(PAYLOADS))
                client.send_ping(pinged[-1])
            case _:
                client.send_pong(data.draw(PAYLOADS))
    client.send_close(4000, "done")
    protocol = opened()

    received = feed(protocol, data.draw(cuts(b"".join(client.data_to_send()))))

    assert received == said
    client.receive_data(b"".join(protocol.data_to_send()))
    answers = [event for event in client.events_received() if isinstance(event, Frame)]
    assert [bytes(event.data) for event in answers if event.opcode is Opcode.PONG] == pinged
    assert client.close_rcvd is not None
    assert client.close_rcvd.code == 4000
    assert protocol.has_finished


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """A frame that is allowed, or hardly."""
    payload = draw(
        st.one_of(
            TEXTS.map(str.encode),
            PAYLOADS,
            st.sampled_from([*VALID.values(), *INVALID.values()]),
            st.integers(0, 5000).map(lambda code: code.to_bytes(2)),
        )
    )
    return frame(
        draw(st.sampled_from([0, 1, 1, 1, 1, 2, 8, 9, 10, 3, 15])),
        payload,
        fin=draw(st.sampled_from([True, True, False])),
        rsv=draw(st.sampled_from([0] * 10 + [1, 4])),
        mask=draw(st.one_of(st.binary(min_size=4, max_size=4), st.just(b"abcd"))),
        length_bytes=None if draw(st.booleans()) or len(payload) > 125 else 2,
    )


def judged_by_the_library(data: bytes) -> tuple[list[str], int | None]:
    """What the library alone makes of *data*: messages, and the code of the Close that it sends.

    It knows nothing of UTF-8 in messages, and lets binary ones pass; those are added here.
    """
    library = ServerProtocol(state=State.OPEN, max_size=MAX_MESSAGE_BYTES)
    messages: list[str] = []
    parts = b""
    for at in range(len(data)):
        library.receive_data(data[at : at + 1])
        for event in library.events_received():
            assert isinstance(event, Frame)
            if event.opcode is Opcode.BINARY:
                return messages, 1003
            if event.opcode not in {Opcode.TEXT, Opcode.CONT}:
                continue
            parts += event.data
            if is_wrong(parts, whole=event.fin):
                return messages, 1007
            if event.fin:
                messages.append(parts.decode())
                parts = b""
    sent = library.close_sent
    return messages, sent.code if sent else None


def is_wrong(text: bytes, *, whole: bool) -> bool:
    """Whether *text*, or whatever could follow it, is no UTF-8."""
    endings = ["", "\x80", "\x80\x80", "\x80\x80\x80"] if not whole else [""]
    tails = [ending.encode("latin-1") for ending in endings]
    # Continuations that are as good as any for what may have begun.
    tails += [b"\xa0\x80", b"\x90\x80\x80", b"\xbf"] if not whole else []
    return not any(is_utf8(text + tail) for tail in tails)


def is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


@given(st.data(), st.lists(frames(), max_size=5), st.binary(max_size=12))
def test_whatever_a_peer_sends_is_judged_as_by_the_library_alone(
    data: st.DataObject, sent: list[bytes], rubbish: bytes
) -> None:
    stream = b"".join(sent) + rubbish
    protocol = opened()

    received = feed(protocol, data.draw(cuts(stream)))

    close_sent = protocol.library.close_sent
    code = close_sent.code if close_sent else None
    assert (received, code) == judged_by_the_library(stream)


@given(st.data(), TEXTS)
def test_whatever_we_send_is_one_frame_that_a_client_understands(
    data: st.DataObject, text: str
) -> None:
    size = data.draw(st.sampled_from([0, 130, 66_000]))
    client = ClientProtocol(parse_uri("ws://calls.example.test/"), state=State.OPEN)

    client.receive_data(text_frame(text + "x" * size))

    (event,) = client.events_received()
    assert isinstance(event, Frame)
    assert (event.opcode, event.fin) == (Opcode.TEXT, True)
    assert bytes(event.data).decode() == text + "x" * size
