"""What a man in the middle may do to a form whose fields are signed, not its bytes."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl

from tests.security.carriers import Change, Tampering
from tests.security.message import Message

CHANGED = b"%2B15550177"


def tamper_form(*, call: bytes, spare: bytes) -> Mapping[str, Tampering]:
    """Changes of a form of a call from +15550177, which has it in an escape.

    *call* is the field with the name of the call, *spare* a whole field behind the first one.
    """
    return {
        "parameters in another order": passing(reorder),
        "everything escaped": passing(escape),
        "{ab: c} for {a: bc}": passing(cut_elsewhere),
        "a parameter doubled with another value": add(b"CallStatus=busy"),
        "one parameter more": add(b"AnsweredBy=human"),
        "one parameter less": swap(b"&" + spare, b""),
        "a parameter changed": swap(CHANGED, CHANGED[:-1] + b"8"),
        "a parameter in another case": swap(call + b"=", call.lower() + b"="),
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


def passing(change: Change) -> Tampering:
    """What the scheme cannot see."""
    return Tampering(change=change, passes=True)


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
