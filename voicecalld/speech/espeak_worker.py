"""The program that speaks: `voicecalld.speech.embedded_synthesizer` runs it as its worker.

Asked with ``voice``, ``words_per_minute`` and ``text``, it answers with ``rate_hz`` (0 if there is
no such voice), with ``words`` (each a first character, a number of characters, and a time in
milliseconds) and with PCM16 as the body.
"""

import os
from pathlib import Path

import espeakng_loader

from voicecalld.errors import BadMessageError
from voicecalld.speech.espeak_library import Engine
from voicecalld.speech.framing import Answer, Request
from voicecalld.speech.worker_program import AnswerFunction, run_worker


def load() -> AnswerFunction:
    """The engine, ready to speak."""
    data_path = Path(espeakng_loader.get_data_path())
    # The engine has room for 160 characters of path, which a deep virtual environment exceeds.
    os.chdir(data_path.parent)
    engine = Engine(str(espeakng_loader.get_library_path()), ".")
    return lambda request: speak(engine, request)


def speak(engine: Engine, request: Request) -> Answer:
    """The answer to one request."""
    match request.fields:
        case {"voice": str(voice), "words_per_minute": int(words_per_minute), "text": str(text)}:
            pass
        case _:
            raise BadMessageError("not a request to speak")
    if not engine.set_voice(voice):
        return Answer(number=request.number, fields={"rate_hz": 0, "words": []})
    engine.set_words_per_minute(words_per_minute)
    pcm, words = engine.speak(text)
    fields = {
        "rate_hz": engine.rate_hz,
        "words": [(word.start, word.characters, word.start_ms) for word in words],
    }
    return Answer(number=request.number, fields=fields, body=pcm)


if __name__ == "__main__":
    run_worker(load)
