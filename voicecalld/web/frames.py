"""WebSocket frames by position: where each one ends, and the text of those that are usual.

A carrier sends a media message fifty times a second and call, as one final, masked text frame.
That one is read here; every other frame is given to the library, which knows all of the protocol,
but whole, so that the two never disagree about where a frame begins.

Source: RFC 6455, section 5.2.
"""

import struct
from typing import Final

try:
    from websockets.speedups import apply_mask
except ImportError:  # the library was built without its C extension
    from websockets.utils import apply_mask

# A media message takes 400 bytes, and none that a carrier documents comes near to this.
MAX_MESSAGE_BYTES = 65_536

FINAL_TEXT: Final = 0x81
MASKED: Final = 0x80
LENGTH_16: Final = 126
LENGTH_64: Final = 127
MASK_BYTES: Final = 4
KNOWN_OPCODES: Final = frozenset({0x0, 0x1, 0x2, 0x8, 0x9, 0xA})

SHORT_HEAD_BYTES: Final = 2 + MASK_BYTES
LONG_HEAD_BYTES: Final = 4 + MASK_BYTES
LONG_REST: Final = struct.Struct(">H4s")  # behind the first two bytes


def text_frame(message: str) -> bytes:
    """*message* as a server sends it: one final text frame without a mask."""
    payload = message.encode()
    size = len(payload)
    if size < LENGTH_16:
        return bytes((FINAL_TEXT, size)) + payload
    if size < 1 << 16:
        return struct.pack(">BBH", FINAL_TEXT, LENGTH_16, size) + payload
    return struct.pack(">BBQ", FINAL_TEXT, LENGTH_64, size) + payload


def frame_end(data: bytes, begin: int) -> int | None:
    """Where the frame ends that begins at *begin*, which may be behind the end of *data*.

    None if its head is not there yet. Of a frame that is refused for its head alone, only the head
    counts: nobody waits for the rest of it.
    """
    head = data[begin : begin + 10]
    if len(head) < 2:
        return None
    length = head[1] & ~MASKED
    if head[0] & 0x0F not in KNOWN_OPCODES or not head[1] & MASKED:
        return begin + 2
    at = 2
    if length >= LENGTH_16:
        at = 4 if length == LENGTH_16 else 10
        if len(head) < at:
            return None
        length = int.from_bytes(head[2:at])
    if length > MAX_MESSAGE_BYTES:
        return begin + at
    return begin + at + MASK_BYTES + length


def cut_text(data: bytes, begin: int) -> tuple[bytes, int] | None:
    """What the usual text frame that begins at *begin* says, and where it ends.

    None if there is another frame, or not all of it.
    """
    # Every microsecond here is one in twenty of what a frame takes; hence no general reading.
    if data[begin] != FINAL_TEXT or len(data) - begin < LONG_HEAD_BYTES:
        return None
    length = data[begin + 1] - MASKED
    if length == LENGTH_16:
        length, mask = LONG_REST.unpack_from(data, begin + 2)
        at = begin + LONG_HEAD_BYTES
    elif 0 <= length < LENGTH_16:
        mask = data[begin + 2 : begin + SHORT_HEAD_BYTES]
        at = begin + SHORT_HEAD_BYTES
    else:
        return None
    end: int = at + length
    return (apply_mask(data[at:end], mask), end) if end <= len(data) else None
