"""Our side of one call: turns begun, stopped, and noted as far as they were heard."""

import trio

from voicecalld.agent.base import AgentSession, CallerTurn
from voicecalld.call.commands import AskAgent
from voicecalld.call.latency import TurnClock
from voicecalld.call.record import Speaker
from voicecalld.switchboard.minutes import Minutes
from voicecalld.switchboard.talk import Stopped, Talk, said


class Speaking:
    """Obeys what the rules say of our turns."""

    def __init__(self, talk: Talk, minutes: Minutes) -> None:
        self.talk = talk
        self.minutes = minutes

    def say(self, nursery: trio.Nursery, turn: int, text: str) -> None:
        """Speak *text*."""
        self.talk.start_turn(nursery, turn, said(text))

    def ask(self, nursery: trio.Nursery, session: AgentSession, command: AskAgent) -> None:
        """Let the agent answer."""
        before = self.minutes.notes.transcript.last_of(Speaker.BOT)
        turn = CallerTurn(
            text=command.text,
            digits=command.digits,
            heard_before=before.text if before else "",
            interrupted=before.interrupted if before else False,
        )
        timing = command.timing if self.talk.is_timed else None
        self.minutes.begin_answer(TurnClock(command.turn, timing))
        self.talk.start_turn(nursery, command.turn, session.reply(turn))

    def stop(self) -> None:
        """Stop speaking at once; only what was heard was said."""
        was_at_turn = self.talk.is_at_turn
        now_s = trio.current_time()
        stopped = self.talk.stop_turn(now_s)
        if stopped.was_audible:
            self.minutes.notes.write("call.interrupted")
        if was_at_turn:
            self.note_stopped(stopped, now_s)

    def break_off(self) -> None:
        """The call is over: write down what was heard of a turn that it has cut short."""
        if self.talk.is_at_turn:
            now_s = trio.current_time()
            self.note_stopped(self.talk.stop_turn(now_s), now_s)

    def note_stopped(self, stopped: Stopped, now_s: float) -> None:
        """Write down what was heard of a turn that was cut short."""
        self.minutes.on_heard(stopped.heard, now_s, interrupted=True)

    def note_heard(self) -> None:
        """Write down a turn that was not cut short: of all that was queued what was heard."""
        now_s = trio.current_time()
        self.minutes.on_heard(self.talk.end_turn(now_s), now_s)
