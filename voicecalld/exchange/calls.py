"""How a call goes on its line: one that the daemon placed, and one that a telephone places."""

import math
from dataclasses import dataclass
from typing import assert_never

import structlog
import trio

from voicecalld.errors import ServiceError
from voicecalld.exchange.line import Line
from voicecalld.exchange.party import Plan
from voicecalld.exchange.planning import LoadedScript, build_plan
from voicecalld.phone_settings import Behaviour
from voicecalld.provider.base import (
    Acknowledge,
    Answer,
    ConnectStream,
    HangUpCall,
    Perform,
    RejectCall,
)
from voicecalld.provider.mock.webhook import MockEvent, MockReason
from voicecalld.speech.base import Synthesizer

log = structlog.get_logger()

DIAL_S = 0.2  # from a request to the first ring, or to the busy tone


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedCall:
    """A telephone that the daemon calls, and how it will behave."""

    behaviour: Behaviour
    answers_after_s: float
    loaded: LoadedScript
    voice: Synthesizer

    async def hold(self, line: Line, tasks: trio.Nursery) -> None:
        """Dial, ring, and talk if somebody answers."""
        await line.wait_until(trio.current_time() + DIAL_S)
        if self.behaviour == "busy":
            line.end(MockReason.BUSY)
        if line.is_over:
            return
        plan = await self._ring(line)
        if plan is None or line.is_over:
            return
        answer = await line.tell(MockEvent.ANSWERED)
        if not line.is_over:
            await follow_answer(answer, line, tasks, plan)

    async def _ring(self, line: Line) -> Plan | None:
        began_s = trio.current_time()
        await line.tell(MockEvent.RINGING)
        plan = await self._prepare(line)
        gives_up_s = began_s + line.facts.ring_timeout_s
        reacts_s = began_s + self._rings_for_s()
        await line.wait_until(min(reacts_s, gives_up_s))
        if reacts_s >= gives_up_s:
            line.end(MockReason.NO_ANSWER)
        if self.behaviour == "rejects":
            line.end(MockReason.REJECTED)
        return plan

    async def _prepare(self, line: Line) -> Plan | None:
        # All sound is there before the answer, so that nothing later depends on the voice's speed.
        try:
            return await build_plan(self.loaded, self.voice)
        except ServiceError as problem:
            log.warning("a telephone's party has no voice", problem=str(problem))
            line.end(MockReason.FAILED)
            return None

    def _rings_for_s(self) -> float:
        match self.behaviour:
            case "answers" | "machine" | "rejects" | "busy":
                return self.answers_after_s
            case "no-answer":
                return math.inf
            case _:
                assert_never(self.behaviour)


@dataclass(frozen=True, slots=True, kw_only=True)
class RingingCall:
    """A telephone that calls the daemon."""

    plan: Plan

    async def hold(self, line: Line, tasks: trio.Nursery) -> None:
        """Ring the daemon, and talk if it takes the call."""
        answer = await line.tell(MockEvent.INITIATED)
        if isinstance(answer, ConnectStream) and not line.is_over:
            await line.tell(MockEvent.ANSWERED)
        if not line.is_over:
            await follow_answer(answer, line, tasks, self.plan)


async def follow_answer(
    answer: Answer | None, line: Line, tasks: trio.Nursery, plan: Plan
) -> None:
    """Do with the call on *line* what the daemon's *answer* says."""
    match answer:
        case ConnectStream():
            await line.talk(tasks, answer, plan)
        case RejectCall():
            line.end(MockReason.REJECTED)
        case Acknowledge() | HangUpCall() | Perform():
            # As with TwiML that says nothing: the call has nowhere to go.
            line.end(MockReason.COMPLETED)
        case None:
            line.end(MockReason.FAILED)
        case _:
            assert_never(answer)
