"""Their voice over ours: whether it takes the floor.

Voice that is sustained does, if nobody tells words while they are spoken. Else it takes a word
that is neither an aside nor our own come back, or half a second of voice without any word.
Where nothing of ours can be heard yet, either is enough: a word, or voice that is sustained.
"""

from voicecalld.call.deadlines import Deadlines
from voicecalld.call.floor import Wait
from voicecalld.call.hearing import Hearing
from voicecalld.call.turn_policy import TurnPolicy
from voicecalld.call.words import Meaning, is_aside, is_echo, split_words


class BargeIn:
    """What is known of a voice that began while the floor was ours."""

    def __init__(self, policy: TurnPolicy, waits: Deadlines[Wait], hearing: Hearing) -> None:
        self.policy = policy
        self.waits = waits
        self.hearing = hearing
        self.is_on = False  # their voice is heard, and the floor is not theirs
        self.is_meant = False  # that voice has gone on for long enough
        self.is_over_silence = False  # it began before we could be heard
        self.began_s = 0.0

    def begin(self, began_s: float, *, is_silent: bool = False) -> None:
        """Their voice began over ours, of which nothing is heard yet if it ``is_silent``."""
        self.is_on = True
        self.is_over_silence = is_silent
        self.is_meant = False
        self.began_s = began_s

    def end(self) -> None:
        """It has stopped, or the floor has another owner."""
        self.is_on = False
        self.waits.forget(Wait.BARGE_IN)

    def sustain(self, now_s: float) -> None:
        """It has gone on for long enough to be no noise."""
        self.is_meant = True
        due_s = self.began_s + self.policy.barge_in_voice_s
        if self.is_on and self.policy.has_early_words and due_s > now_s:
            self.waits.set(Wait.BARGE_IN, due_s)

    @property
    def is_noise(self) -> bool:
        """Whether it is not worth making out, now that it has stopped."""
        return not (self.is_meant or self.hearing.guess or self.is_over_silence)

    def is_due(self, now_s: float, *, is_silent: bool = False) -> bool:
        """Whether it takes the floor from a turn of ours, which perhaps ``is_silent`` so far."""
        is_enough = self.is_meant or (is_silent and bool(self.hearing.guess))
        if not (self.is_on and is_enough):
            return False
        if not self.policy.has_early_words:
            return True
        if not self.hearing.guess:
            return is_silent or now_s >= self.began_s + self.policy.barge_in_voice_s
        guess, said = self.hearing.guess, self.hearing.guessed_over
        return self.judge(guess, said, is_final=False) is Meaning.INTERRUPTION

    def judge(self, text: str, said: str, *, is_final: bool) -> Meaning:
        """What *text* is to us, while of ours *said* was heard."""
        may_be_echo = not is_final or len(split_words(text)) >= self.policy.echo_words
        if may_be_echo and is_echo(text, said, is_final=is_final, share=self.policy.echo_share):
            return Meaning.ECHO
        return Meaning.ASIDE if is_aside(text) else Meaning.INTERRUPTION
