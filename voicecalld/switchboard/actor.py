"""One call, one nursery: everything that the call does ends with it.

Everything that happens becomes an event in the call's one mailbox; the rules in `call/` answer
with commands, and this file obeys them. It decides nothing.
"""

from typing import Final, assert_never

import structlog
import trio

from voicecalld.audio.activity import VoiceActivity
from voicecalld.call.commands import (
    AnswerPrompt,
    AnswerReply,
    AskAgent,
    BeginUtterance,
    Command,
    CommitUtterance,
    DiscardUtterance,
    Finish,
    NoteHeard,
    NoteIgnored,
    NoteKey,
    NoteWords,
    Say,
    ShowState,
    StopTurn,
)
from voicecalld.call.events import (
    Answered,
    CallEvent,
    Connected,
    Disconnected,
    EndReason,
    HungUp,
    Placed,
    SpeechBegan,
)
from voicecalld.call.machine import CallMachine
from voicecalld.call.playout import Playout
from voicecalld.call.record import CallRecord
from voicecalld.errors import CallEndedError, CallRefusedError, CarrierError, JournalError
from voicecalld.ids import ProviderCallId
from voicecalld.provider.base import PlaceOrder, StreamOpened
from voicecalld.switchboard.carrier_leg import CarrierLeg
from voicecalld.switchboard.ending import Ending, surviving
from voicecalld.switchboard.equipment import Equipment, build_briefing, open_equipment
from voicecalld.switchboard.mailbox import Mailbox
from voicecalld.switchboard.media_pump import Line, MediaPump
from voicecalld.switchboard.minutes import Minutes
from voicecalld.switchboard.notes import Notes
from voicecalld.switchboard.outcome import Outcome
from voicecalld.switchboard.prompting import Prompting
from voicecalld.switchboard.services import BorrowedModel, Services
from voicecalld.switchboard.speaking import Speaking

log: Final = structlog.get_logger()


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
        policy = services.build_policy(record.mode, opening)
        self.machine = CallMachine(policy, trio.current_time())
        self.mailbox = Mailbox()
        self.tell = self.mailbox.put
        patience_s = services.settings.transcript_timeout_ms / 1000
        self.prompting = Prompting(self.tell, patience_s)
        self.playout = Playout()
        self.speaking = Speaking(
            services,
            playout=self.playout,
            minutes=self.minutes,
            tell=self.tell,
            press=self.press,
            send_due=self.send_due,
        )
        self.begun = Outcome[None]()
        self.placed = Outcome[ProviderCallId]()
        self.is_named = record.provider_call_id is not None
        self.finish: Finish | None = None
        self.over = trio.Event()

    # --- what others may ask for -----------------------------------------------------

    def send_due(self, now_s: float) -> None:
        """Send what of our sound is due, without waiting for the wheel."""
        self.pump.tick(now_s)

    async def deliver(self, event: CallEvent) -> None:
        """Let the call know, and wait until it has drawn its conclusions and they are on disk."""
        await self.mailbox.deliver(event)
        await self.services.journal.settle()

    def learn_provider_id(self, named: ProviderCallId) -> None:
        """The carrier calls the call *named*; to be told by whatever comes from the carrier.

        The answer to the dial may be lost, and a call without a name could not be hung up.
        """
        if not self.is_named:
            self.is_named = True
            self.carrier.call = named
            self.tell(Placed(provider_call_id=named))

    async def end(self, reason: EndReason) -> None:
        """End the call, and wait until it is over; `Ending.check` tells how that went."""
        self.tell(HungUp(reason=reason, by_us=True))
        await self.over.wait()

    async def press(self, digits: str) -> None:
        """Press keys towards the other party."""
        await self.carrier.press(digits)
        if not self.machine.is_over:  # nothing is written of a call behind its end
            self.notes.on_keys(digits, "out")

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
        structlog.contextvars.bind_contextvars(call_id=self.notes.record.call_id)
        model = BorrowedModel(self.services.models)
        try:
            await self.live(self.services.build_activity(model))
        except* Exception:  # a bug ends this call, and nothing else
            log.exception("call failed")
            self.finish = self.finish or Finish(reason=EndReason.ERROR, carrier_knows=False)
        finally:
            with surviving("speech model lost"):
                model.rest()
            with trio.CancelScope(shield=True):  # every wait in there has a bound of its own
                await self.wind_up()

    async def live(self, voice: VoiceActivity) -> None:
        """Open what the call needs, and serve it in a nursery that holds all its tasks."""
        services = self.services
        briefing = build_briefing(self.notes.record, self.opening, services.settings.language)
        async with open_equipment(services.transcriber, services.agent, briefing) as equipment:
            self.equipment: Equipment = equipment
            async with trio.open_nursery() as self.nursery:
                await self.serve(voice)
                self.nursery.cancel_scope.cancel()

    async def serve(self, voice: VoiceActivity) -> None:
        """Serve the mailbox until the rules say that the call is over."""
        self.pump = MediaPump(
            playout=self.playout,
            voice=voice,
            transcription=self.equipment.transcription,
            tell=self.tell,
            fail=self.mailbox.fail,
            watcher=self.minutes,
        )
        self.nursery.start_soon(self.equipment.collect_words, self.tell)
        self.begun.succeed(None)
        with self.services.wheel.turning(self.pump):
            try:
                while not self.mailbox.is_empty and self.finish is None:
                    await self.take_letter()  # it may have been ended already: do not dial then
                if self.carrier.order is not None and self.finish is None:
                    self.nursery.start_soon(self.place, self.carrier.order)
                while self.finish is None:
                    await self.take_letter()
            finally:
                self.mailbox.close()

    async def place(self, order: PlaceOrder) -> None:
        """Ask the carrier to dial."""
        try:
            # Also when the call is ended meanwhile: a call that nobody knows could not be hung up.
            with trio.CancelScope(shield=True):  # it has a bound of its own
                placed = await self.carrier.place(order)
        except CarrierError as error:
            log.warning("call not placed, or its answer lost", reason=str(error))
            if not self.is_named:  # else its reports or its sound have proved that it was placed
                refusal = f"the carrier would not place the call: {error}"
                self.placed.fail(CallRefusedError(refusal))
                self.tell(HungUp(reason=EndReason.FAILED, by_us=True))
        else:
            self.learn_provider_id(placed)

    async def run_stream(self, line: Line, opened: StreamOpened, done: trio.Event) -> None:
        """Listen to the media stream until it ends."""
        self.tell(Connected(stream_id=opened.stream_id))
        try:
            await self.pump.read(line)
            if self.pump.line is None:  # else another stream has taken over
                self.tell(Disconnected())
        finally:
            done.set()

    async def take_letter(self) -> None:
        """Wait for the next event, or for the moment that the rules wait for, and obey."""
        letter = await self.mailbox.take(self.machine.wake_at_s)
        try:
            self.note(letter.event)
            for command in self.machine.handle(letter.event, trio.current_time()):
                self.obey(command)
        finally:
            letter.was_obeyed()

    def note(self, event: CallEvent) -> None:
        """Put into the record what the rules need not know."""
        match event:
            case Placed(provider_call_id=provider_call_id):
                self.carrier.call = provider_call_id
                self.notes.on_placed(provider_call_id)
                self.placed.succeed(provider_call_id)
            case Answered() | Connected():
                self.notes.on_answered()
            case SpeechBegan(ago_s=ago_s):
                self.minutes.on_voice(trio.current_time() - ago_s)
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
                self.dismiss(CallEndedError(f"the call is over: {finish.reason}"))
            with surviving("last words not recorded"):
                if self.speaking.is_at_turn:
                    self.speaking.note_stopped(self.pump)
            await self.ending.complete(finish.reason, carrier_knows=finish.carrier_knows)
        finally:
            self.over.set()

    def refuse(self, error: JournalError) -> None:
        """Its beginning could not be written, so it is over before anything has happened."""
        self.notes.on_never_begun()
        self.begun.fail(error)
        self.placed.fail(error)
        self.over.set()

    def dismiss(self, error: CallEndedError) -> None:
        """Tell all who wait for something of this call that it will not come."""
        self.prompting.fail_all(error)
        self.begun.fail(error)
        self.placed.fail(error)

    # --- obeying ---------------------------------------------------------------------

    def obey(self, command: Command) -> None:
        """Do what the rules ask for; nothing here waits."""
        match command:
            case ShowState(state=state):
                self.notes.on_state(state)
            case Finish():
                self.finish = command
            case Say(turn=turn, text=text):
                self.speaking.say(self.nursery, turn, text)
            case AskAgent():
                self.speaking.ask(self.nursery, self.equipment.session, command)
            case StopTurn():
                self.speaking.stop(self.pump)
            case NoteHeard():
                self.speaking.note_heard()
            case NoteWords(utterance=utterance, text=text):
                self.minutes.on_words(utterance, text, trio.current_time())
            case NoteKey(digit=digit):
                self.notes.on_keys(digit, "in")
            case NoteIgnored(what=what):
                self.notes.on_ignored(what)
            case BeginUtterance():
                self.minutes.on_utterance_begun()
                self.equipment.transcription.begin()
            case CommitUtterance(utterance=utterance):
                self.minutes.on_utterance_over(utterance)
                self.pump.feed_transcription()
                self.equipment.transcription.commit(utterance)
            case DiscardUtterance():
                self.equipment.transcription.discard()
            case AnswerPrompt():
                self.prompting.on_answer(command, self.minutes.heard)
            case AnswerReply():
                self.prompting.on_reply(command)
            case _:
                assert_never(command)
