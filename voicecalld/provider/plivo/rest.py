"""What can be asked of Plivo: place a call, look at it, hang it up, press keys, fetch a URL.

Source: Plivo's API of version 1, the resources Call and Request. Every path ends with a slash.
"""

import json
import math
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Final

from voicecalld.call.events import EndReason, HungUp
from voicecalld.ids import ProviderCallId
from voicecalld.provider.base import PlaceOrder
from voicecalld.provider.http import HttpRequest, HttpResponse
from voicecalld.provider.json_text import parse_body
from voicecalld.provider.plivo.webhook import UUID
from voicecalld.provider.quotation import quote_response
from voicecalld.provider.refusal import describe_refusal

VERSION: Final = "v1"
JSON_TYPE: Final = "application/json"
MOST_CALL_S: Final = 86_400

# We hang up when the time is over; this is for when we cannot.
TIME_LIMIT_MARGIN_S: Final = 30

# The codes in the record of a call that is over; all others are faults.
END_CODES: Final[Mapping[int, EndReason]] = {
    1000: EndReason.NO_ANSWER,  # cancelled
    3000: EndReason.NO_ANSWER,
    3010: EndReason.BUSY,
    3020: EndReason.BUSY,  # rejected, which on most networks cannot be told from busy
    4000: EndReason.HANGUP_USER,
    4010: EndReason.HANGUP_USER,  # our document had no more verbs
}

# The settings that the carrier knows us by.
CREDENTIALS: Final = ("plivo.auth_id", "plivo.auth_token")


class PlivoRest:
    """Plivo's REST API for one account, as requests that somebody else sends."""

    def __init__(self, *, auth_id: str, auth_token: str, base_url: str) -> None:
        credentials = b64encode(f"{auth_id}:{auth_token}".encode()).decode("ascii")
        self._account_url = f"{base_url}/{VERSION}/Account/{auth_id}"
        self._headers = {"authorization": f"Basic {credentials}"}
        self._secrets = tuple(secret for secret in (auth_token, credentials) if secret)

    def place(self, order: PlaceOrder) -> HttpRequest:
        """The request that places a call; Plivo has no key that would make it repeatable.

        An opening cannot go along: Plivo asks at the answer what to do.
        """
        return self._post("Call/", dict(list_fields(order)))

    def read_placed(self, response: HttpResponse) -> ProviderCallId:
        """What Plivo calls the order, in the answer to `place`; the call may get another name.

        Raises:
            CarrierError: it refused.
            OutcomeUnknownError: its answer leaves open whether there is a call.
        """
        match parse_body(response):
            case {"request_uuid": str(order)} if response.status == 201 and UUID.fullmatch(order):
                return ProviderCallId(order)
            case _:
                raise describe_refusal(response, self.explain(response), *CREDENTIALS)

    def hang_up(self, call: ProviderCallId) -> HttpRequest:
        """The request that ends a call in any state; harmless if it is over."""
        return self._delete(f"Call/{call}/")

    def cancel(self, order: ProviderCallId) -> HttpRequest | None:
        """The request that takes back an order, of which no call has been reported yet.

        The call that it has become meanwhile may have its name: it is hung up as well.
        """
        return self._delete(f"Request/{order}/")

    def is_hung_up(self, response: HttpResponse) -> bool:
        """Whether the call is over: it has just been ended, or none of this name lives."""
        return response.status == 404 or 200 <= response.status < 300

    def press(self, call: ProviderCallId, digits: str) -> HttpRequest | None:
        """The request that presses keys towards the other party; the media stream goes on."""
        return self._post(f"Call/{call}/DTMF/", {"digits": digits, "leg": "aleg"})

    def redirect(self, call: ProviderCallId, url: str) -> HttpRequest | None:
        """The request that lets Plivo drop what it performs and ask at *url* what to do."""
        fields = {"legs": "aleg", "aleg_url": url, "aleg_method": "POST"}
        return self._post(f"Call/{call}/", fields, is_repeatable=True)

    def fetch(self, call: ProviderCallId) -> HttpRequest | None:
        """The request for the record of a call, which Plivo writes when it is over."""
        return HttpRequest(
            method="GET",
            url=f"{self._account_url}/Call/{call}/",
            headers=self._headers,
            is_repeatable=True,
        )

    def read_end(self, response: HttpResponse) -> HungUp | None:
        """How the call has ended, by the answer to `fetch`; None if it has not, or is unknown."""
        match parse_body(response):
            case {"end_time": str(end), "hangup_cause_code": int(code)} if (
                response.status == 200 and end
            ):
                return HungUp(reason=END_CODES.get(code, EndReason.FAILED))
            case _:
                return None

    def is_too_early(self, response: HttpResponse) -> bool:  # noqa: ARG002 - it does not tell
        """False: Plivo makes no difference between a call that is not yet and one that was."""
        return False

    def explain(self, response: HttpResponse) -> str:
        """What Plivo says in *response*, for a person to read, without our secrets."""
        return quote_response(response, words=read_words(response), secrets=self._secrets)

    def _post(
        self, path: str, fields: Mapping[str, object], *, is_repeatable: bool = False
    ) -> HttpRequest:
        return HttpRequest(
            method="POST",
            url=f"{self._account_url}/{path}",
            headers=self._headers | {"content-type": JSON_TYPE},
            body=json.dumps(fields).encode("ascii"),
            is_repeatable=is_repeatable,
        )

    def _delete(self, path: str) -> HttpRequest:
        return HttpRequest(
            method="DELETE",
            url=f"{self._account_url}/{path}",
            headers=self._headers,
            is_repeatable=True,
        )


def read_words(response: HttpResponse) -> str:
    """What Plivo says of what went wrong; empty if nothing."""
    match parse_body(response):
        case {"error": str(words)}:
            return words
        case _:
            return ""


def list_fields(order: PlaceOrder) -> Iterator[tuple[str, object]]:
    """Who is called, as whom, for how long, and where Plivo asks and reports."""
    yield "to", order.to
    yield "from", order.from_
    yield "ring_timeout", math.ceil(order.ring_timeout_s)
    yield "time_limit", min(math.ceil(order.max_duration_s) + TIME_LIMIT_MARGIN_S, MOST_CALL_S)
    for kind in ("answer", "ring", "hangup"):
        yield f"{kind}_url", order.webhook_url
        yield f"{kind}_method", "POST"
    if order.detects_machine:
        yield "machine_detection", "true"
        # With a URL of its own the other party need not wait in silence for the result.
        yield "machine_detection_url", order.webhook_url
        yield "machine_detection_method", "POST"
