"""The transcriber and the agent of one call: opened and closed in bounded time."""

import math
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog
import trio

from voicecalld.agent.base import Agent, AgentSession, Briefing
from voicecalld.call.events import CallEvent, Transcribed
from voicecalld.call.record import CallRecord
from voicecalld.errors import ServiceError
from voicecalld.speech.base import Transcriber, Transcription

log: Final = structlog.get_logger()

# To be ready; the other party is not rung before.
OPEN_S = 10.0

# To say goodbye, while the other party waits to be hung up on.
GOODBYE_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """What a call hears and answers with."""

    transcription: Transcription
    session: AgentSession

    async def collect_words(self, tell: Callable[[CallEvent], None]) -> None:
        """Tell the transcriber's words, as long as there are any."""
        try:
            async for heard in self.transcription.results():
                if heard.is_final:
                    tell(Transcribed(utterance=heard.utterance, text=heard.text))
        except ServiceError as error:
            log.warning(
                "transcriber lost: nothing the other party says is understood", reason=str(error)
            )


@asynccontextmanager
async def open_equipment(
    transcriber: Transcriber, agent: Agent, briefing: Briefing
) -> AsyncGenerator[Equipment, None]:
    """What one call needs, for as long as the block lasts.

    Raises:
        ServiceError: it cannot be opened, or not opened or closed in time.
    """
    with trio.move_on_after(OPEN_S) as patience:
        async with transcriber.open() as transcription, agent.open(briefing) as session:
            patience.deadline = math.inf
            try:
                yield Equipment(transcription=transcription, session=session)
            finally:
                patience.deadline = trio.current_time() + GOODBYE_S
    if patience.cancelled_caught:
        raise ServiceError("the transcriber or the agent did not open or close in time")


def build_briefing(record: CallRecord, opening: str, language: str) -> Briefing:
    """What the agent is told before the call."""
    return Briefing(
        call_id=record.call_id,
        direction=record.direction,
        from_number=record.from_number,
        to_number=record.to_number,
        language=language,
        opening=opening,
    )
