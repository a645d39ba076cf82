"""The mock carrier: here it comes by the same door as all others."""

import json
from base64 import b64encode
from collections.abc import Mapping

from tests.security.carriers import OUR_KEY, Carrier
from tests.security.json_tampering import tamper_json
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


def echo(body: bytes, call_id: str) -> bytes:
    """A notice of a call that we call *call_id*."""
    return json.dumps({**json.loads(body), "callId": call_id}).encode()


MOCK = Carrier(
    settings={"provider": "mock"},
    sign=sign,
    signature_header="x-mock-signature",
    signs_url=False,
    signs_time=True,
    sign_upgrade=lambda _url, _key: {},
    call=lambda number: f"mock-{number}",
    announce=lambda call: render_notice(call, event="initiated", id=f"first of {call}"),
    end=lambda call: render_notice(call, event="ended", id=f"last of {call}", reason="completed"),
    unknown=lambda call: render_notice(call, event="teleported", id=f"odd one of {call}"),
    echo=echo,
    start=start,
    media=json.dumps({"event": "media", "media": {"payload": b64encode(bytes(160)).decode()}}),
    refusal=b'"reject"',
    read_token=read_token,
    tamperings=tamper_json("x-mock-timestamp"),
)
