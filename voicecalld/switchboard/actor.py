"""One call, one nursery: everything that the call does ends with it.

Everything that happens becomes an event in the call's one mailbox; the rules in `call/` answer
with commands, which are obeyed (see `obeying`). It decides nothing.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import structlog
import trio

from voicecalld.call.commands import Finish
from voicecalld.call.events import (
    Answered,
    CallEvent,
    Connected,
    Disconnected,
    EndReason,
    HungUp,
    Placed,
    SpeechBegan,
    SpeechStopped,
    Transcribed,
    Woke,
)
from voicecalld.call.machine import CallMachine
from voicecalld.call.our_side import Commands
from voicecalld.call.record import CallRecord, Mode
from voicecalld.errors import CallEndedError, JournalError
from voicecalld.ids import ProviderCallId
from voicecalld.provider.base import Answer, HangUpCall, Performed
from voicecalld.provider.stream import StreamOpened
from voicecalld.switchboard.carrier_leg import CarrierLeg
from voicecalld.switchboard.conductor import Conductor
from voicecalld.switchboard.ending import Ending, ending_call, surviving
from voicecalld.switchboard.equipment import Equipment, build_briefing, open_equipment
from voicecalld.switchboard.mailbox import Mailbox
from voicecalld.switchboard.media_pump import Line
from voicecalld.switchboard.minutes import Minutes
from voicecalld.switchboard.native_talk import NativeTalk
from voicecalld.switchboard.notes import Notes
from voicecalld.switchboard.obeying import Obeying
from voicecalld.switchboard.outcome import Outcome
from voicecalld.switchboard.overheard import Overheard
from voicecalld.switchboard.placing import Placing
from voicecalld.switchboard.preparing import prepare
from voicecalld.switchboard.prompting import Prompting
from voicecalld.switchboard.readiness import check_services
from voicecalld.switchboard.services import Services
from voicecalld.switchboard.speaking import Speaking
from voicecalld.switchboard.stream_talk import StreamTalk
from voicecalld.switchboard.talk import Talk

log: Final = structlog.get_logger()

# A carrier's own parts learn of an end one after the other: its REST API after the stream.
ENDING_S = 0.5

# For words that are being made out when the other party has hung up: nobody hears this wait, but
# whoever is told of the end, or waits for a line, should not notice it.
LAST_WORDS_S = 1.0


class Call:
    """One living call. Made and run by the switchboard."""

    def __init__(
        self, record: CallRecord, opening: str, services: Services, carrier: CarrierLeg
    ) -> None:
        self.services = services
        self.opening = opening
        self.carrier = carrier
        self.notes = Notes(record, services.journal.post, services.unix_clock)
        self.ending = Ending(self.notes, carrier, services.journal)
        self.minutes = Minutes(self.notes)
        self.has_stream = services.uses_streams(carrier.provider)
        policy = services.build_policy(record.mode, opening, has_stream=self.has_stream)
        self.machine = CallMachine(policy, trio.current_time())
        self.mailbox = Mailbox()
        self.tell = self.mailbox.put
        patience_s = services.settings.transcript_timeout_ms / 1000
        self.prompting = Prompting(self.tell, patience_s)
        self.conductor = self.build_conductor()
        self.talk = self.build_talk()
        first_text_s = services.settings.response_timeout_ms / 1000
        self.speaking = Speaking(self.talk, self.minutes, first_text_s, services.agent_name)
        self.begun = Outcome[None]()
        self.placing = Placing(self.notes, carrier, self.tell)
        self.placed = self.placing.placed
        self.finish: Finish | None = None
        self.obeying = Obeying(
            self.talk, self.speaking, self.minutes, self.prompting, self.finish_by
        )
        self.over = trio.Event()

    def build_conductor(self) -> Conductor | None:
        """Whoever tells the carrier what to do, if it takes commands instead of asking."""
        commands = self.carrier.provider.commands
        if commands is None:
            return None
        return Conductor(self, self.carrier, commands, self.notes.record.call_id)

    def build_talk(self) -> Talk:
        """How this call speaks and listens."""
        if not self.has_stream:
            return NativeTalk(
                self.services,
                self.notes.record,
                self.carrier,
                self.minutes,
                self.machine,
                self.tell,
                None if self.conductor is None else self.conductor.ask,
            )
        return StreamTalk(
            self.services,
            self.notes.record.call_id,
            self.carrier,
            self.minutes,
            tell=self.tell,
            fail=self.mailbox.fail,
            press=self.press,
        )

    # --- what others may ask for -----------------------------------------------------

    async def deliver(self, event: CallEvent) -> None:
        """Let the call know, and wait until it has drawn its conclusions and they are on disk."""
        await self.mailbox.deliver(event)
        await self.services.journal.settle()

    def learn_provider_id(
        self, named: ProviderCallId, placed_as: ProviderCallId | None = None
    ) -> None:
        """The carrier calls the call *named*; to be told by whatever comes from the carrier."""
        self.placing.learn(named, placed_as)

    def start_task(self, task: Callable[[], Awaitable[None]]) -> None:
        """Run *task* until it ends or the call does; one that is over starts none."""
        if self.begun.known.is_set() and not self.mailbox.is_closed:
            self.nursery.start_soon(task)

    async def end(self, reason: EndReason) -> None:
        """End the call, and wait until it is over; `Ending.check` tells how that went."""
        self.tell(HungUp(reason=reason, by_us=True))
        await self.over.wait()

    async def press(self, digits: str) -> None:
        """Press keys towards the other party."""
        await self.talk.press(digits)
        if not self.machine.is_over:  # nothing is written of a call behind its end
            self.notes.on_keys(digits, "out")

    async def take_performed(self, performed: Performed) -> None:
        """Go on after what the carrier has performed."""
        await self.talk.take_performed(performed)
        await self.deliver(Woke())  # the words have been understood, and are on disk

    def on_spoken(self, token: str) -> None:
        """The carrier has spoken what it was told under the turn token *token*."""
        self.talk.on_spoken(token)

    def on_overheard(self, overheard: Overheard) -> None:
        """The carrier has made out words that are no answer, or not yet."""
        self.talk.on_overheard(overheard)

    async def next_answer(self, asked_under: str = "") -> Answer:
        """What the carrier, which asks under a turn token or at first, is to do next."""
        answer = None if self.machine.is_over else await self.talk.next_answer(asked_under)
        return HangUpCall() if answer is None or self.machine.is_over else answer

    async def carry(self, line: Line, opened: StreamOpened) -> None:
        """Let *line* carry the call's audio; returns when it does so no longer."""
        self.learn_provider_id(opened.provider_call_id)
        if self.mailbox.is_closed:
            return
        done = trio.Event()
        self.nursery.start_soon(self.run_stream, line, opened, done)
        await done.wait()

    # --- the life of the call --------------------------------------------------------

    async def run(self) -> None:
        """Live until the call is over, hung up and recorded; a fault of any part only ends it."""
        record = self.notes.record
        structlog.contextvars.bind_contextvars(call_id=record.call_id)
        way, mode = record.direction, record.mode.value
        log.info("call begins", provider=record.provider, direction=way, mode=mode)
        try:
            with ending_call(self.give_up):
                await self.live()
        finally:
            with trio.CancelScope(shield=True):  # every wait in there has a bound of its own
                await self.wind_up()

    def give_up(self, cause: str) -> None:
        """The call cannot go on, for *cause*, unless the rules have ended it for another one."""
        if self.finish is None:
            self.finish = Finish(reason=EndReason.ERROR, carrier_knows=False, cause=cause)

    async def live(self) -> None:
        """Open what the call needs, and serve it in a nursery that holds all its tasks."""
        services = self.services
        briefing = build_briefing(self.notes.record, self.opening, services.settings.language)
        ears = services.transcriber if self.has_stream else None
        alone = self.notes.record.mode is Mode.NOTIFY
        await check_services(services, self.notes.record, self.opening, has_stream=self.has_stream)
        async with open_equipment(ears, services.agent, briefing, alone=alone) as equipment:
            self.equipment: Equipment = equipment
            async with trio.open_nursery() as self.nursery:
                async with self.talk.at_work(equipment.transcription):
                    await self.serve()
                self.nursery.cancel_scope.cancel()

    async def serve(self) -> None:
        """Serve the mailbox until the rules say that the call is over."""
        self.nursery.start_soon(self.equipment.collect_words, self.tell, self.talk.said)
        self.nursery.start_soon(prepare, self.services, self.opening, self.has_stream)
        self.begun.succeed(None)
        try:
            while not self.mailbox.is_empty and self.finish is None:
                await self.take_letter()  # it may have been ended already: do not dial then
            if self.carrier.order is not None and self.finish is None:
                self.nursery.start_soon(self.placing.place, self.carrier.order)
            while self.finish is None:
                await self.take_letter()
            if self.finish.carrier_knows:  # else the line is to be released, and first
                await self.hear_out()
        finally:
            self.mailbox.close()

    async def hear_out(self) -> None:
        """They have hung up: wait a moment for the words that they said just before."""
        self.speaking.break_off()
        self.obey(self.machine.hear_out())
        with trio.move_on_after(LAST_WORDS_S):
            while self.machine.awaits_words:
                letter = await self.mailbox.take(None)
                if isinstance(letter.event, Transcribed):
                    self.obey(self.machine.take_last(letter.event))
                letter.was_obeyed()
        self.obey(self.machine.give_up_words())

    async def run_stream(self, line: Line, opened: StreamOpened, done: trio.Event) -> None:
        """Listen to the media stream until it ends."""
        self.tell(Connected(stream_id=opened.stream_id))
        try:
            if await self.talk.hear(line):
                self.tell(Disconnected())
                self.nursery.start_soon(self.ask_for_end)
        finally:
            done.set()

    async def ask_for_end(self) -> None:
        """Ask the carrier once whether the call is over, and why: it may not tell by itself."""
        await trio.sleep(ENDING_S)
        ended = None if self.machine.is_connected else await self.carrier.fetch_end()
        if ended is not None:
            self.tell(ended)

    async def take_letter(self) -> None:
        """Wait for the next event, or for the moment that the rules wait for, and obey."""
        letter = await self.mailbox.take(self.machine.wake_at_s)
        try:
            self.note(letter.event)
            self.obey(self.machine.handle(letter.event, trio.current_time()))
            self.talk.on_change()
            if self.conductor is not None:
                self.conductor.on_change()
        finally:
            letter.was_obeyed()

    def obey(self, commands: Commands) -> None:
        """Have done what the rules ask for."""
        for command in commands:
            self.obeying.obey(self.nursery, self.equipment.session, command)

    def finish_by(self, finish: Finish) -> None:
        """The call is over."""
        self.finish = finish

    def note(self, event: CallEvent) -> None:
        """Put into the record what the rules need not know."""
        match event:
            case Placed(provider_call_id=provider_call_id):
                self.placing.on_placed(provider_call_id)
            case Answered():
                self.notes.on_answered()
                self.talk.on_answered()
            case Connected():
                self.notes.on_answered()
            case SpeechBegan(ago_s=ago_s):
                self.minutes.on_voice(trio.current_time() - ago_s)
            case SpeechStopped(ago_s=ago_s):
                self.minutes.on_voice_over(trio.current_time() - ago_s)
            case _:
                pass

    async def wind_up(self) -> None:
        """Leave nothing behind: not here, not at the carrier, not in the journal."""
        # Without a verdict of the rules it was the daemon that was stopped.
        finish = self.finish or Finish(reason=EndReason.HANGUP_BOT, carrier_knows=False)
        try:
            with surviving("call not dismissed"):
                self.machine.handle(HungUp(reason=finish.reason), trio.current_time())
                self.mailbox.close()
                self.talk.on_change()  # nobody need wait for what is to be said next
                self.dismiss(CallEndedError(f"the call is over: {finish.cause or finish.reason}"))
            with surviving("last words not recorded"):
                self.speaking.break_off()
            knows, cause = finish.carrier_knows, finish.cause or self.placing.refusal
            await self.ending.complete(finish.reason, carrier_knows=knows, cause=cause)
        finally:
            self.over.set()

    def refuse(self, error: JournalError) -> None:
        """Its beginning could not be written, so it is over before anything has happened."""
        self.notes.on_never_begun()
        self.mailbox.close()  # somebody may be waiting for what the call makes of an event
        self.begun.fail(error)
        self.placed.fail(error)
        self.over.set()

    def dismiss(self, error: CallEndedError) -> None:
        """Tell all who wait for something of this call that it will not come."""
        self.prompting.fail_all(error)
        self.begun.fail(error)
        self.placed.fail(error)
