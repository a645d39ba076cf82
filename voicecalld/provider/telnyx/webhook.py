"""Telnyx's webhooks as reports: one JSON object, one event, with its payload.

All of them only tell something: nothing is done because of our answer, but by commands. Two ask
for commands all the same: a call that comes in, and one of ours that was answered. The names of
events come with ``call.`` in front and without, so it is taken off. New events and fields may
appear at any time, so unknown ones say nothing. Nor do those of another application of the
account, which may be told to the same URL; and calls that another program places through our
application ask nothing of us.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final, TypeAlias

from voicecalld.call.events import Answered, EndReason, HungUp, LegEvent, Placed
from voicecalld.errors import BadMessageError
from voicecalld.ids import ProviderCallId
from voicecalld.provider.base import (
    CarrierReport,
    Direction,
    KeyHeard,
    Progress,
    SpeechEnded,
    StreamLost,
    WordsHeard,
)
from voicecalld.provider.http import Webhook
from voicecalld.provider.json_text import parse_json, read_text
from voicecalld.provider.stream_text import KEYS
from voicecalld.provider.telnyx.client_state import ClientState, parse_client_state
from voicecalld.provider.withheld import WITHHELD

Payload: TypeAlias = Mapping[object, object]

# No dot: ids go into URLs, where two of them would lead elsewhere.
CALL_CONTROL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9:+/=_-]{0,255}")

PREFIX: Final = "call."

EVENTS: Final = frozenset(
    {
        "initiated",
        "answered",
        "hangup",
        "machine.detection.ended",
        "machine.greeting.ended",
        "machine.premium.detection.ended",
        "machine.premium.greeting.ended",
        "speak.ended",
        "transcription",
        "dtmf.received",
        "streaming.stopped",
        "streaming.failed",
    }
)
"""What says something of a call to us."""

# A machine is known by what it says, or by the beep at the end of it.
MACHINES: Final = frozenset({"machine", "fax_detected", "beep_detected"})

DIRECTIONS: Final[Mapping[str, Direction]] = {
    "incoming": Direction.INBOUND,
    "outgoing": Direction.OUTBOUND,
}

END_REASONS: Final[Mapping[str, EndReason]] = {
    # When we have hung up, our call is over by the time this comes.
    "normal_clearing": EndReason.HANGUP_USER,
    "originator_cancel": EndReason.NO_ANSWER,
    "timeout": EndReason.NO_ANSWER,
    "no_answer": EndReason.NO_ANSWER,
    "time_limit": EndReason.TIMEOUT,
    "user_busy": EndReason.BUSY,
    "call_rejected": EndReason.FAILED,
    "not_found": EndReason.FAILED,
    "unspecified": EndReason.FAILED,
}


def parse_webhook(webhook: Webhook, connection_id: str) -> tuple[CarrierReport, ...]:
    """What *webhook* reports; nothing if it says nothing that concerns us.

    *connection_id* is our application.

    Raises:
        BadMessageError: it is no event, or a malformed one of a kind that we know.
    """
    match parse_json(webhook.body):
        case {"data": {"event_type": str(event_type), **data}}:
            name = event_type.removeprefix(PREFIX)
        case _:
            raise BadMessageError("a webhook is a JSON object that names its event")
    if name not in EVENTS:
        return ()
    match data:
        case {"payload": {"connection_id": str(other)}} if other not in {"", connection_id}:
            return ()
        case {"payload": {**payload}}:
            report = parse_report(name, payload, parse_time(data.get("occurred_at")))
        case _:
            raise BadMessageError(f"the event {name} has no payload")
    return (report,) if report.says_something else ()


def parse_time(occurred_at: object) -> float:
    """The Unix time in *occurred_at*; 0 if there is none: nothing depends on it but an order."""
    if not isinstance(occurred_at, str):
        return 0.0
    try:
        moment = datetime.fromisoformat(occurred_at)
    except ValueError:
        return 0.0
    return 0.0 if moment.tzinfo is None else max(moment.timestamp(), 0.0)


def parse_report(name: str, payload: Payload, unix_s: float) -> CarrierReport:
    """The report in the *payload* of the event *name*, which happened at *unix_s*.

    Raises:
        BadMessageError: a field that must be there is not, or is malformed.
    """
    call = ProviderCallId(read_text(payload, "call_control_id"))
    if CALL_CONTROL_ID.fullmatch(call) is None:
        raise BadMessageError("an event without a call_control_id, or with a malformed one")
    state = parse_client_state(payload.get("client_state"))
    direction = DIRECTIONS.get(read_text(payload, "direction"))
    is_new = name == "initiated" and direction is Direction.INBOUND
    is_begun = name == "answered" and state.call_id is not None
    return CarrierReport(
        provider_call_id=call,
        event=parse_event(name, payload, call),
        progress=parse_progress(name, payload, state, unix_s),
        asks=is_new or is_begun,
        call_id=state.call_id,
        direction=direction,
        from_=parse_caller(payload),
        to=read_text(payload, "to"),
    )


def parse_caller(payload: Payload) -> str:
    """The number that calls, as Telnyx writes it; empty if it is withheld."""
    caller = read_text(payload, "from")
    spelled = {caller.lower(), caller.lower().removeprefix("+")}
    return "" if spelled & WITHHELD else caller


def parse_event(name: str, payload: Payload, call: ProviderCallId) -> LegEvent | None:
    """What happened to the leg; None if nothing."""
    match name:
        case "initiated":
            return Placed(provider_call_id=call)
        case "answered":
            return Answered()
        case "hangup":
            cause = read_text(payload, "hangup_cause")
            return HungUp(reason=END_REASONS.get(cause, EndReason.FAILED))
        case _ if name.startswith("machine.") and read_text(payload, "result") in MACHINES:
            return HungUp(reason=EndReason.VOICEMAIL, by_us=True)  # nobody is there to talk with
        case _:
            return None


def parse_progress(
    name: str, payload: Payload, state: ClientState, unix_s: float
) -> Progress | None:
    """What came at *unix_s* of a command that had *state* with it; None if nothing."""
    match name:
        case "speak.ended" if state.call_id is not None:
            was_cut = payload.get("status") == "call_hangup"
            return SpeechEnded(turn=state.turn, was_cut=was_cut)
        case "transcription":
            return parse_words(payload.get("transcription_data"), state.turn, unix_s)
        case "dtmf.received":
            return parse_key(read_text(payload, "digit"))
        case "streaming.stopped" | "streaming.failed":
            return StreamLost()
        case _:
            return None


def parse_words(data: object, turn: str, unix_s: float) -> WordsHeard | None:
    """What the recogniser of *turn* has made out by *unix_s*; None for what we have said.

    Raises:
        BadMessageError: it says nothing that a recogniser can say.
    """
    if not isinstance(data, dict):
        raise BadMessageError("a transcription without words")
    if read_text(data, "transcription_track") == "outbound":
        return None
    # A recogniser that never changes its mind need not say that this is final.
    match data.get("is_final"):
        case None:
            is_final = True
        case bool(is_final):
            pass
        case _:
            raise BadMessageError("a transcription that is neither final nor not")
    text = read_text(data, "transcript")
    return WordsHeard(text=text, is_final=is_final, turn=turn, unix_s=unix_s)


def parse_key(digit: str) -> KeyHeard:
    """The key that was pressed.

    Raises:
        BadMessageError: no telephone has such a key.
    """
    if digit not in KEYS:
        raise BadMessageError("an event with a key that no telephone has")
    return KeyHeard(digit=digit)
