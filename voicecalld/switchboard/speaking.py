"""Our side of one call: turns begun, stopped, and noted as far as they were heard."""

from typing import assert_never

import trio

from voicecalld.agent.base import AgentSession, CallerTurn
from voicecalld.call.commands import (
    AskAgent,
    AskAhead,
    ForgetAhead,
    NoteHeard,
    ResumeTurn,
    Say,
    SayFiller,
    StopTurn,
)
from voicecalld.call.latency import TurnClock
from voicecalld.switchboard.minutes import Minutes
from voicecalld.switchboard.speculation import Speculation
from voicecalld.switchboard.talk import AGENT, Stopped, Talk, hurried, said

# For the first words of an answer that is asked for again: they have waited long enough.
SECOND_TEXT_S = 10.0


class Speaking:
    """Obeys what the rules say of our turns."""

    def __init__(
        self, talk: Talk, minutes: Minutes, first_text_s: float, agent_name: str = AGENT
    ) -> None:
        self.talk = talk
        self.agent_name = agent_name
        self.first_text_s = first_text_s  # so long the first words of an answer may take
        self.minutes = minutes
        self.stopped = Stopped()  # the turn that was stopped last
        self.speculation = Speculation()

    def obey(
        self,
        nursery: trio.Nursery,
        command: Say | SayFiller | ResumeTurn | StopTurn | NoteHeard | ForgetAhead,
    ) -> None:
        """Do what the rules ask of a turn that needs no agent, in tasks of *nursery*."""
        match command:
            case Say(turn=turn, text=text):
                self.say(nursery, turn, text)
            case SayFiller(turn=turn, text=text):
                self.talk.say_filler(nursery, turn, text)
            case ResumeTurn(turn=turn, ends_call=ends_call):
                self.resume(nursery, turn, ends_call=ends_call)
            case StopTurn():
                self.stop()
            case NoteHeard():
                self.note_heard()
            case ForgetAhead():
                self.speculation.drop()
            case _:
                assert_never(command)

    def say(self, nursery: trio.Nursery, turn: int, text: str) -> None:
        """Speak *text*."""
        self.talk.start_turn(nursery, turn, said(text))

    def resume(self, nursery: trio.Nursery, turn: int, *, ends_call: bool) -> None:
        """Speak what was not heard of the turn that was stopped last."""
        stopped, self.stopped = self.stopped, Stopped()
        ends_call = ends_call or stopped.ends_call
        self.minutes.our_words.go_on()
        self.talk.start_turn(nursery, turn, said(stopped.unheard, ends_call=ends_call))

    def ask(
        self, nursery: trio.Nursery, session: AgentSession, command: AskAgent | AskAhead
    ) -> None:
        """Let the agent answer, or think of an answer already."""
        before = self.minutes.our_words
        turn = CallerTurn(
            text=command.text,
            digits=command.digits,
            heard_before=before.text,
            is_heard_anew=not before.is_told,
            interrupted=before.is_cut,
            is_guess=isinstance(command, AskAhead),
        )
        before.tell()
        if isinstance(command, AskAhead):
            self.speculation.begin(nursery, session, turn)
            return
        timing = command.timing if self.talk.is_timed else None
        self.minutes.begin_answer(TurnClock(command.turn, timing))
        outputs = self.speculation.take(turn) or session.reply(turn)
        if command.again or command.waited_s:
            first_s = min(self.first_text_s, SECOND_TEXT_S) if command.again else self.first_text_s
            outputs = hurried(outputs, max(first_s - command.waited_s, 0.0), self.agent_name)
        is_second = command.again and not command.waited_s
        waits_since_s = None if timing is None or is_second else timing.speech_ended_s
        self.talk.start_turn(nursery, command.turn, outputs, waits_since_s)
        if is_second:
            self.talk.apologize()

    def stop(self) -> None:
        """Stop speaking at once; only what was heard was said."""
        self.speculation.drop()
        was_at_turn = self.talk.is_at_turn
        now_s = trio.current_time()
        stopped = self.talk.stop_turn(now_s)
        self.stopped = stopped
        if stopped.was_audible:
            self.minutes.notes.write("call.interrupted")
        if was_at_turn:
            self.note_stopped(stopped, now_s)

    def break_off(self) -> None:
        """The call is over: write down what was heard of a turn that it has cut short."""
        self.speculation.drop()
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
