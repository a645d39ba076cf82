"""Turn taking: endpointing, barge-in, and what is said when the floor is free.

Rule 1: one party has the floor at a time, and it moves only as `FLOOR_MOVES` allows.
Rule 2: a turn of ours has a number, and news of any other turn means nothing.
Rule 3: the other party's words are kept until our answer to them is audible, so that somebody who
goes on talking while we think is answered as if they had said it all in one go.
"""

from dataclasses import dataclass
from typing import TypeAlias, assert_never

from voicecalld.call.commands import (
    AskAgent,
    BeginUtterance,
    CallerTiming,
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
    PromptRequested,
    ReplyAbandoned,
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
from voicecalld.call.prompts import Prompts
from voicecalld.call.record import Mode

Commands: TypeAlias = tuple[Command, ...]

# A mark that is not back this long after its sound must have been played is lost.
LOST_MARK_S = 2.0

# Between two keys of one number people need about a second.
KEYS_PAUSE_S = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnPolicy:
    """The numbers and words that turn taking goes by; a ``silence_s`` of 0 allows any silence."""

    mode: Mode
    opening: str
    endpoint_silence_s: float
    transcript_s: float
    silence_s: float
    silence_prompt: str
    notify_hangup_delay_s: float


class Turn:
    """The floor of one call, from the moment its audio is connected."""

    def __init__(self, policy: TurnPolicy) -> None:
        self.policy = policy
        self.floor = Floor.OPEN
        self.waits = Deadlines[Wait]()
        self.prompts = Prompts()
        self.hearing = Hearing()
        self.number = 0  # of our latest turn
        self.ends_call = False
        self.has_failed = False
        self.is_spoken_over = False  # their voice is heard, and the floor is not theirs
        self.is_voice_meant = False  # that voice has gone on for long enough
        self.speech_ended_s = 0.0
        self.endpointed_s = 0.0
        self.has_nudged = False  # asked whether they are still there
        self.is_steered = False  # a reply was handed over; whoever got it decides what to say

    @property
    def is_interruptible(self) -> bool:
        """A notification is said to its end: nobody on our side would listen."""
        return self.policy.mode is Mode.CONVERSATION

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
            case ReplyAbandoned(prompt=prompt):
                return self._on_reply_abandoned(prompt, now_s)
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
                self.speech_ended_s = self.endpointed_s = now_s
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
        if self.is_spoken_over and self.is_interruptible:
            return self._interrupt()
        self.is_voice_meant = True
        return ()

    def _on_speech_stopped(self, stopped_s: float) -> Commands:
        if self.floor is Floor.CALLER:
            self.speech_ended_s = stopped_s
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
        answer = self.prompts.end_current(self.number, interrupted=True)
        return (self._stop_our_turn(), *answer)

    def _end_utterance(self, now_s: float) -> Commands:
        self.endpointed_s = now_s
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
            self.waits.set(Wait.KEYS, now_s + KEYS_PAUSE_S)
        return tuple(commands)

    def _end_caller_turn(self, now_s: float) -> Commands:
        """They have said what they had to say: hand it to whoever it is for."""
        text, digits = self.hearing.text, self.hearing.digits
        if self.hearing.is_empty:
            return self._yield_floor(now_s)
        self.has_nudged = False
        reply = self.prompts.take_reply(text, digits)
        if reply or self.prompts.waiting or not self.is_interruptible:
            self.hearing.forget()
            self.is_steered = bool(reply)
            return (*reply, *self._yield_floor(now_s))
        self._begin_our_turn()
        timing = CallerTiming(
            speech_ended_s=self.speech_ended_s,
            endpointed_s=self.endpointed_s,
            transcribed_s=now_s,
        )
        return (AskAgent(turn=self.number, text=text, digits=digits, timing=timing),)

    def _on_silence(self) -> Commands:
        """Nobody has said anything for long: ask once, then give up."""
        if self.has_nudged or not self.policy.silence_prompt:
            return (Finish(reason=EndReason.TIMEOUT, carrier_knows=False),)
        self.has_nudged = True
        self.prompts.add_own(self.policy.silence_prompt)
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

    def _on_reply_abandoned(self, prompt: int, now_s: float) -> Commands:
        if self.prompts.abandon(prompt) and self.floor is Floor.OPEN:
            self._limit_silence(now_s)
        return ()

    def _say_next(self) -> Commands:
        prompt = self.prompts.begin_next()
        self._begin_our_turn()
        return (Say(turn=self.number, text=prompt.text),)

    def _begin_our_turn(self) -> None:
        self.number += 1
        self.ends_call = self.has_failed = self.is_steered = False
        self._move(Floor.THINKING)

    def _stop_our_turn(self) -> Command:
        """Give up the turn that we are at; the floor has another owner."""
        self.is_spoken_over = False
        self.waits.forget(Wait.PLAYOUT)
        return StopTurn(turn=self.number)

    def _forget_answered(self) -> None:
        """Our turn answers what they said; but keys pressed before a prompt may answer that."""
        self.hearing.forget(keeps_keys=self.prompts.current is not None)

    def _on_audible(self, turn: int) -> Commands:
        if turn == self.number and self.floor is Floor.THINKING:
            self._forget_answered()
            self._move(Floor.AGENT)
        return ()

    def _on_queued(self, event: TurnQueued, now_s: float) -> Commands:
        if event.turn != self.number or self.floor not in (Floor.THINKING, Floor.AGENT):
            return ()
        self.ends_call = event.ends_call
        self.has_failed = event.failed
        if self.floor is Floor.THINKING and event.lasts_s == 0:  # there is nothing to be heard
            self._forget_answered()
            return self._end_our_turn(now_s)
        self.waits.set(Wait.PLAYOUT, now_s + event.lasts_s + LOST_MARK_S)
        return ()

    def _on_heard(self, turn: int, now_s: float) -> Commands:
        if turn != self.number or self.floor is not Floor.AGENT:
            return ()
        return self._end_our_turn(now_s)

    def _end_our_turn(self, now_s: float) -> Commands:
        """All that we said has been heard."""
        self.waits.forget(Wait.PLAYOUT)
        answer = self.prompts.end_current(self.number, failed=self.has_failed)
        done: Commands = (NoteHeard(turn=self.number), *answer)
        if self.ends_call:
            return (*done, Finish(reason=EndReason.HANGUP_BOT, carrier_knows=False))
        if self.has_failed and not self.is_interruptible:
            return (*done, Finish(reason=EndReason.ERROR, carrier_knows=False))
        if self.is_spoken_over and self.is_interruptible:
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
        self._limit_silence(now_s)
        return ()

    def _limit_silence(self, now_s: float) -> None:
        """Wait for somebody to begin, but not for ever."""
        if self.hearing.digits:
            self.waits.set(Wait.KEYS, now_s + KEYS_PAUSE_S)
        if self.prompts.awaited is not None:
            return  # whoever awaits a reply has set a time of their own
        if not self.is_interruptible:
            self.waits.set_first(Wait.NOTIFIED, now_s + self.policy.notify_hangup_delay_s)
        elif not (self.hearing.digits or self.is_steered) and self.policy.silence_s > 0:
            # Whoever has got a reply may think about what to say as long as they like.
            self.waits.set(Wait.SILENCE, now_s + self.policy.silence_s)

    def _move(self, floor: Floor) -> None:
        assert floor in FLOOR_MOVES[self.floor], f"{self.floor} cannot become {floor}"
        self.floor = floor
