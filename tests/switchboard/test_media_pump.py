from collections.abc import Callable, Sequence

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from voicecalld.audio.activity import ActivityEvent, SileroModel, SpeechBegan, VoiceActivity
from voicecalld.audio.frame import FRAME_BYTES, MULAW_SILENCE
from voicecalld.call.events import CallEvent, PressedKey
from voicecalld.call.playout import Playout
from voicecalld.exchange.wire import PlayAudio, decode_order
from voicecalld.net.message_stream import MemoryStream, open_memory_streams
from voicecalld.provider.mock.media import MockCodec
from voicecalld.switchboard.media_pump import ECHO_TAIL_S, LET_SPEAK_S, Line, MediaPump
from voicecalld.switchboard.stand_ins import NoTranscription

KEY = '{"event":"dtmf","dtmf":{"digit":"5"}}'


class Watched:
    """Counts what it is told."""

    def __init__(self) -> None:
        self.bad_messages = 0
        self.lines_over = 0

    def on_first_frame(self, turn: int, now_s: float) -> None: ...
    def on_mark(self, turn: int, now_s: float) -> None: ...
    def on_bad_message(self) -> None:
        self.bad_messages += 1

    def on_line_over(self) -> None:
        self.lines_over += 1


@pytest.fixture
def told() -> list[CallEvent]:
    return []


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def pump(told: list[CallEvent], watched: Watched) -> MediaPump:
    def fail(error: Exception) -> None:
        raise error

    return MediaPump(
        playout=Playout(),
        voice=VoiceActivity(SileroModel()),
        transcription=NoTranscription(),
        tell=told.append,
        fail=fail,
        watcher=watched,
    )


def open_line(*following: str) -> tuple[MemoryStream, Line]:
    """The carrier's end of a line, and the line."""
    carriers, ours = open_memory_streams()
    return carriers, Line(stream=ours, codec=MockCodec(), following=following)


async def test_what_came_right_behind_the_start_is_heard(
    pump: MediaPump, told: list[CallEvent]
) -> None:
    carriers, line = open_line(KEY)
    carriers.close()

    await pump.read(line)

    assert told == [PressedKey(digit="5")]
    assert pump.line is None


async def test_malformed_messages_and_the_end_of_a_line_are_told_to_the_watcher(
    pump: MediaPump, watched: Watched
) -> None:
    carriers, line = open_line("garbage")
    carriers.send("garbage")
    carriers.close()

    await pump.read(line)

    assert (watched.bad_messages, watched.lines_over) == (2, 1)


class GuardedVoice(VoiceActivity):
    """Notes when what it hears may be an echo."""

    def __init__(self) -> None:
        super().__init__(SileroModel())
        self.guarded: list[bool] = []

    def guard(self, *, is_on: bool) -> None:
        self.guarded.append(is_on)


async def test_what_is_heard_while_we_are_and_just_behind_may_be_an_echo(
    pump: MediaPump, autojump_clock: MockClock
) -> None:
    voice = GuardedVoice()
    pump.voice = voice
    pump.playout.played_out_s = trio.current_time() + 1.0

    for pause_s in (0.0, 1.0, ECHO_TAIL_S - 0.01, 0.02):
        await trio.sleep(pause_s)
        pump.on_audio(MULAW_SILENCE * FRAME_BYTES)

    assert voice.guarded == [True, True, True, False]


class PairingCodec(MockCodec):
    """A carrier's codec whose messages hold two frames."""

    frames_per_message = 2


async def test_frames_go_in_messages_of_as_many_as_the_codec_wants(pump: MediaPump) -> None:
    carriers, ours = open_memory_streams()
    pump.line = Line(stream=ours, codec=PairingCodec())
    pump.playout.start(1)
    pump.playout.begin_clause()
    pump.playout.add(b"\x01" * (5 * FRAME_BYTES))
    pump.playout.end_clause("Hello.")

    pump.tick(trio.current_time())

    sizes = [
        len(order.audio) // FRAME_BYTES if isinstance(order, PlayAudio) else "mark"
        for order in map(decode_order, await carriers.receive())
    ]
    assert sizes == [2, 2, 1, "mark"]


class FirstSound(VoiceActivity):
    """Takes any sound for the beginning of speech."""

    def __init__(self) -> None:
        super().__init__(SileroModel())
        self.is_on = False

    @property
    def speaking(self) -> bool:
        return self.is_on

    def feed(self, frame: bytes) -> tuple[ActivityEvent, ...]:  # noqa: ARG002 - a protocol's
        self.is_on = True
        return (SpeechBegan(at_s=0.0),)


@pytest.fixture
def ready(pump: MediaPump) -> MediaPump:
    """A pump whose turn, of which nothing is heard yet, is ready when they begin to speak."""
    pump.voice = FirstSound()
    _, pump.line = open_line()
    pump.playout.start(1)
    pump.playout.begin_clause()
    pump.playout.add(b"\x01" * (50 * FRAME_BYTES))
    return pump


def is_heard(pump: MediaPump) -> bool:
    pump.tick(trio.current_time())
    return pump.playout.is_audible


async def test_who_begins_just_before_us_is_let_speak_for_a_moment(
    ready: MediaPump, autojump_clock: MockClock
) -> None:
    ready.on_audio(MULAW_SILENCE * FRAME_BYTES)

    heard = [is_heard(ready)]
    await trio.sleep(LET_SPEAK_S - 0.01)
    heard.append(is_heard(ready))
    await trio.sleep(0.02)
    heard.append(is_heard(ready))

    assert heard == [False, False, True]


async def test_we_begin_as_soon_as_a_noise_is_over(
    ready: MediaPump, autojump_clock: MockClock
) -> None:
    ready.on_audio(MULAW_SILENCE * FRAME_BYTES)
    assert isinstance(ready.voice, FirstSound)

    ready.voice.is_on = False

    assert is_heard(ready)


async def test_a_filler_that_is_heard_goes_on_when_they_begin_to_speak(
    ready: MediaPump, autojump_clock: MockClock
) -> None:
    ready.playout.add_filler(b"\x01" * (50 * FRAME_BYTES))
    ready.tick(trio.current_time())
    left = len(ready.playout.filler)
    ready.on_audio(MULAW_SILENCE * FRAME_BYTES)
    await trio.sleep(0.1)

    ready.tick(trio.current_time())

    assert len(ready.playout.filler) < left


async def test_a_turn_that_is_heard_goes_on_when_they_begin_to_speak(
    ready: MediaPump, autojump_clock: MockClock
) -> None:
    ready.tick(trio.current_time())
    before_s = ready.playout.sent_s
    ready.on_audio(MULAW_SILENCE * FRAME_BYTES)
    await trio.sleep(0.1)

    ready.tick(trio.current_time())

    assert ready.playout.sent_s > before_s


class SlowStream:
    """Gives its only message when it is let go, closed or not."""

    def __init__(self) -> None:
        self.messages = [KEY]
        self.let_go = trio.Event()
        self.closed = False

    def send(self, message: str) -> None: ...
    def close(self, code: int = 1000) -> None:  # noqa: ARG002 - a protocol's
        self.closed = True

    async def receive(self) -> Sequence[str]:
        await self.let_go.wait()
        messages, self.messages = self.messages, []
        return messages

    async def deliver(self, take: Callable[[Sequence[str]], None]) -> None:
        while messages := await self.receive():
            take(messages)


async def test_a_line_that_another_one_has_replaced_is_closed_and_not_listened_to(
    pump: MediaPump, told: list[CallEvent], watched: Watched
) -> None:
    stream = SlowStream()
    _, second = open_line()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(pump.read, Line(stream=stream, codec=MockCodec()))
        await wait_all_tasks_blocked()
        nursery.start_soon(pump.read, second)
        await wait_all_tasks_blocked()
        assert stream.closed
        stream.let_go.set()
        await wait_all_tasks_blocked()

        assert pump.line is second
        assert watched.lines_over == 1
        nursery.cancel_scope.cancel()

    assert told == []


async def test_what_was_pressed_before_a_line_broke_still_counts(
    pump: MediaPump, told: list[CallEvent]
) -> None:
    carriers, line = open_line()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(pump.read, line)
        await wait_all_tasks_blocked()
        carriers.send(KEY)
        carriers.close()
        pump.send(line, "nobody reads this")

    assert told == [PressedKey(digit="5")]
    assert pump.line is None
