"""What a simulated carrier has seen, for assertions, and for people who watch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import trio

from voicecalld.audio.frame import SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of the carrier's diary."""

    at_s: float
    call: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """Something that the carrier's debugger would show its customer, under the carrier's code."""

    call: str
    code: int
    text: str


@dataclass(slots=True, kw_only=True)
class WebhookEntry:
    """One webhook; ``status`` is 0 until it is answered, and if it never is.

    ``event`` is the carrier's name of a status, or ``asks`` if a document is asked for, or
    ``detected``, or ``stream``.
    """

    call: str
    event: str
    url: str
    fields: Mapping[str, Any]
    token: str
    status: int = 0
    body: bytes = b""


@dataclass(slots=True, kw_only=True)
class StreamEntry:
    """One media stream; ``close_code`` is None while it is open, and 1006 if it broke."""

    stream_id: str
    url: str
    parameters: Mapping[str, str]
    messages: int = 0
    played_bytes: int = 0
    marks: list[str] = field(default_factory=list)
    returned_marks: list[str] = field(default_factory=list)
    clears: int = 0
    is_over: bool = False
    close_code: int | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class CallEntry:
    """One call. Sound is mu-law at 8 kHz from the answer on, both sides equally long.

    ``texts`` are what the carrier's own voice has begun to say, ``cut_texts`` those of them that
    were broken off, ``spoken`` the words that the callee has said to the end, ``digits_heard``
    the keys whose tones have reached the callee.
    """

    call: str
    from_: str
    to: str
    direction: str
    status: str = ""
    heard: bytearray = field(default_factory=bytearray)
    said: bytearray = field(default_factory=bytearray)
    texts: list[str] = field(default_factory=list)
    cut_texts: list[str] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)
    digits_heard: str = ""
    pressed: str = ""
    streams: list[StreamEntry] = field(default_factory=list)
    is_over: bool = False

    @property
    def lasted_s(self) -> float:
        """How long it has lasted since its answer."""
        return len(self.heard) / SAMPLE_RATE_HZ


class Ledger:
    """Grows while the carrier works; `wait_until` wakes at each change."""

    def __init__(self, *, tell: Callable[[Happening], None] | None = None) -> None:
        self.diary: list[Happening] = []
        self.calls: list[CallEntry] = []
        self.webhooks: list[WebhookEntry] = []
        self.requests: list[str] = []
        self.complaints: list[Complaint] = []
        self.reports_under_way = 0
        self._tell = tell
        self._changed = trio.Event()

    def note(self, call: str, text: str) -> None:
        """Write one line."""
        happening = Happening(at_s=trio.current_time(), call=call, text=text)
        self.diary.append(happening)
        if self._tell is not None:
            self._tell(happening)
        self.touch()

    def touch(self) -> None:
        """Wake whoever waits for a change."""
        self._changed.set()
        self._changed = trio.Event()

    def complain(self, call: str, code: int, text: str) -> None:
        """Tell the customer of something wrong; the same is told once a call."""
        complaint = Complaint(call=call, code=code, text=text)
        if complaint not in self.complaints:
            self.complaints.append(complaint)
            self.note(call, f"WARNING {code}: {text}")

    @property
    def open_calls(self) -> list[CallEntry]:
        """The calls that have not ended."""
        return [entry for entry in self.calls if not entry.is_over]

    def webhooks_of(self, call: str, event: str) -> list[WebhookEntry]:
        """The webhooks of one kind, in the order in which they were sent."""
        return [entry for entry in self.webhooks if (entry.call, entry.event) == (call, event)]

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until *condition* holds; it is asked again at each change."""
        while not condition():
            await self._changed.wait()

    async def wait_call(self, number: int = 0) -> CallEntry:
        """Wait for call *number*, counted from 0, to be placed or to ring."""
        await self.wait_until(lambda: len(self.calls) > number)
        return self.calls[number]

    async def wait_over(self, entry: CallEntry) -> CallEntry:
        """Wait for the end of a call; its last webhook may still be under way."""
        await self.wait_until(lambda: entry.is_over)
        return entry

    def check(self) -> None:
        """Assert that nobody has done anything wrong, and that no call is left."""
        assert self.complaints == [], self.complaints
        assert self.open_calls == []
