"""How long to wait for more when the other party has paused, by what they have said so far.

A recogniser hears the melody of a sentence, and puts a full stop where it falls.
"""

from enum import Enum, auto
from typing import Final, assert_never

from voicecalld.call.clauses import CLOSERS, SENTENCE_ENDS, WIDE_SENTENCE_ENDS, is_abbreviated
from voicecalld.call.turn_policy import TurnPolicy
from voicecalld.call.words import split_words

# What somebody says who has not found the next word: it ends nothing, even before a full stop.
SPOKEN_HESITATIONS: Final = "um uhm uh er erm hmm äh ähm öh euh ehm"
HESITATIONS: Final = frozenset(SPOKEN_HESITATIONS.split())

# Behind these a sentence goes on, unless it has a full stop: "I think so."
SPOKEN_CONJUNCTIONS: Final = """
and but so or because if then with the a my to und aber oder weil dass
et mais ou y pero o porque e ma en maar of
"""
CONJUNCTIONS: Final = frozenset(SPOKEN_CONJUNCTIONS.split())

# Numbers are read out in groups, with a pause behind each.
SPOKEN_FIGURES: Final = """
zero oh one two three four five six seven eight nine ten double triple
null eins zwei drei vier fünf sechs sieben acht neun
un deux trois quatre cinq sept huit neuf uno dos tres cuatro cinco seis siete ocho nueve
"""
FIGURES: Final = frozenset(SPOKEN_FIGURES.split())

TRAILS_OFF: Final = ("...", "\u2026")


class Close(Enum):
    """How what they have said so far ends."""

    WHOLE = auto()  # as a sentence does
    DICTATED = auto()  # with a number, or letters
    OPEN = auto()  # without any sign
    TRAILING = auto()  # with a word that something follows


def wait_s(text: str, policy: TurnPolicy) -> float:
    """How long after the end of their voice *text* is all that they had to say; has a cap."""
    return min(wait_for(read_close(text), policy), policy.endpoint_longest_s)


def wait_for(close: Close, policy: TurnPolicy) -> float:
    """How long to wait behind words that end like *close*."""
    match close:
        case Close.WHOLE:
            return policy.endpoint_whole_s
        case Close.DICTATED:
            return policy.endpoint_dictated_s
        case Close.OPEN:
            return policy.endpoint_silence_s
        case Close.TRAILING:
            return policy.endpoint_trailing_s
        case _:
            assert_never(close)


def read_close(text: str) -> Close:
    """How *text* ends."""
    words, end = split_words(text), text.rstrip().rstrip(CLOSERS)
    if not words:
        return Close.OPEN
    if words[-1] in HESITATIONS or end.endswith(TRAILS_OFF):
        return Close.TRAILING
    is_whole = end.endswith(tuple(SENTENCE_ENDS + WIDE_SENTENCE_ENDS)) and not is_abbreviated(end)
    if not is_whole and words[-1] in CONJUNCTIONS and len(words) > 1:
        return Close.TRAILING
    if is_dictated(words) and not end.endswith(("?", "!")):
        return Close.DICTATED  # a full stop behind a group of figures means nothing
    return Close.WHOLE if is_whole else Close.OPEN


def is_dictated(words: list[str]) -> bool:
    """Whether *words* end with a number, or with figures or letters one by one."""
    return words[-1].isdecimal() or all(map(is_figure, words[-2:]))


def is_figure(word: str) -> bool:
    """Whether *word* is one of many in a number, or a letter."""
    return word.isdecimal() or word in FIGURES or (len(word) == 1 and word.isascii())
