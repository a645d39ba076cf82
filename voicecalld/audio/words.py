"""Where words lie in spoken sound."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenWord:
    """Where one word of a clause is in its sound.

    ``end`` is the index in the text just behind the word; ``end_s`` is when the word has been
    said, in seconds from the beginning of the clause's sound.
    """

    end: int
    end_s: float
