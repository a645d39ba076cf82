"""What the simulated carriers have in common: a REST API on loopback, callees, and a ledger."""

import functools
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

import trio

from tests.carriers.callee import Callee
from tests.carriers.faults import Faults
from tests.carriers.http_server import Answerer, serve_connection, spoil
from tests.carriers.ledger import CallEntry, Happening, Ledger
from tests.carriers.loopback import Loopback
from tests.carriers.outside import Outside
from tests.carriers.services import Services, utc_clock
from tests.fakes.spoken_voice import SpokenVoice
from voicecalld.net.wheel import Wheel
from voicecalld.provider.http import HttpRequest, HttpResponse
from voicecalld.speech.base import Synthesizer


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnNumber:
    """A number of the customer's, and what it has configured for calls to it."""

    voice_url: str
    status_url: str = ""


class SimulatedCarrier(ABC):
    """A carrier.

    ``callee`` is who answers wherever no one else is named in ``callees``, by number.
    """

    def __init__(self, services: Services, answer: Answerer, callee: Callee) -> None:
        self.callee = callee
        self.callees: dict[str, Callee] = {}
        self.numbers: dict[str, OwnNumber] = {}
        self.base_url = ""
        self._parts = services
        self._answer = answer

    @property
    @abstractmethod
    def orders(self) -> Mapping[str, Any]:
        """What the customer has wanted of every call, by its id."""

    @abstractmethod
    def ring(self, from_: str, to: str, *, callee: Callee | None = None) -> CallEntry:
        """Let somebody call one of ``numbers``; gives the call, which has just begun."""

    @property
    def ledger(self) -> Ledger:
        """Everything that has happened."""
        return self._parts.ledger

    @property
    def faults(self) -> Faults:
        """What goes wrong from now on."""
        return self._parts.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._parts.faults = faults

    def spoil(self, number: str, faults: Faults) -> None:
        """Let *faults* happen from now on to the calls of *number*, and to no others."""
        self._parts.spoil(number, faults)

    def find_callee(self, number: str) -> Callee:
        """Who answers at *number*."""
        return self.callees.get(number, self.callee)

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
        handler = functools.partial(serve_connection, self._answer)
        task_status.started()
        await trio.serve_listeners(handler, listeners)

    async def request(self, request: HttpRequest) -> HttpResponse:
        """Answer a request to the REST API without a network, with whole answers only."""
        await trio.lowlevel.checkpoint()
        return spoil(await self._answer(request))

    async def settle(self) -> None:
        """Wait until no call is left, and every webhook has been sent."""
        ledger = self.ledger
        await ledger.wait_until(lambda: not ledger.open_calls and not ledger.reports_under_way)

    @asynccontextmanager
    async def running(self, port: int | None) -> AsyncIterator[None]:
        """Run inside of the block; without a port, requests go to `request`."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._parts.wheel.run)
            if port is not None:
                await nursery.start(self.serve, port)
            yield
            nursery.cancel_scope.cancel()


class Surroundings(TypedDict, total=False):
    """What a carrier may be given; everything else is as in reality."""

    connect_to: tuple[str, int] | None
    faults: Faults | None
    voice: Synthesizer | None
    outside: Outside | None
    unix_clock: Callable[[], float]
    tell: Callable[[Happening], None] | None


@asynccontextmanager
async def open_services(
    account: str, secret: str, **given: Unpack[Surroundings]
) -> AsyncIterator[Services]:
    """The parts of a carrier; the calls that are left at the end of the block die with it."""
    async with trio.open_nursery() as calls:
        yield Services(
            account=account,
            secret=secret,
            outside=given.get("outside") or Loopback(given.get("connect_to")),
            faults=given.get("faults") or Faults(),
            voice=given.get("voice") or SpokenVoice(),
            ledger=Ledger(tell=given.get("tell")),
            wheel=Wheel(),
            nursery=calls,
            unix_clock=given.get("unix_clock", utc_clock),
        )
        calls.cancel_scope.cancel()
