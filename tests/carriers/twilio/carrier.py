"""A simulated Twilio: its REST API, its telephones, its webhooks and its media streams.

Everything is real but the network behind it: real sockets, real time (or the clock of a test),
signatures made by Twilio's own library. With ``port=None`` it opens none for its REST API; then
requests go to `SimulatedTwilio.request`.
"""

import functools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import trio

from tests.carriers.callee import Callee, build_callee
from tests.carriers.faults import Faults
from tests.carriers.http_server import serve_connection, spoil
from tests.carriers.ledger import CallEntry, Happening, Ledger
from tests.carriers.loopback import Loopback
from tests.carriers.outside import Outside
from tests.carriers.twilio.call import TwilioCall
from tests.carriers.twilio.leg import Fetch, Leg, Order
from tests.carriers.twilio.rest import Rest
from tests.carriers.twilio.services import Services
from tests.carriers.twilio.wire import new_sid
from tests.fakes.spoken_voice import SpokenVoice
from voicecalld.net.wheel import Wheel
from voicecalld.provider.http import HttpRequest, HttpResponse
from voicecalld.speech.base import Synthesizer

ACCOUNT_SID = "AC0123456789abcdef0123456789abcdef"
AUTH_TOKEN = "5up3r-s3cr3t-0f-a-t3st"  # noqa: S105 - it opens nothing but this simulator


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnNumber:
    """A number of the customer's, and what it has configured for calls to it."""

    voice_url: str
    status_url: str = ""


def utc_clock() -> float:
    """Seconds since 1970."""
    return datetime.now(UTC).timestamp()


class SimulatedTwilio:
    """The carrier; see `open_twilio`.

    ``callee`` is who answers wherever no one else is named in ``callees``, by number.
    """

    def __init__(self, services: Services, callee: Callee) -> None:
        self.services = services
        self.callee = callee
        self.callees: dict[str, Callee] = {}
        self.numbers: dict[str, OwnNumber] = {}
        self.base_url = ""
        self._rest = Rest(services, self._place)

    @property
    def ledger(self) -> Ledger:
        """Everything that has happened."""
        return self.services.ledger

    @property
    def faults(self) -> Faults:
        """What goes wrong from now on."""
        return self.services.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self.services.faults = faults

    async def serve(
        self,
        port: int,
        *,
        host: str = "127.0.0.1",
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve the REST API until cancelled; with port 0 the system chooses one."""
        listeners = await trio.open_tcp_listeners(port, host=host)
        self.base_url = f"http://{host}:{listeners[0].socket.getsockname()[1]}"
        handler = functools.partial(serve_connection, self._rest.answer)
        task_status.started()
        await trio.serve_listeners(handler, listeners)

    async def request(self, request: HttpRequest) -> HttpResponse:
        """Answer a request to the REST API without a network, with whole answers only."""
        await trio.lowlevel.checkpoint()
        return spoil(await self._rest.answer(request))

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

    async def settle(self) -> None:
        """Wait until no call is left, and every webhook has been sent."""
        ledger = self.ledger
        await ledger.wait_until(lambda: not ledger.open_calls and not ledger.reports_under_way)

    def _place(self, order: Order) -> TwilioCall:
        return self._begin(order, "outbound-api", self.callees.get(order.to, self.callee))

    def _begin(self, order: Order, direction: str, callee: Callee) -> TwilioCall:
        entry = CallEntry(call=new_sid("CA"), from_=order.from_, to=order.to, direction=direction)
        leg = Leg(self.services, order, entry)
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
    connect_to: tuple[str, int] | None = None,
    callee: Callee | None = None,
    faults: Faults | None = None,
    account_sid: str = ACCOUNT_SID,
    auth_token: str = AUTH_TOKEN,
    voice: Synthesizer | None = None,
    outside: Outside | None = None,
    unix_clock: Callable[[], float] = utc_clock,
    tell: Callable[[Happening], None] | None = None,
) -> AsyncIterator[SimulatedTwilio]:
    """A running carrier; what is left at the end of the block dies with it."""
    async with trio.open_nursery() as nursery, trio.open_nursery() as calls:
        services = Services(
            account_sid=account_sid,
            auth_token=auth_token,
            outside=outside or Loopback(connect_to),
            faults=faults or Faults(),
            voice=voice or SpokenVoice(),
            ledger=Ledger(tell=tell),
            wheel=Wheel(),
            nursery=calls,
            unix_clock=unix_clock,
        )
        carrier = SimulatedTwilio(services, callee or build_callee())
        nursery.start_soon(services.wheel.run)
        if port is not None:
            await nursery.start(carrier.serve, port)
        yield carrier
        nursery.cancel_scope.cancel()
