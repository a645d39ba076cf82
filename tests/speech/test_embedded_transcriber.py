"""The engine itself, in its process, hearing synthetic voices through a telephone line."""

from contextlib import aclosing
from importlib.machinery import ModuleSpec

import pytest
from structlog.testing import capture_logs

from tests.processes import children, count_threads
from voicecalld.audio.frame import MULAW_SILENCE
from voicecalld.errors import ConfigError
from voicecalld.phrases import DEFAULT_PHRASES
from voicecalld.speech import extras
from voicecalld.speech.base import Synthesizer
from voicecalld.speech.embedded_synthesizer import open_embedded_synthesizer
from voicecalld.speech.embedded_transcriber import (
    LONGEST_PHRASE_BYTES,
    EmbeddedTranscriber,
    open_embedded_transcriber,
)
from voicecalld.tts_settings import EmbeddedVoiceSettings

PREROLL = MULAW_SILENCE * 2400  # 300 ms
PAUSE = MULAW_SILENCE * 5600  # 700 ms
# Neither is the agent's own.
VOICES = ["en-gb", "en-us+f3"]
NOT_PHRASES = [
    "My dog ate seven sandwiches.",
    "I want to buy a used car.",
    "The invoice number is forty two.",
    "Could you send the report by email?",
    "Elevator music.",
    "Banana.",
    "We should go swimming later.",
    "What is the capital of France?",
]


async def utterance(synthesizer: Synthesizer, text: str) -> bytes:
    async with aclosing(synthesizer.synthesize(text)) as sound:
        return PREROLL + b"".join([chunk.audio async for chunk in sound]) + PAUSE


@pytest.mark.parametrize("voice", VOICES)
async def test_the_default_phrases_are_recognised_from_other_voices_than_the_agents(
    voice: str,
) -> None:
    async with (
        open_embedded_synthesizer(EmbeddedVoiceSettings(voice=voice)) as synthesizer,
        open_embedded_transcriber(DEFAULT_PHRASES, preroll_ms=300) as transcriber,
    ):
        assert isinstance(transcriber, EmbeddedTranscriber)
        heard = [
            await transcriber.recognize(await utterance(synthesizer, phrase))
            for phrase in DEFAULT_PHRASES
        ]

    assert tuple(heard) == DEFAULT_PHRASES


async def test_most_other_sentences_are_not_taken_for_a_phrase() -> None:
    async with (
        open_embedded_synthesizer(EmbeddedVoiceSettings(voice="en-us+f3")) as synthesizer,
        open_embedded_transcriber(DEFAULT_PHRASES, preroll_ms=300) as transcriber,
    ):
        assert isinstance(transcriber, EmbeddedTranscriber)
        heard = [
            await transcriber.recognize(await utterance(synthesizer, sentence))
            for sentence in NOT_PHRASES
        ]

    assert heard.count("") >= len(NOT_PHRASES) - 2


async def test_silence_and_endless_sound_are_no_phrase() -> None:
    async with open_embedded_transcriber(DEFAULT_PHRASES, preroll_ms=300) as transcriber:
        assert isinstance(transcriber, EmbeddedTranscriber)

        assert await transcriber.recognize(PAUSE) == ""
        assert await transcriber.recognize(b"\x80" * (LONGEST_PHRASE_BYTES + 1)) == ""


async def test_a_phrase_is_heard_as_it_is_configured() -> None:
    async with (
        open_embedded_synthesizer(EmbeddedVoiceSettings()) as synthesizer,
        open_embedded_transcriber(["What's your name?", "No."], preroll_ms=0) as transcriber,
    ):
        assert isinstance(transcriber, EmbeddedTranscriber)
        sound = await utterance(synthesizer, "What's your name?")

        assert await transcriber.recognize(sound) == "What's your name?"


async def test_the_engine_has_one_thread_however_many_cores_there_are() -> None:
    known = set(children())
    async with open_embedded_transcriber(["hello"], preroll_ms=0) as transcriber:
        assert isinstance(transcriber, EmbeddedTranscriber)
        await transcriber.recognize(PAUSE)
        [pid] = set(children()) - known

        assert count_threads(pid) == 1


async def test_the_operator_is_warned_once_that_this_is_not_for_callers() -> None:
    with capture_logs() as logs:
        async with open_embedded_transcriber(["hello"], preroll_ms=300):
            pass

    [entry] = logs
    assert entry["log_level"] == "warning"
    assert "not for real callers" in entry["event"]


async def test_words_that_the_engine_does_not_know_are_the_operators_mistake() -> None:
    with pytest.raises(ConfigError) as refused:
        async with open_embedded_transcriber(["hello Zorblax 9", "..."], preroll_ms=300):
            pass

    assert refused.value.problems == (
        "stt.embedded.phrases: '...' has no words",
        "stt.embedded.phrases: the embedded transcriber does not know the word '9'",
        "stt.embedded.phrases: the embedded transcriber does not know the word 'zorblax'",
    )


async def test_without_the_engine_the_operator_learns_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def find_nothing(_name: str) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(extras, "find_spec", find_nothing)

    with pytest.raises(ConfigError, match=r'^stt.provider "embedded" needs the extra "offline"'):
        async with open_embedded_transcriber(["hello"], preroll_ms=300):
            pass
