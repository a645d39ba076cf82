"""What can be asked of the mock carrier: place a call, hang up, press keys."""

import json

from voicecalld.errors import BadMessageError, CarrierError
from voicecalld.ids import ProviderCallId
from voicecalld.provider.base import PlaceOrder
from voicecalld.provider.http import HttpRequest, HttpResponse
from voicecalld.provider.mock.webhook import CALL, load_json

CALLS_URL = "mock://exchange/calls"
HEADERS = {"content-type": "application/json"}
MOST_QUOTED_BYTES = 8192  # of a refusal: more than any reason needs, less than a log can bear


class MockRest:
    """The mock carrier's REST API, as requests that somebody else sends."""

    def place(self, order: PlaceOrder) -> HttpRequest:
        """The request that places a call."""
        fields = {
            "callId": order.call_id,
            "to": order.to,
            "from": order.from_,
            "webhookUrl": order.webhook_url,
            "ringTimeoutS": order.ring_timeout_s,
            "maxDurationS": order.max_duration_s,
        }
        body = json.dumps(fields).encode()
        return HttpRequest(method="POST", url=CALLS_URL, headers=HEADERS, body=body)

    def read_placed(self, response: HttpResponse) -> ProviderCallId:
        """The carrier's id in the answer to `place`.

        Raises:
            CarrierError: it refused, or its answer makes no sense.
        """
        if response.status != 201:
            raise CarrierError(f"the carrier refused the call: {quote(response)}")
        try:
            document = load_json(response.body)
        except BadMessageError as problem:
            raise CarrierError(f"the carrier's answer is no JSON: {quote(response)}") from problem
        match document:
            case {"id": str(call)} if CALL.fullmatch(call):
                return ProviderCallId(call)
            case _:
                raise CarrierError(f"the carrier's answer has no call id: {quote(response)}")

    def hang_up(self, call: ProviderCallId) -> HttpRequest:
        """The request that ends a call; harmless if it is over."""
        return HttpRequest(method="DELETE", url=f"{CALLS_URL}/{call}")

    def is_hung_up(self, response: HttpResponse) -> bool:
        """Whether the call is over: it has just been ended, or there is none of this id."""
        return response.status in {204, 404}

    def press(self, call: ProviderCallId, digits: str) -> HttpRequest:
        """The request that presses keys towards the other party."""
        body = json.dumps({"digits": digits}).encode()
        url = f"{CALLS_URL}/{call}/digits"
        return HttpRequest(method="POST", url=url, headers=HEADERS, body=body)


def quote(response: HttpResponse) -> str:
    """The status and the beginning of the body, for a person to read."""
    text = response.body[:MOST_QUOTED_BYTES].decode(errors="replace")
    return f"status {response.status}, {text!r}"
