"""Reads requests to Plivo's REST API, and writes its answers."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from tests.carriers.plivo.leg import Fetch, Leg, Order, Target
from tests.carriers.plivo.wire import KEYS, new_uuid, read_number, render_number, render_time
from voicecalld.provider.http import HttpResponse

NUMBER = re.compile(r"\+[1-9][0-9]{1,14}")
# Everything that Plivo documents for a new call; a name that is not here is a mistake.
KNOWN = frozenset(
    {"from", "to", "answer_url", "answer_method", "ring_url", "ring_method", "hangup_url"}
    | {"hangup_method", "fallback_url", "fallback_method", "caller_name", "send_digits"}
    | {"send_on_preanswer", "time_limit", "hangup_on_ring", "ring_timeout", "sip_headers"}
    | {"machine_detection", "machine_detection_time", "machine_detection_url"}
    | {"machine_detection_method", "machine_detection_maximum_speech_length"}
    | {"machine_detection_initial_silence", "machine_detection_maximum_words"}
    | {"machine_detection_initial_greeting", "machine_detection_silence"}
    | {"parent_call_uuid", "error_if_parent_not_found", "callback_url", "callback_method"}
)

Fields = Mapping[str, Any]


class RefusedError(Exception):
    """A request that Plivo refuses."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def parse_body(body: bytes) -> Fields:
    """The parameters of a request."""
    try:
        fields = json.loads(body or b"{}")
    except ValueError as problem:
        raise RefusedError(400, "the body is not JSON") from problem
    if not isinstance(fields, dict):
        raise RefusedError(400, "the body is not an object")
    return fields


def parse_order(fields: Fields) -> Order:
    """Read what a new call shall be.

    Raises:
        RefusedError: as Plivo would.
    """
    answer = read_target(fields, "answer")
    if not answer.url:
        raise RefusedError(400, "answer_url parameter not present")
    hangup = read_target(fields, "hangup")
    return Order(
        from_=check_number(fields, "from"),
        to=check_number(fields, "to"),
        source=Fetch(url=answer.url, method=answer.method, event="StartApp"),
        ring=read_target(fields, "ring"),
        hangup=hangup if hangup.url else answer,
        ring_s=read_seconds(fields, "ring_timeout", 120, most=600),
        limit_s=read_seconds(fields, "time_limit", 14_400, most=86_400),
        send_digits=str(fields.get("send_digits") or ""),
        caller_name=str(fields.get("caller_name") or ""),
        detection=read_detection(fields),
        detected=read_target(fields, "machine_detection"),
    )


def check_number(fields: Fields, name: str) -> str:
    """A number, to which the plus has been given back."""
    text = str(fields.get(name) or "")
    if not text:
        raise RefusedError(400, f"{name} parameter not present")
    number = read_number(text)
    if NUMBER.fullmatch(number) is None:
        raise RefusedError(400, f"{name} is not a valid number: {text}")
    return number


def read_target(fields: Fields, name: str) -> Target:
    """Where something is reported to, and how."""
    text, method = str(fields.get(f"{name}_url") or ""), fields.get(f"{name}_method") or "POST"
    url = urlsplit(text)
    if text and (url.scheme not in {"http", "https"} or not url.hostname):
        raise RefusedError(400, f"{name}_url is not a valid URL: {text}")
    if method not in {"GET", "POST"}:
        raise RefusedError(400, f"{name}_method is {method}")
    return Target(url=text, method=method)


def read_seconds(fields: Fields, name: str, default: int, *, most: int) -> int:
    """A whole number of seconds, which may be written as text."""
    text = str(fields.get(name, default))
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= most:
        raise RefusedError(400, f"{name} should be an integer between 1 and {most}")
    return int(text)


def read_detection(fields: Fields) -> str:
    """Whether it is to be found out who has answered."""
    wanted = str(fields.get("machine_detection") or "").lower()
    if wanted not in {"", "false", "true", "hangup"}:
        raise RefusedError(400, "machine_detection should be true or hangup")
    return "" if wanted == "false" else wanted


def parse_transfer(fields: Fields) -> Fetch:
    """Where a running call shall go on.

    Raises:
        RefusedError: as Plivo would.
    """
    if fields.get("legs", "aleg") != "aleg":
        raise RefusedError(400, "this simulator's calls have an aleg only")
    target = read_target(fields, "aleg")
    if not target.url:
        raise RefusedError(400, "aleg_url parameter not present")
    return Fetch(url=target.url, method=target.method)


def parse_digits(fields: Fields) -> str:
    """Which keys shall be pressed.

    Raises:
        RefusedError: as Plivo would.
    """
    digits = fields.get("digits")
    if not isinstance(digits, str) or not digits or set(digits) - KEYS:
        raise RefusedError(400, "digits parameter is not valid")
    if fields.get("leg", "aleg") != "aleg":
        raise RefusedError(400, "this simulator's calls have an aleg only")
    return digits


def name_mistakes(fields: Fields) -> Sequence[str]:
    """What Plivo takes in silence, although it cannot be meant."""
    return [f"no parameter of Plivo's: {name}" for name in sorted(fields.keys() - KNOWN)]


def render_live(leg: Leg) -> dict[str, Any]:
    """A call that is not over."""
    return {
        "call_status": leg.entry.status,
        "call_uuid": leg.uuid,
        "caller_name": leg.order.caller_name,
        "direction": leg.entry.direction,
        "from": render_number(leg.entry.from_),
        "request_uuid": leg.request_uuid,
        "session_start": render_time(leg.created_s),
        "to": render_number(leg.entry.to),
    }


def render_record(leg: Leg) -> dict[str, Any]:
    """What is kept of a call that is over."""
    assert leg.ending is not None
    return {
        "answer_time": None if leg.answered_s is None else render_zoned_time(leg.answered_s),
        "bill_duration": leg.duration_s,
        "billed_duration": leg.billed_s,
        "call_direction": leg.entry.direction,
        "call_duration": leg.duration_s,
        "call_state": "ANSWER" if leg.answered_s is not None else leg.ending.cause,
        "call_uuid": leg.uuid,
        "end_time": render_zoned_time(leg.ended_s or leg.created_s),
        "from_number": render_number(leg.entry.from_),
        "hangup_cause_code": leg.ending.code,
        "hangup_cause_name": leg.ending.name,
        "hangup_source": leg.hangup_source,
        "initiation_time": render_zoned_time(leg.created_s),
        "parent_call_uuid": None,
        "resource_uri": f"/v1/Account/{leg.services.account}/Call/{leg.uuid}/",
        "to_number": render_number(leg.entry.to),
        "total_amount": "0.00000",
        "total_rate": "0.00550",
    }


def render_zoned_time(unix_s: float) -> str:
    """A time as in records of calls."""
    return f"{render_time(unix_s)}+00:00"


def answer_json(status: int, content: Mapping[str, Any]) -> HttpResponse:
    """An answer of the API."""
    body = json.dumps({"api_id": new_uuid(), **content}).encode()
    return HttpResponse(status=status, headers={"content-type": "application/json"}, body=body)
