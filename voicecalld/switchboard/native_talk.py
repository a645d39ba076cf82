"""Talking without a media stream: the carrier's own voice speaks, its own recogniser listens.

The carrier asks what to do, does it, and asks again, with what the other party said meanwhile.
While it listens it asks nothing, so for what is to be said then it is made to ask.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final, assert_never

import structlog
import trio

from voicecalld.agent.base import AgentOutput
from voicecalld.call.events import (
    CallEvent,
    Connected,
    Transcribed,
)
from voicecalld.call.floor import Floor
from voicecalld.call.machine import CallMachine
from voicecalld.call.playout import NO_TURN
from voicecalld.call.record import CallRecord, Mode
from voicecalld.call.words import Meaning
from voicecalld.errors import CarrierError
from voicecalld.ids import StreamId
from voicecalld.net.message_stream import POLICY_VIOLATION
from voicecalld.provider.base import Answer, Listen, Perform, Performed
from voicecalld.speech.base import Transcription
from voicecalld.switchboard.carrier_leg import CarrierLeg
from voicecalld.switchboard.media_pump import Line
from voicecalld.switchboard.minutes import Minutes
from voicecalld.switchboard.native_asking import FIRST_TOKEN, OPENING_TOKEN, PATIENCE_S, Asking
from voicecalld.switchboard.native_ears import NativeEars
from voicecalld.switchboard.native_script import Script
from voicecalld.switchboard.native_steps import KEY_S, Step
from voicecalld.switchboard.native_turn import NativeTurn
from voicecalld.switchboard.overheard import Overheard
from voicecalld.switchboard.services import Services
from voicecalld.switchboard.stall import StallWatch
from voicecalld.switchboard.talk import Stopped, queued

log: Final = structlog.get_logger()

# The other party hears nothing meanwhile, and is not heard.
HOLD_ON_S = 1.0

# For keys, behind what is said before them.
PRESS_S = 30.0

# Who has not asked for so long listens to a long speech, or to nobody.
OVERDUE_S = 20.0

# With the floor like this nothing is about to be said or understood.
QUIET: Final = frozenset({Floor.OPEN, Floor.AGENT})

NO_STREAM = StreamId("")

# Of words that nobody waits for: utterances have numbers from 1.
NO_UTTERANCE = 0


class NativeTalk:
    """The mouth and the ears of one call, at the carrier."""

    # It tells what was said when it likes, and of its voice at most that it has spoken.
    is_timed = False

    def __init__(
        self,
        services: Services,
        record: CallRecord,
        leg: CarrierLeg,
        minutes: Minutes,
        machine: CallMachine,
        tell: Callable[[CallEvent], None],
        conduct: Callable[[str], None] | None = None,
    ) -> None:
        self.first_text_s = services.settings.response_timeout_ms / 1000
        self.agent_name = services.agent_name
        self.plea = Step(say=services.settings.turn.apology)
        stall_s = services.settings.turn.stall_ms / 1000
        self.stalls = StallWatch(stall_s, self.silent_since, self.plead)
        self.leg = leg
        self.machine = machine
        self.tell = tell
        self.turn = NativeTurn(minutes, tell)
        self.scope = trio.CancelScope()
        end_s = services.settings.turn.endpoint_silence_ms / 1000
        listen = Listen(begin_s=leg.provider.listen_begin_s, end_s=end_s)
        self.ears = NativeEars(self.turn, listen, tell, is_told=conduct is not None)
        self.listen = listen if record.mode is Mode.CONVERSATION else None
        # What the carrier was given with the order, to be spoken at the answer.
        self.opening = leg.order.opening if leg.order is not None else None
        self.is_opening = self.opening is not None  # its turn has not begun yet
        expected = OPENING_TOKEN if self.is_opening else FIRST_TOKEN
        self.asking = Asking(leg, record.call_id, expected, conduct)
        self.is_connected = False

    @asynccontextmanager
    async def at_work(self, _transcription: Transcription) -> AsyncGenerator[None, None]:
        """Speak and listen inside the block."""
        async with trio.open_nursery() as self.nursery:
            self.nursery.start_soon(self.look_for_end)
            yield
            self.nursery.cancel_scope.cancel()

    async def look_for_end(self) -> None:
        """Notice when a call is over, also if the carrier does not tell: then it never asks."""
        while True:
            asked = self.asking.asked
            await trio.sleep(OVERDUE_S + self.turn.left_s(trio.current_time()))
            if not self.is_connected or self.asking.asked != asked:
                continue
            ended = await self.leg.fetch_end()
            if ended is not None:
                self.tell(ended)

    # --- our turn ------------------------------------------------------------------------

    @property
    def is_at_turn(self) -> bool:
        """Whether a turn has begun that is neither over nor stopped."""
        return self.turn.number != NO_TURN

    def start_turn(
        self,
        nursery: trio.Nursery,
        turn: int,
        outputs: AsyncGenerator[AgentOutput, None],
        _waits_since_s: float | None = None,
    ) -> None:
        """Speak *outputs* as turn *turn*, once the agent has written all of it."""
        self.turn.begin(turn)
        self.scope = trio.CancelScope()
        nursery.start_soon(self.run_turn, turn, outputs, self.scope)
        if self.plea.say:
            self.stalls.start(nursery)

    async def run_turn(
        self, turn: int, outputs: AsyncGenerator[AgentOutput, None], scope: trio.CancelScope
    ) -> None:
        """Let the agent write its turn, and have the carrier do it."""
        script = Script(turn)
        with scope:
            await script.write(outputs, self.first_text_s, self.agent_name)
        if scope.cancelled_caught or self.turn.number != turn:
            return
        self.stop_pleading()
        if script.error is not None:
            log.warning("turn broke off", turn=turn, reason=str(script.error))
        was_opening, self.is_opening = self.is_opening, False
        steps = script.steps()
        if not steps:
            left_s = self.turn.left_s(trio.current_time())  # of a plea
            self.tell(queued(turn, left_s, script.error, ends_call=script.ends_call))
        elif was_opening:
            self.on_opening(steps[0])
        else:
            self.turn.add(steps)
            self.push()

    def on_opening(self, step: Step) -> None:
        """The carrier speaks *step* without having asked, or has spoken it."""
        self.turn.go_out(step, is_reported=True)
        if self.asking.expected != OPENING_TOKEN:  # the answer was reported late, or never
            self.turn.finish()

    def apologize(self) -> None:
        """Something is tried again: ask for patience."""
        self.stalls.excuse()

    def plead(self) -> None:
        """Ask for patience, unless the carrier is speaking or about to."""
        now_s = trio.current_time()
        since_s = self.silent_since(now_s)
        if self.plea.say and since_s is not None and since_s <= now_s:
            self.turn.add([self.plea])
            self.push()

    def stop_pleading(self) -> None:
        """What was waited for has come, or is wanted no more."""
        self.stalls.stop()
        self.turn.withdraw(self.plea)

    def silent_since(self, _now_s: float) -> float | None:
        """Since or until when the carrier speaks, as far as we know; None if it is about to."""
        return None if self.turn.waiting else self.turn.silent_since_s

    def say_filler(self, nursery: trio.Nursery, turn: int, text: str) -> None:
        """Say nothing: behind a filler the carrier would be late for the answer."""

    def said(self, _now_s: float) -> str:
        """Nothing: the carrier's recogniser is judged where its words come in."""
        return ""

    def stop_turn(self, now_s: float) -> Stopped:
        """Give the turn up; the carrier has stopped, or will be told something else."""
        self.scope.cancel()
        self.stop_pleading()
        return self.turn.stop(now_s)

    def end_turn(self, now_s: float) -> str:
        """The turn is over: the words of it that were heard."""
        return self.turn.end(now_s)

    def on_answered(self) -> None:
        """The other party has picked up, and the carrier may be speaking already."""
        if self.opening is not None:
            self.connect()

    def connect(self) -> None:
        """There is somebody to talk to."""
        if not self.is_connected:
            self.is_connected = True
            self.tell(Connected(stream_id=NO_STREAM))

    # --- theirs --------------------------------------------------------------------------

    def begin_utterance(self) -> None:
        """Nothing to do: the carrier listens by itself."""

    def commit_utterance(self, utterance: int) -> None:
        """Give the words that the carrier has made out."""
        self.ears.give_words(utterance)

    def discard_utterance(self) -> None:
        """Nothing to do: the carrier has judged what is worth making out."""

    async def hear(self, line: Line) -> bool:
        """Refuse a media stream: none was asked for."""
        await trio.lowlevel.checkpoint()
        line.stream.close(POLICY_VIOLATION)
        return False

    async def take_performed(self, performed: Performed) -> None:
        """The carrier has done what it was told; under an old token that means nothing."""
        if self.asking.begin(performed.turn):
            self.ears.take(performed.text.strip(), performed.digits)
        await trio.lowlevel.checkpoint()

    def on_spoken(self, token: str) -> None:
        """The carrier has spoken all that it was told under *token*, and may be listening."""
        if token == self.asking.expected:
            self.ears.on_spoken()

    def on_overheard(self, overheard: Overheard) -> None:
        """The carrier has made out words that are no answer, or not yet."""
        match overheard.meaning:
            case Meaning.INTERRUPTION:
                self.ears.on_interrupted(overheard.text, overheard.spoken_s)
            case Meaning.ASIDE:
                self.tell(Transcribed(utterance=NO_UTTERANCE, text=overheard.text))
            case Meaning.ECHO:
                self.turn.minutes.notes.on_ignored(f"our own words, come back: {overheard.text}")
            case Meaning.STRAY:
                self.turn.minutes.notes.on_ignored(f"words too late or early: {overheard.text}")
            case _:
                assert_never(overheard.meaning)

    # --- what the carrier is to do -------------------------------------------------------

    async def next_answer(self, asked_under: str) -> Answer:
        """The next step; without one, and nothing being made, to listen."""
        self.connect()
        if self.opening is not None and self.asking.expected == OPENING_TOKEN:
            return self.opening  # it was too long to be given with the order
        if not self.asking.claim(asked_under):  # it was not to ask now
            return self.hold_on(await self.asking.next_token())
        with trio.move_on_after(PATIENCE_S):
            while not self.is_settled:
                await self.asking.changed.wait()
        return self.choose()

    @property
    def is_settled(self) -> bool:
        """Whether it is known what comes next."""
        if self.machine.is_over or self.turn.waiting:
            return True
        return self.machine.has_connected and not self.is_busy

    @property
    def is_busy(self) -> bool:
        """Whether something is about to be said, or understood."""
        return self.machine.turn.floor not in QUIET

    def choose(self) -> Perform:
        """What the carrier, which has waited for it, is to do now."""
        if self.machine.is_over:
            return Perform()
        if self.turn.waiting:
            return self.take(self.turn.waiting.popleft())
        if self.is_busy or self.listen is None:
            return self.give(Perform(pause_s=HOLD_ON_S))
        return self.give(Perform(listen=self.listen))

    def take(self, step: Step) -> Perform:
        """Have the carrier do *step*."""
        listens = step.ends_turn and not step.ends_call and self.listen is not None
        # Only a document's carrier that listens keeps it to itself when it has spoken.
        self.turn.go_out(step, is_reported=self.ears.is_told or not listens)
        listen = self.listen if listens else None
        return self.give(Perform(say=step.say, press=step.press, listen=listen))

    def give(self, perform: Perform) -> Perform:
        """*perform*, behind which the carrier asks what comes next."""
        listens = perform.listen is not None
        if listens:
            self.ears.start(self.nursery)
        return self.under(self.asking.end(is_far_off=listens), perform)

    def hold_on(self, token: str) -> Perform:
        """Have the carrier wait a little, and ask under *token*."""
        return self.under(token, Perform(pause_s=HOLD_ON_S))

    def under(self, token: str, perform: Perform) -> Perform:
        """*perform*, behind which the carrier asks under *token*."""
        return replace(perform, next_url=self.asking.url_of(token), next_turn=token)

    def on_change(self) -> None:
        """Let an asker look again."""
        self.asking.on_change()

    async def press(self, digits: str) -> None:
        """Have the carrier press keys, when it has spoken; returns when they have sounded.

        Raises:
            CarrierError: it did not ask what to do for too long, or until the call was over.
        """
        step = Step(press=digits)
        self.turn.add([step])
        self.push()
        with trio.move_on_after(self.turn.left_s(trio.current_time()) + PRESS_S):
            while step in self.turn.waiting and not self.machine.is_over:
                await self.asking.changed.wait()
        if self.turn.withdraw(step):
            raise CarrierError("the carrier did not ask for the keys in time")
        with trio.move_on_after(len(digits) * KEY_S):
            while not self.machine.is_over:
                await self.asking.changed.wait()

    def push(self) -> None:
        """See to it that what waits is done when the carrier has spoken."""
        self.asking.push(self.nursery, self.turn.left_s(trio.current_time()))
