"""Sound made before it is needed: greetings, fillers, and what is said when all else fails.

The cache is a synthesizer itself: a text that it holds is spoken at once, any other one by the
synthesizer behind it. What it holds has been cut into clauses just as a turn's text is.
"""

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import structlog
import trio

from voicecalld.call.clauses import ClauseChunker, speakable
from voicecalld.errors import HopelessServiceError, RemoteError, ServiceError
from voicecalld.speech.base import SpeechChunk, Synthesizer

log: Final = structlog.get_logger()

# Eight minutes of sound. What does not fit is made when it is needed, as if there were no cache.
MOST_BYTES: Final = 4 << 20

# For the whole sound of one clause, of which nobody hears anything yet.
MAKE_S = 20.0

# From one attempt to the next, while the synthesizer fails: soon at first, then seldom.
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0


class SoundCache:
    """A `Synthesizer` that knows some texts by heart; one serves all calls."""

    def __init__(self, synthesizer: Synthesizer, *, most_bytes: int = MOST_BYTES) -> None:
        self.synthesizer = synthesizer
        self.most_bytes = most_bytes
        self.sounds: dict[str, SpeechChunk] = {}  # by what a voice says of a clause
        self.holders = Counter[str]()
        self.held_bytes = 0

    async def synthesize(self, text: str) -> AsyncGenerator[SpeechChunk, None]:
        """The sound of *text*, at once if it is held (see `Synthesizer`)."""
        sound = self.sounds.get(text)
        if sound is not None:
            await trio.lowlevel.checkpoint()
            yield sound
            return
        async with aclosing(self.synthesizer.synthesize(text)) as chunks:
            async for chunk in chunks:
                yield chunk  # noqa: ASYNC119 - whoever asks for sound closes it

    def holds(self, text: str) -> bool:
        """Whether all of *text* can be said without the synthesizer."""
        return all(clause in self.sounds for clause in cut_clauses(text))

    async def hold(
        self, *texts: str, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Make the sound of *texts*, and keep it until cancelled; started when it is made.

        While the synthesizer fails it is asked again and again, more and more seldom.
        """
        clauses = [clause for text in texts for clause in cut_clauses(text)]
        self.holders.update(clauses)
        try:
            for clause in clauses:
                await self.insist(clause)
            task_status.started()
            await trio.sleep_forever()
        finally:
            for clause in clauses:
                self.let_go(clause)

    async def insist(self, clause: str) -> None:
        """Have the sound of *clause*, however often the synthesizer has to be asked."""
        pause_s = FIRST_PAUSE_S
        while clause not in self.sounds:
            try:
                self.add(clause, await self.make(clause))
            except RemoteError as error:
                tell = log.warning if isinstance(error, HopelessServiceError) else log.info
                tell("sound not made in advance", reason=str(error), again_in_s=pause_s)
            else:
                return
            await trio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def make(self, clause: str) -> SpeechChunk:
        """The whole sound of *clause*.

        Raises:
            ServiceError: the synthesizer failed, took too long, or gave nothing.
        """
        made: list[SpeechChunk] = []
        try:
            with trio.fail_after(MAKE_S):
                async with aclosing(self.synthesizer.synthesize(clause)) as chunks:
                    made += [chunk async for chunk in chunks]
        except trio.TooSlowError:
            raise ServiceError("the synthesizer did not make the sound in time") from None
        audio = b"".join(chunk.audio for chunk in made)
        if not audio:
            raise ServiceError("the synthesizer gave no sound")
        return SpeechChunk(audio=audio, words=tuple(word for one in made for word in one.words))

    def add(self, clause: str, sound: SpeechChunk) -> None:
        """Hold *sound* as that of *clause*, if there is room and nobody was quicker."""
        if clause in self.sounds or self.held_bytes + len(sound.audio) > self.most_bytes:
            return
        self.sounds[clause] = sound
        self.held_bytes += len(sound.audio)

    def let_go(self, clause: str) -> None:
        """One fewer wants the sound of *clause* to be held."""
        self.holders[clause] -= 1
        if self.holders[clause] > 0:
            return
        del self.holders[clause]
        sound = self.sounds.pop(clause, None)
        if sound is not None:
            self.held_bytes -= len(sound.audio)


def cut_clauses(text: str) -> tuple[str, ...]:
    """What a voice is given of *text*, clause by clause, when it is said as a turn."""
    chunker = ClauseChunker()
    clauses = (*chunker.feed(text), *chunker.flush())
    return tuple(said for said in map(speakable, clauses) if said)
