"""What our side does with the floor: how a turn of ours is begun, resumed and given up."""

from typing import TypeAlias, assert_never

from voicecalld.call.barge_in import BargeIn
from voicecalld.call.commands import Command, Finish, Say, SayFiller, StopTurn
from voicecalld.call.deadlines import Deadlines
from voicecalld.call.events import EndReason, PromptRequested, Remedy
from voicecalld.call.floor import FLOOR_MOVES, Floor, Wait
from voicecalld.call.hearing import Hearing
from voicecalld.call.mending import FAREWELL_S, PLEA_AGAIN_S, Mending
from voicecalld.call.our_turn import OurTurn
from voicecalld.call.patience import Patience
from voicecalld.call.playout import NO_TURN
from voicecalld.call.prompts import Prompts
from voicecalld.call.turn_policy import TurnPolicy

Commands: TypeAlias = tuple[Command, ...]


class OurSide:
    """The floor of one call, as far as it is ours to take, keep and leave."""

    def __init__(self, policy: TurnPolicy) -> None:
        self.policy = policy
        self.floor = Floor.OPEN
        self.waits = Deadlines[Wait]()
        self.prompts = Prompts()
        self.hearing = Hearing()
        self.ours = OurTurn(self.waits)
        self.patience = Patience(policy, self.waits, self.hearing, self.prompts)
        self.barge_in = BargeIn(policy, self.waits, self.hearing)
        self.mending = Mending()
        self.quiet_since_s = 0.0  # when the last of us was heard
        self.is_committed = False  # what they said before the pause that they make

    @property
    def is_answer_silent(self) -> bool:
        """Whether the agent answers, but nothing of it can be heard yet."""
        is_other = self.ours.is_rest or self.ours.is_farewell
        is_answer = self.prompts.current is None and not is_other
        return self.floor is Floor.THINKING and is_answer

    @property
    def can_be_interrupted(self) -> bool:
        """Whether what we say now need not be said to its end."""
        is_opening = self.ours.number == 1 and bool(self.policy.opening)
        is_protected = is_opening and self.policy.is_opening_protected
        return self.policy.is_interruptible and not (is_protected or self.ours.is_farewell)

    def on_prompt(self, event: PromptRequested) -> Commands:
        """Somebody wants something to be said."""
        self.prompts.add(event)
        self.waits.forget(Wait.SILENCE, Wait.KEYS, Wait.NOTIFIED)
        if self.floor is Floor.OPEN:
            return self.say_next()
        if self.is_answer_silent:
            # What we were asked to say comes before what the agent has not begun to say.
            stopped = self.give_up_answer()
            if self.floor is Floor.CALLER:
                return (stopped,)
            self.hearing.forget()
            return (stopped, *self.say_next())
        return ()

    def on_prompt_abandoned(self, prompt: int, now_s: float) -> Commands:
        """Whoever asked for *prompt* waits no longer."""
        if self.prompts.abandon(prompt) and self.floor is Floor.OPEN:
            self.patience.limit_silence(now_s)
        return ()

    def on_silence(self) -> Commands:
        """Nobody has said anything for long: ask once, then give up."""
        question = self.patience.take_question()
        if not question:
            return (Finish(reason=EndReason.TIMEOUT, carrier_knows=False),)
        self.prompts.add_own(question)
        return self.say_next()

    def say_next(self) -> Commands:
        """Say what has waited longest."""
        prompt = self.prompts.begin_next()
        self.begin_our_turn()
        return (Say(turn=self.ours.number, text=prompt.text),)

    def resume(self) -> Commands:
        """Nobody meant to interrupt us: go on."""
        rest = self.ours.resume()
        self.patience.on_our_turn()
        self.move(Floor.THINKING)
        return (rest,)

    def mend(self, now_s: float) -> Commands:
        """Our turn has failed, and nobody but us knows: try once more, or give up."""
        if self.mending.is_worth_another(self.ours):
            asked = self.mending.ask_again(self.ours, now_s)
            self.patience.on_our_turn()
            self.move(Floor.THINKING)
            return (asked,)
        return self.say_farewell(now_s)

    def ask_to_repeat(self, now_s: float) -> Commands:
        """The words of their turn never came: have them say it again, or give up."""
        self.patience.on_their_turn()
        self.mending.on_words_lost()
        self.move(Floor.OPEN)
        if not self.mending.is_worth_repeating:
            return self.say_farewell(now_s)
        if self.policy.repeat_prompt:
            self.prompts.add_own(self.policy.repeat_prompt)
        return self.yield_floor(now_s)

    def on_lost(self, reason: str, now_s: float) -> Commands:
        """Nobody understands or answers them any more: say so, unless somebody speaks."""
        self.note_lost(reason)
        if not self.mending.is_lost:
            return ()
        match self.floor:
            case Floor.OPEN:
                return self.yield_floor(now_s)
            case Floor.PAUSED | Floor.TRANSCRIBING:
                return self.give_up_words(now_s)
            case Floor.CALLER | Floor.THINKING | Floor.AGENT:
                return ()
            case _:
                assert_never(self.floor)

    def give_up_words(self, now_s: float) -> Commands:
        """What they have said will not be made out."""
        if self.floor is Floor.PAUSED:
            self.move(Floor.TRANSCRIBING)
        self.hearing.give_up()
        return self.yield_floor(now_s)

    def await_words(self, now_s: float) -> None:
        """What they have said is being made out: neither for ever, nor in silence."""
        policy, mending = self.policy, self.mending
        if mending.unheard_since_s is None and self.hearing.is_something:  # no mere noise
            mending.unheard_since_s = now_s
        asked_s = self.hearing.speech_ended_s if self.is_committed else now_s
        due_s = mending.words_due_s(now_s, policy.transcript_s, asked_s)
        self.waits.set(Wait.TRANSCRIPT, due_s)
        if policy.apology:
            self.waits.set(Wait.STALL, max(now_s, self.quiet_since_s + policy.stall_s))

    def on_words(self) -> None:
        """Words come: those of what they have said last have a time of their own."""
        self.mending.unheard_since_s = None
        if self.floor is Floor.TRANSCRIBING:
            due_s = self.hearing.endpointed_s + self.policy.transcript_s
            self.waits.set(Wait.TRANSCRIPT, due_s)

    def plead(self, now_s: float) -> Commands:
        """Their words are not made out yet, and they hear nothing: ask them for patience."""
        self.waits.set(Wait.STALL, now_s + PLEA_AGAIN_S)
        if not (self.hearing.is_something and self.patience.awaits_words(now_s)):
            return ()
        return (SayFiller(turn=NO_TURN, text=self.policy.apology),)

    def note_lost(self, reason: str) -> None:
        """Nobody understands or answers them any more; in a notification nobody would."""
        if self.policy.is_interruptible:
            self.mending.on_lost(reason)

    def say_farewell(self, now_s: float) -> Commands:
        """The call cannot go on: say so, and end it."""
        self.waits.clear()
        if not self.policy.failure_farewell:
            return (self.give_up(),)
        self.begin_our_turn()
        self.ours.is_farewell = True
        self.waits.set(Wait.FAREWELL, now_s + FAREWELL_S)
        return (Say(turn=self.ours.number, text=self.policy.failure_farewell),)

    def give_up(self) -> Finish:
        """The call cannot go on, and that has been said."""
        cause = self.mending.cause
        return Finish(reason=EndReason.ERROR, carrier_knows=False, cause=cause)

    def begin_our_turn(self) -> None:
        """The next turn of ours begins; nothing of it can be heard yet."""
        self.ours.begin()
        self.patience.on_our_turn()
        self.move(Floor.THINKING)

    def stop_our_turn(self) -> Command:
        """Give up the turn that we are at; the floor has another owner."""
        self.barge_in.end()
        self.ours.on_over()
        return StopTurn(turn=self.ours.number)

    def give_up_answer(self) -> Command:
        """Nobody has heard the answer, or shall; the floor is theirs if they speak, else open."""
        floor = Floor.CALLER if self.barge_in.is_on else Floor.OPEN
        stopped = self.stop_our_turn()
        self.move(floor)
        return stopped

    def forget_answered(self) -> None:
        """Our turn answers what they said; but keys pressed before a prompt may answer that."""
        answers_keys = self.prompts.current is None and not self.ours.is_rest
        self.hearing.forget(keeps_keys=not answers_keys)

    def settle_answered(self) -> None:
        """What they have said over the silence before our answer was nothing, if all is known."""
        if not (self.barge_in.is_on or self.hearing.pending):
            self.hearing.drop_answered()

    def on_audible(self, turn: int) -> Commands:
        """The first sound of *turn* is on its way."""
        if turn == self.ours.number and self.floor is Floor.THINKING:
            self.waits.forget(Wait.FILLER, Wait.FAREWELL)
            self.mending.on_ours()
            if self.is_answer_silent and (self.barge_in.is_on or self.hearing.pending):
                self.hearing.hold_answered()
            else:
                self.forget_answered()
            self.move(Floor.AGENT)
        return ()

    def yield_floor(self, now_s: float) -> Commands:
        """Nobody speaks: say what is waiting to be said, else wait for somebody to begin."""
        if self.floor is not Floor.OPEN:
            self.move(Floor.OPEN)
        if self.mending.is_lost:
            return self.say_farewell(now_s)
        if self.prompts.waiting:
            return self.say_next()
        if self.ours.remedy is not Remedy.NONE:
            return self.mend(now_s)
        self.patience.limit_silence(now_s)
        return ()

    def move(self, floor: Floor) -> None:
        """The floor is *floor* from now on."""
        assert floor in FLOOR_MOVES[self.floor], f"{self.floor} cannot become {floor}"
        self.floor = floor
        if floor is not Floor.TRANSCRIBING:
            self.waits.forget(Wait.STALL)
        if floor in (Floor.OPEN, Floor.THINKING):  # they wait for no words any more
            self.mending.unheard_since_s = None
