"""What may happen to one call, from the dial to long after its end, as one value.

A history says what the carrier, the other party, the operator and an attacker do, in which order
and how long after each other, and how the carrier's REST API answers. It says nothing about what
is to come of that: this is for `tests.histories.model`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from voicecalld.call.record import Mode


class News(StrEnum):
    """What a carrier tells of a call, each in words of its own."""

    ANNOUNCED = "announced"  # somebody calls us
    RENEWED = "renewed"  # the same call is announced once more, as another event
    INITIATED = "initiated"
    RINGING = "ringing"
    ANSWERED = "answered"
    NOTED = "noted"  # that it is answered, without asking what to do
    MACHINE = "machine"
    ASKED = "asked"  # what comes next, as it was told to
    SPOKEN = "spoken"
    HEARD = "heard"
    STREAM_LOST = "stream-lost"
    ENDED = "ended"


class Fate(StrEnum):
    """What becomes of one request to the carrier's REST API."""

    BAD_REQUEST = "400"
    UNAUTHORIZED = "401"
    UNPROCESSABLE = "422"
    TOO_MANY = "429"
    TOO_MANY_WAIT = "429, Retry-After in seconds"
    TOO_MANY_LONG = "429, Retry-After of an hour"
    TOO_MANY_DATE = "429, Retry-After as a date"
    SERVER_ERROR = "500"
    UNAVAILABLE = "503"
    REDIRECTED = "302"
    SILENCE = "no answer"
    RESET = "reset"
    UNREACHABLE = "no connection"
    CUT_JSON = "truncated JSON"
    CUT_BODY = "connection lost in the body"
    HUGE = "10 MiB"
    HUGE_ERROR = "500 of 10 MiB"


# What the carrier has certainly not done; of all else only a story can tell.
REFUSALS = frozenset(
    {
        Fate.BAD_REQUEST,
        Fate.UNAUTHORIZED,
        Fate.UNPROCESSABLE,
        Fate.TOO_MANY,
        Fate.TOO_MANY_WAIT,
        Fate.TOO_MANY_LONG,
        Fate.TOO_MANY_DATE,
        Fate.REDIRECTED,
        Fate.UNREACHABLE,
    }
)
# The answers of a carrier that has done it.
DONE = frozenset({Fate.CUT_JSON, Fate.CUT_BODY, Fate.HUGE})


@dataclass(frozen=True, slots=True)
class Fault:
    """One request goes wrong by *fate*, and the carrier has obeyed it or not."""

    fate: Fate
    is_obeyed: bool


@dataclass(frozen=True, slots=True)
class Tell:
    """The carrier tells *news*, in so many *copies* at the same moment.

    What it has told before it tells again, which is the same event, but signed anew.
    """

    news: News
    copies: int = 1


@dataclass(frozen=True, slots=True)
class Replay:
    """Somebody sends the *number*-th webhook again, byte for byte, counted in a circle."""

    number: int


@dataclass(frozen=True, slots=True)
class Forge:
    """Somebody who has not the key tells *news*."""

    news: News


@dataclass(frozen=True, slots=True)
class Stray:
    """The carrier tells *news* of a call with an id of ours that never lived here."""

    news: News


@dataclass(frozen=True, slots=True)
class OpenStream:
    """The carrier opens the media stream that it was last told to, or, *forged*, somebody else."""

    forged: bool = False


@dataclass(frozen=True, slots=True)
class CloseStream:
    """The newest media stream breaks."""


@dataclass(frozen=True, slots=True)
class Vanish:
    """The call ends at the carrier, and no webhook tells."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """The operator ends the call."""


Deed: TypeAlias = Tell | Replay | Forge | Stray | OpenStream | CloseStream | Vanish | HangUp


@dataclass(frozen=True, slots=True)
class Step:
    """A deed, *gap_s* after the one before."""

    gap_s: float
    deed: Deed


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All that happens from outside.

    ``ending`` is how the carrier calls the end of the call, if it is to tell that. The answer to
    the dial comes after ``dial_s``, each answer to a hang-up after ``hang_up_s``; ``dial`` and
    ``hang_ups`` are the faults of the first requests, and with ``never_hangs_up`` the last of
    them is for ever. A carrier whose orders have names of their own names a call like its order
    if ``is_named_alike``.
    """

    is_inbound: bool
    has_streams: bool
    mode: Mode
    ending: str
    steps: tuple[Step, ...]
    dial: tuple[Fault, ...] = ()
    dial_s: float = 0.0
    hang_ups: tuple[Fault, ...] = ()
    hang_up_s: float = 0.0
    never_hangs_up: bool = False
    is_named_alike: bool = False
