"""What a simulated speech service does wrong on purpose."""

import math
from dataclasses import dataclass
from enum import Enum, auto


class When(Enum):
    """A moment of an answer."""

    NEVER = auto()
    AT_ONCE = auto()  # nothing has been sent
    IN_THE_MIDDLE = auto()  # half of the sound has been sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """All switches; with the default ones nothing is wrong. ``times`` requests are answered so."""

    times: float = math.inf
    delay_s: float = 0.0  # before anything is sent
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str | None = None
    body: bytes | None = None  # in place of the sound, or of what explains the status
    stall: When = When.NEVER
    cut: When = When.NEVER  # the connection ends in order
    reset: When = When.NEVER
    is_endless: bool = False


WELL = Faults()

# Two frames of MPEG 1 layer III, 128 kbit/s at 44.1 kHz.
MP3_FRAME = b"\xff\xfb\x90\x00" + bytes(413)
MP3 = MP3_FRAME * 2
