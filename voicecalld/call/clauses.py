"""What an agent writes, cut into the clauses that are spoken one after another.

Two steps, both deaf to how the text arrived: `ClauseChunker` finds the clauses in a stream of
tokens, and `speakable` leaves of a clause what a voice should say.
"""

import re
import unicodedata
from typing import Final

SHORT_CLAUSE_CHARACTERS = 20
"""About a second of speech: shorter sentences sound chopped, so they go with the next one."""

LONG_CLAUSE_CHARACTERS = 200
"""About twelve seconds of speech; a synthesizer that waits for more would be heard to wait."""

# Behind the end of a sentence, and still part of it: quotes, brackets, Markdown's emphasis.
CLOSERS: Final = "\"'*_`~)]}\u00bb\u2019\u201d\u300d\u300f\uff09\u3011"

# Latin marks end a sentence only if a blank follows, and that alone keeps numbers (3.5, 10:30),
# addresses and the inside of an ellipsis whole. No blank follows those of Chinese and Japanese.
SENTENCE_ENDS: Final = ".?!\u2026"
WIDE_SENTENCE_ENDS: Final = "\u3002\uff01\uff1f\uff61"
CLAUSE_ENDS: Final = SENTENCE_ENDS + ";:"

# Words whose full stop is a part of them. "no." is missing because it is an answer, too.
ABBREVIATIONS = re.compile(
    "dr|mrs?|ms|mx|prof|rev|hon|st|mt|jr|sr|gen|col|capt|lt|sgt|sen|rep|gov|"
    "vs|etc|approx|ca|cf|al|est|dept|inc|ltd|corp|bros|co|tel|ext|apt|ave|blvd|rd|"
    "jan|feb|apr|jun|jul|aug|sept?|oct|nov|dec|mon|tues?|wed|thu|thurs|fri|"
    r"fig|vol|pp|ph\.d|oz|lbs?|ft|min|avg|nr|bzw|usw",
    re.IGNORECASE,
)
# J. or U.S. or e.g., but not "So do I."
LETTERS_WITH_STOPS = re.compile(r"(?!I\.)(?:[^\W\d_]\.)+")


class ClauseChunker:
    """Takes the text of one turn in pieces that may break anywhere; gives it back in clauses.

    The first clause is short, so that the caller hears something soon: it ends at the first
    mark of ``. ? ! ; :``, or at a comma once it has 20 characters. Later ones are whole
    sentences, of 20 characters at least. No clause is longer than 200 characters.

    Clauses begin and end with no blank and hold no other blank than single spaces. Joined by
    spaces they are the text with its blanks collapsed, except that no space was where a Chinese
    or Japanese sentence ended, nor inside a word of more than 200 characters.
    """

    def __init__(self) -> None:
        self._clause = ""
        self._blank_pending = False
        self._is_first = True

    def feed(self, text: str) -> tuple[str, ...]:
        """The clauses that *text* completes.

        A sentence is complete only when the character after it is known, as "3." may become
        "3.5".
        """
        # One character at a time: how the text was cut into pieces cannot matter.
        fed = (self._feed_character(character) for character in text)
        return tuple(clause for clause in fed if clause)

    @property
    def last_sentence(self) -> str:
        """What has been fed and not given back, if it ends like a sentence; else nothing."""
        end = self._clause.rstrip(CLOSERS)
        is_end = end.endswith(tuple(SENTENCE_ENDS + WIDE_SENTENCE_ENDS))
        return self._clause if is_end and not is_abbreviated(end) else ""

    def flush(self) -> tuple[str, ...]:
        """What is left at the end of the turn; the next text begins a new one."""
        rest = self._take(len(self._clause))
        self._blank_pending = False
        self._is_first = True
        return (rest,) if rest else ()

    def _feed_character(self, character: str) -> str:
        if character.isspace():
            return self._feed_blank()
        done = ""
        if self._ends_wide() and character not in CLOSERS + WIDE_SENTENCE_ENDS:
            done = self._take(len(self._clause))
        if self._blank_pending and self._clause:
            self._clause += " "
        self._blank_pending = False
        self._clause += character
        return done or self._cut_if_long()

    def _feed_blank(self) -> str:
        if self._blank_pending:
            return ""
        self._blank_pending = True
        return self._take(len(self._clause)) if self._ends_here() else ""

    def _cut_if_long(self) -> str:
        if len(self._clause) < LONG_CLAUSE_CHARACTERS:
            return ""
        last_blank = self._clause.rfind(" ", 1)
        return self._take(last_blank if last_blank > 0 else len(self._clause))

    def _take(self, characters: int) -> str:
        taken, self._clause = self._clause[:characters], self._clause[characters:].lstrip(" ")
        self._is_first = self._is_first and not taken
        return taken

    def _ends_wide(self) -> bool:
        end = self._clause.rstrip(CLOSERS)
        return end.endswith(tuple(WIDE_SENTENCE_ENDS)) and self._is_long_enough()

    def _ends_here(self) -> bool:
        """Whether a clause ends at the blank that has just come."""
        end = self._clause.rstrip(CLOSERS)
        if end.endswith(",") and self._is_first:
            return len(self._clause) >= SHORT_CLAUSE_CHARACTERS
        marks = CLAUSE_ENDS if self._is_first else SENTENCE_ENDS
        return (
            end.endswith(tuple(marks + WIDE_SENTENCE_ENDS))
            and self._is_long_enough()
            and not is_abbreviated(end)
        )

    def _is_long_enough(self) -> bool:
        if self._is_first:
            return any(character.isalnum() for character in self._clause)
        return len(self._clause) >= SHORT_CLAUSE_CHARACTERS


def is_abbreviated(text: str) -> bool:
    """Whether the full stop at the end of *text* belongs to its last word, as in "Dr."."""
    if not text.endswith("."):
        return False
    word = text.rpartition(" ")[2].lstrip("\"'([*_`\u00ab\u2018\u201c")
    if word == text and word[:-1].isdigit():
        return True  # the number of a list's item: "1. Press the button."
    stands_alone = word == "."  # a part of ". . ."
    is_known = ABBREVIATIONS.fullmatch(word[:-1]) or LETTERS_WITH_STOPS.fullmatch(word)
    return stands_alone or is_known is not None


# --- what can be said -----------------------------------------------------------------

# In the order of their use. A mark that was cut off from its partner by the end of a clause is
# removed as well. What people say aloud stays: "#5", a lone "#" (a key), "5 * 3", "20°".
MARKUP: Final = tuple(
    (re.compile(pattern, re.MULTILINE), replacement)
    for pattern, replacement in (
        (r"[`~]{1,}", ""),
        (r"^[ \t]*[-*_=](?:[ \t]?[-*_=]){2,}[ \t]*$", ""),  # a ruler
        (r"^[ \t]*(?:>[ \t]*)+", ""),  # a quotation
        (r"^[ \t]*#{1,6}[ \t]+|(?<!\S)#{2,6}(?!\S)", ""),  # a heading
        (r"!?\[([^\[\]]*)\]\([^()]*\)", r"\1"),  # a link, an image
        (r"\]\([^()\s]*\)?", ""),  # the rest of a link that began in the clause before
        (r"<([a-z]+:[^<>\s]*|[^<>\s]+@[^<>\s]+)>", r"\1"),  # a bare address
        (r"</?[A-Za-z][\w:.-]*(?:\s[^<>=]*=[^<>]*|\s*/?)>|[\[\]|]", " "),  # a tag, a bracket
        (r"<([A-Za-z][^<>]*)>", r" \1 "),  # no tag has such words, but people write so
        (r"^[ \t]*[-*+\u2022\u2023\u25e6][ \t]+", ""),  # a list's item
        (r"\*{2,}|_{2,}", ""),
        # Blanks are collapsed before clauses are cut, so items may follow one another.
        (r"(?<=[^\d\s])[ \t]+[-*\u2022\u2023\u25e6](?=[ \t])", ","),
        (r"(?<![\w*])[*_](?=\w)|(?<=\S)[*_](?!\w)", ""),  # *this*
    )
)
SPOKEN_SYMBOLS: Final = "\u00b0\u00a9\u00ae\u2116\u2122\u2103\u2109"  # ° © ® № ™ ℃ ℉
ARROWS: Final = range(0x2190, 0x2200)
EMOJI_JOINTS: Final = range(0xFE00, 0xFE10)  # variation selectors
SKIN_TONES: Final = range(0x1F3FB, 0x1F400)
KEYCAP: Final = "\u20e3"


def speakable(text: str) -> str:
    """*text* as a voice should say it: no Markdown, no emoji, no control characters.

    Links leave their text. Blanks are collapsed. Empty if no letter and no digit is left.
    """
    said = "".join(map(spoken_character, text))
    for pattern, replacement in MARKUP:
        said = pattern.sub(replacement, said)
    said = " ".join(said.split())
    return said if any(character.isalnum() for character in said) else ""


def spoken_character(character: str) -> str:
    """*character*, or what stands in its place when it cannot be said."""
    if character in "\n\t" or character in SPOKEN_SYMBOLS:
        return character
    if character.isspace():
        return " "
    category = unicodedata.category(character)
    return "" if category.startswith("C") or is_pictorial(character, category) else character


def is_pictorial(character: str, category: str) -> bool:
    """Whether *character* is a picture, or a part of one."""
    code = ord(character)
    return (
        category == "So"
        or character == KEYCAP
        or code in ARROWS
        or code in EMOJI_JOINTS
        or code in SKIN_TONES
    )
