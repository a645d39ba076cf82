"""What a man in the middle may do to a JSON document that is signed byte by byte."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

from tests.security.carriers import Tampering
from tests.security.message import Message


def tamper_json(time_header: str) -> Mapping[str, Tampering]:
    """Changes of a notice of a call from +15550177; *time_header* has the time of its signing."""
    return {
        "fields in another order": rewrite(reorder),
        "a field doubled": rewrite(lambda body: b'{"data": {}, ' + body[1:]),
        "{ab: c} for {a: bc}": rewrite(lambda body: body.replace(b'"to": "', b'"to+": "')),
        "a field changed": rewrite(lambda body: body.replace(b"+15550177", b"+15550178")),
        "a blank more": rewrite(lambda body: body + b" "),
        "blanks less": rewrite(lambda body: body.replace(b": ", b":")),
        "a byte that is not ASCII": rewrite(lambda body: body.replace(b"+", b"\xff")),
        "a character escaped": rewrite(lambda body: body.replace(b"+", b"\\u002b")),
        "a time that is not the signed one": retime(time_header, lambda time: time + 1),
        "a time that is earlier": retime(time_header, lambda time: time - 1),
        "a time in milliseconds": retime(time_header, lambda time: time * 1000),
    }


def rewrite(change: Callable[[bytes], bytes]) -> Tampering:
    return Tampering(change=lambda message: replace(message, body=change(message.body)))


def reorder(body: bytes) -> bytes:
    """The same document, each object of it from behind."""
    return json.dumps(json.loads(body, object_pairs_hook=lambda it: dict(reversed(it)))).encode()


def retime(header: str, change: Callable[[int], int]) -> Tampering:
    """The signature of one moment with the time of another."""

    def tamper(message: Message) -> Message:
        time = change(int(message.value(header)))
        return message.with_header(header, str(time).encode())

    return Tampering(change=tamper)
