"""Twilio's REST API for calls, in front of the simulated carrier."""

import hmac
import itertools
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from tests.carriers.faults import Answering
from tests.carriers.rest_door import Asked, RestDoor, decode_basic, lower_names
from tests.carriers.services import Services
from tests.carriers.twilio.call import TwilioCall
from tests.carriers.twilio.leg import Order
from tests.carriers.twilio.rest_wire import (
    RefusedError,
    answer_json,
    answer_refusal,
    name_mistakes,
    parse_form,
    parse_order,
    parse_update,
    render_call,
    render_list,
)
from tests.carriers.twilio.wire import API_VERSION
from voicecalld.provider.http import HttpRequest, HttpResponse

PATH = re.compile(rf"/{API_VERSION}/Accounts/(AC\w+)/Calls(?:/(CA[0-9a-f]{{32}}))?\.json")
REFUSED_BY_FAULT = {
    Answering.TOO_MANY: RefusedError(429, 20429, "Too Many Requests"),
    Answering.UNAVAILABLE: RefusedError(503, 20503, "Service Unavailable"),
}

# To end a call that has ended: the first is documented, customers have seen the second.
WRONG_STATE = (400, 21220, "Call is not in-progress. Cannot redirect.")
NOT_FOUND = (404, 20404, "The requested resource was not found")


class Rest(RestDoor):
    """Answers requests; `place` makes a call of an order.

    Who ends a call that has ended is refused in two ways by turns.
    """

    def __init__(self, services: Services, place: Callable[[Order], TwilioCall]) -> None:
        super().__init__(services)
        self.calls: dict[str, TwilioCall] = {}
        self._place = place
        self._refusals_of_the_dead = itertools.cycle((WRONG_STATE, NOT_FOUND))

    def read(self, request: HttpRequest) -> Asked:
        """What *request* is about."""
        found = PATH.fullmatch(urlsplit(request.url).path)
        sid = (found[2] if found else None) or ""
        what = f"{request.method} {sid or 'Calls'}"
        if request.method == "GET":
            return Asked(kind="fetch", what=what, call=sid)
        return Asked(kind="update" if sid else "dial", what=what, call=sid)

    def refuse(
        self,
        request: HttpRequest,  # noqa: ARG002 - it is the same for all
        how: Answering,
    ) -> HttpResponse:
        """The answer to a request that nobody obeys."""
        return answer_refusal(REFUSED_BY_FAULT[how])

    def obey(self, request: HttpRequest) -> HttpResponse:
        """Do what *request* says, or refuse it in Twilio's words."""
        found = PATH.fullmatch(urlsplit(request.url).path)
        try:
            self._check_account(request, found)
            return self._obey(request, found[2] if found else None)
        except RefusedError as refusal:
            return answer_refusal(refusal)

    def _check_account(self, request: HttpRequest, found: re.Match[str] | None) -> None:
        headers = lower_names(request)
        wanted = f"{self.services.account}:{self.services.secret}"
        if not hmac.compare_digest(decode_basic(headers.get("authorization", "")), wanted):
            raise RefusedError(401, 20003, "Authenticate")
        if found is None or found[1] != self.services.account:
            raise RefusedError(404, 20404, f"The requested resource {request.url} was not found")
        kind = headers.get("content-type", "").partition(";")[0]
        if request.method == "POST" and kind != "application/x-www-form-urlencoded":
            raise RefusedError(415, 20415, f"Content-Type is {kind}")

    def _obey(self, request: HttpRequest, sid: str | None) -> HttpResponse:
        match request.method, sid:
            case "POST", None:
                return self._create(request)
            case "POST", str():
                return self._update(self._find(sid), request)
            case "GET", None:
                return self._list(request)
            case "GET", str():
                return answer_json(200, render_call(self._find(sid).leg))
            case _:
                raise RefusedError(405, 20004, "Method not allowed")

    def _find(self, sid: str) -> TwilioCall:
        if sid not in self.calls:
            raise RefusedError(404, 20404, f"The requested resource {sid} was not found")
        return self.calls[sid]

    def _create(self, request: HttpRequest) -> HttpResponse:
        form = parse_form(request.body)
        call = self._place(parse_order(form))
        for mistake in name_mistakes(form):
            call.leg.complain(21626, mistake)
        return answer_json(201, render_call(call.leg))

    def _list(self, request: HttpRequest) -> HttpResponse:
        query = parse_qs(urlsplit(request.url).query)
        wanted = {name: values[0] for name, values in query.items()}
        legs = [
            call.leg
            for call in reversed(self.calls.values())
            if wanted.get("To", call.leg.entry.to) == call.leg.entry.to
            and wanted.get("From", call.leg.entry.from_) == call.leg.entry.from_
            and wanted.get("Status", call.leg.entry.status) == call.leg.entry.status
        ]
        return answer_json(200, render_list(legs, request.url))

    def _update(self, call: TwilioCall, request: HttpRequest) -> HttpResponse:
        update = parse_update(parse_form(request.body))
        status = call.leg.entry.status
        if update.source is not None:
            if status != "in-progress":
                raise RefusedError(400, 21220, "Call is not in-progress. Cannot redirect.")
            call.redirect(update.source)
        elif call.leg.has_ended:
            raise RefusedError(*next(self._refusals_of_the_dead))
        elif update.status == "completed":
            call.end("completed")
        elif status not in {"queued", "ringing"}:
            raise RefusedError(400, 21220, "Call is in-progress. Cannot cancel.")
        else:
            call.end("canceled")
        return answer_json(200, render_call(call.leg))
