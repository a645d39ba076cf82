"""What the words of the other party are to us that come while we speak.

Words are compared without marks and capitals. Who has made them out does not matter: a carrier's
recogniser is judged by the same rules as our own.
"""

import re
from collections import Counter
from enum import Enum, auto
from typing import Final

WORD: Final = re.compile(r"[^\W_]+")

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


def is_echo(text: str, said: str, *, is_final: bool, share: float) -> bool:
    """Whether *text* is *said* come back: a stretch of it, or more than *share* of its words."""
    return repeats(text, said, is_final=is_final) or shared(text, said) > share


def is_aside(text: str) -> bool:
    """Whether *text* holds no word but those of somebody who listens."""
    return ASIDES.issuperset(split_words(text))


def repeats(text: str, said: str, *, is_final: bool) -> bool:
    """Whether the words *text* are a stretch of *said*; a guess may end within a word."""
    before, words = split_words(said), split_words(text)
    if not words:
        return False
    *whole, last = words
    for end in range(len(whole), len(before)):
        ends_alike = before[end] == last or (not is_final and before[end].startswith(last))
        if ends_alike and before[end - len(whole) : end] == whole:
            return True
    return False


def shared(text: str, said: str) -> float:
    """The share of the words of *text*, 0 to 1, that are in *said* as well, in any order."""
    words = Counter(split_words(text))
    return (words & Counter(split_words(said))).total() / max(1, words.total())


def split_words(text: str) -> list[str]:
    """The words of *text* without anything that is not said."""
    return WORD.findall(text.casefold())
