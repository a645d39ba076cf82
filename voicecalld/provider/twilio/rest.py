"""What can be asked of Twilio: place a call, look at it, hang it up, let it fetch a URL.

Source: Twilio's API of version 2010-04-01, the resource Calls.
"""

import math
from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import urlencode

from voicecalld.call.events import HungUp
from voicecalld.ids import ProviderCallId
from voicecalld.provider.base import PlaceOrder
from voicecalld.provider.form import FORM_TYPE
from voicecalld.provider.http import HttpRequest, HttpResponse
from voicecalld.provider.json_text import parse_body
from voicecalld.provider.quotation import quote_response
from voicecalld.provider.refusal import describe_refusal
from voicecalld.provider.twilio.answer import render_perform
from voicecalld.provider.twilio.webhook import CALL_SID, END_REASONS
from voicecalld.provider.voice import Voice
from voicecalld.provider.xml_text import render_document

DEFAULT_BASE_URL: Final = "https://api.twilio.com"
HOME_REGION: Final = "us1"
VERSION: Final = "2010-04-01"

MOST_TWIML_CHARACTERS: Final = 4000
MOST_RING_S: Final = 600
MOST_CALL_S: Final = 86_400

# We hang up when the time is over; this is for when we cannot.
TIME_LIMIT_MARGIN_S: Final = 30

NO_SUCH_CALL: Final = 20404
WRONG_STATE: Final = 21220

# Repeated, one field each: joined by spaces or commas they would give nothing.
STATUS_EVENTS: Final = ("initiated", "ringing", "answered", "completed")

# The settings that the carrier knows us by.
CREDENTIALS: Final = ("twilio.account_sid", "twilio.auth_token")


class TwilioRest:
    """Twilio's REST API for one account, as requests that somebody else sends."""

    def __init__(
        self, *, account_sid: str, auth_token: str, base_url: str, region: str, voice: Voice
    ) -> None:
        host = choose_base_url(base_url, region)
        credentials = b64encode(f"{account_sid}:{auth_token}".encode()).decode("ascii")
        self._calls_url = f"{host}/{VERSION}/Accounts/{account_sid}/Calls"
        self._headers = {"authorization": f"Basic {credentials}"}
        self._secrets = tuple(secret for secret in (auth_token, credentials) if secret)
        self._voice = voice

    def place(self, order: PlaceOrder) -> HttpRequest:
        """The request that places a call; Twilio has no key that would make it repeatable."""
        fields = (*list_parties(order), *self.list_script(order), *list_reports(order))
        return self._post(f"{self._calls_url}.json", fields)

    def list_script(self, order: PlaceOrder) -> Iterator[tuple[str, str]]:
        """What the call does when it is answered: the opening, or what our URL says."""
        if order.opening is not None:
            document = render_document(render_perform(order.opening, self._voice))
            if len(document) <= MOST_TWIML_CHARACTERS:
                yield "Twiml", document
                return
        yield "Url", order.webhook_url
        yield "Method", "POST"

    def read_placed(self, response: HttpResponse) -> ProviderCallId:
        """The carrier's id in the answer to `place`.

        Raises:
            CarrierError: it refused.
            OutcomeUnknownError: its answer leaves open whether there is a call.
        """
        match parse_body(response):
            case {"sid": str(call)} if response.status == 201 and CALL_SID.fullmatch(call):
                return ProviderCallId(call)
            case _:
                raise describe_refusal(response, self.explain(response), *CREDENTIALS)

    def hang_up(self, call: ProviderCallId) -> HttpRequest:
        """The request that ends a call in any state; harmless if it is over."""
        return self._post(self._call_url(call), [("Status", "completed")], is_repeatable=True)

    def cancel(self, order: ProviderCallId) -> HttpRequest | None:  # noqa: ARG002 - no need
        """None: an order has the name of its call, and is hung up like one."""
        return None

    def is_hung_up(self, response: HttpResponse) -> bool:
        """Whether the call is over: it has just been ended, it had ended, or there is none.

        A call in any other state can be ended, so that its state is wrong means that it is over.
        """
        is_gone = response.status == 404 or read_code(response) in {NO_SUCH_CALL, WRONG_STATE}
        return is_gone or 200 <= response.status < 300

    def press(self, call: ProviderCallId, digits: str) -> HttpRequest | None:  # noqa: ARG002 - it cannot
        """None: only another document presses keys, and that would end the media stream."""
        return None

    def redirect(self, call: ProviderCallId, url: str) -> HttpRequest | None:
        """The request that lets Twilio drop what it performs and ask at *url* what to do."""
        fields = [("Url", url), ("Method", "POST")]
        return self._post(self._call_url(call), fields, is_repeatable=True)

    def fetch(self, call: ProviderCallId) -> HttpRequest | None:
        """The request that asks how a call is."""
        return HttpRequest(
            method="GET", url=self._call_url(call), headers=self._headers, is_repeatable=True
        )

    def read_end(self, response: HttpResponse) -> HungUp | None:
        """How the call has ended, by the answer to `fetch`; None if it has not, or is unknown."""
        match parse_body(response):
            case {"status": str(status)} if response.status == 200 and status in END_REASONS:
                return HungUp(reason=END_REASONS[status])
            case _:
                return None

    def is_too_early(self, response: HttpResponse) -> bool:
        """Whether the call is not in that state yet."""
        return response.status >= 400 and read_code(response) == WRONG_STATE

    def explain(self, response: HttpResponse) -> str:
        """What Twilio says in *response*, for a person to read, without our secrets."""
        code, words = read_code(response), read_words(response)
        return quote_response(response, code=code, words=words, secrets=self._secrets)

    def _call_url(self, call: ProviderCallId) -> str:
        return f"{self._calls_url}/{call}.json"

    def _post(
        self, url: str, fields: Iterable[tuple[str, str]], *, is_repeatable: bool = False
    ) -> HttpRequest:
        return HttpRequest(
            method="POST",
            url=url,
            headers=self._headers | {"content-type": FORM_TYPE},
            body=urlencode([*fields]).encode("ascii"),
            is_repeatable=is_repeatable,
        )


def choose_base_url(base_url: str, region: str) -> str:
    """Where the API of *region* is, unless the operator has said where.

    As in Twilio's own library: without an edge the region alone is added. An edge can be had only
    by ``base_url``.
    """
    if region == HOME_REGION or base_url != DEFAULT_BASE_URL:
        return base_url
    return f"https://api.{region}.twilio.com"


def list_parties(order: PlaceOrder) -> Iterator[tuple[str, str]]:
    """Who is called, as whom, for how long."""
    yield "To", order.to
    yield "From", order.from_
    yield "Timeout", str(min(math.ceil(order.ring_timeout_s), MOST_RING_S))
    longest_s = math.ceil(order.max_duration_s) + TIME_LIMIT_MARGIN_S
    yield "TimeLimit", str(min(longest_s, MOST_CALL_S))


def list_reports(order: PlaceOrder) -> Iterator[tuple[str, str]]:
    """What we are told of the call."""
    yield "StatusCallback", order.webhook_url
    yield "StatusCallbackMethod", "POST"
    for event in STATUS_EVENTS:
        yield "StatusCallbackEvent", event
    if order.detects_machine:
        yield "MachineDetection", "Enable"
        yield "AsyncAmd", "true"  # or the other party would wait in silence for the result
        yield "AsyncAmdStatusCallback", order.webhook_url
        yield "AsyncAmdStatusCallbackMethod", "POST"


def read_code(response: HttpResponse) -> int | None:
    """Twilio's own number of what went wrong, if it gives one."""
    match parse_body(response):
        case {"code": int(code)}:
            return code
        case _:
            return None


def read_words(response: HttpResponse) -> str:
    """What Twilio says of what went wrong; empty if nothing."""
    match parse_body(response):
        case {"message": str(words)}:
            return words
        case _:
            return ""
