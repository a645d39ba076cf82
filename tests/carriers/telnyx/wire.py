"""Telnyx's names for things: ids, times, and the messages of media streams.

Sources: Telnyx's OpenAPI of Call Control v2, and its AsyncAPI of media streaming.
"""

import base64
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.carriers.stream_orders import (
    BadOrderError,
    ClearAudio,
    OrderReader,
    PlayAudio,
    SetMark,
    StreamOrder,
)

# The codes of an ``error`` message.
MALFORMED_FRAME = 100_003
INVALID_MEDIA = 100_004
TITLES: Mapping[int, str] = {MALFORMED_FRAME: "malformed_frame", INVALID_MEDIA: "invalid_media"}

# Telnyx's debugger shows these without a code.
WEBHOOK_UNTAKEN = 1
UNKNOWN_PARAMETER = 2
ODD_COMMAND = 3
STREAM_REFUSED = 4
STREAM_BROKEN = 5
STREAM_CLOSED = 6
STREAM_UNREAD = 7

BYTES_PER_S = 8000
LEAST_AUDIO_BYTES = BYTES_PER_S // 50
MOST_AUDIO_BYTES = 30 * BYTES_PER_S


def new_control_id() -> str:
    """A call_control_id."""
    return f"v3:{secrets.token_urlsafe(40)[:51]}"


def render_time(unix_s: float) -> str:
    """A time as in webhooks and in the REST API (ISO 8601)."""
    return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="microseconds")[:-6] + "Z"


READER = OrderReader(json_code=MALFORMED_FRAME, field_code=MALFORMED_FRAME)
MEDIA_READER = OrderReader(json_code=MALFORMED_FRAME, field_code=INVALID_MEDIA)


def parse_order(message: str) -> StreamOrder:
    """Read what the customer has sent on a media stream.

    Raises:
        BadOrderError: it is not exactly as documented: no field is missing, none is too many.
    """
    fields = READER.read_object(message)
    match fields.get("event"):
        case "media":
            READER.check_fields(fields, {"event", "media"})
            payload = READER.read_text(READER.read_inner(fields, "media", {"payload"}), "payload")
            return PlayAudio(audio=MEDIA_READER.decode_payload(payload))
        case "mark":
            READER.check_fields(fields, {"event", "mark"})
            name = READER.read_text(READER.read_inner(fields, "mark", {"name"}), "name")
            return SetMark(mark=name)
        case "clear":
            READER.check_fields(fields, {"event"})
            return ClearAudio()
        case event:
            raise BadOrderError(MALFORMED_FRAME, f"no event of Telnyx's: {event!r}")


def render_connected(auth_token: str) -> str:
    """The first message of every stream."""
    proof = {"connected": {"x-telnyx-streaming-auth-token": auth_token}} if auth_token else {}
    return json.dumps({"event": "connected", "version": "1.0.0", **proof})


class StreamWriter:
    """The messages of one stream to the customer; it counts them, as text, from 1."""

    def __init__(self, stream_id: str) -> None:
        self.stream_id = stream_id
        self.sequence = 0
        self.chunk = 0

    def render(self, event: str, content: Mapping[str, Any], **more: str) -> str:
        """One message."""
        self.sequence += 1
        message = {"event": event, "sequence_number": str(self.sequence)}
        return json.dumps({**message, "stream_id": self.stream_id, event: content, **more})

    def start(self, content: Mapping[str, Any]) -> str:
        """Whose sound this is."""
        media_format = {"encoding": "PCMU", "sample_rate": 8000, "channels": 1}
        return self.render("start", {**content, "media_format": media_format})

    def media(self, frame: bytes) -> str:
        """20 ms of the other party's sound."""
        self.chunk += 1
        content = {
            "track": "inbound",
            "chunk": str(self.chunk),
            "timestamp": str(20 * (self.chunk - 1)),
            "payload": base64.b64encode(frame).decode(),
        }
        return self.render("media", content)

    def skip(self) -> None:
        """Leave 20 ms out; the time goes on."""
        self.chunk += 1

    def dtmf(self, digit: str, unix_s: float) -> str:
        """A key that the other party has pressed."""
        return self.render("dtmf", {"digit": digit}, occurred_at=render_time(unix_s))

    def mark(self, name: str) -> str:
        """A name that comes back."""
        return self.render("mark", {"name": name})

    def error(self, problem: BadOrderError) -> str:
        """What was wrong with a message; it has no number."""
        payload = {"code": problem.code, "title": TITLES[problem.code], "detail": str(problem)}
        return json.dumps({"event": "error", "stream_id": self.stream_id, "payload": payload})

    def stop(self, content: Mapping[str, Any]) -> str:
        """The last message."""
        return self.render("stop", content)
