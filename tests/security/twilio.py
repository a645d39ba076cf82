"""Twilio, as it signs by its own library."""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode
from xml.etree import ElementTree as ET

from twilio.request_validator import RequestValidator

from tests.security.carriers import OUR_KEY, Carrier, Tampering
from tests.security.message import Message

ACCOUNT = f"AC{'0' * 32}"
FORM = "application/x-www-form-urlencoded"
STREAM = f"MZ{'7' * 32}"


def sign(url: str, body: bytes, *, unix_s: float, key: str = OUR_KEY) -> Mapping[str, str]:
    """The headers of a form; there is no time in them."""
    fields: dict[str, Any] = dict(parse_qsl(body.decode(), keep_blank_values=True))
    signature = RequestValidator(key).compute_signature(url, fields)
    return {"content-type": FORM, "x-twilio-signature": str(signature)}


def sign_upgrade(url: str, key: str) -> Mapping[str, str]:
    """The header of an upgrade request."""
    return {"x-twilio-signature": str(RequestValidator(key).compute_signature(url, {}))}


def call_sid(number: int) -> str:
    """The carrier's name of a call."""
    return f"CA{number:032x}"


def fields_of(call: str, **more: str) -> bytes:
    """The fields that all webhooks of a call to us have, and *more*."""
    common = {
        "AccountSid": ACCOUNT,
        "ApiVersion": "2010-04-01",
        "CallSid": call,
        "Direction": "inbound",
        "From": "+15550177",
        "To": "+15550101",
    }
    return urlencode({**common, **more}).encode()


def start(call: str, token: str) -> tuple[str, ...]:
    """What a stream begins with."""
    content = {
        "accountSid": ACCOUNT,
        "streamSid": STREAM,
        "callSid": call,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"token": token},
    }
    return (
        json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}),
        json.dumps(
            {"event": "start", "sequenceNumber": "1", "streamSid": STREAM, "start": content}
        ),
    )


def render_media(number: int, frame: bytes) -> str:
    """The message that brings the *number*-th frame."""
    media = {
        "track": "inbound",
        "chunk": str(number),
        "timestamp": str(20 * number),
        "payload": b64encode(frame).decode(),
    }
    message = {"event": "media", "sequenceNumber": str(number + 1), "media": media}
    return json.dumps({**message, "streamSid": STREAM})


def read_token(document: bytes) -> str:
    """The token in a document that connects a stream."""
    parameters = ET.fromstring(document).iter("Parameter")  # noqa: S314 - it is our own
    (token,) = (each.attrib["value"] for each in parameters if each.attrib["name"] == "token")
    return token


# --- what a man in the middle may do without the key ---------------------------------


def reorder(message: Message) -> Message:
    return replace(message, body=b"&".join(reversed(message.body.split(b"&"))))


def double(message: Message) -> Message:
    return replace(message, body=message.body + b"&" + message.body.split(b"&")[0])


def escape(message: Message) -> Message:
    pairs = parse_qsl(message.body.decode())
    escaped = (
        "=".join("".join(f"%{byte:02X}" for byte in text.encode()) for text in pair)
        for pair in pairs
    )
    return replace(message, body="&".join(escaped).encode())


def cut_elsewhere(message: Message) -> Message:
    """{ab: c} for {a: bc}: nothing separates names and values in what is signed."""
    return replace(message, body=re.sub(rb"CallStatus=(.)", rb"CallStatus\1=", message.body))


def move_into_query(message: Message) -> Message:
    """The first field as the tail of the query, which stands before it in what is signed."""
    first, _, rest = message.body.partition(b"&")
    name, _, value = first.decode().partition("=")
    return replace(message, query=message.query + name + unquote_plus(value), body=rest)


def add(pair: bytes) -> Tampering:
    return Tampering(change=lambda message: replace(message, body=message.body + b"&" + pair))


def swap(old: bytes, new: bytes) -> Tampering:
    return Tampering(change=lambda message: replace(message, body=message.body.replace(old, new)))


def claim(kind: bytes) -> Tampering:
    return Tampering(change=lambda message: message.with_header("content-type", kind))


def as_document(message: Message) -> Message:
    """JSON without a hash of it in the URL, so that nobody vouches for it."""
    body = json.dumps(dict(parse_qsl(message.body.decode()))).encode()
    return replace(message, body=body).with_header("content-type", b"application/json")


TAMPERINGS: Mapping[str, Tampering] = {
    "parameters in another order": Tampering(change=reorder, passes=True),
    "a parameter doubled": Tampering(change=double, passes=True),
    "everything escaped": Tampering(change=escape, passes=True),
    "{ab: c} for {a: bc}": Tampering(change=cut_elsewhere, passes=True),
    "a parameter moved into the query": Tampering(change=move_into_query, passes=True),
    "a parameter doubled with another value": add(b"CallStatus=busy"),
    "one parameter more": add(b"AnsweredBy=human"),
    "one parameter less": swap(b"&ApiVersion=2010-04-01", b""),
    "a parameter changed": swap(b"From=%2B15550177", b"From=%2B15550178"),
    "a parameter in another case": swap(b"CallSid=", b"callsid="),
    "a separator that some take for one": swap(b"&", b";"),
    "a separator too many": add(b""),
    "a broken escape": swap(b"%2B", b"%2"),
    "a byte that is not ASCII": swap(b"%2B", b"\xff"),
    "a NUL": swap(b"%2B", b"%00%2B"),
    "a form that calls itself text": claim(b"text/plain"),
    "a form that calls itself JSON": claim(b"application/json"),
    "a form that calls itself multipart": claim(b"multipart/form-data; boundary=a"),
    "JSON that nobody vouches for": Tampering(change=as_document),
    "a thousand parameters more": add(b"&".join(b"a%d=" % number for number in range(1001))),
}

TWILIO = Carrier(
    settings={
        "provider": "twilio",
        "from_number": "+15550101",
        "twilio": {"account_sid": ACCOUNT, "auth_token": OUR_KEY},
    },
    sign=sign,
    signs_url=True,
    signs_time=False,
    sign_upgrade=sign_upgrade,
    call=call_sid,
    announce=lambda call: fields_of(call, CallStatus="ringing"),
    end=lambda call: fields_of(
        call, CallStatus="completed", CallbackSource="call-progress-events", SequenceNumber="3"
    ),
    start=start,
    media=render_media(1, bytes(160)),
    read_token=read_token,
    tamperings=TAMPERINGS,
    foreign=lambda message: replace(
        message, body=message.body.replace(ACCOUNT.encode(), b"AC" + b"1" * 32)
    ),
)
