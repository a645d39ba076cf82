"""What every synthesizer must do, the fakes included: a fake that fails here is a lie."""

import itertools
import unicodedata
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager

import pytest
import trio

from tests.fakes.speech_fakes import FakeSynthesizer
from tests.services import deepgram_speak, elevenlabs, openai_speech
from voicecalld.audio.frame import duration_s
from voicecalld.audio.g711 import mulaw_decode
from voicecalld.audio.pcm import level_dbfs
from voicecalld.audio.words import SpokenWord
from voicecalld.net.service_http import open_service_http
from voicecalld.settings import Settings
from voicecalld.speech.base import SpeechChunk, Synthesizer
from voicecalld.speech.catalog import open_synthesizer
from voicecalld.speech.deepgram_synthesizer import DeepgramSynthesizer
from voicecalld.speech.elevenlabs_synthesizer import (
    ElevenLabsHttpSynthesizer,
    open_elevenlabs_synthesizer,
)
from voicecalld.speech.openai_synthesizer import OpenAiSynthesizer


@asynccontextmanager
async def open_fake() -> AsyncGenerator[Synthesizer, None]:
    yield FakeSynthesizer()


@asynccontextmanager
async def open_elevenlabs() -> AsyncGenerator[Synthesizer, None]:
    async with (
        elevenlabs.open_elevenlabs_socket() as server,
        open_elevenlabs_synthesizer(
            api_key=elevenlabs.API_KEY,
            voice_id=elevenlabs.VOICE_ID,
            model_id="eleven_flash_v2_5",
            base_url=server.url,
        ) as synthesizer,
    ):
        yield synthesizer


@asynccontextmanager
async def open_elevenlabs_over_http() -> AsyncGenerator[Synthesizer, None]:
    async with (
        elevenlabs.open_elevenlabs_http() as server,
        open_service_http(most_at_once=5) as http,
    ):
        yield ElevenLabsHttpSynthesizer(
            http=http,
            api_key=elevenlabs.API_KEY,
            voice_id=elevenlabs.VOICE_ID,
            model_id="eleven_flash_v2_5",
            base_url=server.url,
        )


@asynccontextmanager
async def open_openai() -> AsyncGenerator[Synthesizer, None]:
    async with (
        openai_speech.open_openai_speech() as server,
        open_service_http(most_at_once=5) as http,
    ):
        yield OpenAiSynthesizer(
            http=http,
            api_key=openai_speech.API_KEY,
            model="tts-1",
            voice="marin",
            base_url=f"{server.url}/v1",
            pcm_rate_hz=openai_speech.RATE_HZ,
        )


@asynccontextmanager
async def open_deepgram() -> AsyncGenerator[Synthesizer, None]:
    async with (
        deepgram_speak.open_deepgram_speak() as server,
        open_service_http(most_at_once=5) as http,
    ):
        yield DeepgramSynthesizer(
            http=http,
            api_key=deepgram_speak.API_KEY,
            model="aura-2-thalia-en",
            base_url=f"{server.url}/v1",
        )


OPENERS: Mapping[str, Callable[[], AbstractAsyncContextManager[Synthesizer]]] = {
    "embedded": lambda: open_synthesizer(Settings()),
    "fake": open_fake,
    "elevenlabs": open_elevenlabs,
    "elevenlabs over HTTP": open_elevenlabs_over_http,
    "openai": open_openai,
    "deepgram": open_deepgram,
}
TELLING_WORDS = ["embedded", "fake", "elevenlabs"]  # the others do not know where they are


@pytest.fixture(params=list(OPENERS))
async def synthesizer(request: pytest.FixtureRequest) -> AsyncGenerator[Synthesizer, None]:
    async with OPENERS[request.param]() as synthesizer:
        yield synthesizer


@pytest.fixture(params=TELLING_WORDS)
async def telling(request: pytest.FixtureRequest) -> AsyncGenerator[Synthesizer, None]:
    """A synthesizer that tells where its words are."""
    async with OPENERS[request.param]() as synthesizer:
        yield synthesizer


async def chunks(synthesizer: Synthesizer, text: str) -> list[SpeechChunk]:
    async with aclosing(synthesizer.synthesize(text)) as sound:
        return [chunk async for chunk in sound]


async def words(synthesizer: Synthesizer, text: str) -> list[SpokenWord]:
    return [word for chunk in await chunks(synthesizer, text) for word in chunk.words]


async def seconds(synthesizer: Synthesizer, text: str) -> float:
    return sum(duration_s(len(chunk.audio)) for chunk in await chunks(synthesizer, text))


async def check_health(synthesizer: Synthesizer) -> None:
    """It says a text from its beginning to its end, and tells of all its words or of none."""
    sound = await chunks(synthesizer, "good morning")

    assert 0.4 < sum(duration_s(len(chunk.audio)) for chunk in sound) < 2.0
    assert [word.end for chunk in sound for word in chunk.words] in ([4, 12], [])


async def test_a_text_becomes_sound_of_a_likely_length_and_level(synthesizer: Synthesizer) -> None:
    sound = await chunks(synthesizer, "We are open from nine in the morning until half past five.")

    pcm = mulaw_decode(b"".join(chunk.audio for chunk in sound))
    assert 2.0 < len(pcm) / 2 / 8000 < 6.0
    assert -32.0 < level_dbfs(pcm) < -12.0
    assert all(chunk.audio for chunk in sound)


async def test_a_longer_text_takes_longer(synthesizer: Synthesizer) -> None:
    short = await seconds(synthesizer, "Good morning.")
    long = await seconds(synthesizer, "Good morning. What can I do for you today?")

    assert long > short * 1.5


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n\t ",
        "\U0001f600",
        "\U0001f600 \U0001f44d\U0001f3fd",
        "\x00\x01",
        "...",
        "\u2014",
    ],
)
async def test_text_that_has_nothing_to_say_gives_no_chunk(
    synthesizer: Synthesizer, text: str
) -> None:
    assert await chunks(synthesizer, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Hello, how are you?",
        "\U0001f600 Hello \U0001f600 there \U0001f600",
        "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd hello",
        "a\x00b \x01c \x1bd end",
        "123 apples cost $3.50, it's fine.",
        "\U0001d4b3 marks \U00020000 spots",
        "half \ud800 a pair",
        "e\u0301te\u0301 cafe\u0301",
        "One sentence. Another one! A third? " * 20,
    ],
)
async def test_words_advance_through_the_text_and_through_the_sound(
    telling: Synthesizer, text: str
) -> None:
    sound = await chunks(telling, text)

    said = [word for chunk in sound for word in chunk.words]
    total_s = sum(duration_s(len(chunk.audio)) for chunk in sound)
    assert said
    assert all(a.end < b.end for a, b in itertools.pairwise(said))
    assert all(a.end_s <= b.end_s for a, b in itertools.pairwise(said))
    assert said[-1].end <= len(text)
    assert said[-1].end_s <= total_s + 0.001
    # Nothing that is said is left over, and no word is cut in two.
    assert not any(character.isalnum() for character in text[said[-1].end :])
    assert all(at_end_of_word(text, word.end) for word in said)


def at_end_of_word(text: str, end: int) -> bool:
    return end == len(text) or not (
        text[end - 1].isalnum() and unicodedata.category(text[end]) in {"Ll", "Lu", "Mn"}
    )


async def test_every_word_comes_with_the_chunk_in_which_it_ends(telling: Synthesizer) -> None:
    begin_s = 0.0
    for chunk in await chunks(telling, "One two three four five six seven."):
        end_s = begin_s + duration_s(len(chunk.audio))
        assert all(begin_s - 0.001 <= word.end_s <= end_s + 0.001 for word in chunk.words)
        begin_s = end_s


async def test_each_word_of_a_text_of_letters_is_reported_once(telling: Synthesizer) -> None:
    text = "please call me back tomorrow"

    ends = [word.end for word in await words(telling, text)]

    assert ends == [6, 11, 14, 19, 28]


async def test_many_texts_at_once_are_not_mixed_up(telling: Synthesizer) -> None:
    texts = [f"{'very ' * number}good" for number in range(20)]
    ends: dict[str, list[int]] = {}

    async def say(text: str) -> None:
        ends[text] = [word.end for word in await words(telling, text)]

    async with trio.open_nursery() as nursery:
        for text in texts:
            nursery.start_soon(say, text)

    # "very " is 5 characters, of which 4 are the word; then "good".
    assert ends == {
        f"{'very ' * number}good": [5 * n + 4 for n in range(number + 1)] for number in range(20)
    }


async def test_a_slow_listener_keeps_nobody_else_waiting(synthesizer: Synthesizer) -> None:
    async with aclosing(synthesizer.synthesize("This is listened to slowly.")) as slow:
        await anext(slow)

        assert await chunks(synthesizer, "This is not.")


async def test_a_text_that_is_stopped_early_harms_no_later_one(synthesizer: Synthesizer) -> None:
    for _ in range(10):
        async with aclosing(synthesizer.synthesize("Nobody listens to the end of this.")) as sound:
            await anext(sound)

    await check_health(synthesizer)


async def test_a_text_can_be_cancelled_at_any_moment(synthesizer: Synthesizer) -> None:
    for number in range(20):
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(chunks, synthesizer, "This one is cancelled somewhere.")
                for _ in range(number):
                    await trio.lowlevel.checkpoint()
                scope.cancel()

    await check_health(synthesizer)


async def test_a_very_long_text_begins_at_once_and_can_be_stopped(
    synthesizer: Synthesizer,
) -> None:
    text = "the quick brown fox " * 5_000  # 100 kB, two hours

    async with aclosing(synthesizer.synthesize(text)) as sound:
        first = await anext(sound)

    assert first.audio
    await check_health(synthesizer)
