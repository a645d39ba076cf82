"""Peers who send what costs much, or who never stop: what is done for them has an end."""

import math

import pytest
import trio
from trio.testing import MockClock

from tests.fakes.websocket_peer import (
    CLOSE,
    PING,
    PONG,
    TEXT,
    UPGRADE,
    allow,
    close_frame,
    frame,
    media_peer,
)
from voicecalld.errors import StreamBrokenError
from voicecalld.net.message_stream import NORMAL_CLOSURE, POLICY_VIOLATION, MessageStream
from voicecalld.web import media_socket
from voicecalld.web.allowance import ODD_FRAMES_AT_ONCE, STRANGER_BYTES, STRANGER_FRAMES
from voicecalld.web.media_protocol import MediaProtocol
from voicecalld.web.media_socket import CHUNK_BYTES, GOODBYE_BYTES, MediaSocket
from voicecalld.web.socket_output import (
    KERNEL_BUFFER_BYTES,
    MAX_BACKLOG_BYTES,
    STRANGER_BACKLOG_BYTES,
)

CONT = 0x0
SOUND = frame(TEXT, b"x" * 300)
EMPTY_PART = frame(CONT, fin=False)

# The smallest of each kind, which cost most for their size.
ODD = {"pings": frame(PING), "pongs": frame(PONG), "parts": EMPTY_PART}
each_odd_frame = pytest.mark.parametrize("odd", ODD.values(), ids=[*ODD])


class CountingProtocol(MediaProtocol):
    """Counts how often the library is given something."""

    def __init__(self, *, is_known: bool) -> None:
        super().__init__(lambda: 0.0)
        self.shake_hands(UPGRADE.encode(), allow)
        self.data_to_send()
        self.allowance.is_known = is_known
        self.asked = 0
        ask = self.library.receive_data

        def count(data: bytes | bytearray) -> None:
            self.asked += 1
            ask(data)

        self.library.receive_data = count  # type: ignore[method-assign]  # to look at it

    @property
    def close_code(self) -> int | None:
        sent = self.library.close_sent
        return sent.code if sent else None


def one_read(unit: bytes) -> bytes:
    """As many of *unit* as one read takes."""
    return unit * (CHUNK_BYTES // len(unit))


def begin_parts(protocol: MediaProtocol, odd: bytes) -> None:
    """Let a message begin, if *odd* goes on with it."""
    if odd == EMPTY_PART:
        protocol.receive(frame(TEXT, fin=False))


# --- what is understood of one read -----------------------------------------------------


@pytest.mark.parametrize("is_known", [False, True])
@each_odd_frame
def test_the_library_sees_few_frames_of_a_read_that_is_full_of_odd_ones(
    odd: bytes, *, is_known: bool
) -> None:
    protocol = CountingProtocol(is_known=is_known)
    begin_parts(protocol, odd)

    heard = protocol.receive(one_read(odd))

    assert heard == []
    assert protocol.asked <= ODD_FRAMES_AT_ONCE
    assert protocol.close_code == POLICY_VIOLATION
    assert not protocol.is_open


@each_odd_frame
def test_behind_our_goodbye_the_library_sees_few_odd_frames_as_well(odd: bytes) -> None:
    protocol = CountingProtocol(is_known=True)
    begin_parts(protocol, odd)
    protocol.close(NORMAL_CLOSURE)

    for _ in range(10):
        protocol.receive_rest(one_read(odd))

    assert protocol.asked <= ODD_FRAMES_AT_ONCE + 1
    assert protocol.has_finished
    assert protocol.close_code == NORMAL_CLOSURE


@pytest.mark.parametrize("text", [b"", b'{"event":""}'])
def test_behind_our_goodbye_the_library_sees_few_messages_without_sound(text: bytes) -> None:
    protocol = CountingProtocol(is_known=True)
    protocol.close(NORMAL_CLOSURE)

    protocol.receive_rest(one_read(frame(TEXT, text)))

    assert protocol.asked <= ODD_FRAMES_AT_ONCE
    assert protocol.has_finished


def test_sound_behind_our_goodbye_hides_no_goodbye_of_the_peer() -> None:
    protocol = CountingProtocol(is_known=True)
    protocol.close(NORMAL_CLOSURE)

    for _ in range(10):
        protocol.receive_rest(SOUND * 50 + SOUND[:7])
        protocol.receive_rest(SOUND[7:])
    was_finished = protocol.has_finished
    protocol.receive_rest(close_frame(1000))

    assert not was_finished
    assert protocol.has_finished


def test_nothing_is_looked_at_any_more_when_all_has_been_said() -> None:
    protocol = CountingProtocol(is_known=True)
    protocol.receive(close_frame(1000))
    asked = protocol.asked

    protocol.receive_rest(one_read(frame(PING)))

    assert protocol.has_finished
    assert protocol.asked == asked


# --- strangers --------------------------------------------------------------------------


def test_a_stranger_is_not_heard_out() -> None:
    protocol = CountingProtocol(is_known=False)

    heard = protocol.receive(one_read(frame(TEXT, b'{"event":""}')))

    assert len(heard) <= STRANGER_FRAMES + 1
    assert protocol.close_code == POLICY_VIOLATION


@pytest.mark.parametrize("is_known", [False, True])
def test_a_stranger_may_send_no_long_story_in_one_frame_either(*, is_known: bool) -> None:
    protocol = CountingProtocol(is_known=is_known)
    most = frame(TEXT, b"x" * (STRANGER_BYTES - 8))

    heard = [*protocol.receive(most), *protocol.receive(frame(TEXT))]

    assert len(heard) == (2 if is_known else 1)
    assert protocol.close_code == (None if is_known else POLICY_VIOLATION)


def test_a_carrier_to_whom_we_come_late_is_no_stranger_for_it() -> None:
    """What has come up to one read, before anybody could look for whose it is."""
    protocol = CountingProtocol(is_known=False)

    heard = protocol.receive(one_read(SOUND))

    assert len(heard) == CHUNK_BYTES // len(SOUND)
    assert protocol.is_open


@each_odd_frame
async def test_whoever_floods_a_stream_is_told_that_he_may_not(
    odd: bytes, jumping_clock: MockClock
) -> None:
    heard: list[str] = []

    async def serve(stream: MessageStream) -> None:
        await stream.deliver(heard.extend)

    async with media_peer(serve, is_known=False) as peer:
        await peer.open(behind=frame(TEXT, fin=odd != EMPTY_PART))
        await peer.send(odd * 1000)
        frames = await peer.read_frames()

    assert frames[-1].opcode == CLOSE
    assert frames[-1].code == POLICY_VIOLATION
    assert len(frames) <= ODD_FRAMES_AT_ONCE + 1
    assert heard == ([] if odd == EMPTY_PART else [""])


@pytest.mark.parametrize("is_known", [False, True])
async def test_little_is_kept_for_a_stranger_who_does_not_read(*, is_known: bool) -> None:
    kept: list[int] = []

    async def serve(stream: MediaSocket) -> None:
        for _ in range(100_000):
            try:
                stream.send("x" * 1000)
            except StreamBrokenError:
                break
            kept.append(len(stream.output.backlog))

    async with media_peer(serve, is_known=is_known) as peer:
        await peer.open()
        await peer.read_frames()

    most = MAX_BACKLOG_BYTES if is_known else STRANGER_BACKLOG_BYTES
    assert most - KERNEL_BUFFER_BYTES < max(kept) <= most


# --- the end ----------------------------------------------------------------------------


async def test_whoever_never_stops_is_not_listened_to_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(media_socket, "GOODBYE_S", math.inf)
    taken: list[int] = []
    read_some = MediaSocket.read_some

    def count(media: MediaSocket) -> bytes:
        data = read_some(media)
        taken.append(len(data))
        return data

    monkeypatch.setattr(MediaSocket, "read_some", count)

    async def serve(stream: MessageStream) -> None:
        stream.close()

    async with media_peer(serve) as peer:
        await peer.open()
        with trio.fail_after(30), pytest.raises(trio.BrokenResourceError):
            await peer.stream.send_all(SOUND * 100_000)

    assert GOODBYE_BYTES <= sum(taken) < GOODBYE_BYTES + 2 * CHUNK_BYTES
