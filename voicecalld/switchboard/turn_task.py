"""The turn that our side is making: text from the agent, sound from the synthesizer."""

import math
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, assert_never

import structlog
import trio

from voicecalld.agent.base import AgentOutput, EndCall, PressKeys, SayText
from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.call.clauses import ClauseChunker
from voicecalld.call.events import CallEvent, TurnHeard
from voicecalld.call.latency import Stage
from voicecalld.call.playout import TICK_TOLERANCE_S, Playout
from voicecalld.errors import RemoteError
from voicecalld.speech.base import Synthesizer
from voicecalld.switchboard.reading_ahead import ReadAhead
from voicecalld.switchboard.sound_cache import cut_clauses
from voicecalld.switchboard.speaker import SYNTHESIZER, Speaker, TurnOverError
from voicecalld.switchboard.stall import StallWatch
from voicecalld.switchboard.talk import AGENT, next_output, queued

log: Final = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnLimits:
    """How long a turn may take: to its first text, to the first sound of each clause.

    When nothing has been heard of it for ``stall_s`` the ``apology`` is said, if there is one.
    The names are of those who make the turn, for what is said of them when they do not.
    """

    first_text_s: float
    first_sound_s: float
    stall_s: float = math.inf
    apology: str = ""
    agent_name: str = AGENT
    synthesizer_name: str = SYNTHESIZER


class TurnTask:
    """Makes one turn at a time, inside a scope that is cancelled when it is to stop."""

    def __init__(
        self,
        *,
        playout: Playout,
        synthesizer: Synthesizer,
        tell: Callable[[CallEvent], None],
        press: Callable[[str], Awaitable[None]],
        measure: Callable[[int, Stage, float], None],
        send_due: Callable[[float], None],
        limits: TurnLimits,
    ) -> None:
        self.playout = playout
        self.synthesizer = synthesizer
        self.tell = tell
        self.press = press
        self.measure = measure
        self.send_due = send_due
        self.limits = limits
        self.stalls = StallWatch(limits.stall_s, self.silent_since, self.plead)
        self.is_pressing = False
        self.pressed_s = -math.inf  # keys, the last time
        self.ahead: ReadAhead | None = None  # what the agent writes of the turn
        self.speaker: Speaker | None = None  # of the turn
        self.chunker = ClauseChunker()
        self.clauses: tuple[str, ...] = ()  # behind the one that the speaker is at
        self.filled = ""  # the filler that was said last
        self.filled_until_s = -math.inf
        self.scope = trio.CancelScope()
        self.filler_scope = trio.CancelScope()

    def start(
        self,
        nursery: trio.Nursery,
        turn: int,
        outputs: AsyncGenerator[AgentOutput, None],
        waits_since_s: float | None = None,
    ) -> None:
        """Make turn *turn* of *outputs*, in a task of *nursery*; see `Talk.start_turn`."""
        self.playout.start(turn)
        self.nursery = nursery
        self.ahead, self.clauses = ReadAhead(outputs), ()
        self.speaker, self.chunker = None, ClauseChunker()
        self.is_pressing = False
        self.scope = trio.CancelScope()
        nursery.start_soon(self.run, turn, self.ahead.answer(nursery), self.scope)
        if self.limits.apology:
            self.stalls.start(nursery, waits_since_s)

    def stop(self) -> None:
        """Stop at once what is being made."""
        self.scope.cancel()
        self.filler_scope.cancel()
        self.stalls.stop()

    def start_filler(self, nursery: trio.Nursery, turn: int, text: str) -> None:
        """Say *text* until turn *turn* has sound of its own, in a task of *nursery*."""
        self.filler_scope = trio.CancelScope()
        nursery.start_soon(self.run_filler, turn, text, self.filler_scope)

    async def run_filler(self, turn: int, text: str, scope: trio.CancelScope) -> None:
        """Queue the sound of *text*, unless the turn was quicker: a filler is worth no wait."""
        sound = b""
        scope.deadline = trio.current_time() + self.limits.first_sound_s
        with scope:
            try:
                for clause in cut_clauses(text):
                    async with aclosing(self.synthesizer.synthesize(clause)) as chunks:
                        async for chunk in chunks:
                            sound += chunk.audio
            except RemoteError as error:
                is_apology = text == self.limits.apology
                event = "apology not said" if is_apology else "filler not said"
                log.warning(event, turn=turn, reason=str(error))
                return
        now_s = trio.current_time()
        is_needed = self.playout.turn == turn and self.is_silent(now_s)
        if scope.cancelled_caught or not is_needed:
            return
        self.playout.add_filler(sound)
        if text == self.limits.apology:  # whoever has asked for it
            self.stalls.noticed_s = now_s
        self.filled = text
        self.filled_until_s = now_s + len(sound) / SAMPLE_RATE_HZ
        self.send_due(now_s)

    def filled_text(self, since_s: float) -> str:
        """The filler, or the apology, that was heard last, if that was not before *since_s*."""
        return self.filled if self.filled_until_s > since_s else ""

    @property
    def ends_call(self) -> bool:
        """Whether the agent wants the call to be ended behind what is left unsaid."""
        return self.ahead is not None and self.ahead.ends_call

    def take_unsaid(self) -> str:
        """What the agent has written of the turn that is stopped, and no sound was queued of.

        What it had only begun to write is no part of it.
        """
        if self.ahead is None or self.speaker is None:
            return ""
        clauses = (*self.clauses, *self.chunker.feed(self.ahead.text))
        last = self.chunker.flush() if self.ahead.is_whole else (self.chunker.last_sentence,)
        return " ".join(filter(None, (self.speaker.left, *clauses, *last)))

    # --- when it takes too long ----------------------------------------------------------

    def apologize(self) -> None:
        """Something is tried again: ask for patience."""
        self.stalls.excuse()

    def plead(self) -> None:
        """Ask for patience, unless something is being heard."""
        if self.limits.apology and self.is_silent(trio.current_time()):
            log.info("asking for patience", turn=self.playout.turn)
            self.filler_scope.cancel()
            self.start_filler(self.nursery, self.playout.turn, self.limits.apology)

    def is_silent(self, now_s: float) -> bool:
        """Whether nothing is heard of the turn, or no more than who waits for its end leaves."""
        return self.playout.lasts_s(now_s) <= TICK_TOLERANCE_S

    def silent_since(self, now_s: float) -> float | None:
        """Since when nothing is heard of the turn; None while keys are pressed, say."""
        if self.is_pressing:
            return None
        lasts_s = self.playout.lasts_s(now_s)
        return now_s + lasts_s if lasts_s > 0 else max(self.playout.played_out_s, self.pressed_s)

    async def run(
        self, turn: int, outputs: AsyncGenerator[AgentOutput, None], scope: trio.CancelScope
    ) -> None:
        """Make the turn, and tell when all of it is queued."""
        ends_call = False
        failure: RemoteError | None = None
        with scope:
            try:
                ends_call = await self.make(turn, outputs)
            except RemoteError as error:
                failure = error
                log.warning("turn broke off", turn=turn, reason=str(error))
            except TurnOverError:
                return
        if scope.cancelled_caught or self.playout.turn != turn:
            return
        self.stalls.stop()
        self.playout.complete()
        lasts_s = self.playout.lasts_s(trio.current_time())
        self.tell(queued(turn, lasts_s, failure, ends_call=ends_call))
        if self.playout.is_heard:  # the last mark was back before we knew that it was the last
            self.tell(TurnHeard(turn=turn))

    async def make(self, turn: int, outputs: AsyncGenerator[AgentOutput, None]) -> bool:
        """Queue the sound of *outputs*; gives whether the call is to end after it."""
        speaker = self.speaker = Speaker(
            self.synthesizer,
            self.playout,
            turn,
            first_sound_s=self.limits.first_sound_s,
            on_sound=lambda: self.on_sound(turn),
            before_second=self.apologize,
            name=self.limits.synthesizer_name,
        )
        chunker = self.chunker
        async with aclosing(outputs):
            while (output := await self.next_output(outputs)) is not None:
                match output:
                    case SayText(text=text):
                        self.note(turn, Stage.TEXT)
                        await self.say(speaker, chunker.feed(text))
                    case PressKeys(digits=digits):
                        await self.say(speaker, chunker.flush())
                        await self.press_behind(speaker, digits)
                    case EndCall():
                        await self.say(speaker, chunker.flush())
                        return True
                    case _:
                        assert_never(output)
        await self.say(speaker, chunker.flush())
        return False

    async def press_behind(self, speaker: Speaker, digits: str) -> None:
        """Press keys, which belong behind the words."""
        await speaker.wait_until_left(0.0)
        speaker.check_turn()  # nobody else's keys
        self.is_pressing = True
        await self.press(digits)
        self.is_pressing, self.pressed_s = False, trio.current_time()

    async def next_output(self, outputs: AsyncGenerator[AgentOutput, None]) -> AgentOutput | None:
        """What the agent wants next; None when it has done."""
        return await next_output(outputs, self.limits.first_text_s, self.limits.agent_name)

    async def say(self, speaker: Speaker, clauses: tuple[str, ...]) -> None:
        """Queue the sound of *clauses*."""
        for number, clause in enumerate(clauses, 1):
            self.clauses = clauses[number:]
            self.note(speaker.turn, Stage.CLAUSE)
            await speaker.say(clause)

    def on_sound(self, turn: int) -> None:
        """Some sound of turn *turn* was queued: its first frames need not wait for a tick."""
        self.note(turn, Stage.AUDIO)
        self.send_due(trio.current_time())

    def note(self, turn: int, stage: Stage) -> None:
        """Turn *turn* has come to *stage*."""
        self.measure(turn, stage, trio.current_time())
