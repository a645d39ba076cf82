"""Twilio's webhooks as reports: the fields of a form, and our own ids in the URL's query.

Three kinds come to the same URL. A *fetch* (of the voice URL, a Gather's action, a Redirect) waits
for a document. A *status callback* (``CallbackSource``, ``SequenceNumber``) and the result of the
*machine detection* (``AnsweredBy`` without ``CallStatus``) wait for nothing. New fields may appear
at any time, so unknown ones say nothing.
"""

import re
from collections.abc import Mapping
from typing import Final

from voicecalld.call.events import Answered, EndReason, HungUp, LegEvent, Placed, Rang
from voicecalld.errors import BadMessageError
from voicecalld.ids import CallId, ProviderCallId
from voicecalld.provider.base import CarrierReport, Direction, Performed
from voicecalld.provider.form import (
    FORM_TYPE,
    Fields,
    media_type,
    parse_form_body,
    parse_query,
    read_one,
    read_own,
)
from voicecalld.provider.http import Webhook
from voicecalld.provider.twilio.signature import JSON_TYPE
from voicecalld.provider.withheld import WITHHELD

CALL_SID = re.compile(r"CA[0-9a-f]{32}")
KEYS = re.compile(r"[0-9A-D*#]*")
FINISHING_KEY: Final = "#"

END_REASONS: Final[Mapping[str, EndReason]] = {
    # Nobody says who has hung up; when we have, our call is over by the time this comes.
    "completed": EndReason.HANGUP_USER,
    "busy": EndReason.BUSY,
    "no-answer": EndReason.NO_ANSWER,
    "failed": EndReason.FAILED,
    "canceled": EndReason.NO_ANSWER,
}

DIRECTIONS: Final[Mapping[str, Direction]] = {
    "inbound": Direction.INBOUND,
    "outbound-api": Direction.OUTBOUND,
    "outbound-dial": Direction.OUTBOUND,
}

MACHINES: Final = frozenset(
    {
        "machine_start",
        "machine_end_beep",
        "machine_end_silence",
        "machine_end_other",
        "fax",
    }
)

# Each of these makes a webhook one that Twilio wants no document for, whatever else is in it.
SIGNS_OF_NEWS: Final = ("CallbackSource", "SequenceNumber", "StreamEvent", "RecordingStatus")


def parse_webhook(webhook: Webhook) -> tuple[CarrierReport, ...]:
    """What *webhook* reports; nothing if it says nothing that concerns a call of ours.

    Raises:
        BadMessageError: it is no webhook about a call.
    """
    kind = media_type(webhook)
    if kind == JSON_TYPE:
        return ()  # events of Twilio's other products; calls are reported in forms
    if webhook.body and kind != FORM_TYPE:
        raise BadMessageError("a webhook about a call is a form")
    report = parse_report(parse_form_body(webhook.body), parse_query(webhook.url))
    return (report,) if report.says_something else ()


def parse_report(fields: Fields, query: Fields) -> CarrierReport:
    """The report in the *fields* of a form that came to a URL with *query*.

    Raises:
        BadMessageError: a field that must be there is not, or is malformed, or is there twice.
    """
    call = read_one(fields, "CallSid") or ""
    if CALL_SID.fullmatch(call) is None:
        raise BadMessageError("a webhook without a CallSid, or with a malformed one")
    call_id = read_own(query, "callId")
    event = parse_event(fields, ProviderCallId(call))
    performed = parse_performed(fields, read_own(query, "turn"))
    if performed is not None and isinstance(event, Answered):
        event = None  # that it goes on is no news, many times a minute
    return CarrierReport(
        provider_call_id=ProviderCallId(call),
        event=event,
        performed=performed,
        asks=is_fetch(fields),
        call_id=None if call_id is None else CallId(call_id),
        direction=parse_direction(fields),
        from_=parse_caller(fields),
        to=read_one(fields, "To") or "",
    )


def parse_event(fields: Fields, call: ProviderCallId) -> LegEvent | None:
    """What happened to the leg; None if nothing, or nothing that we know."""
    status = read_one(fields, "CallStatus") or ""
    if status in END_REASONS:
        return HungUp(reason=END_REASONS[status])
    if read_one(fields, "AnsweredBy") in MACHINES and not is_news(fields):
        return HungUp(reason=EndReason.VOICEMAIL, by_us=True)  # nobody is there to talk with
    is_ringing_us = parse_direction(fields) is Direction.INBOUND and is_fetch(fields)
    match status:
        case "queued" | "initiated":
            return Placed(provider_call_id=call)
        case "ringing":
            return Placed(provider_call_id=call) if is_ringing_us else Rang()
        case "in-progress":
            return Answered()
        case _:
            return None


def parse_performed(fields: Fields, turn: str | None) -> Performed | None:
    """What came of the turn token *turn*; None without one."""
    if turn is None:
        return None
    digits = read_one(fields, "Digits") or ""
    if not digits and read_one(fields, "FinishedOnKey") == FINISHING_KEY:
        digits = FINISHING_KEY  # it ends a number, but alone it is an answer
    if KEYS.fullmatch(digits) is None:
        raise BadMessageError("a webhook with keys that no telephone has")
    return Performed(turn=turn, text=read_one(fields, "SpeechResult") or "", digits=digits)


def parse_direction(fields: Fields) -> Direction | None:
    """Who placed the call; None if it is a kind of call that we have no part in."""
    return DIRECTIONS.get(read_one(fields, "Direction") or "")


def parse_caller(fields: Fields) -> str:
    """The number that calls, as Twilio writes it; empty if it is withheld."""
    caller = read_one(fields, "From") or ""
    return "" if caller.lower() in WITHHELD else caller


def is_fetch(fields: Fields) -> bool:
    """Whether Twilio waits for a document; nobody does so on a call that is over."""
    status = read_one(fields, "CallStatus")
    is_detection = status is None and "AnsweredBy" in fields
    return not (is_news(fields) or is_detection or status in END_REASONS)


def is_news(fields: Fields) -> bool:
    """Whether the webhook only tells us something."""
    return any(sign in fields for sign in SIGNS_OF_NEWS)
