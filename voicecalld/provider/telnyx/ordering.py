"""Sound in the order it was spoken in; Telnyx numbers it, and does not promise that order.

What comes early is held back until what is missing has come, or until so much is held that
waiting any longer would be heard. What comes late, or again, is dropped. The first sound of a
stream has some number or other, and is held back less.
"""

from typing import Final

from voicecalld.audio.frame import FRAME_BYTES

FIRST_NUMBER: Final = 1

# 40 ms. Nobody knows whether anything is missing before the first sound; with an opening the
# other party waits for us, and without one for their own words to be answered.
MOST_HELD_FIRST_BYTES: Final = 2 * FRAME_BYTES

# 100 ms. A frame that is as late as that is lost in any telephone as well.
MOST_HELD_BYTES: Final = 5 * FRAME_BYTES

# Half a second of nothing but late sound is not late: it is numbered anew.
LATE_AT_MOST: Final = 25


class Ordering:
    """Puts the sound of one stream into order."""

    def __init__(self) -> None:
        self.next_number: int | None = None
        self.most_held_bytes = MOST_HELD_FIRST_BYTES
        self.held: dict[int, bytes] = {}
        self.late = 0

    def take(self, number: int, audio: bytes) -> bytes:
        """Take *audio*, which has *number*; gives the sound that is ready now, perhaps none."""
        if number == self.next_number and not self.held:  # nearly always, fifty times a second
            self.late = 0
            self.next_number += 1
            return audio
        if self.next_number is None:
            self.next_number = min(number, FIRST_NUMBER)
        if number < self.next_number or number in self.held:
            self.late += 1
            if self.late <= LATE_AT_MOST:
                return b""
            self.held.clear()
            self.next_number = number
        self.late = 0
        self.held[number] = audio
        return self.release(self.next_number)

    def release(self, number: int) -> bytes:
        """What need not wait any longer, from *number* on."""
        ready = bytearray()
        while self.held:
            if number not in self.held:
                if sum(map(len, self.held.values())) <= self.most_held_bytes:
                    break
                number = min(self.held)
            ready += self.held.pop(number)
            number += 1
        self.next_number = number
        if ready:
            self.most_held_bytes = MOST_HELD_BYTES
        return bytes(ready)
