"""Talking over a media stream: our synthesizer speaks, our transcriber listens."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import trio

from voicecalld.agent.base import AgentOutput
from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.audio.keys import render_keys
from voicecalld.call.events import CallEvent
from voicecalld.call.playout import NO_TURN, Playout
from voicecalld.ids import CallId
from voicecalld.provider.base import Answer, ConnectStream, Performed
from voicecalld.speech.base import Transcription
from voicecalld.switchboard.carrier_leg import CarrierLeg
from voicecalld.switchboard.ending import surviving
from voicecalld.switchboard.media_pump import Line, MediaPump
from voicecalld.switchboard.minutes import Minutes
from voicecalld.switchboard.overheard import Overheard
from voicecalld.switchboard.services import BorrowedModel, Services
from voicecalld.switchboard.talk import Stopped
from voicecalld.switchboard.turn_task import TurnLimits, TurnTask

# A loudspeaker's echo is back, and made out, within this time.
ECHO_S = 5.0


class StreamTalk:
    """The mouth and the ears of one call, on our side of its media stream."""

    is_timed = True

    def __init__(
        self,
        services: Services,
        call_id: CallId,
        leg: CarrierLeg,
        minutes: Minutes,
        *,
        tell: Callable[[CallEvent], None],
        fail: Callable[[Exception], None],
        press: Callable[[str], Awaitable[None]],
    ) -> None:
        self.services = services
        self.call_id = call_id
        self.leg = leg
        self.minutes = minutes
        self.tell = tell
        self.fail = fail
        self.streams = 0  # that were asked for
        self.playout = Playout(services.settings.turn.lead_ms / 1000)
        self.said_last = ""
        self.said_last_s = 0.0
        self.turn_task = TurnTask(
            playout=self.playout,
            synthesizer=services.sounds,
            tell=tell,
            press=press,
            measure=minutes.measure,
            send_due=self.send_due,
            limits=TurnLimits(
                first_text_s=services.settings.response_timeout_ms / 1000,
                first_sound_s=services.settings.tts.timeout_ms / 1000,
                stall_s=services.settings.turn.stall_ms / 1000,
                apology=services.settings.turn.apology,
                agent_name=services.agent_name,
                synthesizer_name=services.synthesizer_name,
            ),
        )

    @asynccontextmanager
    async def at_work(self, transcription: Transcription) -> AsyncGenerator[None, None]:
        """Speak and listen inside the block."""
        model = BorrowedModel(self.services.models)
        self.transcription = transcription
        self.pump = MediaPump(
            playout=self.playout,
            voice=self.services.build_activity(model),
            transcription=transcription,
            tell=self.tell,
            fail=self.fail,
            watcher=self.minutes,
        )
        try:
            with self.services.wheel.turning(self.pump):
                yield
        finally:
            with surviving("speech model lost"):
                model.rest()

    def send_due(self, now_s: float) -> None:
        """Send what of our sound is due, without waiting for the wheel."""
        self.pump.tick(now_s)

    # --- our turn --------------------------------------------------------------------

    @property
    def is_at_turn(self) -> bool:
        """Whether a turn has begun that is neither over nor stopped."""
        return self.playout.turn != NO_TURN

    def start_turn(
        self,
        nursery: trio.Nursery,
        turn: int,
        outputs: AsyncGenerator[AgentOutput, None],
        waits_since_s: float | None = None,
    ) -> None:
        """Speak *outputs* as turn *turn*, in a task of *nursery*."""
        self.turn_task.start(nursery, turn, outputs, waits_since_s)

    def stop_turn(self, now_s: float) -> Stopped:
        """Stop speaking at once."""
        self.turn_task.stop()
        self.keep_said(now_s)
        was_audible = self.pump.audible_turn == self.playout.turn
        unheard = f"{self.playout.unheard_text(now_s)} {self.turn_task.take_unsaid()}".strip()
        return Stopped(
            heard=self.pump.clear(now_s),
            unheard=unheard,
            ends_call=self.turn_task.ends_call,
            was_audible=was_audible,
        )

    def end_turn(self, now_s: float) -> str:
        """The turn is over: the words of it that were heard."""
        self.keep_said(now_s)
        heard = self.playout.heard_text(now_s)
        self.playout.start(NO_TURN)
        return heard

    def apologize(self) -> None:
        """Ask for patience, as our turn is tried again."""
        self.turn_task.apologize()

    def say_filler(self, nursery: trio.Nursery, turn: int, text: str) -> None:
        """Say *text* while nothing of turn *turn* can be heard."""
        self.turn_task.start_filler(nursery, turn, text)

    def said(self, now_s: float) -> str:
        """What of our words may have been heard in the last seconds, and come back."""
        before = self.said_last if now_s < self.said_last_s + ECHO_S else ""
        filled = self.turn_task.filled_text(now_s - ECHO_S)
        return " ".join(filter(None, (before, filled, self.playout.recent_text(now_s, ECHO_S))))

    def keep_said(self, now_s: float) -> None:
        """A turn is over, but its words may still come back."""
        self.said_last, self.said_last_s = self.playout.recent_text(now_s, ECHO_S), now_s

    # --- theirs ----------------------------------------------------------------------

    def begin_utterance(self) -> None:
        """The other party begins to say something."""
        self.transcription.begin()

    def commit_utterance(self, utterance: int) -> None:
        """They have said it; its words are wanted, as utterance *utterance*."""
        self.pump.feed_transcription()
        self.transcription.commit(utterance)

    def discard_utterance(self) -> None:
        """It was not worth making out."""
        self.transcription.discard()

    # --- keys ------------------------------------------------------------------------

    async def press(self, digits: str) -> None:
        """Press keys: by the carrier, or as tones if its own would end the stream.

        Raises:
            CarrierError: they could not be pressed.
        """
        sound = render_keys(digits)
        if not await self.leg.press(digits):
            self.playout.add_keys(sound)
            self.send_due(trio.current_time())
        # A carrier that presses them answers before they have sounded, and takes about as long.
        await trio.sleep(len(sound) / SAMPLE_RATE_HZ)

    # --- the carrier -----------------------------------------------------------------

    async def hear(self, line: Line) -> bool:
        """Take what comes on *line*, to its end; False if another line has taken over."""
        await self.pump.read(line)
        return self.pump.line is None

    async def next_answer(self, _asked_under: str) -> Answer:
        """A stream; should it break and the call live on, the carrier asks for another."""
        await trio.lowlevel.checkpoint()
        self.streams += 1
        leg = self.leg
        return ConnectStream(
            stream_url=leg.links.stream_url,
            token=self.services.tokens.mint(leg.provider.name, self.call_id),
            next_url=leg.links.for_turn(self.call_id, f"stream-{self.streams}"),
        )

    async def take_performed(self, performed: Performed) -> None:
        """Nothing: the stream itself tells how it went."""

    def on_spoken(self, token: str) -> None:
        """Nothing: it is we who speak."""

    def on_overheard(self, overheard: Overheard) -> None:
        """Nothing: it is we who listen."""

    def on_answered(self) -> None:
        """Nothing: the stream tells when there is sound."""

    def on_change(self) -> None:
        """Nothing waits for a change."""
