"""Telnyx's REST API for calls, in front of the simulated carrier."""

import hmac
import itertools
import re
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from tests.carriers.faults import Answering
from tests.carriers.rest_door import Asked, RestDoor, lower_names
from tests.carriers.services import Services
from tests.carriers.telnyx.actions import ACTIONS
from tests.carriers.telnyx.call import TelnyxCall
from tests.carriers.telnyx.leg import Order
from tests.carriers.telnyx.refusal import (
    RefusedError,
    answer_json,
    answer_refusal,
    bad_call_id,
    call_has_ended,
    unknown_call,
)
from tests.carriers.telnyx.rest_wire import (
    Fields,
    name_mistakes,
    parse_body,
    parse_order,
    render_call,
)
from tests.carriers.telnyx.wire import UNKNOWN_PARAMETER
from voicecalld.provider.http import HttpRequest, HttpResponse

PATH = re.compile(r"/v2/calls(?:/([^/]+)(?:/actions/([a-z_]+))?)?")
LONGEST_COMMAND_ID = 255
RESET_S = 1
LIMITS = {"x-ratelimit-limit": "10", "x-ratelimit-remaining": "0"}


def refuse_by_fault(how: Answering) -> RefusedError:
    """A refusal that the customer has not deserved."""
    if how is Answering.TOO_MANY:
        headers = {**LIMITS, "x-ratelimit-reset": str(RESET_S)}
        return RefusedError(429, 10011, "Too many requests", headers=headers)
    return RefusedError(503, 10007, "Service Unavailable")


class Rest(RestDoor):
    """Answers requests; `place` makes a call of an order.

    ``webhook_url`` is what the connection has configured for calls that do not say otherwise.
    Who ends a call that has ended is refused in all the ways that have been seen, by turns.
    """

    def __init__(self, services: Services, place: Callable[[Order], TelnyxCall]) -> None:
        super().__init__(services)
        self.calls: dict[str, TelnyxCall] = {}
        self.webhook_url = ""
        self._place = place
        self._placed: dict[str, TelnyxCall] = {}  # by the command's id
        self._done: set[tuple[str, str]] = set()  # call and command
        self._refusals_of_the_dead = itertools.cycle((call_has_ended, unknown_call, bad_call_id))

    def read(self, request: HttpRequest) -> Asked:
        """What *request* is about."""
        found = PATH.fullmatch(urlsplit(request.url).path)
        call = unquote((found and found[1]) or "")
        command = (found and found[2]) or ""
        if request.method == "GET":
            return Asked(kind="fetch", what=f"GET {call or 'calls'}", call=call)
        what = f"{request.method} {call or 'calls'} {command}".rstrip()
        return Asked(kind="update" if call else "dial", what=what, call=call, command=command)

    def refuse(
        self,
        request: HttpRequest,  # noqa: ARG002 - it makes no difference here
        how: Answering,
    ) -> HttpResponse:
        """The answer to a request that a fault lets nobody obey."""
        return answer_refusal(refuse_by_fault(how))

    def obey(self, request: HttpRequest) -> HttpResponse:
        """Do what *request* says, or refuse it in Telnyx's words."""
        try:
            self._check(request)
            return self._obey(request, self.read(request))
        except RefusedError as refusal:
            return answer_refusal(refusal)

    def _check(self, request: HttpRequest) -> None:
        headers = lower_names(request)
        wanted = f"Bearer {self.services.secret}"
        if not hmac.compare_digest(headers.get("authorization", ""), wanted):
            raise RefusedError(401, 10009, "Authentication failed")
        if PATH.fullmatch(urlsplit(request.url).path) is None:
            raise RefusedError(404, 10005, "Resource not found")
        kind = headers.get("content-type", "").partition(";")[0]
        if request.method == "POST" and request.body and kind != "application/json":
            raise RefusedError(415, 10015, "Bad Request", f"Content-Type is {kind}")

    def _obey(self, request: HttpRequest, asked: Asked) -> HttpResponse:
        match request.method, asked.call, asked.command:
            case "POST", "", "":
                return self._dial(parse_body(request.body))
            case "GET", str(call), "" if call:
                return answer_json(200, render_call(self._find(call).leg))
            case "POST", str(call), str(command) if command in ACTIONS:
                self._command(self._find(call), command, parse_body(request.body))
                return answer_json(200, {"data": {"result": "ok"}})
            case _:
                raise RefusedError(404, 10005, "Resource not found")

    def _find(self, call: str) -> TelnyxCall:
        if not call.startswith("v3:"):
            raise bad_call_id()
        if call not in self.calls:
            raise unknown_call()
        return self.calls[call]

    def _dial(self, fields: Fields) -> HttpResponse:
        command_id = fields.text("command_id", "", longest=LONGEST_COMMAND_ID)
        if command_id in self._placed:
            return answer_json(200, render_call(self._placed[command_id].leg))
        order = parse_order(fields, self.services.account, self.webhook_url)
        call = self._place(order)
        if command_id:
            self._placed[command_id] = call
        self._complain(call, "dial", fields)
        return answer_json(200, render_call(call.leg))

    def _command(self, call: TelnyxCall, command: str, fields: Fields) -> None:
        if call.leg.has_ended:
            refuse = next(self._refusals_of_the_dead) if command == "hangup" else call_has_ended
            raise refuse()
        command_id = fields.text("command_id", "", longest=LONGEST_COMMAND_ID)
        if (call.leg.entry.call, command_id) in self._done:
            return
        state = fields.client_state()
        former, call.leg.client_state = call.leg.client_state, state or call.leg.client_state
        try:
            ACTIONS[command](call, fields)
        except RefusedError:
            call.leg.client_state = former
            raise
        if command_id:
            self._done.add((call.leg.entry.call, command_id))
        self._complain(call, command, fields)

    def _complain(self, call: TelnyxCall, command: str, fields: Fields) -> None:
        for mistake in name_mistakes(command, fields):
            call.leg.complain(UNKNOWN_PARAMETER, mistake)
