"""Twilio, as it signs by its own library."""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, unquote_plus, urlencode
from xml.etree import ElementTree as ET

from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from tests.security.carriers import OUR_KEY, Carrier, Tampering
from tests.security.form_tampering import double, passing, tamper_form
from tests.security.message import Message

ACCOUNT = f"AC{'0' * 32}"
FORM = "application/x-www-form-urlencoded"
STREAM = f"MZ{'7' * 32}"


def sign(url: str, body: bytes, *, unix_s: float, key: str = OUR_KEY) -> Mapping[str, str]:
    """The headers of a form; there is no time in them."""
    fields = MultiDict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
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


def move_into_query(message: Message) -> Message:
    """The first field as the tail of the query, which stands before it in what is signed."""
    first, _, rest = message.body.partition(b"&")
    name, _, value = first.decode().partition("=")
    return replace(message, query=message.query + name + unquote_plus(value), body=rest)


TAMPERINGS: Mapping[str, Tampering] = {
    **tamper_form(call=b"CallSid", spare=b"ApiVersion=2010-04-01"),
    "a parameter doubled": passing(double),
    "a parameter moved into the query": passing(move_into_query),
}

TWILIO = Carrier(
    settings={
        "provider": "twilio",
        "from_number": "+15550101",
        "twilio": {"account_sid": ACCOUNT, "auth_token": OUR_KEY},
    },
    sign=sign,
    signature_header="x-twilio-signature",
    signs_url=True,
    signs_time=False,
    sign_upgrade=sign_upgrade,
    call=call_sid,
    announce=lambda call: fields_of(call, CallStatus="ringing"),
    end=lambda call: fields_of(
        call, CallStatus="completed", CallbackSource="call-progress-events", SequenceNumber="3"
    ),
    unknown=lambda call: fields_of(call, CallbackSource="a", CallStatus="teleported"),
    start=start,
    media=render_media(1, bytes(160)),
    refusal=b"<Reject",
    read_token=read_token,
    tamperings=TAMPERINGS,
    foreign=lambda message: replace(
        message, body=message.body.replace(ACCOUNT.encode(), b"AC" + b"1" * 32)
    ),
)
