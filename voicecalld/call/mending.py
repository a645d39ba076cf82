"""What is done about turns of ours that cannot be made: one more attempt, then good-bye.

Rule 1: an answer that has failed is asked for once more, while the other party is asked for
patience; if the next one fails too, they hear a farewell, and the call is over.
Rule 2: where another attempt would be in vain there is none.
Rule 3: who asked for a prompt that cannot be said is told so, and decides what to do.
Rule 4: a call on which nobody understands or answers any more ends with the farewell as soon as
nobody speaks.
Rule 5: who has said something of which the words never come is asked to say it again; if those
do not come either, they hear the farewell. Who speaks on meanwhile does not put that off: the
time counts from the end of what they said first of all that is not made out.
Rule 6: who waits for an answer in vain and speaks again is answered anew, but with no more
patience: what they have waited counts until they hear something of us.
"""

from dataclasses import replace

from voicecalld.call.commands import AskAgent
from voicecalld.call.events import Remedy, TurnQueued
from voicecalld.call.our_turn import OurTurn

# In a row; between them they may have said something new.
MOST_FAILED_ANSWERS = 2
MOST_LOST_TURNS = 2

# From one plea for patience to the next, while their words are awaited.
PLEA_AGAIN_S = 8.0

# For the words of what they said last, from when they were asked for, if the time for those
# before it is over.
LAST_WORDS_S = 1.5

NO_WORDS = "the transcriber gave no words in time"

# A farewell that nobody can hear by then is left out. Carriers that speak themselves need some
# seconds until they do.
FAREWELL_S = 5.0


class Mending:
    """What has failed on one call."""

    def __init__(self) -> None:
        self.failed_answers = 0  # in a row
        self.asked_s = 0.0  # when the agent was asked last, or had done, or failed
        self.waited_s = 0.0  # in vain, before that
        self.lost_turns = 0  # of theirs, in a row
        self.unheard_since_s: float | None = None  # no word has come of what they have said
        self.cause = ""  # why the call is to be ended; empty: it can go on
        self.is_lost = False

    def on_queued(self, event: TurnQueued, ours: OurTurn, now_s: float) -> None:
        """Our turn was made, or was not."""
        if event.remedy is not Remedy.NONE and not ours.is_farewell:
            self.cause = event.reason
        if ours.asked is not None:
            self.failed_answers = self.failed_answers + 1 if event.failed else 0
        if self.failed_answers < MOST_FAILED_ANSWERS:  # the next attempt has a time of its own
            self.asked_s, self.waited_s = now_s, 0.0

    def on_lost(self, reason: str) -> None:
        """Nobody will understand or answer them any more."""
        self.is_lost = True
        self.cause = reason

    def words_due_s(self, now_s: float, patience_s: float, asked_s: float) -> float:
        """When words of what they have ended now, and asked for at *asked_s*, are late."""
        since_s = now_s if self.unheard_since_s is None else self.unheard_since_s
        return max(since_s + patience_s, min(asked_s + LAST_WORDS_S, now_s + patience_s), now_s)

    def on_words_lost(self) -> None:
        """They have said something, and its words have not come."""
        self.lost_turns += 1
        self.cause = NO_WORDS

    @property
    def is_worth_repeating(self) -> bool:
        """Whether they are to say once more what was not made out."""
        return self.lost_turns < MOST_LOST_TURNS

    def is_worth_another(self, ours: OurTurn) -> bool:
        """Whether the answer that has failed is to be asked for once more."""
        has_patience = self.failed_answers < MOST_FAILED_ANSWERS and not self.is_lost
        return ours.remedy is Remedy.AGAIN and ours.asked is not None and has_patience

    def on_ours(self) -> None:
        """They hear something of us, or it is not we whom they wait for."""
        self.waited_s = 0.0

    def on_given_up(self, now_s: float) -> None:
        """They have not waited for the end of our silence."""
        self.waited_s += now_s - self.asked_s

    def ask(self, asked: AskAgent, now_s: float) -> AskAgent:
        """Have the agent *asked*, for no longer than is left of their patience."""
        self.asked_s = now_s
        again = self.failed_answers > 0 and self.waited_s > 0
        return replace(asked, again=again, waited_s=self.waited_s)

    def ask_again(self, ours: OurTurn, now_s: float) -> AskAgent:
        """Have the answer that has failed asked for once more, as our next turn."""
        assert ours.asked is not None, "it was no answer"
        asked = ours.asked
        self.asked_s, self.waited_s = now_s, 0.0
        return ours.ask(replace(asked, turn=ours.begin(), again=True, waited_s=0.0))
