"""What the other party says over our words: whether it is meant to interrupt.

That is told by the words alone: who has a carrier make them out hears no voice.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from voicecalld.provider.base import WordsHeard
from voicecalld.switchboard.native_steps import count_letters

WORD: Final = re.compile(r"[^\W_]+")

# Words that are still a guess: fewer may be a noise that the recogniser thinks better of.
GUESSED_WORDS: Final = 2
GUESSED_LETTERS: Final = 6

# English, and what is much the same elsewhere; German, Dutch and Norwegian; French, Spanish,
# Italian and Portuguese; Japanese, Chinese and Korean.
SPOKEN_ASIDES: Final = """
ah aha eh er ha hm hmm huh m mh mhm mm mmhm mmm oh ok okay right sure uh uhhuh um yeah yep yes yup
achso genau ja jaja jo joa precies stimmt
accord certo claro d isso oui ouais sim sí sì vale
うん ええ はい 嗯 对 是 是的 네 예 응
"""

# Who says nothing else only lets us know that they listen.
ASIDES: Final = frozenset(SPOKEN_ASIDES.split())


class Meaning(Enum):
    """What words are to us that come while we speak."""

    INTERRUPTION = auto()  # they want the floor
    ASIDE = auto()  # they listen, and say so
    ECHO = auto()  # our own words, which have come back
    STRAY = auto()  # nobody listened for them


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
    words = split_words(heard.text)
    if ASIDES.issuperset(words):
        return Meaning.ASIDE
    is_certain = heard.is_final or len(words) >= GUESSED_WORDS
    if is_certain or count_letters("".join(words)) >= GUESSED_LETTERS:
        return Meaning.INTERRUPTION
    return Meaning.ASIDE


def repeats(heard: WordsHeard, said: str) -> bool:
    """Whether the words *heard* are a stretch of *said*; a guess may end within a word."""
    before, words = split_words(said), split_words(heard.text)
    if not words:
        return False
    *whole, last = words
    for end in range(len(whole), len(before)):
        ends_alike = before[end] == last or (not heard.is_final and before[end].startswith(last))
        if ends_alike and before[end - len(whole) : end] == whole:
            return True
    return False


def split_words(text: str) -> list[str]:
    """The words of *text* without anything that is not said."""
    return WORD.findall(text.casefold())
