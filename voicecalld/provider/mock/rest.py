"""What can be asked of the mock carrier: place a call, hang up, press keys."""

import json

from voicecalld.call.events import HungUp
from voicecalld.errors import BadMessageError, CarrierError
from voicecalld.ids import ProviderCallId
from voicecalld.provider.base import PlaceOrder
from voicecalld.provider.http import HttpRequest, HttpResponse
from voicecalld.provider.json_text import parse_json
from voicecalld.provider.mock.webhook import CALL
from voicecalld.provider.quotation import quote_response

CALLS_URL = "mock://exchange/calls"
HEADERS = {"content-type": "application/json"}


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
            raise CarrierError(f"the carrier refused it with {self.explain(response)}")
        try:
            document = parse_json(response.body)
        except BadMessageError as problem:
            words = self.explain(response)
            raise CarrierError(f"the carrier's answer is no JSON: {words}") from problem
        match document:
            case {"id": str(call)} if CALL.fullmatch(call):
                return ProviderCallId(call)
            case _:
                raise CarrierError(
                    f"the carrier's answer has no call id: {self.explain(response)}"
                )

    def hang_up(self, call: ProviderCallId) -> HttpRequest:
        """The request that ends a call; harmless if it is over."""
        return HttpRequest(method="DELETE", url=f"{CALLS_URL}/{call}", is_repeatable=True)

    def cancel(self, order: ProviderCallId) -> HttpRequest | None:  # noqa: ARG002 - no need
        """None: an order has the name of its call, and is hung up like one."""
        return None

    def is_hung_up(self, response: HttpResponse) -> bool:
        """Whether the call is over: it has just been ended, or there is none of this id."""
        return response.status in {204, 404}

    def redirect(self, call: ProviderCallId, url: str) -> HttpRequest | None:  # noqa: ARG002 - it cannot
        """None: the exchange performs nothing that it could drop."""
        return None

    def fetch(self, call: ProviderCallId) -> HttpRequest | None:  # noqa: ARG002 - it cannot
        """None: the exchange is never out of reach, so it need not be asked."""
        return None

    def read_end(self, response: HttpResponse) -> HungUp | None:  # noqa: ARG002 - likewise
        """None: it is never asked."""
        return None

    def is_too_early(self, response: HttpResponse) -> bool:
        """Whether the call is not in that state yet."""
        return response.status == 409

    def explain(self, response: HttpResponse) -> str:
        """What the carrier says in *response*, for a person to read; it is told no secrets."""
        return quote_response(response)

    def press(self, call: ProviderCallId, digits: str) -> HttpRequest:
        """The request that presses keys towards the other party."""
        body = json.dumps({"digits": digits}).encode()
        url = f"{CALLS_URL}/{call}/digits"
        return HttpRequest(method="POST", url=url, headers=HEADERS, body=body)
