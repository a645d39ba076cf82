"""What a simulated carrier does wrong on purpose, as switches that every carrier understands."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto


class Answering(Enum):
    """How one request to the carrier's REST API is answered."""

    WELL = auto()

    # The request is not obeyed:
    TOO_MANY = auto()  # 429
    UNAVAILABLE = auto()  # 503

    # It is obeyed, but the answer is lost or spoiled:
    ERROR = auto()  # 500
    RESET = auto()  # the connection is reset instead
    SILENCE = auto()  # nothing comes, and the connection stays open
    CUT = auto()  # the connection ends in the middle of the body
    BROKEN_JSON = auto()  # whole for HTTP, but the JSON ends in the middle
    HUGE = auto()  # the answer is ten mebibytes longer
    SLOW = auto()  # the answer comes after ``slow_s``


NOT_OBEYED = frozenset({Answering.TOO_MANY, Answering.UNAVAILABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """All switches; a carrier with the default ones does nothing wrong.

    ``dials``, ``updates`` and ``fetches`` are the fates of the first, second, ... request of
    that kind, and ``stream_cuts_s`` says after how long the first, second, ... media stream
    breaks without a goodbye; those behind the end go well.
    """

    dials: tuple[Answering, ...] = ()
    updates: tuple[Answering, ...] = ()
    fetches: tuple[Answering, ...] = ()
    commands: Mapping[str, tuple[Answering, ...]] = field(default_factory=dict)
    """The same for carriers that take commands, by the command's name; the rest are updates."""
    slow_s: float = 3.0
    retry_after: str = ""
    """The header ``Retry-After`` of an answer of 429, if there is one."""

    webhooks_doubled: bool = False
    """Every webhook is sent twice at once."""
    replies_lost: int = 0
    """The first documents get lost on their way to the carrier, which asks for them again."""
    statuses_lost: Collection[str] = ()
    """The events, by the carrier's own names, whose webhooks never arrive."""
    statuses_late_s: float = 0.0
    statuses_reordered: bool = False
    """The first status comes after the second, the third after the fourth, ..."""

    stream_late_s: float = 0.0
    """How long a new media stream is silent before it says whose it is."""
    stream_cuts_s: tuple[float, ...] = ()
    stream_stops_reading_s: float = math.inf
    """When the carrier reads no more of what it is sent on a media stream."""
    marks_lost: bool = False
    silence_skipped: bool = False
    """Frames without sound are not sent; their numbers and times are left out."""
    media_shuffled: bool = False
    """Of every four frames the first is sent after the third."""
    silent_legs_cleared: bool = True
    """Telnyx, of which that is said, ends a leg on whose new media stream nothing is played."""
    transcripts_late_s: float = 0.0
    """How much later what the recogniser has made out is sent than it was said."""


def fate(fates: tuple[Answering, ...], number: int) -> Answering:
    """How request *number*, counted from 0, is answered."""
    return fates[number] if number < len(fates) else Answering.WELL


def stream_cut_s(faults: Faults, number: int) -> float:
    """When media stream *number*, counted from 0, breaks; seconds from its opening."""
    return faults.stream_cuts_s[number] if number < len(faults.stream_cuts_s) else math.inf
