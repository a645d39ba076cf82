"""The sound of whole calls: frames, marks, clears, and the end of a stream."""

from pathlib import Path

import numpy as np
import pytest
import trio
from trio.testing import MockClock

from tests.exchange.ringing import SECOND, TICK_S, lasting, read_stereo, ring
from tests.fakes.daemon import FakeDaemon, ServedStream, hang_up, open_exchange, place
from tests.fakes.voice import tone_for
from voicecalld.audio.frame import SILENT_FRAME
from voicecalld.phone_settings import Step

# --- frames ---------------------------------------------------------------------------


async def test_a_frame_comes_every_20_ms_by_absolute_time(autojump_clock: MockClock) -> None:
    daemon = FakeDaemon()

    await ring(daemon, lasting(10_000))

    frames = daemon.streams[0].frames
    assert [round(at_s, 6) for at_s, _ in frames] == [round(n * TICK_S, 6) for n in range(501)]
    assert {frame for _, frame in frames} == {SILENT_FRAME}


async def test_a_party_is_heard_sample_by_sample(autojump_clock: MockClock) -> None:
    daemon = FakeDaemon()

    await ring(daemon, lasting(2000, Step(say="hello", when="answered", after_ms=500)))

    sound = b"".join(frame for _, frame in daemon.streams[0].frames)
    # 500 ms are 4000 samples of silence.
    assert sound[:4000] == b"\xff" * 4000
    assert sound[4000:].startswith(tone_for("hello"))
    assert set(sound[4000 + len(tone_for("hello")) :]) == {0xFF}


# --- marks and clears -----------------------------------------------------------------


async def test_a_mark_returns_when_the_sound_before_it_has_been_played(
    autojump_clock: MockClock,
) -> None:
    async def serve(served: ServedStream) -> None:
        served.mark("nothing before it")
        await trio.sleep(0.51)  # between two ticks
        served.play(SECOND)
        served.mark("a")
        served.play(SECOND)
        served.mark("b")

    daemon = FakeDaemon(serve=serve)

    await ring(daemon, lasting(4000))

    # Played from the tick at 0.52 s on.
    assert daemon.streams[0].marks == [(0.0, "nothing before it"), (1.52, "a"), (2.52, "b")]


async def test_a_clear_returns_all_marks_at_once_and_silences_the_line(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async def serve(served: ServedStream) -> None:
        served.play(SECOND)
        served.mark("a")
        served.play(SECOND)
        served.mark("b")
        await trio.sleep(0.31)
        served.clear()
        await trio.sleep(0.01)
        served.mark("c")

    daemon = FakeDaemon(serve=serve)

    await ring(daemon, lasting(3000), record=tmp_path / "call.wav")

    assert daemon.streams[0].marks == [(0.31, "a"), (0.31, "b"), (0.32, "c")]
    heard = read_stereo(tmp_path / "call.wav")[:, 1]
    # The frame that began at 0.30 s is heard to its end.
    assert np.flatnonzero(heard)[-1] < 0.32 * 8000 <= np.flatnonzero(heard)[-1] + 20


async def test_sound_after_a_clear_is_played(autojump_clock: MockClock, tmp_path: Path) -> None:
    async def serve(served: ServedStream) -> None:
        served.play(SECOND)
        served.clear()
        served.play(tone_for("again"))
        served.mark("again")

    daemon = FakeDaemon(serve=serve)

    await ring(daemon, lasting(3000))

    (at_s, name) = daemon.streams[0].marks[0]
    assert name == "again"
    assert at_s == pytest.approx(0.2, abs=TICK_S)


# --- when the stream ends -------------------------------------------------------------


async def test_a_daemon_that_closes_the_stream_at_once_leaves_the_line_to_the_party(
    autojump_clock: MockClock,
) -> None:
    async def serve(served: ServedStream) -> None:
        served.stream.close()

    daemon = FakeDaemon(serve=serve)

    await ring(daemon, lasting(5000))

    assert daemon.story_with_times[-1] == (5.0, "ended hangup-user")
    assert daemon.streams_done == 1


@pytest.mark.parametrize(
    "message", ["{}", '{"event":"media","media":{"payload":"?"}}', '{"event":"dance"}']
)
async def test_a_message_that_makes_no_sense_costs_the_stream_but_not_the_line(
    autojump_clock: MockClock, message: str
) -> None:
    async def serve(served: ServedStream) -> None:
        served.stream.send(message)

    daemon = FakeDaemon(serve=serve)

    await ring(daemon, lasting(5000))

    assert len(daemon.streams[0].frames) <= 2
    assert daemon.story_with_times[-1] == (5.0, "ended hangup-user")


async def test_ten_minutes_of_sound_are_too_much_to_wait_for(autojump_clock: MockClock) -> None:
    async def serve(served: ServedStream) -> None:
        for _ in range(601):
            served.play(SECOND)

    daemon = FakeDaemon(serve=serve)

    await ring(daemon, lasting(5000))

    assert len(daemon.streams[0].frames) <= 2


async def test_a_daemon_that_does_not_read_loses_the_stream(autojump_clock: MockClock) -> None:
    daemon = FakeDaemon()
    streams = []

    async def never_read(stream: object) -> None:
        streams.append(stream)
        await trio.sleep_forever()

    daemon.accept_stream = never_read  # type: ignore[method-assign]  # the fake's own reads

    await ring(daemon, lasting(30_000))

    assert len(streams) == 1
    assert daemon.story_with_times[-1] == (30.0, "ended hangup-user")


# --- recordings -----------------------------------------------------------------------


async def test_a_line_that_is_hung_up_stops_sending(autojump_clock: MockClock) -> None:
    daemon = FakeDaemon()
    async with open_exchange(daemon) as exchange:
        call = await place(exchange)
        await trio.sleep(3)
        await hang_up(exchange, call)
        await trio.sleep(1)
        frames = len(daemon.streams[0].frames)
        await trio.sleep(10)

    assert len(daemon.streams[0].frames) == frames
