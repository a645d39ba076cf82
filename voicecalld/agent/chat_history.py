"""What was said in one call, for a model that must be told anew at every turn.

Of our own words only those are kept that were heard: who interrupts at the first of three offers
knows nothing of the other two, and the model must not believe that they do.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final, TypeAlias, assert_never

from voicecalld.agent.base import AgentOutput, CallerTurn, EndCall, PressKeys, SayText
from voicecalld.printable import clean_text

Message: TypeAlias = Mapping[str, object]

# About 6,000 tokens, half an hour of talk, and within what the smallest models take in.
MOST_CHARACTERS = 24_000
MOST_ENTRIES = 200
# Nobody says more in one turn; a transcriber gone mad does.
MOST_TURN_CHARACTERS = 4_000

WORD: Final = re.compile(r"[^\W_]+")

CUT_SHORT: Final = "\u2026"
NOTHING_SAID: Final = "(Nothing could be understood.)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One turn of ours or theirs; ``keys`` were pressed by us, one text for each order."""

    is_ours: bool
    text: str
    keys: tuple[str, ...] = ()

    @property
    def characters(self) -> int:
        """How much of a model's attention it takes."""
        return len(self.text) + sum(map(len, self.keys))


class ChatHistory:
    """The turns of one call, oldest first; the oldest are forgotten when there are too many.

    *opening* is what was said first on our side.
    """

    def __init__(self, opening: str) -> None:
        self.opening = ""
        self.entries: list[Entry] = []
        self._written = opening
        self._keys: list[str] = []
        self._heard = ""
        self._is_opening = True
        self._is_guess = False  # the last turn of theirs

    def add_turn(self, turn: CallerTurn) -> None:
        """Take the other party's *turn*, and what they have heard of ours before it."""
        self._settle(turn)
        said = told(turn)
        if self.entries and not self.entries[-1].is_ours and self._is_replaced_by(said):
            self.entries.pop()  # nobody has heard an answer to it: it comes again, with the rest
        self.entries.append(Entry(is_ours=False, text=said))
        self._is_guess = turn.is_guess
        self._forget_oldest()

    def add_output(self, output: AgentOutput) -> None:
        """Take what our side says, of which nobody knows yet whether it is heard, or does."""
        match output:
            case SayText(text=text):
                self._written += text
            case PressKeys(digits=keys):
                self._keys.append(keys)
            case EndCall():
                pass  # if there is another turn, it did not end
            case _:
                assert_never(output)

    def _is_replaced_by(self, said: str) -> bool:
        """Whether *said* is what they say instead of what they said last.

        A guess may have been right, and its answer begun: what they say then is something else.
        """
        before = self.entries[-1].text
        return goes_on(before, said) or (self._is_guess and is_alike(before, said))

    def _settle(self, turn: CallerTurn) -> None:
        """Make one entry of what was heard of us since their last turn, with our answer's keys."""
        heard = clean_text(turn.heard_before).strip()[:MOST_TURN_CHARACTERS]
        # After a turn that nobody heard we are told of the one before it again.
        is_new = turn.is_heard_anew or is_beginning(heard, self._written)
        if heard == self._heard and not is_new:
            heard = ""
        else:
            self._heard = heard
            heard += CUT_SHORT if heard and turn.interrupted else ""
        if self._is_opening:
            self.opening = heard
        elif heard or self._keys:
            self.entries.append(Entry(is_ours=True, text=heard, keys=tuple(self._keys)))
        self._is_opening = False
        self._written = ""
        self._keys = []

    def _forget_oldest(self) -> None:
        entries = self.entries[-MOST_ENTRIES:]
        characters = sum(entry.characters for entry in entries)
        # A conversation that begins with our answer to nothing is refused by many models.
        while characters > MOST_CHARACTERS or entries[0].is_ours:
            characters -= entries.pop(0).characters
        self.entries = entries


def is_beginning(heard: str, written: str) -> bool:
    """Whether *heard* may be the beginning of *written*: letters and digits count."""
    letters = "".join(filter(str.isalnum, heard.casefold()))
    return "".join(filter(str.isalnum, written.casefold())).startswith(letters)


def goes_on(before: str, text: str) -> bool:
    """Whether *text* has the words of *before* and perhaps more; marks do not count."""
    words = WORD.findall(before.casefold())
    return WORD.findall(text.casefold())[: len(words)] == words


def is_alike(before: str, text: str) -> bool:
    """Whether at least half of the pairs of letters in *before* are in *text* as well.

    Pairs instead of words: not all languages have spaces.
    """
    pairs = pairs_of(before)
    return 2 * len(pairs & pairs_of(text)) >= len(pairs)


def pairs_of(text: str) -> set[tuple[str, str]]:
    """All letters and digits of *text*, each with the next one."""
    return set(pairwise(filter(str.isalnum, text.casefold())))


def told(turn: CallerTurn) -> str:
    """*turn* as the model is told of it: the words, and the keys in words."""
    words = clean_text(turn.text).strip()[:MOST_TURN_CHARACTERS]
    pressed = " ".join(turn.digits[:MOST_TURN_CHARACTERS])
    keys = f"(They pressed these keys of their telephone: {pressed})" if pressed else ""
    return "\n".join(filter(None, (words, keys))) or NOTHING_SAID


def render_messages(history: ChatHistory, instructions: str, *, has_tools: bool) -> list[Message]:
    """The whole conversation as a model is told of it.

    The other party's turns and ours alternate, and theirs is the first: many models' templates
    refuse anything else.
    """
    opening = f'\nYou began the call with: "{history.opening}"' if history.opening else ""
    messages: list[Message] = [{"role": "system", "content": instructions + opening}]
    for is_ours, entries in groupby(history.entries, key=lambda entry: entry.is_ours):
        if not is_ours:
            text = "\n".join(entry.text for entry in entries)
            messages.append({"role": "user", "content": text})
            continue
        for entry in entries:  # there is only one
            messages += render_ours(entry, len(messages), has_tools=has_tools)
    return messages


def render_ours(entry: Entry, number: int, *, has_tools: bool) -> Sequence[Message]:
    """A turn of ours; the keys are calls of a tool with their results, or tags."""
    if not entry.keys or not has_tools:
        tags = "".join(f'<press keys="{keys}"/>' for keys in entry.keys)
        return [{"role": "assistant", "content": entry.text + tags}]
    names = [f"call_{number}_{place}" for place in range(len(entry.keys))]
    calls = [
        {
            "id": name,
            "type": "function",
            "function": {"name": "press_keys", "arguments": f'{{"keys": "{keys}"}}'},
        }
        for name, keys in zip(names, entry.keys, strict=True)
    ]
    results = [{"role": "tool", "tool_call_id": name, "content": "pressed"} for name in names]
    return [{"role": "assistant", "content": entry.text, "tool_calls": calls}, *results]
