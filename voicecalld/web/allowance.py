"""How much a peer may trouble us with: little before its call is known, and little oddity ever.

A frame that is not usual takes the library eight microseconds, and the smallest has six bytes: one
read could bring thousands, and nobody else has a turn while they are looked at.
"""

from collections.abc import Callable
from typing import Final

# Before its call is known a carrier sends two messages, of less than 2 KiB together; there is
# more only when we come late to them, and then one read (16 KiB) has the first two in it.
STRANGER_BYTES: Final = 1 << 16

# More than so many bytes hold of messages with sound in them, which have 300 bytes and more.
STRANGER_FRAMES: Final = 128

# Pings, pongs, parts of messages. A carrier sends one in some seconds, if any. So many at once
# take less than a millisecond.
ODD_FRAMES_PER_S: Final = 100.0
ODD_FRAMES_AT_ONCE: Final = 100.0


class Allowance:
    """What one peer may still send; whoever wants more is dropped."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self.now_s = now_s
        self.is_known = False
        """Whether its call is known: then only what is odd is counted."""
        self.bytes_left = STRANGER_BYTES
        self.frames_left = STRANGER_FRAMES
        self.odd_frames_left = ODD_FRAMES_AT_ONCE
        self.refilled_at_s = now_s()

    def take_bytes(self, count: int) -> bool:
        """Count so many bytes; whether they are allowed."""
        self.bytes_left -= count
        return self.is_known or self.bytes_left >= 0

    def take_frame(self) -> bool:
        """Count a frame; whether it is allowed."""
        self.frames_left -= 1
        return self.is_known or self.frames_left >= 0

    def take_odd_frame(self) -> bool:
        """Count a frame that is not usual; whether it is allowed."""
        now_s = self.now_s()
        refill = ODD_FRAMES_PER_S * (now_s - self.refilled_at_s)
        self.refilled_at_s = now_s
        self.odd_frames_left = min(ODD_FRAMES_AT_ONCE, self.odd_frames_left + refill) - 1
        return self.take_frame() and self.odd_frames_left >= 0
