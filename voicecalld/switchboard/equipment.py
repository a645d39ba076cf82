"""The transcriber and the agent of one call: opened and closed in bounded time."""

import math
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

import structlog
import trio

from voicecalld.agent.base import Agent, AgentSession, Briefing
from voicecalld.call.events import CallEvent, ServiceLost, Transcribed, WordsGuessed
from voicecalld.call.record import CallRecord
from voicecalld.errors import ServiceError
from voicecalld.speech.base import Transcriber, Transcription
from voicecalld.switchboard.stand_ins import LostSession, LostTranscription, NoTranscription

PartT = TypeVar("PartT")

log: Final = structlog.get_logger()

# To be ready; the other party is not rung before.
OPEN_S = 10.0

# For either of them, if it is they who ring: that cannot go on for long, nor end without a word.
# One attempt to connect fits in.
ANSWER_S = 4.5

# To say goodbye, while the other party waits to be hung up on.
GOODBYE_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """What a call hears and answers with."""

    transcription: Transcription
    session: AgentSession

    async def collect_words(
        self,
        tell: Callable[[CallEvent], None],
        said: Callable[[float], str] = lambda _: "",
    ) -> None:
        """Tell the transcriber's words, as long as there are any, and what we *said* by then."""
        if isinstance(self.session, LostSession):
            tell(ServiceLost(reason=str(self.session.error)))
        try:
            async for heard in self.transcription.results():
                ours = said(trio.current_time())
                told = Transcribed if heard.is_final else WordsGuessed
                tell(told(utterance=heard.utterance, text=heard.text, said=ours))
        except ServiceError as error:
            log.warning(
                "transcriber lost: nothing the other party says is understood", reason=str(error)
            )
            tell(ServiceLost(reason=str(error)))


@asynccontextmanager
async def open_equipment(
    transcriber: Transcriber | None,
    agent: Agent,
    briefing: Briefing,
    *,
    alone: bool = False,
) -> AsyncGenerator[Equipment, None]:
    """What one call needs, for as long as the block lasts; no *transcriber*, if others listen.

    Who calls us hears it if something cannot be opened; whom we call is not called then, unless
    we speak *alone*: nobody need understand or answer whoever is only told something.

    Raises:
        ServiceError: it cannot be opened, and nothing stands in; or was not closed in time.
    """
    goes_on = alone or briefing.direction == "inbound"
    late = "the transcriber did not open"
    with trio.move_on_after(OPEN_S) as patience:
        async with AsyncExitStack() as stack:
            transcription: Transcription = NoTranscription()
            if transcriber is not None:
                ears = open_part(
                    "transcriber", transcriber.open(), LostTranscription if goes_on else None
                )
                transcription = await stack.enter_async_context(ears)
            late = "the agent did not open"
            mind = open_part("agent", agent.open(briefing), LostSession if goes_on else None)
            session = await stack.enter_async_context(mind)
            patience.deadline = math.inf
            try:
                yield Equipment(transcription=transcription, session=session)
            finally:
                late = "the transcriber or the agent did not close"
                patience.deadline = trio.current_time() + GOODBYE_S
    if patience.cancelled_caught:
        raise ServiceError(f"{late} in time")


@asynccontextmanager
async def open_part(
    kind: str,
    opened: AbstractAsyncContextManager[PartT],
    stand_in: Callable[[ServiceError], PartT] | None,
) -> AsyncGenerator[PartT, None]:
    """What *opened* gives, or its *stand_in* if it cannot be opened, or not soon; it is a *kind*.

    Raises:
        ServiceError: it cannot be opened, and there is no stand-in; or it could not be closed.
    """
    problem = ServiceError(f"the {kind} did not open in time")
    is_open = stand_in is None
    with trio.move_on_after(math.inf if stand_in is None else ANSWER_S) as patience:
        try:
            async with opened as part:
                is_open, patience.deadline = True, math.inf
                yield part
        except ServiceError as error:
            if is_open:
                raise
            problem = error
    if stand_in is not None and not is_open:
        log.warning("service not there for a call", reason=str(problem))
        yield stand_in(problem)


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
