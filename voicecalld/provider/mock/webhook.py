"""The mock carrier's webhooks as reports: one JSON object, one event."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import assert_never

from voicecalld.call.events import Answered, EndReason, HungUp, LegEvent, Placed, Rang
from voicecalld.errors import BadMessageError
from voicecalld.ids import CallId, ProviderCallId
from voicecalld.provider.base import CarrierReport, Direction
from voicecalld.provider.http import Webhook
from voicecalld.provider.json_text import parse_json

# Ids go into URLs, so nothing that would need quoting is let in.
CALL = re.compile(r"[A-Za-z0-9_-]{1,128}")


class MockEvent(StrEnum):
    """The kinds of event that the carrier reports."""

    INITIATED = "initiated"
    RINGING = "ringing"
    ANSWERED = "answered"
    ENDED = "ended"


class MockReason(StrEnum):
    """Why the carrier says that a call is over."""

    COMPLETED = "completed"
    HANGUP_USER = "hangup-user"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"
    REJECTED = "rejected"
    VOICEMAIL = "voicemail"
    TIMEOUT = "timeout"


EVENTS: Mapping[str, MockEvent] = {event.value: event for event in MockEvent}

# With these the exchange does what the answer says.
ASKING = frozenset({(MockEvent.INITIATED, "inbound"), (MockEvent.ANSWERED, "outbound")})

END_REASONS: Mapping[str, EndReason] = {
    MockReason.COMPLETED: EndReason.COMPLETED,
    MockReason.HANGUP_USER: EndReason.HANGUP_USER,
    MockReason.BUSY: EndReason.BUSY,
    MockReason.NO_ANSWER: EndReason.NO_ANSWER,
    MockReason.FAILED: EndReason.FAILED,
    # Who rejects a call and who is on the telephone look alike on most networks.
    MockReason.REJECTED: EndReason.BUSY,
    MockReason.VOICEMAIL: EndReason.VOICEMAIL,
    MockReason.TIMEOUT: EndReason.TIMEOUT,
}


def parse_webhook(webhook: Webhook) -> tuple[CarrierReport, ...]:
    """What *webhook* reports; nothing if its event has a name that we do not know.

    Raises:
        BadMessageError: it is not an event of the mock carrier.
    """
    match parse_json(webhook.body):
        case {"event": str(name), **fields}:
            event = EVENTS.get(name)
            return () if event is None else (parse_report(event, fields),)
        case _:
            raise BadMessageError("a webhook is a JSON object that names its event")


def parse_report(name: MockEvent, fields: Mapping[object, object]) -> CarrierReport:
    """The report in the *fields* of an event called *name*."""
    match fields:
        case {
            "id": str(event_id),
            "call": str(call),
            "direction": "inbound" | "outbound" as direction,
            "from": str(from_),
            "to": str(to),
        } if event_id and CALL.fullmatch(call):
            return CarrierReport(
                provider_call_id=ProviderCallId(call),
                event=parse_event(name, ProviderCallId(call), fields),
                asks=(name, direction) in ASKING,
                call_id=parse_call_id(fields),
                direction=Direction(direction),
                from_=from_,
                to=to,
            )
        case _:
            raise BadMessageError(f"the event {name} lacks a field, or has a wrong one")


def parse_call_id(fields: Mapping[object, object]) -> CallId | None:
    """Our own id of the call, if the carrier was told one."""
    match fields.get("callId"):
        case None:
            return None
        case str(call_id) if call_id:
            return CallId(call_id)
        case _:
            raise BadMessageError("callId is not a string, or is empty")


def parse_event(
    name: MockEvent, call: ProviderCallId, fields: Mapping[object, object]
) -> LegEvent:
    """What happened to the leg."""
    match name:
        case MockEvent.INITIATED:
            return Placed(provider_call_id=call)
        case MockEvent.RINGING:
            return Rang()
        case MockEvent.ANSWERED:
            return Answered()
        case MockEvent.ENDED:
            return HungUp(reason=parse_reason(fields.get("reason")))
        case _:
            assert_never(name)


def parse_reason(reason: object) -> EndReason:
    """Why the call is over, in our words."""
    if not isinstance(reason, str) or reason not in END_REASONS:
        raise BadMessageError("the call ended for a reason that the carrier does not have")
    return END_REASONS[reason]
