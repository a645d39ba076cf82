"""The engine itself, in its process."""

import os
import signal
import sys
from contextlib import aclosing
from importlib.machinery import ModuleSpec

import pytest
import trio
import trio.testing

from tests.processes import children
from voicecalld.audio.g711 import mulaw_decode
from voicecalld.errors import ConfigError, ServiceError
from voicecalld.speech import embedded_synthesizer, extras
from voicecalld.speech.embedded_synthesizer import (
    START_S,
    WORKER,
    EmbeddedSynthesizer,
    cut_chunks,
    open_embedded_synthesizer,
)
from voicecalld.speech.framing import Answer
from voicecalld.speech.speakable import Piece
from voicecalld.speech.worker import Worker, module_command
from voicecalld.tts_settings import EmbeddedVoiceSettings

SETTINGS = EmbeddedVoiceSettings()
PEAK = 32124  # the loudest code of mu-law


async def spoken(synthesizer: EmbeddedSynthesizer, text: str) -> bytes:
    async with aclosing(synthesizer.synthesize(text)) as sound:
        return b"".join([chunk.audio async for chunk in sound])


@pytest.mark.parametrize("voice", ["en-us", "en", "en-gb", "en-gb+f3", "de", "en+klatt4", "en+m3"])
async def test_no_voice_is_so_loud_that_it_is_clipped(voice: str) -> None:
    async with (
        open_embedded_synthesizer(EmbeddedVoiceSettings(voice=voice)) as synthesizer,
        aclosing(synthesizer.synthesize("Wow! What a loud and angry voice!")) as sound,
    ):
        mulaw = b"".join([chunk.audio async for chunk in sound])

    levels = [abs(level) for level in memoryview(mulaw_decode(mulaw)).cast("h")]
    assert PEAK / 8 < max(levels) < PEAK


async def test_a_voice_with_breath_sounds_the_same_in_each_process() -> None:
    sounds = set()
    for _ in range(3):
        async with open_embedded_synthesizer(EmbeddedVoiceSettings(voice="en-us+f3")) as one:
            assert isinstance(one, EmbeddedSynthesizer)
            sounds.add(await spoken(one, "Hello, how are you?"))

    assert len(sounds) == 1


async def test_a_voice_that_does_not_exist_is_the_operators_mistake() -> None:
    with pytest.raises(ConfigError, match=r"^tts.embedded.voice: espeak-ng has no voice 'xx'$"):
        async with open_embedded_synthesizer(EmbeddedVoiceSettings(voice="xx")):
            pass


async def test_without_the_engine_the_operator_learns_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def find_nothing(_name: str) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(extras, "find_spec", find_nothing)

    with pytest.raises(ConfigError) as refused:
        async with open_embedded_synthesizer(SETTINGS):
            pass

    assert str(refused.value) == (
        'tts.provider "embedded" needs the extra "offline": pip install "voicecalld[offline]"'
    )


async def test_an_engine_that_never_answers_is_not_waited_for(
    mock_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_and_say_nothing(_module: str) -> tuple[str, ...]:
        return (sys.executable, "-I", "-c", "import sys; list(sys.stdin)")

    monkeypatch.setattr(embedded_synthesizer, "module_command", read_and_say_nothing)

    async def open_it() -> None:
        with pytest.raises(ServiceError, match=r"^the embedded synthesizer does not answer$"):
            async with open_embedded_synthesizer(SETTINGS):
                pass

    async with trio.open_nursery() as nursery:
        nursery.start_soon(open_it)
        while trio.lowlevel.current_statistics().seconds_to_next_deadline > START_S:
            await trio.testing.wait_all_tasks_blocked(0.005)  # until it runs and is waited for
        mock_clock.jump(START_S)


async def test_faster_speech_is_shorter() -> None:
    worker = Worker("the voice", module_command(WORKER))
    slow = EmbeddedSynthesizer(worker, EmbeddedVoiceSettings(words_per_minute=100))
    fast = EmbeddedSynthesizer(worker, EmbeddedVoiceSettings(words_per_minute=300))

    slow_bytes = len(await spoken(slow, "I can tell you our opening hours."))
    fast_bytes = len(await spoken(fast, "I can tell you our opening hours."))
    await worker.end()

    assert fast_bytes < slow_bytes / 2


async def test_an_engine_killed_in_the_middle_of_a_sentence_fails_that_and_no_other() -> None:
    known = set(children())
    outcomes: list[str] = []

    async with open_embedded_synthesizer(SETTINGS) as synthesizer:
        [pid] = set(children()) - known

        async def speak() -> None:
            async with aclosing(synthesizer.synthesize("number " * 5_000)) as sound:
                try:
                    async for _ in sound:
                        pass
                except ServiceError as error:
                    outcomes.append(str(error))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(speak)
            # While it is stopped it cannot have finished.
            os.kill(pid, signal.SIGSTOP)
            await trio.testing.wait_all_tasks_blocked(0.02)
            os.kill(pid, signal.SIGKILL)

        async with aclosing(synthesizer.synthesize("Good morning.")) as sound:
            words = [word.end async for chunk in sound for word in chunk.words]

    assert outcomes == ["the embedded synthesizer died: no reason given"]
    assert words == [4, 13]


async def test_chunks_are_a_tenth_of_a_second_so_that_no_frame_is_held_up() -> None:
    async with (
        open_embedded_synthesizer(SETTINGS) as synthesizer,
        aclosing(synthesizer.synthesize("One two three four five.")) as sound,
    ):
        sizes = [len(chunk.audio) async for chunk in sound]

    # 100 ms less the 2.5 ms that the first one waits for, and whatever is left for the last
    assert all(770 < size < 830 for size in sizes[:-1])


async def test_words_behind_the_first_piece_are_placed_in_the_whole() -> None:
    text = "This is a sentence of some length. " * 30
    async with (
        open_embedded_synthesizer(SETTINGS) as synthesizer,
        aclosing(synthesizer.synthesize(text)) as sound,
    ):
        chunks = [chunk async for chunk in sound]

    words = [word for chunk in chunks for word in chunk.words]
    assert [word.end for word in words[-2:]] == [len(text) - 9, len(text) - 1]
    assert words[-1].end_s == pytest.approx(
        sum(len(chunk.audio) for chunk in chunks) / 8000, abs=0.01
    )


@pytest.mark.parametrize("fields", [{}, {"rate_hz": 0, "words": []}, {"rate_hz": 22050}])
def test_an_answer_without_a_voice_fails_the_request(fields: dict[str, object]) -> None:
    piece = Piece(start=0, text="hello")

    with pytest.raises(ServiceError):
        list(cut_chunks(piece, Answer(number=1, fields=fields), 0.0))
