"""How a carrier speaks by its own means: in which voice, and how much at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

# How long a recogniser waits for the first word, and between two keys of one number, if it can
# be told.
LISTEN_BEGIN_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """How a carrier speaks and listens; ``name`` is empty for the language's own voice."""

    language: str
    name: str


def split_text(text: str, most_characters: int) -> Iterator[str]:
    """*text* in parts of at most *most_characters*, cut between words where that is possible."""
    while len(text) > most_characters:
        # Of two ends of the same kind the later one; the end of a sentence is heard the least.
        head = text[:most_characters]
        cut = max(head.rfind(end) for end in (". ", "? ", "! ")) + 1 or head.rfind(" ")
        cut = cut if cut > 0 else most_characters
        yield text[:cut]
        text = text[cut:].lstrip()
    if text:
        yield text
