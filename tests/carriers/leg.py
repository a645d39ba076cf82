"""One call of a simulated carrier as its parts see it: who, how it is, since when."""

import math

import trio

from tests.carriers.ledger import CallEntry
from tests.carriers.line import Line
from tests.carriers.services import Services
from voicecalld.exchange.planning import speak


class CarrierLeg:
    """The state of one call; a carrier adds its order, and its way to the customer."""

    def __init__(self, services: Services, entry: CallEntry) -> None:
        self.services = services
        self.entry = entry
        self.line: Line | None = None
        self.created_s = services.unix_clock()
        self.answered_s: float | None = None
        self.ended_s: float | None = None
        self.answered_by = ""

    @property
    def talking(self) -> Line:
        """The line of an answered call."""
        assert self.line is not None
        return self.line

    @property
    def duration_s(self) -> int:
        """Whole seconds from the answer to the end."""
        if self.answered_s is None or self.ended_s is None:
            return 0
        return math.ceil(self.ended_s - self.answered_s)

    def change(self, status: str) -> None:
        """Let the call be in *status*."""
        self.entry.status = status
        self.note(status)

    def note(self, text: str) -> None:
        """Write one line into the carrier's diary."""
        self.services.ledger.note(self.entry.call, text)

    def complain(self, code: int, text: str) -> None:
        """Tell the customer of something wrong."""
        self.services.ledger.complain(self.entry.call, code, text)

    async def say(self, text: str) -> None:
        """Speak with the carrier's voice, to the end."""
        sound = await speak(text, self.services.voice)
        self.entry.texts.append(text)
        self.note(f"the callee hears: {text}")
        try:
            await self.talking.play(sound)
        except trio.Cancelled:
            self.entry.cut_texts.append(text)
            raise
