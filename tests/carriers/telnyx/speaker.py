"""The carrier's own voice on a call: one text after the other, until somebody stops it."""

from collections import deque
from collections.abc import Callable

import trio

from tests.carriers.telnyx.leg import Leg


class Speaker:
    """Speaks while `run` runs; ``on_said`` is told each text that was said to its end."""

    def __init__(self, leg: Leg, on_said: Callable[[str], None]) -> None:
        self._leg = leg
        self._on_said = on_said
        self._texts: deque[str] = deque()
        self._wake = trio.Event()
        self._saying = trio.CancelScope()

    def say(self, text: str) -> None:
        """Say it after all that waits."""
        self._texts.append(text)
        self._wake.set()

    def stop(self, *, drops_queue: bool) -> None:
        """Stop what is being said; the next text follows, unless the queue is dropped."""
        if drops_queue:
            self._texts.clear()
        self._saying.cancel()

    async def run(self) -> None:
        """Speak until cancelled."""
        while True:
            while not self._texts:
                self._wake = trio.Event()
                await self._wake.wait()
            await self._say(self._texts.popleft())

    async def _say(self, text: str) -> None:
        self._leg.report("call.speak.started")
        # The API has no word for a text that was stopped; its other one is for answering machines.
        status = "call_hangup"
        try:
            with trio.CancelScope() as self._saying:
                await self._leg.say(text)
            if not self._saying.cancelled_caught:
                self._on_said(text)
            status = "completed"
        finally:
            self._leg.report("call.speak.ended", status=status)
