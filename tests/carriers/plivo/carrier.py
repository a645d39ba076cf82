"""A simulated Plivo: its REST API, its telephones, its webhooks and its media streams.

Everything is real but the network behind it: real sockets, real time (or the clock of a test),
signatures made by Plivo's own library. With ``port=None`` it opens none for its REST API; then
requests go to `SimulatedPlivo.request`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Unpack

from tests.carriers.callee import Callee, build_callee
from tests.carriers.carrier import SimulatedCarrier, Surroundings, open_services
from tests.carriers.ledger import CallEntry
from tests.carriers.plivo.call import PlivoCall
from tests.carriers.plivo.leg import Fetch, Leg, Order, Target
from tests.carriers.plivo.rest import Rest
from tests.carriers.plivo.signer import Signer
from tests.carriers.plivo.wire import new_uuid
from tests.carriers.services import Services

AUTH_ID = "MA0123456789ABCDEFGH"
AUTH_TOKEN = "5up3r-s3cr3t-0f-a-t3st"  # noqa: S105 - it opens nothing but this simulator


class SimulatedPlivo(SimulatedCarrier):
    """The carrier; see `open_plivo`.

    With ``renames_calls`` the CallUUID of a call that was placed is not its request_uuid.
    """

    def __init__(self, services: Services, signer: Signer, callee: Callee) -> None:
        self._rest = Rest(services, self._place)
        super().__init__(services, self._rest.answer, callee)
        self.services = services
        self.signer = signer
        self.renames_calls = False

    @property
    def orders(self) -> dict[str, Order]:
        """What the customer has wanted of every call, by its id."""
        return {call: found.leg.order for call, found in self._rest.calls.items()}

    def ring(self, from_: str, to: str, *, callee: Callee | None = None) -> CallEntry:
        """Let somebody call one of ``numbers``; gives the call, which has just begun."""
        number = self.numbers[to]
        order = Order(
            from_=from_,
            to=to,
            source=Fetch(url=number.voice_url, event="StartApp"),
            hangup=Target(url=number.status_url),
        )
        return self._begin(order, "inbound", callee or self.callee).leg.entry

    def _place(self, order: Order) -> PlivoCall:
        return self._begin(order, "outbound", self.find_callee(order.to))

    def _begin(self, order: Order, direction: str, callee: Callee) -> PlivoCall:
        entry = CallEntry(call=new_uuid(), from_=order.from_, to=order.to, direction=direction)
        request_uuid = new_uuid() if self.renames_calls else entry.call
        services = self.services.of_call(order.to, order.from_)
        leg = Leg(services, self.signer, order, entry, request_uuid=request_uuid)
        call = PlivoCall(leg, callee)
        self._rest.calls[entry.call] = call
        if direction == "outbound":
            self._rest.orders[request_uuid] = call
        self.ledger.calls.append(entry)
        leg.change("queued")
        self.services.nursery.start_soon(call.run)
        return call


@asynccontextmanager
async def open_plivo(
    *,
    port: int | None = 0,
    callee: Callee | None = None,
    auth_id: str = AUTH_ID,
    auth_token: str = AUTH_TOKEN,
    **surroundings: Unpack[Surroundings],
) -> AsyncIterator[SimulatedPlivo]:
    """A running carrier; what is left at the end of the block dies with it."""
    async with open_services(auth_id, auth_token, **surroundings) as services:
        carrier = SimulatedPlivo(services, Signer(token=auth_token), callee or build_callee())
        async with carrier.running(port):
            yield carrier
