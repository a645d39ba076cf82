"""The turn that our side is making: text from the agent, sound from the synthesizer."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Final, assert_never

import structlog
import trio

from voicecalld.agent.base import AgentOutput, EndCall, PressKeys, SayText
from voicecalld.call.clauses import ClauseChunker
from voicecalld.call.events import CallEvent, TurnHeard, TurnQueued
from voicecalld.call.latency import Stage
from voicecalld.call.playout import Playout
from voicecalld.errors import RemoteError
from voicecalld.speech.base import Synthesizer
from voicecalld.switchboard.speaker import Speaker, TurnOverError
from voicecalld.switchboard.talk import next_output

log: Final = structlog.get_logger()


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
        first_text_s: float,
        first_sound_s: float,
    ) -> None:
        self.playout = playout
        self.synthesizer = synthesizer
        self.tell = tell
        self.press = press
        self.measure = measure
        self.send_due = send_due
        self.first_text_s = first_text_s
        self.first_sound_s = first_sound_s
        self.scope = trio.CancelScope()

    def start(
        self,
        nursery: trio.Nursery,
        turn: int,
        outputs: AsyncGenerator[AgentOutput, None],
    ) -> None:
        """Make turn *turn* of *outputs*, in a task of *nursery*."""
        self.playout.start(turn)
        self.scope = trio.CancelScope()
        nursery.start_soon(self.run, turn, outputs, self.scope)

    def stop(self) -> None:
        """Stop at once what is being made."""
        self.scope.cancel()

    async def run(
        self, turn: int, outputs: AsyncGenerator[AgentOutput, None], scope: trio.CancelScope
    ) -> None:
        """Make the turn, and tell when all of it is queued."""
        ends_call = failed = False
        with scope:
            try:
                ends_call = await self.make(turn, outputs)
            except RemoteError as error:
                failed = True
                log.warning("turn broke off", turn=turn, reason=str(error))
            except TurnOverError:
                return
        if scope.cancelled_caught or self.playout.turn != turn:
            return
        self.playout.complete()
        lasts_s = self.playout.lasts_s(trio.current_time())
        self.tell(TurnQueued(turn=turn, lasts_s=lasts_s, ends_call=ends_call, failed=failed))
        if self.playout.is_heard:  # the last mark was back before we knew that it was the last
            self.tell(TurnHeard(turn=turn))

    async def make(self, turn: int, outputs: AsyncGenerator[AgentOutput, None]) -> bool:
        """Queue the sound of *outputs*; gives whether the call is to end after it."""
        speaker = Speaker(
            self.synthesizer,
            self.playout,
            turn,
            first_sound_s=self.first_sound_s,
            on_sound=lambda: self.on_sound(turn),
        )
        chunker = ClauseChunker()
        async with aclosing(outputs):
            while (output := await next_output(outputs, self.first_text_s)) is not None:
                match output:
                    case SayText(text=text):
                        self.note(turn, Stage.TEXT)
                        await self.say(speaker, chunker.feed(text))
                    case PressKeys(digits=digits):
                        await self.say(speaker, chunker.flush())
                        await speaker.wait_until_left(0.0)  # the keys belong behind the words
                        await self.press(digits)
                    case EndCall():
                        await self.say(speaker, chunker.flush())
                        return True
                    case _:
                        assert_never(output)
        await self.say(speaker, chunker.flush())
        return False

    async def say(self, speaker: Speaker, clauses: tuple[str, ...]) -> None:
        """Queue the sound of *clauses*."""
        for clause in clauses:
            await speaker.say(clause)

    def on_sound(self, turn: int) -> None:
        """Some sound of turn *turn* was queued: its first frames need not wait for a tick."""
        self.note(turn, Stage.AUDIO)
        self.send_due(trio.current_time())

    def note(self, turn: int, stage: Stage) -> None:
        """Turn *turn* has come to *stage*."""
        self.measure(turn, stage, trio.current_time())
