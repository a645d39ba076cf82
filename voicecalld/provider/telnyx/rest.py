"""What can be asked of Telnyx: place a call, look at it, hang it up, press keys.

Everything may be sent again: a command with a ``command_id`` is performed once however often it
comes, and one without does no harm when it is performed twice.

Source: Telnyx's API of version 2, the resource calls.
"""

import hashlib
import itertools
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from voicecalld.call.events import EndReason, HungUp
from voicecalld.ids import ProviderCallId
from voicecalld.provider.base import PlaceOrder
from voicecalld.provider.http import HttpRequest, HttpResponse
from voicecalld.provider.json_text import parse_body
from voicecalld.provider.quotation import quote_response
from voicecalld.provider.refusal import describe_refusal
from voicecalld.provider.telnyx.answer import Fields
from voicecalld.provider.telnyx.client_state import render_client_state
from voicecalld.provider.telnyx.webhook import CALL_CONTROL_ID

VERSION: Final = "v2"
JSON_TYPE: Final = "application/json"

SHORTEST_RING_S: Final = 5
MOST_RING_S: Final = 600
SHORTEST_CALL_S: Final = 30
MOST_CALL_S: Final = 14_400

# We hang up when the time is over; this is for when we cannot.
TIME_LIMIT_MARGIN_S: Final = 30

INVALID_CALL: Final = 90015
ENDED: Final = 90018
NOT_ANSWERED: Final = 90034

CODE = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One application of one account, and where its API is."""

    api_key: str = field(repr=False)
    connection_id: str
    base_url: str

    def post(self, path: str, fields: Fields) -> HttpRequest:
        """The request that posts *fields* to *path*."""
        return HttpRequest(
            method="POST",
            url=f"{self.base_url}/{VERSION}/{path}",
            headers=self.headers() | {"content-type": JSON_TYPE},
            body=json.dumps(fields, separators=(",", ":")).encode(),
            is_repeatable=True,
        )

    def get(self, path: str) -> HttpRequest:
        """The request that looks at *path*."""
        url = f"{self.base_url}/{VERSION}/{path}"
        return HttpRequest(method="GET", url=url, headers=self.headers(), is_repeatable=True)

    def command(self, call: ProviderCallId, verb: str, fields: Fields) -> HttpRequest:
        """The request that has *verb* done to *call*."""
        return self.post(f"{call_path(call)}/actions/{verb}", fields)

    def headers(self) -> dict[str, str]:
        """What shows who we are."""
        return {"authorization": f"Bearer {self.api_key}"}


# The settings that the carrier knows us by.
CREDENTIALS: Final = ("telnyx.api_key",)


class TelnyxRest:
    """Telnyx's REST API for one account, as requests that somebody else sends."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._presses = itertools.count()

    def place(self, order: PlaceOrder) -> HttpRequest:
        """The request that places a call, once however often it is sent."""
        return self._account.post("calls", self.list_order(order))

    def list_order(self, order: PlaceOrder) -> Fields:
        """Who is called, as whom, for how long, and where we are told of it.

        The opening is not among it: Telnyx is told what to do when it says that the call was
        answered.
        """
        ring_s = math.ceil(order.ring_timeout_s)
        longest_s = math.ceil(order.max_duration_s) + TIME_LIMIT_MARGIN_S
        return {
            "connection_id": self._account.connection_id,
            "to": order.to,
            "from": order.from_,
            "timeout_secs": min(max(ring_s, SHORTEST_RING_S), MOST_RING_S),
            "time_limit_secs": min(max(longest_s, SHORTEST_CALL_S), MOST_CALL_S),
            "command_id": make_command_id("dial", order.call_id),
            "client_state": render_client_state(order.call_id),
            "webhook_url": order.webhook_url,
            "webhook_url_method": "POST",
            "answering_machine_detection": "detect" if order.detects_machine else "disabled",
            "send_silence_when_idle": True,
        }

    def read_placed(self, response: HttpResponse) -> ProviderCallId:
        """The carrier's id in the answer to `place`.

        Raises:
            CarrierError: it refused.
            OutcomeUnknownError: its answer leaves open whether there is a call.
        """
        is_taken = 200 <= response.status < 300
        match parse_body(response):
            case {"data": {"call_control_id": str(call)}} if (
                is_taken and CALL_CONTROL_ID.fullmatch(call)
            ):
                return ProviderCallId(call)
            case _:
                raise describe_refusal(response, self.explain(response), *CREDENTIALS)

    def hang_up(self, call: ProviderCallId) -> HttpRequest:
        """The request that ends a call in any state; harmless if it is over."""
        # Without an id: who hangs up a second time wants to be heard.
        return self._account.command(call, "hangup", {})

    def cancel(self, order: ProviderCallId) -> HttpRequest | None:  # noqa: ARG002 - no need
        """None: an order has the name of its call, and is hung up like one."""
        return None

    def is_hung_up(self, response: HttpResponse) -> bool:
        """Whether the call is over: it has just been ended, it had ended, or there is none."""
        return 200 <= response.status < 300 or is_gone(response)

    def press(self, call: ProviderCallId, digits: str) -> HttpRequest | None:
        """The request that presses keys towards the other party."""
        # The same keys may be meant twice.
        number = str(next(self._presses))
        command_id = make_command_id("send_dtmf", call, number)
        return self._account.command(
            call, "send_dtmf", {"digits": digits, "command_id": command_id}
        )

    def redirect(self, call: ProviderCallId, url: str) -> HttpRequest | None:  # noqa: ARG002 - it asks nobody
        """None: Telnyx asks for no documents; it is told by commands."""
        return None

    def fetch(self, call: ProviderCallId) -> HttpRequest | None:
        """The request that asks how a call is."""
        return self._account.get(call_path(call))

    def read_end(self, response: HttpResponse) -> HungUp | None:
        """How the call has ended, by the answer to `fetch`; None if it has not, or is unknown.

        Telnyx does not tell why. A call that is not alive and has no end has not begun; one that
        it does not know any more is over.
        """
        if is_gone(response):
            return HungUp(reason=EndReason.HANGUP_USER)
        match parse_body(response):
            case {"data": {"is_alive": False, "end_time": str(end)}} if (
                end and response.status == 200
            ):
                return HungUp(reason=EndReason.HANGUP_USER)
            case _:
                return None

    def is_too_early(self, response: HttpResponse) -> bool:
        """Whether the call is not answered yet."""
        return NOT_ANSWERED in read_codes(response)

    def explain(self, response: HttpResponse) -> str:
        """What Telnyx says in *response*, for a person to read, without our secrets."""
        secrets = [secret for secret in (self._account.api_key,) if secret]
        code = next(iter(read_codes(response)), None)
        return quote_response(response, code=code, words=read_words(response), secrets=secrets)


def call_path(call: ProviderCallId) -> str:
    """Where *call* is, below the version."""
    return f"calls/{quote(call, safe='')}"


def make_command_id(*parts: str) -> str:
    """The same for the same *parts*, in the form of a UUID, which Telnyx advises."""
    text = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-8{text[17:20]}-{text[20:32]}"


def is_gone(response: HttpResponse) -> bool:
    """Whether something was refused because the call is over, or there is none of this name."""
    codes = read_codes(response)
    return response.status == 404 or ENDED in codes or INVALID_CALL in codes


def read_words(response: HttpResponse) -> str:
    """What Telnyx says of the first thing that went wrong; empty if nothing."""
    match parse_body(response):
        case {"errors": [{"detail": str(words)}, *_]} | {"errors": [{"title": str(words)}, *_]}:
            return words
        case _:
            return ""


def read_codes(response: HttpResponse) -> tuple[int, ...]:
    """Telnyx's own numbers of what went wrong; none in an answer that is no refusal."""
    if not 400 <= response.status < 500:
        return ()
    match parse_body(response):
        case {"errors": [*errors]}:
            return tuple(find_codes(errors))
        case _:
            return ()


def find_codes(errors: list[object]) -> Iterator[int]:
    """The numbers among the codes of *errors*, which are texts."""
    for error in errors:
        match error:
            case {"code": str(code)} if CODE.fullmatch(code):
                yield int(code)
            case _:
                pass  # a few are no numbers: D1
