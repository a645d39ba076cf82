"""Plivo's webhooks as reports: the fields of a form, and our own ids in the URL's query.

All come to the same URL, and ``Event`` tells them apart. ``StartApp`` and ``Redirect`` wait for a
document, and so does whatever comes to a URL with a turn token: what was heard, for one. ``Ring``,
``Hangup`` and ``MachineDetection`` only tell us something. New fields and events may appear at any
time, so unknown ones say nothing.
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
from voicecalld.provider.withheld import WITHHELD

UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
KEYS = re.compile(r"[0-9A-D*#]*")
BARE_NUMBER = re.compile(r"[1-9][0-9]{1,14}")
FINISHING_KEY: Final = "#"

END_REASONS: Final[Mapping[str, EndReason]] = {
    # When we have hung up, our call is over by the time this comes: it was the other party.
    "completed": EndReason.HANGUP_USER,
    "busy": EndReason.BUSY,
    "no-answer": EndReason.NO_ANSWER,
    "timeout": EndReason.NO_ANSWER,
    "failed": EndReason.FAILED,
    "cancel": EndReason.NO_ANSWER,
}

FETCHES: Final = frozenset({"StartApp", "Redirect", ""})
NEWS: Final = frozenset({"Ring", "Hangup", "MachineDetection"})

# What comes with one of these has no ``Event`` sometimes, and is nothing that we have asked for.
SIGNS_OF_OTHER_NEWS: Final = ("StableSpeech", "UnstableSpeech", "StreamID", "RecordUrl")
OTHER_NEWS: Final = "news"


def parse_webhook(webhook: Webhook) -> tuple[CarrierReport, ...]:
    """What *webhook* reports; nothing if it says nothing that concerns a call of ours.

    Raises:
        BadMessageError: it is no webhook about a call.
    """
    if webhook.body and media_type(webhook) != FORM_TYPE:
        raise BadMessageError("a webhook about a call is a form")
    query = parse_query(webhook.url)
    fields = query if webhook.method == "GET" else parse_form_body(webhook.body)
    report = parse_report(fields, query)
    return (report,) if report.says_something else ()


def parse_report(fields: Fields, query: Fields) -> CarrierReport:
    """The report in the *fields* of a form that came to a URL with *query*.

    Raises:
        BadMessageError: a field that must be there is not, or is malformed, or is there twice.
    """
    call = parse_uuid(fields, "CallUUID")
    if call is None:
        raise BadMessageError("a webhook without a CallUUID")
    call_id, turn = read_own(query, "callId"), read_own(query, "turn")
    event = parse_event(fields, call)
    if turn is not None and isinstance(event, Answered):
        event = None  # that it goes on is no news, many times a minute
    return CarrierReport(
        provider_call_id=call,
        event=event,
        performed=None if turn is None else parse_performed(fields, turn),
        asks=is_fetch(fields, turn),
        placed_as=parse_order(fields, call),
        call_id=None if call_id is None else CallId(call_id),
        direction=parse_direction(fields),
        from_=parse_party(fields, "From"),
        to=parse_party(fields, "To"),
    )


def parse_uuid(fields: Fields, name: str) -> ProviderCallId | None:
    """The id in the field *name*; None if there is none.

    Raises:
        BadMessageError: it is malformed, or there twice.
    """
    text = read_one(fields, name) or ""
    if text and UUID.fullmatch(text) is None:
        raise BadMessageError(f"a webhook with a malformed {name}")
    return ProviderCallId(text) if text else None


def parse_order(fields: Fields, call: ProviderCallId) -> ProviderCallId | None:
    """What the order to place *call* was called; None if it was not ours, or has the same name."""
    order = parse_uuid(fields, "RequestUUID") or parse_uuid(fields, "ALegRequestUUID")
    return None if order == call else order


def parse_event(fields: Fields, call: ProviderCallId) -> LegEvent | None:
    """What happened to the leg; None if nothing, or nothing that we know."""
    name, status = read_name(fields), read_one(fields, "CallStatus") or ""
    if status in END_REASONS or name == "Hangup":
        return HungUp(reason=END_REASONS.get(status, EndReason.FAILED))
    if (read_one(fields, "Machine") or "").lower() == "true":
        return HungUp(reason=EndReason.VOICEMAIL, by_us=True)  # nobody is there to talk with
    match name:
        case "Ring":
            return Rang()
        case "StartApp" if parse_direction(fields) is Direction.INBOUND:
            return Placed(provider_call_id=call)
        case _ if name in FETCHES and status == "in-progress":
            return Answered()
        case _:
            return None


def read_name(fields: Fields) -> str:
    """Which kind of event it is; empty for what was heard, which may come without a name."""
    name = read_one(fields, "Event") or ""
    is_other = not name and any(sign in fields for sign in SIGNS_OF_OTHER_NEWS)
    return OTHER_NEWS if is_other else name


def is_fetch(fields: Fields, turn: str | None) -> bool:
    """Whether Plivo waits for a document; nobody does so on a call that is over."""
    name = read_name(fields)
    if name in NEWS or read_one(fields, "CallStatus") in END_REASONS:
        return False
    return turn is not None or name in FETCHES


def parse_performed(fields: Fields, turn: str) -> Performed:
    """What came of the turn token *turn*."""
    digits = read_one(fields, "Digits") or ""
    if not digits and read_one(fields, "InputType") == "dtmf":
        digits = FINISHING_KEY  # it ends a number, but alone it is an answer
    if KEYS.fullmatch(digits) is None:
        raise BadMessageError("a webhook with keys that no telephone has")
    return Performed(turn=turn, text=read_one(fields, "Speech") or "", digits=digits)


def parse_direction(fields: Fields) -> Direction | None:
    """Who placed the call; None if it is a kind of call that we have no part in."""
    match read_one(fields, "Direction"):
        case "inbound":
            return Direction.INBOUND
        case "outbound":
            return Direction.OUTBOUND
        case _:
            return None


def parse_party(fields: Fields, name: str) -> str:
    """The number of one party as E.164, which Plivo writes without a plus; all else as it is.

    A number that only spells that it is withheld gets no plus, so that nobody takes it for one.
    """
    party = read_one(fields, name) or ""
    is_number = BARE_NUMBER.fullmatch(party) is not None and f"+{party}" not in WITHHELD
    return f"+{party}" if is_number else party
