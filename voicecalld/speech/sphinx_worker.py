"""The program that hears: `voicecalld.speech.embedded_transcriber` runs it as its worker.

Asked with ``grammar`` (JSGF) and ``audio`` (mu-law at 8 kHz, in base64), it answers with
``words``: one sentence of the grammar, or nothing.
"""

import base64
import math
from pathlib import Path
from typing import Final

import numpy as np
import pocketsphinx

from voicecalld.audio.g711 import PCM_DTYPE, mulaw_decode
from voicecalld.audio.pcm import resample, to_pcm
from voicecalld.errors import BadMessageError
from voicecalld.speech.framing import Answer, Request
from voicecalld.speech.worker_program import AnswerFunction, run_worker

MODEL: Final = Path(pocketsphinx.__file__).parent / "model" / "en-us"
MODEL_HZ: Final = 16000
PHONES: Final = "phones"
PHRASES: Final = "phrases"
# The model was trained on wide-band sound. Where a telephone has nothing at all, above 4 kHz, the
# logarithm of nothing is far from all it knows; a little noise (-44 dBFS) brings that nearer.
NOISE_LEVEL: Final = 200.0
# How much likelier than the best sentence any sequence of phones may be, as a difference of
# logarithms. Found by trial with seven synthetic voices: 138 of 140 known sentences lie above it,
# and 7 of 105 unknown ones. Divided by the number of frames the difference tells them apart less
# well, because then silence counts, which both explain.
LEAST_LIKENESS: Final = -0.1


class Recognizer:
    """The decoder, with one grammar at a time."""

    def __init__(self) -> None:
        self._decoder = pocketsphinx.Decoder(lm=None, loglevel="FATAL")
        self._decoder.add_allphone_file(PHONES, str(MODEL / "en-us-phone.lm.bin"))
        self._grammar = ""

    def take_grammar(self, grammar: str) -> None:
        """Look for the sentences of *grammar* from now on."""
        if grammar != self._grammar:
            self._decoder.add_jsgf_string(PHRASES, grammar)
            self._grammar = grammar

    def recognize(self, mulaw: bytes) -> str:
        """The sentence that was said, or nothing if none fits well enough."""
        pcm = to_model_sound(mulaw)
        words, likeness = self._decode(PHRASES, pcm)
        if not words:
            return ""
        _, any_likeness = self._decode(PHONES, pcm)
        return words if likeness - any_likeness >= LEAST_LIKENESS else ""

    def _decode(self, search: str, pcm: bytes) -> tuple[str, float]:
        """The best words of *search*, and the logarithm of their likelihood."""
        self._decoder.activate_search(search)
        self._decoder.start_utt()
        self._decoder.process_raw(pcm, full_utt=True)
        self._decoder.end_utt()
        best = self._decoder.hyp()
        if best is None or best.score <= 0:
            return "", -math.inf
        return best.hypstr, math.log(best.score)


def to_model_sound(mulaw: bytes) -> bytes:
    """*mulaw* as the PCM16 that the model expects."""
    samples = np.frombuffer(resample(mulaw_decode(mulaw), 8000, MODEL_HZ), PCM_DTYPE)
    # The same noise every time, so that the same sound has the same words.
    noise = np.random.default_rng(seed=1).normal(0.0, NOISE_LEVEL, len(samples))
    return to_pcm(samples + noise)


def load() -> AnswerFunction:
    """The decoder, ready to hear."""
    recognizer = Recognizer()
    return lambda request: hear(recognizer, request)


def hear(recognizer: Recognizer, request: Request) -> Answer:
    """The answer to one request."""
    match request.fields:
        case {"grammar": str(grammar), "audio": str(audio)}:
            recognizer.take_grammar(grammar)
            words = recognizer.recognize(base64.b64decode(audio))
            return Answer(number=request.number, fields={"words": words})
        case _:
            raise BadMessageError("not a request to hear")


if __name__ == "__main__":
    run_worker(load)
