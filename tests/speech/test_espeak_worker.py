"""The speaking program's own functions, run here to see what they do with unusual requests."""

import os
import subprocess
import sys
from pathlib import Path

import espeakng_loader
import pytest

from voicecalld.errors import BadMessageError
from voicecalld.speech.espeak_library import Engine, WordEvent
from voicecalld.speech.espeak_worker import load, speak
from voicecalld.speech.framing import Request


@pytest.fixture
def engine() -> Engine:
    return Engine(str(espeakng_loader.get_library_path()), str(espeakng_loader.get_data_path()))


def request(**fields: object) -> Request:
    return Request(number=1, fields=fields)


def test_words_are_counted_in_characters_whatever_their_size_in_bytes(engine: Engine) -> None:
    assert engine.set_voice("en-us")

    _, words = engine.speak("\U0001d4b3 é \u05e9 spot")

    assert (words[0].start, words[-1].start, words[-1].characters) == (0, 6, 4)


def test_the_first_word_begins_at_once(engine: Engine) -> None:
    engine.set_voice("en-us")
    engine.set_words_per_minute(165)

    pcm, words = engine.speak("Good morning")

    assert words[0] == WordEvent(start=0, characters=4, start_ms=0)
    assert engine.rate_hz < len(pcm) < 3 * engine.rate_hz  # 0.5 to 1.5 s of 2 bytes


@pytest.mark.parametrize(
    ("voice", "exists"),
    [("en-us", True), ("en-gb", True), ("en-gb+f3", True), ("xx", False), ("../x", False)],
)
def test_voices_are_found_by_name_and_by_language(
    engine: Engine, voice: str, exists: bool
) -> None:
    assert engine.set_voice(voice) is exists


def test_data_in_the_wrong_place_are_not_taken_for_a_voice(tmp_path: Path) -> None:
    # In a process of its own: the library remembers data that it found before.
    program = f"""
import espeakng_loader
from voicecalld.speech.espeak_library import Engine
Engine(str(espeakng_loader.get_library_path()), {str(tmp_path)!r})
"""

    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert "EngineError: espeak-ng does not find its data" in ended.stderr


def test_a_voice_that_does_not_exist_is_answered_with_no_sound(engine: Engine) -> None:
    answer = speak(engine, request(voice="xx", words_per_minute=165, text="hello"))

    assert answer.fields == {"rate_hz": 0, "words": []}
    assert answer.body == b""


@pytest.mark.parametrize("fields", [{}, {"voice": "en-us", "words_per_minute": "1", "text": ""}])
def test_a_request_to_do_anything_else_is_refused(
    engine: Engine, fields: dict[str, object]
) -> None:
    with pytest.raises(BadMessageError):
        speak(engine, request(**fields))


def test_the_program_finds_its_engine_by_itself(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(os.curdir)  # it goes where its data are, and this test comes back
    answer = load()

    spoken = answer(request(voice="en-us", words_per_minute=165, text="hello"))

    assert spoken.fields["words"] == [(0, 5, 0)]
    assert spoken.body
