"""The mock carrier's REST API from its own end: requests in, answers out."""

import json
from dataclasses import dataclass
from typing import TypeAlias

from voicecalld.errors import BadMessageError
from voicecalld.ids import CallId, PhoneNumber, ProviderCallId, parse_digits, parse_phone_number
from voicecalld.provider.base import PlaceOrder
from voicecalld.provider.http import HttpRequest, HttpResponse
from voicecalld.provider.json_text import parse_json
from voicecalld.provider.mock.rest import CALLS_URL


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUpOrder:
    """End this call."""

    call: ProviderCallId


@dataclass(frozen=True, slots=True, kw_only=True)
class PressOrder:
    """Press keys on this call."""

    call: ProviderCallId
    digits: str


RestOrder: TypeAlias = PlaceOrder | HangUpOrder | PressOrder


def parse_request(request: HttpRequest) -> RestOrder | None:
    """What *request* asks for; None if there is nothing at its address.

    Raises:
        BadMessageError: its body is wrong.
    """
    if not request.url.startswith(CALLS_URL):
        return None
    match request.method, *request.url.removeprefix(CALLS_URL).split("/"):
        case "POST", "":
            return parse_place_order(parse_json(request.body))
        case "DELETE", "", call:
            return HangUpOrder(call=ProviderCallId(call))
        case "POST", "", call, "digits":
            return parse_press_order(ProviderCallId(call), parse_json(request.body))
        case _:
            return None


def parse_place_order(document: object) -> PlaceOrder:
    """The order in the body of a request for a call.

    Raises:
        BadMessageError: it is not one.
    """
    match document:
        case {
            "callId": str(call_id),
            "to": str(to),
            "from": str(from_),
            "webhookUrl": str(webhook_url),
            "ringTimeoutS": int() | float() as ring_timeout_s,
            "maxDurationS": int() | float() as max_duration_s,
        } if call_id and webhook_url and ring_timeout_s > 0 and max_duration_s > 0:
            return PlaceOrder(
                call_id=CallId(call_id),
                to=parse_number(to),
                from_=parse_number(from_),
                webhook_url=webhook_url,
                ring_timeout_s=ring_timeout_s,
                max_duration_s=max_duration_s,
            )
        case _:
            raise BadMessageError("a call needs callId, to, from, webhookUrl and its two limits")


def parse_number(text: str) -> PhoneNumber:
    """The telephone number in a request."""
    try:
        return parse_phone_number(text)
    except ValueError as problem:
        raise BadMessageError(str(problem)) from problem


def parse_press_order(call: ProviderCallId, document: object) -> PressOrder:
    """The order in the body of a request for keys.

    Raises:
        BadMessageError: it is not one.
    """
    match document:
        case {"digits": str(digits)}:
            try:
                return PressOrder(call=call, digits=parse_digits(digits))
            except ValueError:
                # Its message quotes the digits, which may be a secret.
                raise BadMessageError("digits are 0-9 * # w, 1 to 64 of them") from None
        case _:
            raise BadMessageError("no digits to press")


def render_placed(call: ProviderCallId) -> HttpResponse:
    """The answer that a call has been placed."""
    return HttpResponse(status=201, body=json.dumps({"id": call}).encode())


def render_refusal(status: int, problem: str) -> HttpResponse:
    """The answer that nothing has been done, with the reason for a person."""
    return HttpResponse(status=status, body=json.dumps({"error": problem}).encode())


DONE = HttpResponse(status=204)
"""The answer that there is nothing more to say."""
