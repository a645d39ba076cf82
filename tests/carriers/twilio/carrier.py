"""A simulated Twilio: its REST API, its telephones, its webhooks and its media streams.

Everything is real but the network behind it: real sockets, real time (or the clock of a test),
signatures made by Twilio's own library. With ``port=None`` it opens none for its REST API; then
requests go to `SimulatedTwilio.request`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Unpack

from tests.carriers.callee import Callee, build_callee
from tests.carriers.carrier import SimulatedCarrier, Surroundings, open_services
from tests.carriers.ledger import CallEntry
from tests.carriers.services import Services
from tests.carriers.twilio.call import TwilioCall
from tests.carriers.twilio.leg import Fetch, Leg, Order
from tests.carriers.twilio.rest import Rest
from tests.carriers.twilio.wire import new_sid

ACCOUNT_SID = "AC0123456789abcdef0123456789abcdef"
AUTH_TOKEN = "5up3r-s3cr3t-0f-a-t3st"  # noqa: S105 - it opens nothing but this simulator


class SimulatedTwilio(SimulatedCarrier):
    """The carrier; see `open_twilio`."""

    def __init__(self, services: Services, callee: Callee) -> None:
        self.services = services
        self._rest = Rest(services, self._place)
        super().__init__(services, self._rest.answer, callee)

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
            source=Fetch(url=number.voice_url),
            status_url=number.status_url,
        )
        return self._begin(order, "inbound", callee or self.callee).leg.entry

    def _place(self, order: Order) -> TwilioCall:
        return self._begin(order, "outbound-api", self.find_callee(order.to))

    def _begin(self, order: Order, direction: str, callee: Callee) -> TwilioCall:
        entry = CallEntry(call=new_sid("CA"), from_=order.from_, to=order.to, direction=direction)
        services = self.services.of_call(order.to, order.from_)
        leg = Leg(services, order, entry)
        call = TwilioCall(leg, callee)
        self._rest.calls[leg.sid] = call
        self.ledger.calls.append(entry)
        leg.change("queued")
        self.services.nursery.start_soon(call.run)
        return call


@asynccontextmanager
async def open_twilio(
    *,
    port: int | None = 0,
    callee: Callee | None = None,
    account_sid: str = ACCOUNT_SID,
    auth_token: str = AUTH_TOKEN,
    **surroundings: Unpack[Surroundings],
) -> AsyncIterator[SimulatedTwilio]:
    """A running carrier; what is left at the end of the block dies with it."""
    async with open_services(account_sid, auth_token, **surroundings) as services:
        carrier = SimulatedTwilio(services, callee or build_callee())
        async with carrier.running(port):
            yield carrier
