"""The sound of whole calls: frames, marks, clears, scripts and recordings."""

import itertools
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import trio
from trio.testing import MockClock

from tests.fakes.daemon import (
    CALLED,
    CALLER,
    FakeDaemon,
    ServedStream,
    hang_up,
    open_exchange,
    place,
    press,
)
from tests.fakes.voice import tone_for
from voicecalld.audio.frame import SILENT_FRAME
from voicecalld.audio.g711 import mulaw_decode, mulaw_encode
from voicecalld.audio.tones import beep, dtmf_tone
from voicecalld.audio.wav import render_wav
from voicecalld.exchange.exchange import RingOrder, RingResult
from voicecalld.phone_settings import PhoneScript, PhoneSettings, Step
from voicecalld.settings import MockSettings

SECOND = beep(300, 1000)
# The line of an inbound call is connected at 0 s and ticks at 0, 0.02, 0.04 ...
TICK_S = 0.02


async def ring(
    daemon: FakeDaemon, script: PhoneScript, *, record: Path | None = None
) -> RingResult:
    order = RingOrder(from_=CALLER, to=CALLED, script=script, record=record)
    async with open_exchange(daemon) as exchange:
        return await exchange.ring(order)


def lasting(ms: int, *steps: Step) -> PhoneScript:
    return PhoneScript(steps=steps, hangs_up_after_ms=ms, hang_up_when_done=False)


def spoken_at(stream: ServedStream) -> list[float]:
    """The times at which the party began to be heard."""
    frames = [(0.0, SILENT_FRAME), *stream.frames]
    return [
        round(at_s, 6)
        for (_, before), (at_s, frame) in itertools.pairwise(frames)
        if before == SILENT_FRAME != frame
    ]


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


# --- scripts --------------------------------------------------------------------------


async def test_a_party_answers_when_the_agent_has_stopped(autojump_clock: MockClock) -> None:
    async def serve(served: ServedStream) -> None:
        await trio.sleep(0.09)
        served.play(SECOND)

    daemon = FakeDaemon(serve=serve)

    await ring(daemon, lasting(4000, Step(say="yes please")))

    # Heard from 0.10 to 1.10 s; its edges fade, so the last frame may count as silence.
    assert spoken_at(daemon.streams[0]) == [pytest.approx(1.1 + 0.4 + 0.3, abs=TICK_S)]


async def test_a_party_interrupts_the_agent(autojump_clock: MockClock) -> None:
    async def serve(served: ServedStream) -> None:
        await trio.sleep(0.49)
        for _ in range(5):
            served.play(SECOND)

    daemon = FakeDaemon(serve=serve)
    interruption = Step(say="stop", when="agent-speaks", after_ms=1500)

    await ring(daemon, lasting(4000, interruption))

    assert spoken_at(daemon.streams[0]) == [pytest.approx(0.5 + 1.5, abs=TICK_S)]


async def test_a_party_hangs_up_after_the_answer_to_its_last_words(
    autojump_clock: MockClock,
) -> None:
    async def serve(served: ServedStream) -> None:
        await trio.sleep(1.99)
        served.play(SECOND)

    daemon = FakeDaemon(serve=serve)

    await ring(daemon, PhoneScript(steps=(Step(say="bye", when="answered"),)))

    ((at_s, words),) = daemon.story_with_times[-1:]
    assert words == "ended hangup-user"
    assert at_s == pytest.approx(3.0 + 0.4, abs=TICK_S)


async def test_keys_are_reported_and_heard_four_a_second(autojump_clock: MockClock) -> None:
    daemon = FakeDaemon()

    await ring(daemon, lasting(3000, Step(press="1w2", when="answered", after_ms=0)))

    assert daemon.streams[0].keys == [(0.0, "1"), (0.74, "2")]
    sound = b"".join(frame for _, frame in daemon.streams[0].frames)
    assert sound.startswith(dtmf_tone("1", 100) + b"\xff" * 1200)
    assert sound[6000:].startswith(dtmf_tone("2", 100))


async def test_a_wav_file_is_played(autojump_clock: MockClock, tmp_path: Path) -> None:
    pcm = mulaw_decode(tone_for("some sound"))
    (tmp_path / "some.wav").write_bytes(render_wav([pcm], 8000))
    daemon = FakeDaemon()
    step = Step(wav=str(tmp_path / "some.wav"), when="answered", after_ms=0)

    await ring(daemon, lasting(1000, step))

    sound = b"".join(frame for _, frame in daemon.streams[0].frames)
    assert sound.startswith(mulaw_encode(pcm))


async def test_an_answering_machine_greets_beeps_and_listens(autojump_clock: MockClock) -> None:
    daemon = FakeDaemon()
    phone = PhoneSettings(behaviour="machine", answers_after_ms=0, hangs_up_after_ms=8000)
    async with open_exchange(daemon, MockSettings(phones={CALLED: phone})) as exchange:
        await place(exchange)
        await trio.sleep(60)

    sound = b"".join(frame for _, frame in daemon.streams[0].frames)
    assert sound[:4000] == b"\xff" * 4000
    assert sound.rstrip(b"\xff").endswith(beep(1000, 500).rstrip(b"\xff"))
    assert daemon.story_with_times[-1] == (8.2, "ended hangup-user")


# --- recordings -----------------------------------------------------------------------


def read_stereo(path: Path) -> npt.NDArray[np.int16]:
    """The samples of a recording, one row for each moment: the party, what it heard."""
    data = path.read_bytes()
    assert data[:4] == b"RIFF"
    assert int.from_bytes(data[40:44], "little") == len(data) - 44
    assert int.from_bytes(data[4:8], "little") == len(data) - 8
    return np.frombuffer(data[44:], "<i2").reshape(-1, 2)


async def test_a_recording_has_both_sides_in_step(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async def serve(served: ServedStream) -> None:
        await trio.sleep(0.99)
        served.play(SECOND)

    daemon = FakeDaemon(serve=serve)
    script = lasting(3500, Step(say="hello", when="answered", after_ms=1000))

    await ring(daemon, script, record=tmp_path / "call.wav")

    stereo = read_stereo(tmp_path / "call.wav")
    assert len(stereo) == 8000 * 3.5 + 160  # the frame in which it hung up is there, too
    start = 8000
    party, heard = mulaw_decode(tone_for("hello")), mulaw_decode(SECOND)
    assert stereo[start : start + len(party) // 2, 0].tobytes() == party
    assert stereo[start : start + len(heard) // 2, 1].tobytes() == heard
    assert not stereo[:start].any()
    assert not stereo[start + len(heard) // 2 :].any()


async def test_digits_from_the_daemon_are_heard_over_its_words(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    daemon = FakeDaemon()
    phone = PhoneSettings(
        answers_after_ms=0, hangs_up_after_ms=2000, record=str(tmp_path / "call.wav")
    )
    async with open_exchange(daemon, MockSettings(phones={CALLED: phone})) as exchange:
        call = await place(exchange)
        await trio.sleep(0.2 + 0.49)
        daemon.streams[0].play(SECOND)
        await press(exchange, call, "5")
        await trio.sleep(60)

    heard = read_stereo(tmp_path / "call.wav")[:, 1]
    words = np.frombuffer(mulaw_decode(SECOND), "<i2").astype(int)
    tone = np.frombuffer(mulaw_decode(dtmf_tone("5", 100)), "<i2").astype(int)
    both = words[:800] + tone
    assert np.abs(heard[4000:4800] - both).max() <= 1024  # mu-law is coarse where it is loud
    assert (heard[4800:12000] == words[800:8000]).all()


async def test_a_recording_is_whole_although_the_call_is_cut_off(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    daemon = FakeDaemon()
    phone = PhoneSettings(answers_after_ms=0, record=str(tmp_path / "call.wav"))
    async with open_exchange(daemon, MockSettings(phones={CALLED: phone})) as exchange:
        await place(exchange)
        await trio.sleep(0.2 + 2.51)

    assert len(read_stereo(tmp_path / "call.wav")) == 8000 * 2.52


async def test_a_recording_that_cannot_be_written_does_not_end_the_call(
    autojump_clock: MockClock,
) -> None:
    daemon = FakeDaemon()

    result = await ring(daemon, lasting(3000), record=Path("/dev/full"))

    assert result.reason == "hangup-user"
    assert daemon.story_with_times[-1] == (3.0, "ended hangup-user")


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
