"""The mock carrier: here it comes by the same door as all others."""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import replace

from tests.security.carriers import OUR_KEY, Carrier, Tampering
from tests.security.message import Message
from voicecalld.provider.mock.signature import sign as sign_body


def sign(url: str, body: bytes, *, unix_s: float, key: str = OUR_KEY) -> Mapping[str, str]:
    """The headers of a notice; the URL is not signed."""
    return {"content-type": "application/json", **sign_body(body, key.encode(), unix_s)}


def render_notice(call: str, **more: str) -> bytes:
    """What is told of a call to us."""
    common = {"call": call, "direction": "inbound", "from": "+15550177", "to": "+15550101"}
    return json.dumps({**common, **more}).encode()


def start(call: str, token: str) -> tuple[str, ...]:
    """What a stream begins with."""
    fields = {"event": "start", "streamId": "stream-1", "callId": call, "token": token}
    return (json.dumps(fields),)


def read_token(document: bytes) -> str:
    """The token in a document that connects a stream."""
    token = json.loads(document)["token"]
    assert isinstance(token, str)
    return token


def rewrite(change: Callable[[bytes], bytes]) -> Tampering:
    return Tampering(change=lambda message: replace(message, body=change(message.body)))


def reorder(body: bytes) -> bytes:
    return json.dumps(dict(reversed(json.loads(body).items()))).encode()


def later(message: Message) -> Message:
    """The signature of one moment with the time of another."""
    time = int(message.value("x-mock-timestamp")) + 1
    return message.with_header("x-mock-timestamp", str(time).encode())


TAMPERINGS: Mapping[str, Tampering] = {
    "fields in another order": rewrite(reorder),
    "a field doubled": rewrite(lambda body: b'{"call": "mock-9", ' + body[1:]),
    "{ab: c} for {a: bc}": rewrite(lambda body: body.replace(b'"to": "', b'"to+": "')),
    "a field changed": rewrite(lambda body: body.replace(b"+15550177", b"+15550178")),
    "a blank more": rewrite(lambda body: body + b" "),
    "a byte that is not ASCII": rewrite(lambda body: body.replace(b"+", b"\xff")),
    "a time that is not the signed one": Tampering(change=later),
}

MOCK = Carrier(
    settings={"provider": "mock"},
    sign=sign,
    signs_url=False,
    signs_time=True,
    sign_upgrade=lambda _url, _key: {},
    call=lambda number: f"mock-{number}",
    announce=lambda call: render_notice(call, event="initiated", id=f"first of {call}"),
    end=lambda call: render_notice(call, event="ended", id=f"last of {call}", reason="completed"),
    start=start,
    media=json.dumps({"event": "media", "media": {"payload": b64encode(bytes(160)).decode()}}),
    read_token=read_token,
    tamperings=TAMPERINGS,
)
