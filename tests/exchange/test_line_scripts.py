"""What parties with a script do in whole calls."""

import itertools
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from tests.exchange.ringing import SECOND, TICK_S, lasting, ring
from tests.fakes.daemon import CALLED, FakeDaemon, ServedStream, open_exchange, place
from tests.fakes.voice import tone_for
from voicecalld.audio.frame import SILENT_FRAME
from voicecalld.audio.g711 import mulaw_decode, mulaw_encode
from voicecalld.audio.tones import beep, dtmf_tone
from voicecalld.audio.wav import render_wav
from voicecalld.phone_settings import PhoneScript, PhoneSettings, Step
from voicecalld.settings import MockSettings


def spoken_at(stream: ServedStream) -> list[float]:
    """The times at which the party began to be heard."""
    frames = [(0.0, SILENT_FRAME), *stream.frames]
    return [
        round(at_s, 6)
        for (_, before), (at_s, frame) in itertools.pairwise(frames)
        if before == SILENT_FRAME != frame
    ]


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
