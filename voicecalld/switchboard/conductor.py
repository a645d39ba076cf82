"""Carries the answers of one call out at a carrier that asks for none, but takes commands.

Other carriers ask what to do, do it, and ask again. Here the conductor asks in their place, and
tells the carrier what to do, so that a call need not know which kind of carrier it is on.
"""

from collections.abc import Awaitable, Callable
from typing import Final, Protocol, assert_never

import structlog
import trio

from voicecalld.call.events import CallEvent, EndReason, HungUp, Placed
from voicecalld.call.machine import CallMachine
from voicecalld.errors import CarrierError, JournalError
from voicecalld.ids import CallId
from voicecalld.provider.base import (
    Acknowledge,
    Answer,
    CarrierReport,
    CommandApi,
    ConnectStream,
    HangUpCall,
    KeyHeard,
    Perform,
    Performed,
    Progress,
    RejectCall,
    SpeechEnded,
    StreamLost,
    WordsHeard,
)
from voicecalld.switchboard.carrier_leg import CarrierLeg, LegOverError
from voicecalld.switchboard.native_asking import FIRST_TOKEN
from voicecalld.switchboard.performance import Audience, Performance

log: Final = structlog.get_logger()

# A carrier that has taken a call tells within a second that it is answered.
ANSWER_S = 5.0

# From one stream to the next: a carrier that cannot open any must not be asked all the time.
# Half as long as a call waits for another, or one that breaks at once would never be replaced.
STREAM_PAUSE_S = 1.0

# From the end of a stream here until another is asked for, if the carrier does not tell of it: by
# then it has told if the call is over. And there is time left for a call that waits for the other.
LOST_S = 0.75

# For the news that the call is over, at a carrier that refuses commands because it is.
OVER_S = 2.0


class Conducted(Audience, Protocol):
    """What the conductor needs of its call."""

    @property
    def machine(self) -> CallMachine:
        """The rules of the call."""

    @property
    def tell(self) -> Callable[[CallEvent], None]:
        """Lets the call know that something has happened."""

    def start_task(self, task: Callable[[], Awaitable[None]]) -> None:
        """Run *task* until it ends or the call does; one that is over starts none."""

    async def next_answer(self, asked_under: str = "") -> Answer:
        """What is to be done next."""

    async def take_performed(self, performed: Performed) -> None:
        """Go on after what has been performed."""


class Conductor:
    """Does nothing until the carrier reports something that asks for it."""

    def __init__(
        self, call: Conducted, leg: CarrierLeg, commands: CommandApi, call_id: CallId
    ) -> None:
        self.call = call
        self.leg = leg
        self.commands = commands
        self.performance = Performance(leg, commands, call_id, call, self.start_guarded)
        self.scope = trio.CancelScope()  # of what is being carried out
        self.is_taken = False
        self.is_answered = False
        self.stream_s: float | None = None  # when the latest stream was asked for
        self.is_reconnecting = False
        self.was_connected = False
        self.is_over = False  # the call, at the carrier
        self.lost = trio.Event()  # that stream, as the carrier tells
        self.ordered = trio.Event()  # that stream: the carrier has taken the order, or has not
        self.changed = trio.Event()

    # --- what happens --------------------------------------------------------------------

    def on_report(self, report: CarrierReport) -> None:
        """Do what the carrier's *report*, of which the call knows by now, asks for."""
        if report.asks and isinstance(report.event, Placed):
            self.take()
        elif report.asks:
            self.on_answered()
        if report.progress is not None:
            self.on_progress(report.progress)

    def on_progress(self, progress: Progress) -> None:
        """Take what has come of a command."""
        match progress:
            case SpeechEnded() | WordsHeard() | KeyHeard():
                if self.stream_s is None:  # else the stream tells of the keys, and all else
                    self.performance.on_progress(progress)
            case StreamLost():
                self.on_lost()
            case _:
                assert_never(progress)

    def on_change(self) -> None:
        """The call has drawn its conclusions from an event."""
        self.changed.set()
        self.changed = trio.Event()
        is_connected = self.call.machine.is_connected
        if self.was_connected and not is_connected:
            self.reconnect()
        self.was_connected = is_connected

    # --- the beginning -------------------------------------------------------------------

    def take(self) -> None:
        """Take the inbound call, which may be taken."""
        if not self.is_taken:
            self.is_taken = True
            self.call.start_task(self.run_taking)

    async def run_taking(self) -> None:
        """Tell the carrier to answer; go on, should the news of the answer be lost."""
        await self.guard(self.answer_call)
        await trio.sleep(ANSWER_S)
        self.on_answered()

    async def answer_call(self) -> None:
        """Tell the carrier to answer."""
        await self.performance.commanding.order(
            self.commands.take(self.performance.call), "the answer"
        )

    def on_answered(self) -> None:
        """The call is answered: ask what is to be done. Carriers may say so several times."""
        if not self.is_answered:
            self.is_answered = True
            self.ask(FIRST_TOKEN)

    # --- what is to be done --------------------------------------------------------------

    def ask(self, token: str) -> None:
        """Break off what is being done, and ask under *token* what to do instead."""
        self.scope.cancel()
        scope = self.scope = trio.CancelScope()

        async def run() -> None:
            with scope:
                await trio.lowlevel.checkpoint()  # it may be broken off before it has begun
                await self.guard(lambda: self.conduct(token))

        self.call.start_task(run)

    async def conduct(self, token: str) -> None:
        """Carry out one answer after the other, the first of which is asked for under *token*."""
        await self.performance.break_off()
        if token != FIRST_TOKEN:
            await self.hand_over(token)
        following: str | None = token
        while following is not None:
            following = await self.carry_out(await self.call.next_answer(following))

    async def carry_out(self, answer: Answer) -> str | None:
        """Do what *answer* says; gives the token to ask under then, None if nothing follows."""
        match answer:
            case Perform(next_turn=next_turn):
                await self.performance.perform(answer)
                if next_turn:
                    await self.hand_over(next_turn)
                    return next_turn
                self.end(EndReason.HANGUP_BOT)
            case ConnectStream():
                await self.connect(answer)
            case HangUpCall() | RejectCall():
                self.end(EndReason.HANGUP_BOT)
            case Acknowledge():
                pass
            case _:
                assert_never(answer)
        return None

    async def hand_over(self, token: str) -> None:
        """Let the call know what was heard until the asking under *token*."""
        heard = self.performance.heard.take(trio.current_time())
        await self.call.take_performed(Performed(turn=token, text=heard.text, digits=heard.digits))

    def end(self, reason: EndReason) -> None:
        """Have the call ended, which hangs it up at the carrier."""
        self.call.tell(HungUp(reason=reason, by_us=True))

    async def guard(self, task: Callable[[], Awaitable[None]]) -> None:
        """Run *task*; a carrier that refuses what the call cannot do without has ended it."""
        try:
            await task()
        except LegOverError:
            log.info("call is over at the carrier")
            self.on_over()
        except (CarrierError, JournalError) as error:
            log.warning("call cannot go on", reason=str(error))
            self.end(EndReason.ERROR)

    def start_guarded(self, task: Callable[[], Awaitable[None]]) -> None:
        """Run *task* beside what is being carried out, which may be broken off meanwhile."""
        self.call.start_task(lambda: self.guard(task))

    def on_over(self) -> None:
        """The carrier obeys no more because the call is over, which it will report."""
        if not self.is_over:
            self.is_over = True
            self.call.start_task(self.run_over)

    async def run_over(self) -> None:
        """End the call, should the report of its end be lost."""
        await trio.sleep(OVER_S)
        reason = EndReason.HANGUP_USER if self.is_answered else EndReason.NO_ANSWER
        self.call.tell(HungUp(reason=reason))

    # --- media streams -------------------------------------------------------------------

    async def connect(self, answer: ConnectStream) -> None:
        """Have the carrier open a media stream; one that it refuses beside another is no loss."""
        self.stream_s = trio.current_time()
        self.lost, self.ordered = trio.Event(), trio.Event()
        request = self.commands.connect(self.performance.call, answer)
        refusal: CarrierError | None = None
        try:
            await self.performance.commanding.order(request, "the media stream")
        except LegOverError:
            raise
        except CarrierError as error:
            refusal = error
        finally:
            self.ordered.set()
        if refusal is None:
            return
        if not await self.wait_connected():
            raise refusal
        log.warning("another media stream was refused", reason=str(refusal))

    async def wait_connected(self) -> bool:
        """Whether there is a stream, or will be soon: one that was asked for may be opening."""
        with trio.move_on_after(STREAM_PAUSE_S):
            while not self.call.machine.is_connected:
                await self.changed.wait()
        return self.call.machine.is_connected

    def on_lost(self) -> None:
        """The carrier tells that a stream is over, perhaps before it is over here."""
        self.lost.set()
        if not self.call.machine.is_connected:
            self.reconnect()

    def reconnect(self) -> None:
        """A stream has ended, or there was none: get another, if the call lacks one."""
        if self.stream_s is not None and not self.is_reconnecting:
            self.is_reconnecting = True
            self.call.start_task(self.run_reconnecting)

    async def run_reconnecting(self) -> None:
        """Ask for another stream, unless one that was asked for comes."""
        try:
            with trio.move_on_after(LOST_S):
                await self.lost.wait()
            await self.ordered.wait()
            since_s = trio.current_time() if self.stream_s is None else self.stream_s
            await trio.sleep_until(max(trio.current_time(), since_s + STREAM_PAUSE_S))
            if not self.call.machine.is_connected:
                self.stream_s = trio.current_time()  # the news may be told twice
                self.ask(FIRST_TOKEN)
        finally:
            self.is_reconnecting = False
