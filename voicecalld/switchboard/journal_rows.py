"""What the journal keeps of a call, as rows of its tables and back again.

An entry that becomes rows can also be stored: whatever a database would refuse is refused or
repaired here, in front of the poster, so that one bad value cannot hold up all that follow it.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

from voicecalld.call.record import (
    CallLatency,
    CallRecord,
    CallState,
    Entry,
    Json,
    Mode,
    Speaker,
    TurnLatency,
    Utterance,
)
from voicecalld.printable import clean_text
from voicecalld.provider.http import Reply

Column: TypeAlias = str | int | float | None
Row: TypeAlias = dict[str, Any]
"""Column names and what is in them; the columns of a value are its fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRows:
    """One entry, ready to be written; only its number in the journal is missing."""

    call: Row
    event: Row
    utterance: Row | None
    latency: Row | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyRow:
    """How a webhook was answered, ready to be written."""

    row: Row


def render_reply(key: str, reply: Reply, unix_s: float) -> ReplyRow:
    """The row of *reply*, which answers the webhook whose replay key is *key*."""
    return ReplyRow(
        row={
            "key": key,
            "unix_s": storable(unix_s),
            "status": reply.status,
            "content_type": reply.content_type,
            "body": reply.body,
        }
    )


def render_entry(entry: Entry) -> EntryRows:
    """The rows of *entry*; nothing in them changes when the entry's details do.

    Half of a surrogate pair becomes U+FFFD, since UTF-8 cannot say it.

    Raises:
        ValueError: a number is infinite, not a number, or an integer beyond 64 bits.
        TypeError: the details are not JSON.
    """
    call = row_of(entry.record)
    event = {
        "call_id": call["call_id"],
        "event": storable(entry.event),
        "unix_s": storable(entry.unix_s),
        "record": render_json(call),
        "details": render_json(dict(entry.details)),
    }
    utterance, latency = entry.utterance, entry.latency
    return EntryRows(
        call=call,
        event=event,
        utterance=None if utterance is None else row_of(utterance),
        latency=None if latency is None else row_of(latency),
    )


def row_of(value: CallRecord | Utterance | TurnLatency) -> Row:
    """The fields of *value*, each as `storable`."""
    return {field.name: storable(getattr(value, field.name)) for field in fields(value)}


def storable(value: Column) -> Column:
    """*value* as SQLite can keep it.

    Raises:
        ValueError: it is a number that SQLite would change (NaN becomes NULL) or refuse.
    """
    match value:
        case str():
            return clean_text(value)
        case float() if not math.isfinite(value):
            raise ValueError(f"not a finite number: {value}")
        case int() if not -(2**63) <= value < 2**63:
            raise ValueError("an integer beyond 64 bits")
        case _:
            return value


def render_json(value: Mapping[str, Column] | Mapping[str, Json]) -> str:
    """*value* as JSON text that UTF-8 can say."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return clean_text(text)


def parse_record(row: Row) -> CallRecord:
    """The record in a row of the table calls, or in an event."""
    return CallRecord(**{**row, "mode": Mode(row["mode"]), "state": CallState(row["state"])})


def parse_reply(row: Row) -> Reply:
    """The reply in a row of the table replies."""
    return Reply(status=row["status"], content_type=row["content_type"], body=row["body"])


def parse_utterance(row: Row) -> Utterance:
    """The utterance in a row of the table utterances."""
    return Utterance(
        speaker=Speaker(row["speaker"]),
        text=row["text"],
        unix_s=row["unix_s"],
        interrupted=bool(row["interrupted"]),
        ended_unix_s=row["ended_unix_s"],
    )


def parse_latency(row: Row) -> TurnLatency:
    """The latency of a turn in a row of the table latency."""
    return TurnLatency(**{field.name: row[field.name] for field in fields(TurnLatency)})


def parse_call_latency(row: Row) -> CallLatency:
    """The latency of a turn in a row of the table latency with its call's carrier."""
    return CallLatency(
        call_id=row["call_id"], provider=row["provider"], latency=parse_latency(row)
    )
