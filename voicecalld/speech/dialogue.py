"""What one connection to a live transcriber says and hears: rules without a socket or a clock.

Sound goes in between `sound` and `end`; each end is given a key, and the words of that key are
asked for later. A connection that breaks takes its dialogue with it: the next one has a new one,
which is told again what has not been answered.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias

from voicecalld.errors import BadMessageError
from voicecalld.printable import printable
from voicecalld.provider.json_text import parse_json

Message: TypeAlias = str | bytes

# A service mostly answers in 0.3 s. One that has sent some words, but not the last, is believed
# to have lost those; one that has sent nothing at all may be slow.
WORDS_S = 2.5
NO_WORDS_S = 5.0

MOST_CHARACTERS = 20_000  # of one utterance; an hour of speech has 50 000


class Dialogue(Protocol):
    """One connection's side of a service's protocol; what it returns is to be sent, in order."""

    hears_silence: bool
    """Whether `sound` is to be given all sound, and not only that of utterances."""

    is_ready: bool
    """Whether the service takes sound."""

    def open(self) -> Sequence[Message]:
        """What is said first."""

    def sound(self, audio: bytes) -> Sequence[Message]:
        """More sound (mu-law)."""

    def end(self, key: int) -> Sequence[Message]:
        """An utterance is over, and is called *key* from now on."""

    def drop(self) -> Sequence[Message]:
        """The words of the sound since the last end are not wanted."""

    def keep_alive(self) -> Sequence[Message]:
        """Nothing was said for some seconds."""

    def goodbye(self) -> Sequence[Message]:
        """The last that is said."""

    def receive(self, message: Message) -> None:
        """Take what the service has sent.

        Raises:
            BadMessageError: its protocol has no such message, which changes nothing.
            ServiceError: it will be of no more use on this connection.
        """

    def guess(self) -> str:
        """The words of the sound since the last `end` or `drop`, as far as they are known."""

    def text(self, key: int) -> str | None:
        """The words of an utterance, None while they are not complete."""

    def best(self, key: int) -> str:
        """Its words as far as they are known."""

    def is_answered(self, key: int) -> bool:
        """Whether no words mean, at the end of patience, that there were none, and none lost."""

    def patience_s(self, key: int) -> float:
        """How long after its end to wait until `best` is to do, as things are."""

    def forget(self, key: int) -> None:
        """Its words have been taken."""


def parse_object(message: Message) -> Mapping[object, object]:
    """The JSON object in *message*.

    Raises:
        BadMessageError: there is none.
    """
    match parse_json(message) if isinstance(message, str) else None:
        case dict() as fields:
            return fields
        case _:
            raise BadMessageError("a message that is no JSON object")


def parse_number(value: object, name: str) -> float:
    """*value* as a number that is finite and not negative.

    Raises:
        BadMessageError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadMessageError(f"{name} is no number")
    if not 0 <= value <= 1e9 or math.isnan(value):
        raise BadMessageError(f"{name} is out of range")
    return float(value)


def brief(word: object) -> str:
    """A service's name for an error, fit for a log; nothing else of it is repeated."""
    return printable(word[:60]) if isinstance(word, str) and " " not in word else "unnamed"
