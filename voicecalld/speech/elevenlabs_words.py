"""Where ElevenLabs says each character lies in its sound, as the words of our text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from voicecalld.audio.words import SpokenWord
from voicecalld.speech.speakable import Piece

# How far a character is looked for when the service spells a text differently than we do.
SIGHT_CHARACTERS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedCharacter:
    """A character (or a few), and its end in seconds since the beginning of its chunk."""

    text: str
    end_s: float


def read_alignment(fields: object) -> tuple[TimedCharacter, ...]:
    """The characters of one chunk; none if they make no sense: sound without words is sound.

    Versions of the service differ in the names of the fields.
    """
    if not isinstance(fields, Mapping):
        return ()
    characters = fields.get("chars")
    starts_ms = fields.get("charStartTimesMs") or fields.get("charsStartTimesMs")
    lengths_ms = fields.get("charDurationsMs") or fields.get("charsDurationsMs")
    match characters, starts_ms, lengths_ms:
        case list(), list(), list() if len(characters) == len(starts_ms) == len(lengths_ms):
            rows = list(zip(characters, starts_ms, lengths_ms, strict=True))
        case _:
            return ()
    if not all(isinstance(c, str) and is_time(s) and is_time(n) for c, s, n in rows):
        return ()
    return tuple(TimedCharacter(text=c, end_s=(s + n) / 1000) for c, s, n in rows)


def is_time(value: object) -> bool:
    """Whether *value* is a number of milliseconds that a sound can have."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e7


class WordFinder:
    """Follows the characters of one piece of text through its sound."""

    def __init__(self, piece: Piece) -> None:
        self.piece = piece
        self.position = 0  # behind the last character that was found
        self.has_letter = False  # in the word that is not complete yet

    def words(
        self, characters: tuple[TimedCharacter, ...], begin_s: float, length_s: float
    ) -> Iterator[SpokenWord]:
        """The words that are complete with *characters*, in a chunk that begins at *begin_s*.

        A time outside of the chunk, which is *length_s* long, is moved into it, and no word ends
        before the one in front of it.
        """
        last_s = 0.0
        for timed in characters:
            last_s = max(last_s, min(timed.end_s, length_s))
            for character in timed.text:
                if self.ends_word(character):
                    yield SpokenWord(end=self.piece.start + self.position, end_s=begin_s + last_s)

    def ends_word(self, character: str) -> bool:
        """Whether *character* is the last one of a word."""
        text = self.piece.text
        if character.isspace():
            return False
        found = text.find(character, self.position, self.position + SIGHT_CHARACTERS)
        if found < 0:
            return False
        self.position = found + 1
        self.has_letter = self.has_letter or character.isalnum()
        is_end = self.position == len(text) or text[self.position].isspace()
        if not is_end or not self.has_letter:
            return False
        self.has_letter = False
        return True
