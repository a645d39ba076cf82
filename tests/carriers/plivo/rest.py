"""Plivo's REST API for calls, in front of the simulated carrier."""

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from tests.carriers.faults import Answering
from tests.carriers.plivo.call import PlivoCall
from tests.carriers.plivo.leg import Order
from tests.carriers.plivo.rest_wire import (
    RefusedError,
    answer_json,
    name_mistakes,
    parse_body,
    parse_digits,
    parse_order,
    parse_transfer,
    render_live,
    render_record,
)
from tests.carriers.plivo.wire import Warned
from tests.carriers.rest_door import Asked, RestDoor, decode_basic, lower_names
from tests.carriers.services import Services
from voicecalld.provider.http import HttpRequest, HttpResponse

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# Nothing is found without the slash at the end.
PATH = re.compile(rf"/v1/Account/((?:MA|SA)\w{{18}})/(Call|Request)/(?:({UUID})/)?(?:(DTMF)/)?")
REFUSED_BY_FAULT = {
    Answering.TOO_MANY: (429, "too many requests"),
    Answering.UNAVAILABLE: (503, "service unavailable"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A path: ``Call``, ``Call/DTMF`` or ``Request``, of which call."""

    account: str
    resource: str
    uuid: str


def find_route(request: HttpRequest) -> Route:
    """What a request is about; an unknown path has no resource."""
    found = PATH.fullmatch(urlsplit(request.url).path)
    if found is None:
        return Route(account="", resource="", uuid="")
    account, resource, uuid, below = found.groups()
    resource = f"{resource}/{below}" if below else resource
    return Route(account=account, resource=resource, uuid=uuid or "")


class Rest(RestDoor):
    """Answers requests; `place` makes a call of an order.

    ``calls`` are by CallUUID, which nobody knows before the first webhook; ``orders`` are by
    request_uuid.
    """

    def __init__(self, services: Services, place: Callable[[Order], PlivoCall]) -> None:
        super().__init__(services)
        self.calls: dict[str, PlivoCall] = {}
        self.orders: dict[str, PlivoCall] = {}
        self._place = place

    def read(self, request: HttpRequest) -> Asked:
        """What *request* is about."""
        route = find_route(request)
        parts = route.resource.split("/")
        named = {"Call": "", "Request": "Request/"}.get(parts[0], "")
        below = f"/{parts[1]}" if len(parts) > 1 else ""
        what = f"{request.method} {named}{route.uuid or parts[0]}{below}"
        if request.method == "GET":
            return Asked(kind="fetch", what=what, call=route.uuid)
        return Asked(kind="update" if route.uuid else "dial", what=what, call=route.uuid)

    def refuse(
        self,
        request: HttpRequest,  # noqa: ARG002 - it is the same for all
        how: Answering,
    ) -> HttpResponse:
        """The answer to a request that nobody obeys."""
        status, message = REFUSED_BY_FAULT[how]
        return answer_json(status, {"error": message})

    def obey(self, request: HttpRequest) -> HttpResponse:
        """Do what *request* says, or refuse it in Plivo's words."""
        route = find_route(request)
        try:
            self._check_account(request, route)
            return self._obey(request, route)
        except RefusedError as refusal:
            return answer_json(refusal.status, {"error": str(refusal)})

    def _check_account(self, request: HttpRequest, route: Route) -> None:
        headers = lower_names(request)
        wanted = f"{self.services.account}:{self.services.secret}"
        if not hmac.compare_digest(decode_basic(headers.get("authorization", "")), wanted):
            raise RefusedError(401, "Could not verify your access level for that URL.")
        if route.account != self.services.account:
            raise RefusedError(404, "not found")
        kind = headers.get("content-type", "").partition(";")[0]
        if request.method == "POST" and kind != "application/json":
            raise RefusedError(415, f"Content-Type is {kind}")

    def _obey(self, request: HttpRequest, route: Route) -> HttpResponse:
        match request.method, route.resource, bool(route.uuid):
            case "POST", "Call", False:
                return self._create(request)
            case "GET", "Call", False:
                return self._list(request)
            case "GET", "Call", True:
                return self._fetch(request, route.uuid)
            case "POST", "Call", True:
                return self._transfer(request, route.uuid)
            case "POST", "Call/DTMF", True:
                return self._press(request, route.uuid)
            case "DELETE", "Call", True:
                self._find_live(route.uuid).hang_up()
                return HttpResponse(status=204)
            case "DELETE", "Request", True:
                return self._cancel(route.uuid)
            case _:
                raise RefusedError(405, "method not allowed")

    def _create(self, request: HttpRequest) -> HttpResponse:
        fields = parse_body(request.body)
        call = self._place(parse_order(fields))
        for mistake in name_mistakes(fields):
            call.leg.complain(Warned.BAD_PARAMETER, mistake)
        content = {"message": "call fired", "request_uuid": call.leg.request_uuid}
        return answer_json(201, content)

    def _find_live(self, uuid: str) -> PlivoCall:
        """A call that rings or goes on; one that is only queued has no CallUUID yet."""
        call = self.calls.get(uuid)
        if call is None or not call.leg.is_live:
            raise RefusedError(404, "call not found")
        return call

    def _find_answered(self, uuid: str) -> PlivoCall:
        call = self._find_live(uuid)
        if call.leg.answered_s is None:
            raise RefusedError(404, "call not found")
        return call

    def _transfer(self, request: HttpRequest, uuid: str) -> HttpResponse:
        source = parse_transfer(parse_body(request.body))
        self._find_answered(uuid).redirect(source)
        return answer_json(202, {"message": "call transferred", "call_uuids": [uuid]})

    def _press(self, request: HttpRequest, uuid: str) -> HttpResponse:
        digits = parse_digits(parse_body(request.body))
        self._find_answered(uuid).leg.talking.press(digits)
        return answer_json(202, {"message": "digits sent"})

    def _cancel(self, request_uuid: str) -> HttpResponse:
        call = self.orders.get(request_uuid)
        if call is None or call.leg.ending is not None or call.leg.answered_s is not None:
            raise RefusedError(404, "request not found")
        call.hang_up()
        return HttpResponse(status=204)

    def _fetch(self, request: HttpRequest, uuid: str) -> HttpResponse:
        match read_status(request):
            case "live":
                return answer_json(200, render_live(self._find_live(uuid).leg))
            case "queued":
                order = self.orders.get(uuid)
                if order is None or order.leg.entry.status != "queued":
                    raise RefusedError(404, "call not found")
                return answer_json(200, render_live(order.leg))
            case _:
                call = self.calls.get(uuid)
                if call is None or call.leg.ending is None:
                    raise RefusedError(404, "call not found")
                return answer_json(200, render_record(call.leg))

    def _list(self, request: HttpRequest) -> HttpResponse:
        legs = [call.leg for call in reversed(self.calls.values())]
        match read_status(request):
            case "live":
                return answer_json(200, {"calls": [leg.uuid for leg in legs if leg.is_live]})
            case "queued":
                queued = [leg.request_uuid for leg in legs if leg.entry.status == "queued"]
                return answer_json(200, {"calls": queued})
            case _:
                records = [render_record(leg) for leg in legs if leg.ending is not None]
                meta = {"limit": 20, "offset": 0, "next": None, "previous": None}
                content = {"meta": {**meta, "total_count": len(records)}, "objects": records}
                return answer_json(200, content)


def read_status(request: HttpRequest) -> str:
    """Which calls are asked for; nothing for those that are over."""
    return parse_qs(urlsplit(request.url).query).get("status", [""])[0]
