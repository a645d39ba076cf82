"""Text as a synthesizer can take it, and the way back from its words to the text."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from voicecalld.audio.words import SpokenWord
from voicecalld.call.clauses import SPOKEN_SYMBOLS, is_pictorial

# Control codes would be taken for commands, half a surrogate pair is no text at all.
UNSPEAKABLE_CATEGORIES: Final = frozenset({"Cc", "Cs"})
# What joins pictures to one emoji, or makes a flag of it.
EMOJI_GLUE: Final = frozenset([0x200D, *range(0xE0020, 0xE0080)])
SENTENCE_ENDS: Final = ".!?\u3002\u061f"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some of a text, and the index in it where this begins."""

    start: int
    text: str


def speakable_text(text: str) -> str:
    """*text* with a blank for every character that is not said, so that indices stay the same."""
    return "".join(" " if is_unspeakable(character) else character for character in text)


def is_unspeakable(character: str) -> bool:
    """Whether *character* is a control code or (part of) a picture."""
    category = unicodedata.category(character)
    return (
        category in UNSPEAKABLE_CATEGORIES
        or ord(character) in EMOJI_GLUE
        or (is_pictorial(character, category) and character not in SPOKEN_SYMBOLS)
    )


def split_text(text: str, longest: int) -> Iterator[Piece]:
    """*text* in pieces of at most *longest* characters, cut where a reader would breathe.

    Blank pieces are left out.
    """
    start = 0
    while start < len(text):
        end = find_cut(text, start, start + longest)
        piece = text[start:end]
        if not piece.isspace():
            yield Piece(start=start, text=piece)
        start = end


def find_cut(text: str, start: int, latest: int) -> int:
    """Where a piece that begins at *start* ends: behind a sentence, else a word, else anywhere."""
    if latest >= len(text):
        return len(text)
    blanks = [i for i in range(start + 1, latest) if text[i].isspace()]
    behind_sentences = [i for i in blanks if text[i - 1] in SENTENCE_ENDS]
    return max(behind_sentences or blanks, default=latest - 1) + 1


def place_words(
    piece: Piece, word_starts: Sequence[tuple[int, int, int]], duration_s: float
) -> list[SpokenWord]:
    """The words of *piece*, each with its end in the whole text, in order.

    Args:
        piece: what was spoken.
        word_starts: of each spoken word the first character, the number of characters, and when
            it begins, in milliseconds. A number is said in several words of the same characters.
        duration_s: how long the piece's sound is.
    """
    said_s: dict[int, float] = {}
    end = 0
    for index, (start, characters, _) in enumerate(word_starts):
        following = word_starts[index + 1 :]
        limit = next((s for s, _, _ in following if s > start), len(piece.text))
        word = piece.text[start : start + characters].rstrip()
        end = max(end, token_end(piece.text, start + len(word), limit))
        # The last word of the same characters decides.
        said_s[end] = min(following[0][2] / 1000 if following else duration_s, duration_s)
    return [SpokenWord(end=piece.start + end, end_s=end_s) for end, end_s in said_s.items() if end]


def token_end(text: str, end: int, limit: int) -> int:
    """Move *end* behind what clings to a word: the ``'t`` of "don't", the comma."""
    limit = min(limit, len(text))
    while end < limit and not text[end].isspace():
        end += 1
    return min(end, len(text))
