"""One call, one nursery: everything that the call does ends with it.

Everything that happens becomes an event in the call's one mailbox; the rules in `call/` answer
with commands, and this file obeys them. It decides nothing.
"""

from typing import Final, assert_never

import structlog
import trio

from voicecalld.agent.base import Briefing, CallerTurn
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
    Transcribed,
)
from voicecalld.call.latency import TurnClock
from voicecalld.call.machine import CallMachine
from voicecalld.call.playout import NO_TURN, Playout
from voicecalld.call.record import CallRecord, Speaker
from voicecalld.errors import (
    CallEndedError,
    CallRefusedError,
    CarrierError,
    JournalError,
    ServiceError,
)
from voicecalld.ids import ProviderCallId
from voicecalld.provider.base import PlaceOrder, StreamOpened
from voicecalld.switchboard.carrier_leg import CarrierLeg
from voicecalld.switchboard.mailbox import Mailbox
from voicecalld.switchboard.media_pump import Line, MediaPump
from voicecalld.switchboard.minutes import Minutes
from voicecalld.switchboard.notes import Notes
from voicecalld.switchboard.outcome import Outcome
from voicecalld.switchboard.prompting import Prompting
from voicecalld.switchboard.services import BorrowedModel, Services
from voicecalld.switchboard.turn_task import TurnTask, said

log: Final = structlog.get_logger()

# For the disk, when nothing can be answered as done any more.
SETTLE_S = 5.0


class Call:
    """One living call. Made and run by the switchboard."""

    def __init__(
        self, record: CallRecord, opening: str, services: Services, carrier: CarrierLeg
    ) -> None:
        self.services = services
        self.opening = opening
        self.carrier = carrier
        self.notes = Notes(record, services.journal.post, services.unix_clock)
        self.minutes = Minutes(self.notes)
        policy = services.build_policy(record.mode, opening)
        self.machine = CallMachine(policy, trio.current_time())
        self.mailbox = Mailbox()
        self.tell = self.mailbox.put
        patience_s = services.settings.transcript_timeout_ms / 1000
        self.prompting = Prompting(self.tell, patience_s)
        self.playout = Playout()
        self.turn_task = TurnTask(
            playout=self.playout,
            synthesizer=services.synthesizer,
            tell=self.tell,
            press=self.press,
            measure=self.minutes.measure,
            send_due=self.send_due,
            first_text_s=services.settings.response_timeout_ms / 1000,
            first_sound_s=services.settings.tts.timeout_ms / 1000,
        )
        self.begun = Outcome[None]()
        self.placed = Outcome[ProviderCallId]()
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

    async def end(self, reason: EndReason) -> None:
        """End the call, and wait until nothing of it is left."""
        self.tell(HungUp(reason=reason, by_us=True))
        await self.over.wait()

    async def press(self, digits: str) -> None:
        """Press keys towards the other party."""
        await self.carrier.press(digits)
        self.notes.on_keys(digits, "out")

    async def carry(self, line: Line, opened: StreamOpened) -> None:
        """Let *line* carry the call's audio; returns when it does so no longer."""
        if self.mailbox.is_closed:
            return
        done = trio.Event()
        self.nursery.start_soon(self.run_stream, line, opened, done)
        await done.wait()

    # --- the life of the call --------------------------------------------------------

    async def run(self) -> None:
        """Live until the call is over and the carrier knows it."""
        structlog.contextvars.bind_contextvars(call_id=self.notes.record.call_id)
        model = BorrowedModel(self.services.models)
        try:
            await self.live(self.services.build_activity(model))
        except* Exception:  # a bug ends this call, and nothing else
            log.exception("call failed")
            self.finish = Finish(reason=EndReason.ERROR, carrier_knows=False)
        finally:
            model.rest()
            with trio.CancelScope(shield=True):  # every wait in there has a bound of its own
                await self.wind_up()

    async def live(self, voice: VoiceActivity) -> None:
        """Serve the mailbox until the rules say that the call is over."""
        async with (
            self.services.transcriber.open() as self.transcription,
            self.services.agent.open(self.brief()) as self.session,
            trio.open_nursery() as self.nursery,
        ):
            self.pump = MediaPump(
                playout=self.playout,
                voice=voice,
                transcription=self.transcription,
                tell=self.tell,
                fail=self.mailbox.fail,
                watcher=self.minutes,
            )
            if self.carrier.order is not None:
                self.nursery.start_soon(self.place, self.carrier.order)
            self.nursery.start_soon(self.collect_words)
            self.begun.succeed(None)
            with self.services.wheel.turning(self.pump):
                try:
                    while self.finish is None:
                        await self.take_letter()
                finally:
                    self.mailbox.close()
            self.nursery.cancel_scope.cancel()

    def brief(self) -> Briefing:
        """What the agent is told before the call."""
        record = self.notes.record
        return Briefing(
            call_id=record.call_id,
            direction=record.direction,
            from_number=record.from_number,
            to_number=record.to_number,
            language=self.services.settings.language,
            opening=self.opening,
        )

    async def place(self, order: PlaceOrder) -> None:
        """Ask the carrier to dial."""
        try:
            # Also when the call is ended meanwhile: a call that nobody knows could not be hung up.
            with trio.CancelScope(shield=True):  # it has a bound of its own
                placed = await self.carrier.place(order)
        except CarrierError as error:
            log.warning("call not placed", reason=str(error))
            self.placed.fail(CallRefusedError(f"the carrier would not place the call: {error}"))
            self.tell(HungUp(reason=EndReason.FAILED))
        else:
            self.tell(Placed(provider_call_id=placed))

    async def collect_words(self) -> None:
        """Bring the transcriber's words to the mailbox."""
        try:
            async for heard in self.transcription.results():
                if heard.is_final:
                    self.tell(Transcribed(utterance=heard.utterance, text=heard.text))
        except ServiceError as error:
            log.warning(
                "transcriber lost: nothing the other party says is understood", reason=str(error)
            )

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
        self.machine.handle(HungUp(reason=finish.reason), trio.current_time())
        self.mailbox.close()
        try:
            self.note_stopped_turn()
            self.notes.on_ended(finish.reason)
        except JournalError as error:
            log.warning("end of call not recorded", reason=str(error))
        self.dismiss(CallEndedError(f"the call is over: {finish.reason}"))
        try:
            if not finish.carrier_knows:
                await self.carrier.hang_up()
        except CarrierError as error:
            log.warning("carrier did not hang up", reason=str(error))
        await self.settle()
        self.over.set()

    def dismiss(self, error: CallEndedError) -> None:
        """Tell all who wait for something of this call that it will not come."""
        self.prompting.fail_all(error)
        self.begun.fail(error)
        self.placed.fail(error)

    async def settle(self) -> None:
        """Wait until the journal has the call's end, or long enough."""
        try:
            with trio.move_on_after(SETTLE_S):
                await self.services.journal.settle()
        except JournalError as error:
            log.warning("end of call not recorded", reason=str(error))

    # --- obeying ---------------------------------------------------------------------

    def obey(self, command: Command) -> None:
        """Do what the rules ask for; nothing here waits."""
        match command:
            case ShowState(state=state):
                self.notes.on_state(state)
            case Finish():
                self.finish = command
            case Say(turn=turn, text=text):
                self.turn_task.start(self.nursery, turn, said(text))
            case AskAgent():
                self.ask_agent(command)
            case StopTurn():
                self.stop_turn()
            case NoteHeard():
                self.minutes.on_heard(self.playout.text, trio.current_time())
                self.playout.start(NO_TURN)
            case NoteWords(utterance=utterance, text=text):
                self.minutes.on_words(utterance, text, trio.current_time())
            case NoteKey(digit=digit):
                self.notes.on_keys(digit, "in")
            case NoteIgnored(what=what):
                self.notes.on_ignored(what)
            case BeginUtterance():
                self.minutes.on_utterance_begun()
                self.transcription.begin()
            case CommitUtterance(utterance=utterance):
                self.minutes.on_utterance_over(utterance)
                self.pump.feed_transcription()
                self.transcription.commit(utterance)
            case DiscardUtterance():
                self.transcription.discard()
            case AnswerPrompt():
                self.prompting.on_answer(command, self.minutes.heard)
            case AnswerReply():
                self.prompting.on_reply(command)
            case _:
                assert_never(command)

    def ask_agent(self, command: AskAgent) -> None:
        """Let the agent answer."""
        before = self.notes.transcript.last_of(Speaker.BOT)
        turn = CallerTurn(
            text=command.text,
            digits=command.digits,
            heard_before=before.text if before else "",
            interrupted=before.interrupted if before else False,
        )
        self.minutes.begin_answer(TurnClock(command.turn, command.timing))
        self.turn_task.start(self.nursery, command.turn, self.session.reply(turn))

    def stop_turn(self) -> None:
        """Stop speaking at once; only what was heard was said."""
        self.turn_task.stop()
        if self.pump.audible_turn == self.playout.turn:
            self.notes.write("call.interrupted")
        self.note_stopped_turn()

    def note_stopped_turn(self) -> None:
        """Write down what was heard of a turn that was cut short, if there is one."""
        if self.playout.turn == NO_TURN:
            return
        now_s = trio.current_time()
        self.minutes.on_heard(self.pump.clear(now_s), now_s, interrupted=True)
