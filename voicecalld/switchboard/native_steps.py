"""What a carrier is to do by its own means, step by step, and how far it may have come.

Nobody tells how far a carrier's voice has come, so that is estimated from what it says.
"""

import math
import unicodedata
from dataclasses import dataclass

from voicecalld.call.clauses import speakable
from voicecalld.call.playout import NO_TURN
from voicecalld.errors import RemoteError

# Until a carrier has fetched a document, made sound of it, and the sound has come to the ear.
BEFORE_FIRST_WORD_S = 0.5

# People say about 15 letters a second, carriers' voices 13 to 19. Who waits for the end of a voice
# counts fewer, so that nobody is cut short; who asks what was heard counts more: rather a word too
# many than an interruption that was none.
LETTERS_A_SECOND = 15.0
SLOW_LETTERS_A_SECOND = 11.0
QUICK_LETTERS_A_SECOND = 20.0

# A digit is said as a word, a character of Chinese or Japanese as a syllable or two.
LETTERS_OF_DIGIT = 5
LETTERS_OF_WIDE = 3

# A tone and the pause after it; carriers count a ``w`` as half a second.
KEY_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Step:
    """Something that the carrier is to do, for a turn of ours or, with `NO_TURN`, beside them.

    ``failure`` is why the agent broke off behind this step, if it did.
    """

    turn: int = NO_TURN
    say: str = ""
    press: str = ""
    ends_turn: bool = False
    ends_call: bool = False
    failure: RemoteError | None = None

    @property
    def shortest_s(self) -> float:
        """How long it takes at least until it is done."""
        return self.estimate(QUICK_LETTERS_A_SECOND)

    @property
    def longest_s(self) -> float:
        """By when it is done for certain, if the carrier does not dawdle."""
        return self.estimate(SLOW_LETTERS_A_SECOND)

    def estimate(self, letters_a_second: float) -> float:
        """How long it takes at this speed."""
        return (
            BEFORE_FIRST_WORD_S
            + count_letters(self.say) / letters_a_second
            + len(self.press) * KEY_S
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Underway:
    """A step that the carrier was given at ``since_s``, and has broken off at ``until_s``."""

    step: Step
    since_s: float
    until_s: float = math.inf

    def left_s(self, now_s: float) -> float:
        """How long it takes until it is done for certain."""
        return max(0.0, self.since_s + self.step.longest_s - now_s)

    def is_heard(self, now_s: float) -> bool:
        """Whether all of it has probably been heard."""
        return min(now_s, self.until_s) >= self.since_s + self.step.shortest_s

    def heard(self, now_s: float) -> str:
        """About which words have been heard: whole ones, from the first."""
        if self.is_heard(now_s):
            return self.step.say
        spoken_s = min(now_s, self.until_s) - self.since_s - BEFORE_FIRST_WORD_S
        letters = spoken_s * QUICK_LETTERS_A_SECOND
        heard: list[str] = []
        for word in self.step.say.split(" "):
            letters -= count_letters(word)
            if letters < 0:
                break
            heard.append(word)
            letters -= 1  # the blank behind it
        return " ".join(heard)


def count_letters(text: str) -> int:
    """How much there is to be said in *text*, in letters of a word."""
    return sum(map(count_letters_of, text))


def count_letters_of(character: str) -> int:
    """How many letters it takes to say *character*."""
    if character.isdecimal():
        return LETTERS_OF_DIGIT
    return LETTERS_OF_WIDE if unicodedata.east_asian_width(character) in "WF" else 1


def lasts_s(text: str) -> float:
    """About how long somebody takes to say *text*."""
    return count_letters(text) / LETTERS_A_SECOND


def spoken_text(text: str) -> str:
    """What of *text* can be spoken, with its blanks collapsed."""
    return speakable(" ".join(text.split()))


def join(texts: list[str]) -> str:
    """*texts* as one."""
    return " ".join(text for text in texts if text)
