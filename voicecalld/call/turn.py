"""Turn taking: endpointing, barge-in, and what is said when the floor is free.

Rule 1: one party has the floor at a time, and it moves only as `FLOOR_MOVES` allows.
Rule 2: a turn of ours has a number, and news of any other turn means nothing.
Rule 3: the other party's words are kept until our answer to them is audible, so that somebody who
goes on talking while we think is answered as if they had said it all in one go. A mere noise
does not stop us from thinking: it takes a word, or voice that is sustained.
Rule 4: where words come early, every pause is committed at once, and what was said tells how long
to wait for more (`endpointing`); where they do not, a fixed silence ends the turn, then come the
words.
Rule 5: who has interrupted us without a word has not: what was not heard is said after all.
"""

from typing import assert_never

from voicecalld.call.commands import (
    Command,
    Finish,
    NoteHeard,
    NoteKey,
    SayFiller,
)
from voicecalld.call.endpointing import wait_s
from voicecalld.call.events import (
    EndReason,
    PressedKey,
    PromptAbandoned,
    PromptRequested,
    Remedy,
    ServiceLost,
    SpeechBegan,
    SpeechStopped,
    SpeechSustained,
    Transcribed,
    TurnAudible,
    TurnEvent,
    TurnHeard,
    TurnQueued,
    WordsGuessed,
)
from voicecalld.call.floor import Floor, Wait
from voicecalld.call.our_side import Commands, OurSide
from voicecalld.call.words import Meaning


class Turn(OurSide):
    """The floor of one call, from the moment its audio is connected."""

    def open(self, now_s: float) -> Commands:
        """The audio is connected: say the opening, if there is one."""
        if self.policy.opening:
            self.prompts.add_own(self.policy.opening)
        return self.yield_floor(now_s)

    def handle(self, event: TurnEvent, now_s: float) -> Commands:
        """Take one event that happened at *now_s*."""
        match event:
            case SpeechBegan(ago_s=ago_s):
                return self._on_speech_began(now_s - ago_s)
            case SpeechSustained():
                self.hearing.sustain()
                self.barge_in.sustain(now_s)
                return self._interrupt_if_due(now_s)
            case SpeechStopped(ago_s=ago_s):
                return self._on_speech_stopped(now_s - ago_s, now_s)
            case WordsGuessed():
                return self._on_guessed(event, now_s)
            case Transcribed():
                return self._on_transcribed(event, now_s)
            case PressedKey(digit=digit):
                return self._on_key(digit, now_s)
            case PromptRequested():
                return self.on_prompt(event)
            case PromptAbandoned(prompt=prompt):
                return self.on_prompt_abandoned(prompt, now_s)
            case ServiceLost(reason=reason):
                return self.on_lost(reason, now_s)
            case TurnAudible(turn=turn):
                return self.on_audible(turn)
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
                self.waits.forget(Wait.RESUME)
                return self._end_without_words(now_s)
            case Wait.STALL:
                return self.plead(now_s)
            case Wait.KEYS:
                self.hearing.speech_ended_s = self.hearing.endpointed_s = now_s
                return self._end_caller_turn(now_s)
            case Wait.PLAYOUT:
                return self._end_our_turn(now_s)
            case Wait.NOTIFIED:
                return (Finish(reason=EndReason.HANGUP_BOT, carrier_knows=False),)
            case Wait.SILENCE:
                return self.on_silence()
            case Wait.BARGE_IN:
                return self._interrupt_if_due(now_s)
            case Wait.RESUME:
                self.waits.forget(Wait.TRANSCRIPT)  # words that come now interrupt again
                return self.resume()
            case Wait.FILLER:
                return (SayFiller(turn=self.ours.number, text=self.policy.filler),)
            case Wait.FAREWELL:
                return (self.give_up(),)
            case _:
                assert_never(wait)

    # --- the other party -------------------------------------------------------------

    def _on_speech_began(self, began_s: float) -> Commands:
        match self.floor:
            case Floor.OPEN | Floor.TRANSCRIBING:
                self.waits.forget(Wait.SILENCE, Wait.KEYS, Wait.TRANSCRIPT, Wait.RESUME)
                self.move(Floor.CALLER)
                return self.hearing.begin()
            case Floor.PAUSED:
                self.waits.forget(Wait.ENDPOINT)
                self.move(Floor.CALLER)
                return self.hearing.begin() if self.is_committed else ()
            case Floor.THINKING | Floor.AGENT:
                self.barge_in.begin(began_s, is_silent=self.is_answer_silent)
                return self.hearing.begin(is_over_ours=True)
            case Floor.CALLER:
                return ()
            case _:
                assert_never(self.floor)

    def _on_speech_stopped(self, stopped_s: float, now_s: float) -> Commands:
        if self.floor is Floor.CALLER:
            self.hearing.speech_ended_s = self.quiet_since_s = stopped_s
            committed = self.hearing.commit() if self.policy.has_early_words else ()
            return (*committed, *self._pause(now_s, is_committed=self.policy.has_early_words))
        if not self.barge_in.is_on:
            return ()
        self.barge_in.end()
        if self.barge_in.is_noise:
            self.settle_answered()
            return self.hearing.discard()
        self.hearing.speech_ended_s = stopped_s
        return self.hearing.commit()

    def _on_guessed(self, event: WordsGuessed, now_s: float) -> Commands:
        if not self.hearing.guess_at(event):
            return ()
        if self.hearing.guess:
            self.waits.forget(Wait.RESUME)
            self.on_words()
        return self._interrupt_if_due(now_s)

    def _interrupt_if_due(self, now_s: float) -> Commands:
        is_due = self.barge_in.is_due(now_s, is_silent=self.is_answer_silent)
        return self._interrupt(now_s) if is_due and self.can_be_interrupted else ()

    def _interrupt(self, now_s: float) -> Commands:
        """The other party has spoken over us for long enough to have the floor."""
        # There is nothing to go on with in what nobody has heard: it is asked for anew.
        self.ours.is_cut = self.policy.false_interruption_s > 0 and not self.is_answer_silent
        if self.is_answer_silent:
            self.mending.on_given_up(now_s)
        self.quiet_since_s = now_s
        self.move(Floor.CALLER)
        answer = self.prompts.end_current(self.ours.number, interrupted=True)
        return (self.stop_our_turn(), *answer)

    def _pause(self, now_s: float, *, is_committed: bool) -> Commands:
        """They have stopped, and may go on."""
        self.move(Floor.PAUSED)
        if self.mending.is_lost:
            return self.give_up_words(now_s)
        self.is_committed = is_committed
        return self._limit_pause(now_s)

    def _limit_pause(self, now_s: float) -> Commands:
        """Wait for them to go on: by their words, as soon as all of them are known."""
        policy, ended_s = self.policy, self.hearing.speech_ended_s
        if not self.is_committed:
            self.waits.set(Wait.ENDPOINT, ended_s + policy.endpoint_silence_s)
            return ()
        if self.hearing.pending:
            until_s = ended_s + policy.endpoint_longest_s
        else:  # who has said nothing will not go on with it
            until_s = (
                ended_s + wait_s(self.hearing.text, policy) if self.hearing.has_news else now_s
            )
        self.waits.set(Wait.ENDPOINT, until_s)
        return self._end_utterance(now_s) if until_s <= now_s else ()

    def _end_utterance(self, now_s: float) -> Commands:
        self.hearing.endpointed_s = now_s
        self.waits.forget(Wait.ENDPOINT)
        self.move(Floor.TRANSCRIBING)
        committed = () if self.is_committed else self.hearing.commit()
        if not self.hearing.pending:
            return self._end_caller_turn(now_s)
        self.await_words(now_s)
        # Who tells words early has had the time; of others we wait to hear that there were none.
        is_silent = self.hearing.is_empty and not self.hearing.guess
        if self.ours.is_cut and is_silent and self.policy.has_early_words:
            until_s = self.hearing.speech_ended_s + self.policy.false_interruption_s
            self.waits.set(Wait.RESUME, until_s)
        return committed

    def _on_transcribed(self, event: Transcribed, now_s: float) -> Commands:
        self.on_words()
        before = len(self.hearing.words)
        noted = self.take_words(event)
        is_news = len(self.hearing.words) > before
        if is_news:
            self.waits.forget(Wait.RESUME)
        match self.floor:
            case Floor.PAUSED:
                return (*noted, *self._limit_pause(now_s))
            case Floor.TRANSCRIBING if not self.hearing.pending:
                self.waits.forget(Wait.TRANSCRIPT, Wait.RESUME)
                return (*noted, *self._end_caller_turn(now_s))
            case Floor.THINKING | Floor.AGENT if is_news and self.can_be_interrupted:
                return (*noted, *self._interrupt_late(now_s))
            case Floor.AGENT:
                self.settle_answered()
                return noted
            case _:
                return noted

    def take_words(self, event: Transcribed) -> Commands:
        """Keep words that have been made out, as what they are."""
        return self.hearing.take(event, self._judge(event))

    def _interrupt_late(self, now_s: float) -> Commands:
        """Words have come that were said over ours, and they are meant."""
        is_voice_on = self.barge_in.is_on
        stopped = self._interrupt(now_s)
        return stopped if is_voice_on else (*stopped, *self._pause(now_s, is_committed=True))

    def _judge(self, event: Transcribed) -> Meaning:
        """What the words are: not all that is said over us is meant for an answer."""
        if event.utterance not in self.hearing.over_ours:
            return Meaning.INTERRUPTION
        meaning = self.barge_in.judge(event.text, event.said, is_final=True)
        is_ours = self.floor in (Floor.THINKING, Floor.AGENT) or self.ours.is_cut
        ignores_asides = is_ours and self.policy.has_early_words and self.can_be_interrupted
        if meaning is Meaning.ASIDE and not ignores_asides:
            return Meaning.INTERRUPTION  # over the end of a question "yes" is an answer
        return meaning

    def _on_key(self, digit: str, now_s: float) -> Commands:
        self.hearing.digits += digit
        commands: list[Command] = [NoteKey(digit=digit)]
        if self.is_answer_silent:  # the number that is being answered was not whole
            self.mending.on_given_up(now_s)
            commands.append(self.give_up_answer())
        if self.floor is Floor.OPEN:
            self.waits.forget(Wait.SILENCE)
            self.patience.await_keys(now_s)
        return tuple(commands)

    def _end_without_words(self, now_s: float) -> Commands:
        """The transcriber has had the time to make out what they said."""
        was_something = self.hearing.is_something
        noted = self.hearing.give_up()
        is_lost = was_something and self.hearing.is_empty and not self.ours.is_cut
        if is_lost and self.patience.awaits_words(now_s):
            return self.ask_to_repeat(now_s)
        return (*noted, *self._end_caller_turn(now_s))

    def _end_caller_turn(self, now_s: float) -> Commands:
        """They have said what they had to say: hand it to whoever it is for."""
        if self.hearing.is_empty:
            self.hearing.drop_answered()
            return self.resume() if self.ours.is_cut else self.yield_floor(now_s)
        self.ours.is_cut = False  # that was meant
        self.ours.remedy = Remedy.NONE  # they have said something new
        if self.hearing.words:
            self.mending.lost_turns = 0
        self.patience.on_their_turn()
        reply = self.prompts.take_reply(self.hearing.text, self.hearing.digits)
        if reply:
            self.patience.steer(now_s)
        if reply or not self.patience.leaves_it_to_agent(now_s):
            self.hearing.forget()
            self.mending.on_ours()
            return (*reply, *self.yield_floor(now_s))
        self.begin_our_turn()
        if self.policy.filler:
            self.waits.set(Wait.FILLER, now_s + self.policy.filler_after_s)
        asked = self.hearing.ask(self.ours.number, now_s)
        return (self.ours.ask(self.mending.ask(asked, now_s)),)

    # --- our side --------------------------------------------------------------------

    def _on_queued(self, event: TurnQueued, now_s: float) -> Commands:
        if event.turn != self.ours.number or self.floor not in (Floor.THINKING, Floor.AGENT):
            return ()
        is_lost = event.failed and event.remedy is not Remedy.NONE
        is_silent = is_lost and self.floor is Floor.THINKING
        self.ours.on_queued(event, now_s, is_silent=is_silent)
        self.mending.on_queued(event, self.ours, now_s)
        if self.floor is Floor.THINKING and event.lasts_s == 0:  # there is nothing to be heard
            return self._end_our_turn(now_s)
        return ()

    def _on_heard(self, turn: int, now_s: float) -> Commands:
        if turn != self.ours.number or self.floor is not Floor.AGENT:
            return ()
        return self._end_our_turn(now_s)

    def _end_our_turn(self, now_s: float) -> Commands:
        """All that we said has been heard."""
        self.ours.on_over()
        self.quiet_since_s = now_s
        self.hearing.drop_answered()
        if self.floor is Floor.THINKING:
            if self.mending.is_worth_another(self.ours):
                return (NoteHeard(turn=self.ours.number), *self.mend(now_s))
            self.forget_answered()
        answer = self.prompts.end_current(self.ours.number, failed=self.ours.has_failed)
        if answer:
            self.ours.remedy = Remedy.NONE  # whoever asked for it decides
        done: Commands = (NoteHeard(turn=self.ours.number), *answer)
        if self.ours.is_farewell:
            return (*done, self.give_up())
        if self.ours.ends_call:
            return (*done, Finish(reason=EndReason.HANGUP_BOT, carrier_knows=False))
        if self.ours.has_failed and not self.policy.is_interruptible:
            return (*done, self.give_up())
        is_spoken_over = self.barge_in.is_on
        if self.policy.is_interruptible and (is_spoken_over or self.hearing.has_words):
            # They began before we had finished: let them.
            self.barge_in.end()
            self.move(Floor.CALLER)
            return done if is_spoken_over else (*done, *self._pause(now_s, is_committed=True))
        return (*done, *self.yield_floor(now_s))
