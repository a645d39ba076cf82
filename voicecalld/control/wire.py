"""Calls, words and times as JSON members: the form that clients see them in."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from voicecalld.call.latency import STAGES, describe_stages
from voicecalld.call.record import (
    LIVE_STATES,
    CallLatency,
    CallRecord,
    TurnLatency,
    Utterance,
)
from voicecalld.control.parties import StoredEvent
from voicecalld.net.service_guard import ServiceHealth
from voicecalld.rpc.json_line import JsonObject


def render_time(unix_s: float) -> str:
    """ISO 8601 in UTC, to the millisecond."""
    text = datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def render_ms(seconds: float) -> float:
    """Milliseconds with one decimal: clocks do not tell more, and people need less."""
    return round(seconds * 1000, 1)


def render_service(health: ServiceHealth) -> JsonObject:
    """How a service is doing."""
    return {
        "provider": health.provider,
        "state": health.state.value,
        "since": render_time(health.since_unix_s),
        "successes": health.successes,
        "failures": health.failures,
        **({"reason": health.reason} if health.reason else {}),
    }


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
    """What one party said; ``interrupted`` only where it was, the end only if it is known."""
    rendered: JsonObject = {
        "speaker": utterance.speaker.value,
        "text": utterance.text,
        "at": render_time(utterance.unix_s),
    }
    if utterance.ended_unix_s is not None:
        rendered["endedAt"] = render_time(utterance.ended_unix_s)
    if utterance.interrupted:
        rendered["interrupted"] = True
    return rendered


def render_turn(latency: TurnLatency) -> JsonObject:
    """How long one answer took, without the stages that did not happen."""
    turn: JsonObject = {"turn": latency.turn, "at": render_time(latency.unix_s)}
    if latency.speech_ended_unix_s is not None:
        turn["speechEndedAt"] = render_time(latency.speech_ended_unix_s)
    return {**turn, **describe_stages(latency)}


def render_turns(latencies: Sequence[TurnLatency]) -> JsonObject:
    """The answers of one call: each, and summed up."""
    return {
        "turns": [render_turn(latency) for latency in latencies],
        "stages": render_stages(latencies),
    }


def render_recent(recent: Sequence[CallLatency]) -> JsonObject:
    """The answers of several calls: each, and summed up for all and for every carrier."""
    turns: JsonObject = {
        "turns": [
            {"callId": one.call_id, "provider": one.provider, **render_turn(one.latency)}
            for one in recent
        ],
        "stages": render_stages(one.latency for one in recent),
    }
    counts = Counter((one.call_id, one.provider) for one in recent)
    carriers = sorted({one.provider for one in recent})
    return {
        **turns,
        "calls": [
            {"callId": call_id, "provider": provider, "turns": count}
            for (call_id, provider), count in counts.items()
        ],
        "carriers": {carrier: render_carrier(carrier, recent) for carrier in carriers},
    }


def render_carrier(carrier: str, recent: Iterable[CallLatency]) -> JsonObject:
    """The answers on calls of one carrier, summed up."""
    own = [one for one in recent if one.provider == carrier]
    return {
        "calls": len({one.call_id for one in own}),
        "turns": len(own),
        "stages": render_stages(one.latency for one in own),
    }


def render_stages(latencies: Iterable[TurnLatency]) -> JsonObject:
    """For each stage how often it happened, and how long it took; absent if it never did."""
    turns = list(latencies)
    stages: JsonObject = {}
    for name, field in STAGES.items():
        seconds = sorted(value for turn in turns if (value := getattr(turn, field)) is not None)
        if seconds:
            stages[name] = {"count": len(seconds)} | {
                f"p{rank}": render_ms(percentile(seconds, rank)) for rank in (50, 95, 99)
            }
    return stages


def render_moment(event: StoredEvent) -> JsonObject:
    """When something happened on a call of which the reader knows, and its details."""
    return {**event.details, "at": render_time(event.unix_s)}


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
