"""Calls, words and times as JSON members: the form that clients see them in."""

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from voicecalld.call.latency import STAGES, describe_stages
from voicecalld.call.record import LIVE_STATES, CallRecord, TurnLatency, Utterance
from voicecalld.control.parties import StoredEvent
from voicecalld.rpc.json_line import JsonObject


def render_time(unix_s: float) -> str:
    """ISO 8601 in UTC, to the millisecond."""
    text = datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def render_ms(seconds: float) -> float:
    """Milliseconds with one decimal: clocks do not tell more, and people need less."""
    return round(seconds * 1000, 1)


def render_call(record: CallRecord, latencies: Sequence[TurnLatency] = ()) -> JsonObject:
    """A call; members that are not known yet are left out."""
    call: dict[str, str | None] = {
        "callId": record.call_id,
        "providerCallId": record.provider_call_id,
        "provider": record.provider,
        "direction": record.direction,
        "mode": record.mode.value,
        "state": record.state.value,
        "from": record.from_number,
        "to": record.to_number,
        "startedAt": render_time(record.started_unix_s),
        "answeredAt": render_time_if(record.answered_unix_s),
        "endedAt": render_time_if(record.ended_unix_s),
        "endReason": None if record.state in LIVE_STATES else record.state.value,
        "endCause": record.end_cause,
    }
    known: JsonObject = {name: value for name, value in call.items() if value is not None}
    felt_s = [turn.first_frame_s for turn in latencies if turn.first_frame_s is not None]
    if felt_s:
        known["latency"] = {
            "turns": len(felt_s),
            "lastMs": render_ms(felt_s[-1]),
            "p50Ms": render_ms(percentile(felt_s, 50)),
            "p95Ms": render_ms(percentile(felt_s, 95)),
        }
    return known


def render_time_if(unix_s: float | None) -> str | None:
    """`render_time` of a time that may not have come."""
    return None if unix_s is None else render_time(unix_s)


def render_utterance(utterance: Utterance) -> JsonObject:
    """What one party said; ``interrupted`` only where it was."""
    rendered: JsonObject = {
        "speaker": utterance.speaker.value,
        "text": utterance.text,
        "at": render_time(utterance.unix_s),
    }
    if utterance.interrupted:
        rendered["interrupted"] = True
    return rendered


def render_turn(latency: TurnLatency) -> JsonObject:
    """How long one answer took, without the stages that did not happen."""
    at = render_time(latency.unix_s)
    return {"turn": latency.turn, "at": at, **describe_stages(latency)}


def render_stages(latencies: Iterable[TurnLatency]) -> JsonObject:
    """For each stage how often it happened, and how long it took; absent if it never did."""
    turns = list(latencies)
    stages: JsonObject = {}
    for name, field in STAGES.items():
        seconds = [value for turn in turns if (value := getattr(turn, field)) is not None]
        if seconds:
            stages[name] = {"count": len(seconds)} | {
                f"p{rank}": render_ms(percentile(seconds, rank)) for rank in (50, 95, 99)
            }
    return stages


def render_event(event: StoredEvent) -> JsonObject:
    """The parameters of a notification; details never hide what every event has."""
    return {
        **event.details,
        "seq": event.seq,
        "at": render_time(event.unix_s),
        "event": event.event,
        "call": render_call(event.record),
    }


def percentile(values: Iterable[float], rank: int) -> float:
    """The smallest of *values* that *rank* per cent of them do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * rank / 100) - 1)]
