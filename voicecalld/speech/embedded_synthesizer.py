"""The synthesizer without an account or a network: eSpeak NG in a worker process."""

import math
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager

import trio

from voicecalld.audio.frame import duration_s
from voicecalld.audio.g711 import mulaw_encode
from voicecalld.audio.pcm import BYTES_PER_SAMPLE, Resampler
from voicecalld.audio.words import SpokenWord
from voicecalld.errors import ConfigError, ServiceError
from voicecalld.speech.base import SpeechChunk, Synthesizer
from voicecalld.speech.extras import find_extra
from voicecalld.speech.framing import Answer
from voicecalld.speech.speakable import Piece, place_words, speakable_text, split_text
from voicecalld.speech.worker import Worker, module_command, open_worker
from voicecalld.tts_settings import EmbeddedVoiceSettings

NAME = "the embedded synthesizer"
WORKER = "voicecalld.speech.espeak_worker"
# About 20 s of speech, made in 30 ms. The worker makes a piece at once and is then free for other
# calls, however slowly the piece is listened to; and no request is too long to be abandoned.
PIECE_CHARACTERS = 300
# Resampling this much takes the daemon's loop 1 to 2 ms; a clause at once would hold up frames.
CHUNK_S = 0.1
START_S = 10.0  # it is usually ready in a tenth of a second


@asynccontextmanager
async def open_embedded_synthesizer(
    settings: EmbeddedVoiceSettings,
) -> AsyncGenerator[Synthesizer, None]:
    """A synthesizer that speaks with the settings' voice, ready to speak.

    Raises:
        ConfigError: the engine is not installed, or has no such voice.
        ServiceError: the engine does not start, or not in time.
    """
    find_extra("espeakng_loader", setting="tts.provider")
    async with open_worker(NAME, module_command(WORKER)) as worker:
        synthesizer = EmbeddedSynthesizer(worker, settings)
        try:
            with trio.fail_after(START_S):
                await synthesizer.check_voice()
        except trio.TooSlowError as error:
            raise ServiceError(f"{NAME} does not answer") from error
        yield synthesizer


class EmbeddedSynthesizer:
    """Speaks with one voice; the worker belongs to somebody else."""

    def __init__(self, worker: Worker, settings: EmbeddedVoiceSettings) -> None:
        self._worker = worker
        self._settings = settings

    async def check_voice(self) -> None:
        """Find out whether the engine has the voice.

        Raises:
            ConfigError: it has not.
        """
        answer = await self._speak("")
        if answer.fields.get("rate_hz") == 0:
            raise ConfigError(
                f"tts.embedded.voice: espeak-ng has no voice {self._settings.voice!r}"
            )

    async def synthesize(self, text: str) -> AsyncGenerator[SpeechChunk, None]:
        """The sound of *text*, piece by piece (see `Synthesizer`)."""
        start_s = 0.0
        for piece in split_text(speakable_text(text), PIECE_CHARACTERS):
            answer = await self._speak(piece.text)
            for chunk in cut_chunks(piece, answer, start_s):
                # Who only collects must not keep everybody else waiting.
                await trio.lowlevel.checkpoint()
                start_s += duration_s(len(chunk.audio))
                yield chunk

    async def _speak(self, text: str) -> Answer:
        return await self._worker.ask(
            {
                "voice": self._settings.voice,
                "words_per_minute": self._settings.words_per_minute,
                "text": text,
            }
        )


def cut_chunks(piece: Piece, answer: Answer, start_s: float) -> Iterator[SpeechChunk]:
    """The sound of *piece*, which begins *start_s* into the whole; converted as it is wanted.

    Raises:
        ServiceError: the answer is not what the engine's program answers.
    """
    match answer.fields:
        case {"rate_hz": int(rate_hz), "words": list(word_starts)} if rate_hz > 0:
            pass
        case _:
            raise ServiceError("the synthesizer's worker lost its voice")
    pcm = answer.body
    piece_s = len(pcm) / BYTES_PER_SAMPLE / rate_hz
    words = place_words(piece, word_starts, piece_s)
    if not words:  # punctuation alone: 8 ms of nothing
        return
    step = math.ceil(rate_hz * CHUNK_S) * BYTES_PER_SAMPLE
    resampler = Resampler(rate_hz, 8000)
    said_s = 0.0
    for start in range(0, len(pcm), step):
        is_last = start + step >= len(pcm)
        sound = resampler.feed(pcm[start : start + step]) + (resampler.flush() if is_last else b"")
        audio = mulaw_encode(sound)
        said_s += duration_s(len(audio))
        limit_s = math.inf if is_last else said_s
        done = tuple(shifted(word, start_s) for word in words if word.end_s <= limit_s)
        words = words[len(done) :]
        yield SpeechChunk(audio=audio, words=done)


def shifted(word: SpokenWord, start_s: float) -> SpokenWord:
    """*word* in a sound that began *start_s* earlier."""
    return SpokenWord(end=word.end, end_s=start_s + word.end_s)
