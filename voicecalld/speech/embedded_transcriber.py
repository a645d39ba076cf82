"""The transcriber without an account or a network: PocketSphinx in a worker process.

It knows some sentences and nothing else, and telephone speech of real people hardly at all: it is
for trying the program out and for testing it.
"""

import base64
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Final

import structlog
import trio

from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.errors import ConfigError, ServiceError
from voicecalld.speech.base import Transcriber, Transcription
from voicecalld.speech.cut import open_cut
from voicecalld.speech.extras import find_extra
from voicecalld.speech.phrase_grammar import build_grammar, plain_words, unknown_words
from voicecalld.speech.worker import Worker, module_command, open_worker

NAME: Final = "the embedded transcriber"
WORKER: Final = "voicecalld.speech.sphinx_worker"
DICTIONARY: Final = "model/en-us/cmudict-en-us.dict"
# Nobody takes so long over one of the phrases; to look for one would keep other calls waiting.
LONGEST_PHRASE_BYTES: Final = 15 * SAMPLE_RATE_HZ

log: Final = structlog.get_logger()


@asynccontextmanager
async def open_embedded_transcriber(
    phrases: Sequence[str], *, preroll_ms: int
) -> AsyncGenerator[Transcriber, None]:
    """A transcriber that knows *phrases*; its engine may still be loading.

    Raises:
        ConfigError: the engine is not installed, or does not know a word of *phrases*.
        ServiceError: the engine does not start.
    """
    engine = find_extra("pocketsphinx", setting="stt.provider")
    await trio.to_thread.run_sync(check_phrases, phrases, engine / DICTIONARY)
    async with open_worker(NAME, module_command(WORKER)) as worker:
        warn_of_limits()
        yield EmbeddedTranscriber(worker, phrases, preroll_ms=preroll_ms)


def warn_of_limits() -> None:
    """Say once that this is not the transcriber for real callers."""
    log.warning(
        "stt.provider is embedded: it recognises only the sentences of stt.embedded.phrases, "
        "and is not for real callers"
    )


def check_phrases(phrases: Sequence[str], dictionary: Path) -> None:
    """Look every word up, because the engine refuses a grammar with unknown ones.

    Raises:
        ConfigError: some are unknown; or a phrase has no words.
    """
    plain = {phrase: plain_words(phrase) for phrase in phrases}
    problems = [f"{phrase!r} has no words" for phrase, words in plain.items() if not words]
    with dictionary.open(encoding="utf-8") as lines:
        missing = unknown_words(plain.values(), lines)
    problems += [f"the embedded transcriber does not know the word {word!r}" for word in missing]
    if problems:
        raise ConfigError(*(f"stt.embedded.phrases: {problem}" for problem in problems))


class EmbeddedTranscriber:
    """Makes out the configured phrases; the worker belongs to somebody else."""

    tells_early = False  # it makes out whole phrases only

    def __init__(self, worker: Worker, phrases: Sequence[str], *, preroll_ms: int) -> None:
        self._worker = worker
        self._preroll_ms = preroll_ms
        # The first of two phrases with the same words wins.
        self._phrases = {plain_words(phrase): phrase for phrase in reversed(phrases)}
        self._grammar = build_grammar(self._phrases)

    def open(self) -> AbstractAsyncContextManager[Transcription]:
        """Listen to one call."""
        return open_cut(self.recognize, provider="embedded", preroll_ms=self._preroll_ms)

    async def recognize(self, audio: bytes) -> str:
        """The phrase that was said in *audio* (mu-law), as it is configured, or nothing.

        Raises:
            ServiceError: the engine failed.
        """
        if len(audio) > LONGEST_PHRASE_BYTES:
            return ""
        encoded = base64.b64encode(audio).decode()
        answer = await self._worker.ask({"grammar": self._grammar, "audio": encoded})
        match answer.fields:
            case {"words": str(words)}:
                # The decoder may end in the middle of a phrase, which is then none.
                return self._phrases.get(tuple(words.split()), "")
            case _:
                raise ServiceError("the transcriber's worker does not say what it heard")
