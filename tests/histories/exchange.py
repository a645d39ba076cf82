"""The carrier as it truly is: which calls live there, and what its REST API answers."""

from collections import deque
from collections.abc import AsyncIterator, Callable

import httpx  # noqa: ASYNC127 - as `voicecalld.net.http_client` does
import trio

from tests.histories.dialect import Asked, Dialect, Leg, Verb
from tests.histories.facts import Kind
from tests.histories.history import REFUSALS, Fate, Fault, History
from voicecalld.provider.http import HttpRequest, HttpResponse

STATUSES = {
    Fate.BAD_REQUEST: 400,
    Fate.UNAUTHORIZED: 401,
    Fate.UNPROCESSABLE: 422,
    Fate.TOO_MANY: 429,
    Fate.TOO_MANY_WAIT: 429,
    Fate.TOO_MANY_LONG: 429,
    Fate.TOO_MANY_DATE: 429,
    Fate.SERVER_ERROR: 500,
    Fate.UNAVAILABLE: 503,
    Fate.REDIRECTED: 302,
    Fate.HUGE_ERROR: 500,
}
RETRY_AFTER = {
    Fate.TOO_MANY_WAIT: "1",
    Fate.TOO_MANY_LONG: "3600",
    Fate.TOO_MANY_DATE: "Fri, 01 Jan 2027 00:00:00 GMT",
}
WORDS = b'{"message": "no", "error": "no", "errors": [{"code": "10015", "title": "no"}]}'

PIECE = bytes(1 << 16)
HUGE_PIECES = 10 * 16  # 10 MiB


class Body(httpx.AsyncByteStream):
    """The pieces of an answer; one that is cut breaks off behind them."""

    def __init__(self, *pieces: bytes, is_cut: bool = False) -> None:
        self.pieces = deque(pieces)
        self.is_cut = is_cut

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        await trio.lowlevel.checkpoint()
        if self.pieces:
            return self.pieces.popleft()
        if self.is_cut:
            raise httpx.RemoteProtocolError("the peer has closed the connection")
        raise StopAsyncIteration


class Exchange(httpx.AsyncBaseTransport):
    """Obeys what it is asked, and answers as *history* says; *tell* is told what is true then."""

    def __init__(self, dialect: Dialect, history: History, tell: Callable[[Kind], None]) -> None:
        self.dialect = dialect
        self.history = history
        self.tell = tell
        self.legs: list[Leg] = []
        self.strays: list[Leg] = []
        self.dials: dict[str, Leg] = {}
        self.faults = {True: deque(history.dial), False: deque(history.hang_ups)}
        self.dialled = trio.Event()
        self.requests = 0
        self.faulty = 0
        self.is_doubtful = False  # whether an answer to the dial has left open what it has done

    # --- calls -------------------------------------------------------------------------

    def add(self, *, is_inbound: bool = False, hook: str = "") -> Leg:
        """A new call."""
        number = len(self.legs) + len(self.strays) + 1
        name, order = (self.dialect.carrier.call(each) for each in (number, number + 100))
        is_alike = self.history.is_named_alike or not self.dialect.has_order_names
        return Leg(
            name=name,
            order=name if is_alike else order,
            is_inbound=is_inbound,
            ending=self.history.ending,
            hook=hook,
        )

    def end(self, leg: Leg, kind: Kind) -> None:
        """The call is over here, if it was not."""
        if leg.is_alive:
            leg.is_alive = False
            if leg in self.legs:
                self.tell(kind)

    def find(self, name: str, *, is_order: bool) -> Leg | None:
        """The living call, or its order, of this name."""
        for leg in (*self.legs, *self.strays):
            if leg.is_alive and name == (leg.order if is_order else leg.name):
                return leg
        return None

    # --- requests ----------------------------------------------------------------------

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request, one way or another."""
        self.requests += 1
        assert isinstance(request.stream, httpx.AsyncByteStream)
        body = b"".join([piece async for piece in request.stream])
        url = str(request.url)
        asked = self.dialect.read_request(HttpRequest(method=request.method, url=url, body=body))
        fault = self.take_fault(asked.verb)
        if fault is not None and asked.verb is Verb.DIAL:
            self.is_doubtful = self.is_doubtful or fault.fate not in REFUSALS
        answer = self.obey(asked, fault)
        if fault is not None and fault.fate is Fate.UNREACHABLE:
            raise httpx.ConnectError("no connection")
        await trio.sleep(self.latency_s(asked.verb))
        return await self.render(fault, answer)

    def take_fault(self, verb: Verb) -> Fault | None:
        """What goes wrong with this request."""
        if verb in {Verb.LOOK, Verb.COMMAND}:
            return None
        faults = self.faults[verb is Verb.DIAL]
        if not faults:
            return None
        self.faulty += 1
        is_last = len(faults) == 1 and verb is not Verb.DIAL and self.history.never_hangs_up
        return faults[0] if is_last else faults.popleft()

    def latency_s(self, verb: Verb) -> float:
        """How long the carrier takes to answer."""
        match verb:
            case Verb.DIAL:
                return self.history.dial_s
            case Verb.HANG_UP | Verb.CANCEL:
                return self.history.hang_up_s
            case _:
                return 0.0

    def obey(self, asked: Asked, fault: Fault | None) -> HttpResponse:
        """Do what is asked, if *fault* does not keep the carrier from it."""
        is_obeyed = fault is None or fault.is_obeyed
        if asked.verb is Verb.DIAL:
            return self.dial(asked) if is_obeyed else HttpResponse(status=500)
        leg = self.find(asked.name, is_order=asked.verb is Verb.CANCEL)
        if asked.verb is Verb.LOOK:
            return self.look(asked.name)
        if leg is None or (asked.verb is Verb.CANCEL and leg.is_answered):
            return self.dialect.gone
        if asked.verb is Verb.COMMAND:
            asked.note(leg)
        elif is_obeyed:
            self.end(leg, Kind.HUNG_UP)
        else:
            leg.refused_ends += 1
        return self.dialect.done

    def dial(self, asked: Asked) -> HttpResponse:
        """Place a call, but not the same twice."""
        leg = self.dials.get(asked.once)
        if leg is None or not asked.once:
            leg = self.add()
            asked.note(leg)
            self.legs.append(leg)
            self.dials[asked.once] = leg
            self.dialled.set()
        placed = self.dialect.placed(leg)
        leg.promise = placed.body
        return placed

    def look(self, name: str) -> HttpResponse:
        """How a call is."""
        for leg in (*self.legs, *self.strays):
            if leg.name == name:
                return self.dialect.describe(leg)
        return HttpResponse(status=404)

    # --- answers -----------------------------------------------------------------------

    async def render(self, fault: Fault | None, answer: HttpResponse) -> httpx.Response:
        """*answer*, or what has become of it."""
        if fault is None:
            return respond(answer.status, Body(answer.body))
        if fault.fate is Fate.SILENCE:
            await trio.sleep_forever()
        match fault.fate:
            case Fate.RESET:
                raise httpx.ReadError("the connection was reset")
            case Fate.CUT_JSON:
                return respond(answer.status, Body(answer.body[:-1]))
            case Fate.CUT_BODY:
                return respond(answer.status, Body(answer.body[:-1], is_cut=True))
            case Fate.HUGE:
                return respond(answer.status, Body(*[PIECE] * HUGE_PIECES))
            case Fate.HUGE_ERROR:
                return respond(500, Body(*[PIECE] * HUGE_PIECES))
            case fate:
                headers = {"retry-after": RETRY_AFTER[fate]} if fate in RETRY_AFTER else {}
                return respond(STATUSES[fate], Body(WORDS), headers)


def respond(status: int, body: Body, headers: dict[str, str] | None = None) -> httpx.Response:
    """An answer over HTTP."""
    return httpx.Response(status, headers=headers, stream=body)
