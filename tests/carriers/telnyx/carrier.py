"""A simulated Telnyx: its REST API, its telephones, its webhooks and its media streams.

Everything is real but the network behind it: real sockets, real time (or the clock of a test),
signatures that Telnyx's own library accepts. With ``port=None`` it opens none for its REST API;
then requests go to `SimulatedTelnyx.request`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Unpack

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.carriers.callee import Callee, build_callee
from tests.carriers.carrier import SimulatedCarrier, Surroundings, open_services
from tests.carriers.ledger import CallEntry
from tests.carriers.services import Services
from tests.carriers.telnyx.call import TelnyxCall
from tests.carriers.telnyx.leg import Leg, Order
from tests.carriers.telnyx.postman import render_public_key
from tests.carriers.telnyx.rest import Rest
from tests.carriers.telnyx.wire import new_control_id

CONNECTION_ID = "1684641123236054244"
API_KEY = "KEY0123456789ABCDEF_0fAt3st"

# What signs the webhooks of the program, so that its public half can stand in a file beforehand.
DEMO_PRIVATE_KEY = "dm9pY2VjYWxsZCdzIGRlbW8sIGtub3duIHRvIGFsbC4="


class SimulatedTelnyx(SimulatedCarrier):
    """The carrier; see `open_telnyx`."""

    def __init__(self, services: Services, callee: Callee, signing_key: Ed25519PrivateKey) -> None:
        self._services = services
        self._signing_key = signing_key
        self._rest = Rest(services, self._place)
        super().__init__(services, self._rest.answer, callee)

    @property
    def public_key(self) -> str:
        """What the webhooks are checked with, in base64."""
        return render_public_key(self._signing_key)

    @property
    def webhook_url(self) -> str:
        """Where the connection sends the events of calls that do not say otherwise."""
        return self._rest.webhook_url

    @webhook_url.setter
    def webhook_url(self, url: str) -> None:
        self._rest.webhook_url = url

    @property
    def orders(self) -> dict[str, Order]:
        """What the customer has wanted of every call, by its id."""
        return {call: found.leg.order for call, found in self._rest.calls.items()}

    def ring(self, from_: str, to: str, *, callee: Callee | None = None) -> CallEntry:
        """Let somebody call one of ``numbers``; gives the call, which has just begun."""
        order = Order(from_=from_, to=to, webhook_url=self.numbers[to].voice_url)
        return self._begin(order, "incoming", callee or self.callee).leg.entry

    def _place(self, order: Order) -> TelnyxCall:
        return self._begin(order, "outgoing", self.find_callee(order.to))

    def _begin(self, order: Order, direction: str, callee: Callee) -> TelnyxCall:
        entry = CallEntry(
            call=new_control_id(), from_=order.from_, to=order.to, direction=direction
        )
        services = self._services.of_call(order.to, order.from_)
        leg = Leg(services, order, entry, self._signing_key)
        call = TelnyxCall(leg, callee)
        self._rest.calls[entry.call] = call
        self.ledger.calls.append(entry)
        leg.change("queued")
        self._services.nursery.start_soon(call.run)
        return call


@asynccontextmanager
async def open_telnyx(
    *,
    port: int | None = 0,
    callee: Callee | None = None,
    connection_id: str = CONNECTION_ID,
    api_key: str = API_KEY,
    signing_key: Ed25519PrivateKey | None = None,
    **surroundings: Unpack[Surroundings],
) -> AsyncIterator[SimulatedTelnyx]:
    """A running carrier; what is left at the end of the block dies with it.

    Without a *signing_key* it makes a new one, whose public half is `public_key`.
    """
    key = signing_key or Ed25519PrivateKey.generate()
    async with open_services(connection_id, api_key, **surroundings) as services:
        carrier = SimulatedTelnyx(services, callee or build_callee(), key)
        async with carrier.running(port):
            yield carrier
