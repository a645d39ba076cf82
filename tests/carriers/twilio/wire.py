"""Twilio's names for things: documents, messages of media streams, and parameters of webhooks.

Sources: Twilio's OpenAPI of the 2010-04-01 API, and its pages on TwiML, webhooks, Media Streams.
"""

import base64
import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from tests.carriers.stream_orders import (
    BadOrderError,
    ClearAudio,
    OrderReader,
    PlayAudio,
    SetMark,
    StreamOrder,
)

API_VERSION = "2010-04-01"

# How a call has ended, by the code of SIP that Twilio reports with it.
SIP_CODES: Mapping[str, str] = {
    "completed": "200",
    "busy": "486",
    "no-answer": "487",
    "canceled": "487",
    "failed": "603",
}


def new_sid(prefix: str) -> str:
    """An id as Twilio makes them."""
    return prefix + uuid.uuid4().hex


def render_time(unix_s: float) -> str:
    """A time as in webhooks and in the REST API (RFC 2822)."""
    return format_datetime(datetime.fromtimestamp(unix_s, UTC))


# ---- media streams -----------------------------------------------------------------


READER = OrderReader(json_code=31950, field_code=31951)


def parse_order(message: str, stream_sid: str) -> StreamOrder:
    """Read what the customer has sent on a media stream.

    Raises:
        BadOrderError: it is not exactly as documented: no field is missing, none is too many.
    """
    fields = READER.read_object(message)
    if fields.get("streamSid") != stream_sid:
        raise BadOrderError(31951, "no streamSid, or another stream's")
    match fields.get("event"):
        case "media":
            READER.check_fields(fields, {"event", "streamSid", "media"})
            media = READER.read_inner(fields, "media", {"payload"})
            return PlayAudio(audio=READER.decode_payload(READER.read_text(media, "payload")))
        case "mark":
            READER.check_fields(fields, {"event", "streamSid", "mark"})
            mark = READER.read_inner(fields, "mark", {"name"})
            return SetMark(mark=READER.read_text(mark, "name"))
        case "clear":
            READER.check_fields(fields, {"event", "streamSid"})
            return ClearAudio()
        case event:
            raise BadOrderError(31951, f"no event of Twilio's: {event!r}")


def render_connected() -> str:
    """The first message of every stream."""
    return json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"})


class StreamWriter:
    """The messages of one stream to the customer; it counts them, as text, from 1."""

    def __init__(self, account_sid: str, call_sid: str, stream_sid: str) -> None:
        self.account_sid = account_sid
        self.call_sid = call_sid
        self.stream_sid = stream_sid
        self.sequence = 0
        self.chunk = 0

    def render(self, event: str, content: Mapping[str, Any]) -> str:
        """One message."""
        self.sequence += 1
        message = {"event": event, "sequenceNumber": str(self.sequence)}
        return json.dumps({**message, "streamSid": self.stream_sid, event: content})

    def start(self, parameters: Mapping[str, str]) -> str:
        """Whose sound this is."""
        content = {
            "accountSid": self.account_sid,
            "streamSid": self.stream_sid,
            "callSid": self.call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": dict(parameters),
        }
        return self.render("start", content)

    def media(self, frame: bytes) -> str:
        """20 ms of the other party's sound."""
        self.chunk += 1
        content = {
            "track": "inbound",
            "chunk": str(self.chunk),
            "timestamp": str(20 * self.chunk),
            "payload": base64.b64encode(frame).decode(),
        }
        return self.render("media", content)

    def skip(self) -> None:
        """Leave 20 ms out; the time goes on."""
        self.chunk += 1

    def dtmf(self, digit: str) -> str:
        """A key that the other party has pressed."""
        return self.render("dtmf", {"track": "inbound_track", "digit": digit})

    def mark(self, name: str) -> str:
        """A name that comes back."""
        return self.render("mark", {"name": name})

    def stop(self) -> str:
        """The last message."""
        return self.render("stop", {"accountSid": self.account_sid, "callSid": self.call_sid})
