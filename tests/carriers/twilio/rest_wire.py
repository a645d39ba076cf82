"""Reads requests to Twilio's REST API, and writes its answers."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.carriers.twilio.leg import Fetch, Inline, Leg, Order, Source
from tests.carriers.twilio.wire import API_VERSION, render_time
from voicecalld.provider.http import HttpResponse

EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})
NUMBER = re.compile(r"\+[1-9][0-9]{1,14}")
LONGEST_TWIML = 4000
# Everything that Twilio documents for a new call; a name that is not here is a mistake.
KNOWN = frozenset(
    {"To", "From", "Url", "Twiml", "ApplicationSid", "Method", "FallbackUrl", "FallbackMethod"}
    | {"StatusCallback", "StatusCallbackMethod", "StatusCallbackEvent", "Timeout", "TimeLimit"}
    | {"SendDigits", "MachineDetection", "MachineDetectionTimeout", "AsyncAmd"}
    | {"MachineDetectionSpeechThreshold", "MachineDetectionSpeechEndThreshold"}
    | {"MachineDetectionSilenceTimeout", "AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod"}
    | {"Record", "RecordingChannels", "RecordingStatusCallback", "RecordingTrack", "Trim"}
    | {"RecordingStatusCallbackMethod", "RecordingStatusCallbackEvent", "CallerId", "CallReason"}
    | {"CallToken", "Byoc", "SipAuthUsername", "SipAuthPassword", "ClientNotificationUrl"}
)

Form = Mapping[str, Sequence[str]]


class RefusedError(Exception):
    """A request that Twilio refuses, with the code that its documentation has for it."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What the customer wants of a running call: one of the two."""

    status: str = ""
    source: Source | None = field(default=None)


def parse_form(body: bytes) -> Form:
    """The parameters of a request; repeated ones have several values."""
    return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)


def first(form: Form, name: str, default: str = "") -> str:
    """The only value of a parameter."""
    return form.get(name, [default])[0]


def parse_order(form: Form) -> Order:
    """Read what a new call shall be.

    Raises:
        RefusedError: as Twilio would.
    """
    to, from_ = first(form, "To"), first(form, "From")
    if not to:
        raise RefusedError(400, 21201, "No 'To' number is specified")
    if not from_:
        raise RefusedError(400, 21213, "'From' phone number is required")
    if NUMBER.fullmatch(to) is None:
        raise RefusedError(400, 21211, f"Invalid 'To' Phone Number: {to}")
    if NUMBER.fullmatch(from_) is None:
        raise RefusedError(400, 21212, f"Invalid 'From' Number: {from_}")
    return Order(
        from_=from_,
        to=to,
        source=parse_source(form),
        status_url=check_url(form, "StatusCallback", 21609),
        status_events=frozenset(form.get("StatusCallbackEvent", ["completed"])),
        ring_s=read_seconds(form, "Timeout", 60, most=600),
        limit_s=read_seconds(form, "TimeLimit", 14_400, most=86_400),
        send_digits=first(form, "SendDigits"),
        detection=read_detection(form),
        is_async_detection=first(form, "AsyncAmd") == "true",
        detection_url=check_url(form, "AsyncAmdStatusCallback", 21609),
    )


def parse_update(form: Form) -> Update:
    """Read what shall become of a running call.

    Raises:
        RefusedError: as Twilio would.
    """
    status = first(form, "Status")
    if status:
        if status not in {"completed", "canceled"}:
            raise RefusedError(400, 20001, f"Status is {status}")
        return Update(status=status)
    return Update(source=parse_source(form))


def parse_source(form: Form) -> Source:
    """Where the document of a call is."""
    if url := check_url(form, "Url", 21205):
        return Fetch(url=url, method=first(form, "Method", "POST"))
    twiml = first(form, "Twiml")
    if not twiml:
        raise RefusedError(400, 21205, "Url parameter is required.")
    if len(twiml) > LONGEST_TWIML:
        raise RefusedError(400, 21624, "Twiml has more than 4000 characters")
    return Inline(twiml=twiml)


def check_url(form: Form, name: str, code: int) -> str:
    """A URL of the customer's, if it is given."""
    text = first(form, name)
    url = urlsplit(text)
    is_web = url.scheme in {"http", "https"} and bool(url.hostname)
    if text and (not is_web or "_" in (url.hostname or "")):
        raise RefusedError(400, code, f"{name} is not a valid URL: {text}")
    return text


def read_seconds(form: Form, name: str, default: int, *, most: int) -> float:
    """A time of whole seconds."""
    text = first(form, name, str(default))
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= most:
        raise RefusedError(400, 20001, f"{name} is {text}")
    return float(text)


def read_detection(form: Form) -> str:
    """Whether, and how, machines are to be detected."""
    text = first(form, "MachineDetection")
    if text not in {"", "Enable", "DetectMessageEnd"}:
        raise RefusedError(400, 20001, f"MachineDetection is {text}")
    return text


def name_mistakes(form: Form) -> list[str]:
    """What Twilio takes in silence, although it cannot be meant."""
    mistakes = [f"no parameter of Twilio's: {name}" for name in sorted(form.keys() - KNOWN)]
    unknown = set(form.get("StatusCallbackEvent", ())) - EVENTS
    return mistakes + [f"no event of a call: {event}" for event in sorted(unknown)]


def render_call(leg: Leg) -> dict[str, Any]:
    """The resource of a call."""
    account = leg.services.account
    uri = f"/{API_VERSION}/Accounts/{account}/Calls/{leg.sid}"
    has_talked = leg.has_ended and leg.answered_s is not None
    return {
        "sid": leg.sid,
        "account_sid": account,
        "parent_call_sid": None,
        "group_sid": None,
        "trunk_sid": None,
        "phone_number_sid": None,
        "to": leg.entry.to,
        "to_formatted": leg.entry.to,
        "from": leg.entry.from_,
        "from_formatted": leg.entry.from_,
        "status": leg.entry.status,
        "direction": leg.entry.direction,
        "answered_by": leg.answered_by or None,
        "api_version": API_VERSION,
        "forwarded_from": None,
        "caller_name": None,
        "date_created": render_time(leg.created_s),
        "date_updated": render_time(leg.ended_s or leg.created_s),
        "start_time": None if leg.answered_s is None else render_time(leg.answered_s),
        "end_time": None if leg.ended_s is None else render_time(leg.ended_s),
        "duration": str(leg.duration_s) if has_talked else None,
        "price": None,
        "price_unit": "USD",
        "queue_time": "0",
        "uri": f"{uri}.json",
        "subresource_uris": {"recordings": f"{uri}/Recordings.json"},
    }


def render_list(calls: Sequence[Leg], uri: str) -> dict[str, Any]:
    """One page, which has all of *calls*."""
    return {
        "calls": [render_call(leg) for leg in calls],
        "page": 0,
        "page_size": 50,
        "start": 0,
        "end": max(0, len(calls) - 1),
        "uri": uri,
        "first_page_uri": uri,
        "next_page_uri": None,
        "previous_page_uri": None,
    }


def answer_json(status: int, content: Mapping[str, Any]) -> HttpResponse:
    """An answer of the API."""
    headers = {"content-type": "application/json;charset=utf-8", "twilio-request-id": "RQ0"}
    return HttpResponse(status=status, headers=headers, body=json.dumps(content).encode())


def answer_refusal(refusal: RefusedError) -> HttpResponse:
    """A refusal in Twilio's form."""
    content = {
        "code": refusal.code,
        "message": str(refusal),
        "more_info": f"https://www.twilio.com/docs/errors/{refusal.code}",
        "status": refusal.status,
    }
    return answer_json(refusal.status, content)
