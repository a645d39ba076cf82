"""How one call gets the name by which its carrier knows it.

The answer to the dial gives one, and so does whatever the carrier reports of the call: both may
come first, or never. Some carriers name only the order when they are asked to dial; the call
itself gets its name when they first report it.
"""

from collections.abc import Callable
from typing import Final

import structlog
import trio

from voicecalld.call.events import CallEvent, EndReason, HungUp, Placed
from voicecalld.errors import CallRefusedError, CarrierError, OutcomeUnknownError
from voicecalld.ids import ProviderCallId
from voicecalld.provider.base import PlaceOrder
from voicecalld.switchboard.carrier_leg import CarrierLeg
from voicecalld.switchboard.notes import Notes
from voicecalld.switchboard.outcome import Outcome

log: Final = structlog.get_logger()

# A dial that was obeyed though its answer was lost is reported as it rings, within seconds.
NAMING_S = 10.0


class Placing:
    """Tells the call when it is placed, and whoever has asked for the call in ``placed``."""

    def __init__(self, notes: Notes, leg: CarrierLeg, tell: Callable[[CallEvent], None]) -> None:
        self.notes = notes
        self.leg = leg
        self.tell = tell
        self.placed = Outcome[ProviderCallId]()
        self.named = trio.Event()
        self.dialling = trio.CancelScope(shield=True)
        self.refusal = ""  # why the call was not placed
        if leg.call is not None:
            self.named.set()

    async def place(self, order: PlaceOrder) -> None:
        """Ask the carrier to dial."""
        try:
            # Also when the call is ended meanwhile: a call that nobody knows could not be hung up.
            with self.dialling:  # it has a bound of its own
                placed = await self.leg.place(order)
        except CarrierError as error:
            is_open = isinstance(error, OutcomeUnknownError)
            log.warning(
                "nobody knows whether the call is placed" if is_open else "call not placed",
                reason=str(error),
            )
            with trio.move_on_after(NAMING_S if is_open else 0):
                await self.named.wait()
            if not self.named.is_set():  # else its reports or its sound have proved it placed
                self.refusal = f"the call was not placed: {error}"
                self.placed.fail(CallRefusedError(self.refusal))
                self.tell(HungUp(reason=EndReason.FAILED, by_us=True))
        else:
            self.name(placed)

    def name(self, named: ProviderCallId) -> None:
        """The carrier calls the call, or perhaps the order to place it, *named*."""
        if not self.named.is_set():
            self.named.set()
            self.dialling.shield = False  # whoever has a name is hung up without that answer
            self.leg.call = named
            self.tell(Placed(provider_call_id=named))

    def learn(self, named: ProviderCallId, placed_as: ProviderCallId | None) -> None:
        """The carrier has reported the call *named*, and the order to place it *placed_as*.

        The answer to the dial may be lost, and a call without a name could not be hung up.
        """
        self.leg.has_reported = True
        self.name(named)
        if self.leg.call == placed_as:
            self.leg.call = named
            self.notes.on_renamed(named)

    def on_placed(self, named: ProviderCallId) -> None:
        """The call has taken notice that it is placed, and *named* so at that time."""
        self.leg.call = self.leg.call or named
        self.notes.on_placed(self.leg.call)
        self.placed.succeed(self.leg.call)
