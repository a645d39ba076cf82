"""What the other party says over our words: whether it is meant to interrupt.

That is told by the words alone: who has a carrier make them out hears no voice.
"""

from dataclasses import dataclass

from voicecalld.call import words as rules
from voicecalld.call.words import Meaning
from voicecalld.provider.base import WordsHeard
from voicecalld.switchboard.native_steps import count_letters

# Words that are still a guess: fewer may be a noise that the recogniser thinks better of.
GUESSED_WORDS = 2
GUESSED_LETTERS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Overheard:
    """Words that came while we had spoken for ``spoken_s``, or, with `STRAY`, at any time."""

    text: str
    meaning: Meaning
    spoken_s: float = 0.0


def judge(heard: WordsHeard, said: str) -> Meaning:
    """What the words *heard* are, while of ours *said* may have been heard."""
    if repeats(heard, said):
        return Meaning.ECHO
    if rules.is_aside(heard.text):
        return Meaning.ASIDE
    words = rules.split_words(heard.text)
    is_certain = heard.is_final or len(words) >= GUESSED_WORDS
    if is_certain or count_letters("".join(words)) >= GUESSED_LETTERS:
        return Meaning.INTERRUPTION
    return Meaning.ASIDE


def repeats(heard: WordsHeard, said: str) -> bool:
    """Whether the words *heard* are a stretch of *said*; a guess may end within a word."""
    return rules.repeats(heard.text, said, is_final=heard.is_final)
