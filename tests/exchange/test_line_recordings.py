"""Recordings of whole calls."""

from pathlib import Path

import numpy as np
import trio
from trio.testing import MockClock

from tests.exchange.ringing import SECOND, lasting, read_stereo, ring
from tests.fakes.daemon import CALLED, FakeDaemon, ServedStream, open_exchange, place, press
from tests.fakes.voice import tone_for
from voicecalld.audio.g711 import mulaw_decode
from voicecalld.audio.tones import dtmf_tone
from voicecalld.phone_settings import PhoneSettings, Step
from voicecalld.settings import MockSettings


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
