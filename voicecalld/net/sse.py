"""Server-sent events, taken from the bytes of an answer wherever these are cut.

Source: WHATWG HTML, section "Server-sent events"; and llama.cpp's server, which reports a failure
in a field of its own, ``error:``.
"""

import re
from dataclasses import dataclass
from typing import Final

from voicecalld.errors import BadMessageError

# A model's whole answer has some kilobytes; an event of the Responses API repeats all of it.
MOST_EVENT_BYTES = 1 << 20

LINE_END: Final = re.compile(rb"\r\n|\r|\n")
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class SseEvent:
    """One event; without a name it is a ``message``."""

    event: str
    data: str


class SseParser:
    """Turns the bytes of one answer into its events."""

    def __init__(self) -> None:
        self.line = bytearray()  # the one that is not complete yet
        self.is_first_line = True
        self.is_after_cr = False  # a line feed now would end the same line once more
        self.event = ""
        self.data: list[str] = []
        self.data_bytes = 0

    def feed(self, piece: bytes) -> tuple[SseEvent, ...]:
        """The events that are complete with *piece*; what is not UTF-8 becomes U+FFFD.

        Raises:
            BadMessageError: an event exceeds `MOST_EVENT_BYTES`.
        """
        if not piece:
            return ()
        if self.is_after_cr:
            piece = piece.removeprefix(b"\n")
        self.is_after_cr = piece.endswith(b"\r")
        *ends, rest = LINE_END.split(piece)
        events = []
        for end in ends:
            self.extend_line(end)
            event = self.take_line()
            if event is not None:
                events.append(event)
        self.extend_line(rest)
        return tuple(events)

    def extend_line(self, part: bytes) -> None:
        """Keep *part* of a line for when the rest is here."""
        self.line += part
        if len(self.line) + self.data_bytes > MOST_EVENT_BYTES:
            raise BadMessageError(f"a server-sent event exceeds {MOST_EVENT_BYTES} bytes")

    def take_line(self) -> SseEvent | None:
        """Obey the line, which is complete now; the event, if it was its last."""
        line = bytes(self.line)
        self.line.clear()
        if self.is_first_line:
            line = line.removeprefix(BYTE_ORDER_MARK)
            self.is_first_line = False
        if not line:
            return self.take_event()
        name, _, value = line.partition(b":")
        self.set_field(name, value.removeprefix(b" "))
        return None

    def set_field(self, name: bytes, value: bytes) -> None:
        """Keep what a line says; comments have no name, and others are not for us."""
        match name:
            case b"data":
                self.add_data(value)
            case b"event":
                self.event = value.decode("utf-8", "replace")
            case b"error":
                self.event = "error"
                self.add_data(value)
            case _:
                pass

    def add_data(self, value: bytes) -> None:
        """Keep a line of an event's data."""
        self.data.append(value.decode("utf-8", "replace"))
        self.data_bytes += len(value) + 1  # so that empty lines count as well

    def take_event(self) -> SseEvent | None:
        """What the lines since the last event make; without data they make none."""
        event = SseEvent(event=self.event or "message", data="\n".join(self.data))
        has_data = bool(self.data)
        self.event = ""
        self.data.clear()
        self.data_bytes = 0
        return event if has_data else None
