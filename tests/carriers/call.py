"""The life of one call of a simulated carrier: placed, ringing, answered, performed, ended."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping

import trio

from tests.carriers.callee import Callee, Prepared, prepare
from tests.carriers.leg import CarrierLeg
from tests.carriers.line import Line

# Between the request and each of the first two states; a real carrier takes longer.
DIAL_S = 0.05
# How the callee's telephone ends a call that nobody takes.
REFUSALS: Mapping[str, str] = {"busy": "busy", "rejects": "failed"}


class CarrierCall(ABC):
    """Runs once; `end` may be called from outside at any time.

    An outcome is ``completed``, ``busy``, ``no-answer``, ``canceled``, ``failed``, or whatever
    else a carrier tells apart.
    """

    def __init__(self, leg: CarrierLeg, callee: Callee) -> None:
        self.callee = callee
        self.was_too_long = False  # it was ended at its time limit
        self._base_leg = leg
        self._life = trio.CancelScope()
        self._outcome = "failed"

    @abstractmethod
    async def live(self, prepared: Prepared) -> str:
        """Live until the end; gives the outcome."""

    @abstractmethod
    def finish(self, outcome: str) -> None:
        """Let the call be over, and report it."""

    async def run(self) -> None:
        """Live until the end."""
        leg = self._base_leg
        try:
            prepared = await prepare(self.callee, leg.services.voice)
            with self._life:
                self._outcome = await self.live(prepared)
        finally:
            leg.ended_s = leg.services.unix_clock()
            self.finish(self._outcome)
            leg.entry.is_over = True
            leg.services.ledger.touch()

    def end(self, outcome: str) -> None:
        """End the call, however it is."""
        self._outcome = outcome
        self._life.cancel()

    async def ring_out(self, longest_s: float) -> str | None:
        """Let the callee's telephone ring; gives how that ended, None: somebody has answered."""
        behaviour = self.callee.phone.behaviour
        rings_s = self.callee.answers_after_s
        if rings_s >= longest_s or behaviour == "no-answer":
            await trio.sleep(min(rings_s, longest_s))
            return "no-answer"
        await trio.sleep(rings_s)
        return REFUSALS.get(behaviour)

    async def talk(
        self,
        prepared: Prepared,
        limit_s: float,
        hold: Callable[[trio.Nursery], Awaitable[None]],
    ) -> str:
        """Everything from the answer to the end of *hold*; what hangs in its nursery ends too."""
        leg = self._base_leg
        person = prepared.pick_up(trio.current_time())
        leg.line = Line(
            person, leg.entry, leg.services.ledger, hang_up=lambda: self.end("completed")
        )
        with (
            leg.services.wheel.turning(leg.line),
            trio.move_on_after(limit_s) as limit,
        ):
            async with trio.open_nursery() as nursery:
                await hold(nursery)
                nursery.cancel_scope.cancel()
        self.was_too_long = limit.cancelled_caught
        return "completed"
