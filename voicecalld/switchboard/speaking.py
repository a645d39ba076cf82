"""Our side of one call: turns begun, stopped, and noted as far as they were heard."""

from collections.abc import Awaitable, Callable

import trio

from voicecalld.agent.base import AgentSession, CallerTurn
from voicecalld.call.commands import AskAgent
from voicecalld.call.events import CallEvent
from voicecalld.call.latency import TurnClock
from voicecalld.call.playout import NO_TURN, Playout
from voicecalld.call.record import Speaker
from voicecalld.switchboard.media_pump import MediaPump
from voicecalld.switchboard.minutes import Minutes
from voicecalld.switchboard.services import Services
from voicecalld.switchboard.turn_task import TurnTask, said


class Speaking:
    """Obeys what the rules say of our turns."""

    def __init__(
        self,
        services: Services,
        *,
        playout: Playout,
        minutes: Minutes,
        tell: Callable[[CallEvent], None],
        press: Callable[[str], Awaitable[None]],
        send_due: Callable[[float], None],
    ) -> None:
        self.playout = playout
        self.minutes = minutes
        self.turn_task = TurnTask(
            playout=playout,
            synthesizer=services.synthesizer,
            tell=tell,
            press=press,
            measure=minutes.measure,
            send_due=send_due,
            first_text_s=services.settings.response_timeout_ms / 1000,
            first_sound_s=services.settings.tts.timeout_ms / 1000,
        )

    @property
    def is_at_turn(self) -> bool:
        """Whether a turn has begun whose end is not written down."""
        return self.playout.turn != NO_TURN

    def say(self, nursery: trio.Nursery, turn: int, text: str) -> None:
        """Speak *text*."""
        self.turn_task.start(nursery, turn, said(text))

    def ask(self, nursery: trio.Nursery, session: AgentSession, command: AskAgent) -> None:
        """Let the agent answer."""
        before = self.minutes.notes.transcript.last_of(Speaker.BOT)
        turn = CallerTurn(
            text=command.text,
            digits=command.digits,
            heard_before=before.text if before else "",
            interrupted=before.interrupted if before else False,
        )
        self.minutes.begin_answer(TurnClock(command.turn, command.timing))
        self.turn_task.start(nursery, command.turn, session.reply(turn))

    def stop(self, pump: MediaPump) -> None:
        """Stop speaking at once; only what was heard was said."""
        self.turn_task.stop()
        if pump.audible_turn == self.playout.turn:
            self.minutes.notes.write("call.interrupted")
        if self.is_at_turn:
            self.note_stopped(pump)

    def note_stopped(self, pump: MediaPump) -> None:
        """Write down what was heard of a turn that was cut short."""
        now_s = trio.current_time()
        self.minutes.on_heard(pump.clear(now_s), now_s, interrupted=True)

    def note_heard(self) -> None:
        """Write down a turn that was not cut short: of all that was queued what was heard."""
        now_s = trio.current_time()
        self.minutes.on_heard(self.playout.heard_text(now_s), now_s)
        self.playout.start(NO_TURN)
