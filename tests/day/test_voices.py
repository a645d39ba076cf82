"""The voices of both sides, whose words can be read from their sound."""

import pytest
from trio.testing import MockClock

from tests.day.imprint import read_words
from tests.day.voices import (
    BREAKS_AFTER_WORDS,
    Hoarse,
    OurVoice,
    Trouble,
    render_theirs,
    speak_words,
)
from tests.day.waits import Waits
from voicecalld.audio.activity import SileroModel, SpeechBegan, VoiceActivity
from voicecalld.audio.frame import FRAME_BYTES, SAMPLE_RATE_HZ
from voicecalld.errors import ServiceError
from voicecalld.speech.base import SpeechChunk

TEXT = "We open at nine \u2014 or ten."


async def say(voice: OurVoice, chunks: list[SpeechChunk], text: str = TEXT) -> None:
    async for chunk in voice.synthesize(text):
        chunks.append(chunk)  # noqa: PERF401 - those before a failure count too


def test_our_words_are_where_they_are_told_to_be() -> None:
    sound, end_s = b"", 0.0
    for chunk in speak_words(TEXT):
        sound += chunk.audio
        (word,) = chunk.words
        assert word.end_s == pytest.approx(len(sound) / SAMPLE_RATE_HZ)
        assert word.end_s > end_s
        end_s = word.end_s

    assert [word.text for word in read_words(sound)] == ["We", "open", "at", "nine", "or", "ten."]


@pytest.mark.parametrize("text", ["", " ", "\U0001f600", "..."])
def test_where_there_is_nothing_to_say_we_say_nothing(text: str) -> None:
    assert [*speak_words(text)] == []


@pytest.mark.parametrize(
    ("trouble", "said"), [(Trouble.FAILS, 0), (Trouble.BREAKS, BREAKS_AFTER_WORDS)]
)
async def test_a_hoarse_voice_fails_once(
    trouble: Trouble, said: int, autojump_clock: MockClock
) -> None:
    voice = OurVoice(Waits(), hoarse=(Hoarse(word="nine", trouble=trouble),))
    chunks = list[SpeechChunk]()

    with pytest.raises(ServiceError):
        await say(voice, chunks)
    before = len(chunks)
    await say(voice, chunks)

    assert (before, len(chunks) - before) == (said, 6)


def test_their_sound_is_whole_frames_so_that_their_words_can_be_read() -> None:
    parts = [*render_theirs("Well [0.55] yes. [cough] [moan] [music 1]")]

    assert all(len(part) % FRAME_BYTES == 0 for part in parts)
    texts = [word.text for word in read_words(b"".join(parts))]
    assert texts == ["Well", "yes.", "(cough)", "(moan)", "(music)"]


@pytest.mark.parametrize(("text", "is_voice"), [("[moan]", True), ("[music 3]", False)])
def test_to_the_detector_a_moan_is_a_voice_and_music_is_none(text: str, is_voice: bool) -> None:
    changes = VoiceActivity(SileroModel()).feed(b"".join(render_theirs(text)))

    assert any(isinstance(change, SpeechBegan) for change in changes) is is_voice
