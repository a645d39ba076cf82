"""Turn taking: endpointing, barge-in, and what is said when the floor is free.

Rule 1: one party has the floor at a time, and it moves only as `FLOOR_MOVES` allows.
Rule 2: a turn of ours has a number, and news of any other turn means nothing.
Rule 3: the other party's words are kept until our answer to them is audible, so that somebody who
goes on talking while we think is answered as if they had said it all in one go.
"""

from typing import TypeAlias, assert_never

from voicecalld.call.commands import (
    BeginUtterance,
    Command,
    DiscardUtterance,
    Finish,
    NoteHeard,
    NoteKey,
    Say,
    StopTurn,
)
from voicecalld.call.deadlines import Deadlines
from voicecalld.call.events import (
    EndReason,
    PressedKey,
    PromptAbandoned,
    PromptRequested,
    SpeechBegan,
    SpeechStopped,
    SpeechSustained,
    Transcribed,
    TurnAudible,
    TurnEvent,
    TurnHeard,
    TurnQueued,
)
from voicecalld.call.floor import FLOOR_MOVES, Floor, Wait
from voicecalld.call.hearing import Hearing
from voicecalld.call.our_turn import OurTurn
from voicecalld.call.patience import Patience
from voicecalld.call.prompts import Prompts
from voicecalld.call.turn_policy import TurnPolicy

Commands: TypeAlias = tuple[Command, ...]


class Turn:
    """The floor of one call, from the moment its audio is connected."""

    def __init__(self, policy: TurnPolicy) -> None:
        self.policy = policy
        self.floor = Floor.OPEN
        self.waits = Deadlines[Wait]()
        self.prompts = Prompts()
        self.hearing = Hearing()
        self.ours = OurTurn(self.waits)
        self.patience = Patience(policy, self.waits, self.hearing, self.prompts)
        self.is_spoken_over = False  # their voice is heard, and the floor is not theirs
        self.is_voice_meant = False  # that voice has gone on for long enough

    @property
    def is_answer_silent(self) -> bool:
        """Whether the agent answers, but nothing of it can be heard yet."""
        return self.floor is Floor.THINKING and self.prompts.current is None

    def open(self, now_s: float) -> Commands:
        """The audio is connected: say the opening, if there is one."""
        if self.policy.opening:
            self.prompts.add_own(self.policy.opening)
        return self._yield_floor(now_s)

    def handle(self, event: TurnEvent, now_s: float) -> Commands:
        """Take one event that happened at *now_s*."""
        match event:
            case SpeechBegan():
                return self._on_speech_began()
            case SpeechSustained():
                return self._on_speech_sustained()
            case SpeechStopped(ago_s=ago_s):
                return self._on_speech_stopped(now_s - ago_s)
            case Transcribed():
                return self._on_transcribed(event, now_s)
            case PressedKey(digit=digit):
                return self._on_key(digit, now_s)
            case PromptRequested():
                return self._on_prompt(event)
            case PromptAbandoned(prompt=prompt):
                return self._on_prompt_abandoned(prompt, now_s)
            case TurnAudible(turn=turn):
                return self._on_audible(turn)
            case TurnQueued():
                return self._on_queued(event, now_s)
            case TurnHeard(turn=turn):
                return self._on_heard(turn, now_s)
            case _:
                assert_never(event)

    def wake(self, now_s: float) -> Commands:
        """React to the waits that are over at *now_s*."""
        commands: list[Command] = []
        while (wait := self.waits.take_due(now_s)) is not None:
            commands += self._on_wait_over(wait, now_s)
        return tuple(commands)

    def _on_wait_over(self, wait: Wait, now_s: float) -> Commands:
        match wait:
            case Wait.ENDPOINT:
                return self._end_utterance(now_s)
            case Wait.TRANSCRIPT:
                self.hearing.pending.clear()
                return self._end_caller_turn(now_s)
            case Wait.KEYS:
                self.hearing.speech_ended_s = self.hearing.endpointed_s = now_s
                return self._end_caller_turn(now_s)
            case Wait.PLAYOUT:
                return self._end_our_turn(now_s)
            case Wait.NOTIFIED:
                return (Finish(reason=EndReason.HANGUP_BOT, carrier_knows=False),)
            case Wait.SILENCE:
                return self._on_silence()
            case _:
                assert_never(wait)

    # --- the other party -------------------------------------------------------------

    def _on_speech_began(self) -> Commands:
        match self.floor:
            case Floor.OPEN | Floor.TRANSCRIBING:
                self.waits.forget(Wait.SILENCE, Wait.KEYS, Wait.TRANSCRIPT)
                self._move(Floor.CALLER)
                return (BeginUtterance(),)
            case Floor.PAUSED:
                self.waits.forget(Wait.ENDPOINT)
                self._move(Floor.CALLER)
                return ()
            case Floor.THINKING if self.is_answer_silent:
                self._move(Floor.CALLER)
                return (self._stop_our_turn(), BeginUtterance())
            case Floor.THINKING | Floor.AGENT:
                self.is_spoken_over = True
                self.is_voice_meant = False
                return (BeginUtterance(),)
            case Floor.CALLER:
                return ()
            case _:
                assert_never(self.floor)

    def _on_speech_sustained(self) -> Commands:
        if self.is_spoken_over and self.policy.is_interruptible:
            return self._interrupt()
        self.is_voice_meant = True
        return ()

    def _on_speech_stopped(self, stopped_s: float) -> Commands:
        if self.floor is Floor.CALLER:
            self.hearing.speech_ended_s = stopped_s
            self.waits.set(Wait.ENDPOINT, stopped_s + self.policy.endpoint_silence_s)
            self._move(Floor.PAUSED)
            return ()
        if not self.is_spoken_over:
            return ()
        self.is_spoken_over = False
        return self.hearing.commit() if self.is_voice_meant else (DiscardUtterance(),)

    def _interrupt(self) -> Commands:
        """The other party has spoken over us for long enough to have the floor."""
        self._move(Floor.CALLER)
        answer = self.prompts.end_current(self.ours.number, interrupted=True)
        return (self._stop_our_turn(), *answer)

    def _end_utterance(self, now_s: float) -> Commands:
        self.hearing.endpointed_s = now_s
        self.waits.set(Wait.TRANSCRIPT, now_s + self.policy.transcript_s)
        self._move(Floor.TRANSCRIBING)
        return self.hearing.commit()

    def _on_transcribed(self, event: Transcribed, now_s: float) -> Commands:
        noted = self.hearing.take(event)
        if self.floor is not Floor.TRANSCRIBING or self.hearing.pending:
            return noted
        self.waits.forget(Wait.TRANSCRIPT)
        return (*noted, *self._end_caller_turn(now_s))

    def _on_key(self, digit: str, now_s: float) -> Commands:
        self.hearing.digits += digit
        commands: list[Command] = [NoteKey(digit=digit)]
        if self.is_answer_silent:  # the number that is being answered was not whole
            commands.append(self._stop_our_turn())
            self._move(Floor.OPEN)
        if self.floor is Floor.OPEN:
            self.waits.forget(Wait.SILENCE)
            self.patience.await_keys(now_s)
        return tuple(commands)

    def _end_caller_turn(self, now_s: float) -> Commands:
        """They have said what they had to say: hand it to whoever it is for."""
        if self.hearing.is_empty:
            return self._yield_floor(now_s)
        self.patience.on_their_turn()
        reply = self.prompts.take_reply(self.hearing.text, self.hearing.digits)
        if reply:
            self.patience.steer(now_s)
        if reply or not self.patience.leaves_it_to_agent(now_s):
            self.hearing.forget()
            return (*reply, *self._yield_floor(now_s))
        self._begin_our_turn()
        return (self.hearing.ask(self.ours.number, now_s),)

    def _on_silence(self) -> Commands:
        """Nobody has said anything for long: ask once, then give up."""
        question = self.patience.take_question()
        if not question:
            return (Finish(reason=EndReason.TIMEOUT, carrier_knows=False),)
        self.prompts.add_own(question)
        return self._say_next()

    # --- our side --------------------------------------------------------------------

    def _on_prompt(self, event: PromptRequested) -> Commands:
        self.prompts.add(event)
        self.waits.forget(Wait.SILENCE, Wait.KEYS, Wait.NOTIFIED)
        if self.floor is Floor.OPEN:
            return self._say_next()
        if self.is_answer_silent:
            # What we were asked to say comes before what the agent has not begun to say.
            self.hearing.forget()
            return (self._stop_our_turn(), *self._say_next())
        return ()

    def _on_prompt_abandoned(self, prompt: int, now_s: float) -> Commands:
        if self.prompts.abandon(prompt) and self.floor is Floor.OPEN:
            self.patience.limit_silence(now_s)
        return ()

    def _say_next(self) -> Commands:
        prompt = self.prompts.begin_next()
        self._begin_our_turn()
        return (Say(turn=self.ours.number, text=prompt.text),)

    def _begin_our_turn(self) -> None:
        self.ours.begin()
        self.patience.on_our_turn()
        self._move(Floor.THINKING)

    def _stop_our_turn(self) -> Command:
        """Give up the turn that we are at; the floor has another owner."""
        self.is_spoken_over = False
        self.ours.on_over()
        return StopTurn(turn=self.ours.number)

    def _forget_answered(self) -> None:
        """Our turn answers what they said; but keys pressed before a prompt may answer that."""
        self.hearing.forget(keeps_keys=self.prompts.current is not None)

    def _on_audible(self, turn: int) -> Commands:
        if turn == self.ours.number and self.floor is Floor.THINKING:
            self._forget_answered()
            self._move(Floor.AGENT)
        return ()

    def _on_queued(self, event: TurnQueued, now_s: float) -> Commands:
        if event.turn != self.ours.number or self.floor not in (Floor.THINKING, Floor.AGENT):
            return ()
        self.ours.on_queued(event, now_s)
        if self.floor is Floor.THINKING and event.lasts_s == 0:  # there is nothing to be heard
            self._forget_answered()
            return self._end_our_turn(now_s)
        return ()

    def _on_heard(self, turn: int, now_s: float) -> Commands:
        if turn != self.ours.number or self.floor is not Floor.AGENT:
            return ()
        return self._end_our_turn(now_s)

    def _end_our_turn(self, now_s: float) -> Commands:
        """All that we said has been heard."""
        self.ours.on_over()
        answer = self.prompts.end_current(self.ours.number, failed=self.ours.has_failed)
        done: Commands = (NoteHeard(turn=self.ours.number), *answer)
        if self.ours.ends_call:
            return (*done, Finish(reason=EndReason.HANGUP_BOT, carrier_knows=False))
        if self.ours.has_failed and not self.policy.is_interruptible:
            return (*done, Finish(reason=EndReason.ERROR, carrier_knows=False))
        if self.is_spoken_over and self.policy.is_interruptible:
            # They began before we had finished: let them.
            self.is_spoken_over = False
            self._move(Floor.CALLER)
            return done
        return (*done, *self._yield_floor(now_s))

    def _yield_floor(self, now_s: float) -> Commands:
        """Nobody speaks: say what is waiting to be said, else wait for somebody to begin."""
        if self.floor is not Floor.OPEN:
            self._move(Floor.OPEN)
        if self.prompts.waiting:
            return self._say_next()
        self.patience.limit_silence(now_s)
        return ()

    def _move(self, floor: Floor) -> None:
        assert floor in FLOOR_MOVES[self.floor], f"{self.floor} cannot become {floor}"
        self.floor = floor
