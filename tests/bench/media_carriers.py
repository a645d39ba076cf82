"""The carriers whose media streams are measured: what each is told, and what it says.

``media`` and ``mark`` are forms of C's printf for the load, which fills them in: the number of the
message, the stream's id, then the number, the milliseconds and the payload of the sound, or the
name of the mark.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from voicecalld.provider.http import HttpResponse
from voicecalld.provider.plivo import signature as plivo
from voicecalld.provider.telnyx import TOKEN_HEADER
from voicecalld.provider.twilio import signature as twilio

Document: TypeAlias = Mapping[str, Any]

UUID: Final = "00000000-0000-4000-8000-{:012x}"
NONCE: Final = "12345678901234567890"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """What is the carrier's own in the request that opens a stream."""

    query: str = ""
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamCarrier:
    """One carrier; the forms of its ids are filled with a number.

    ``order_path`` is how the URL ends at which calls are placed, and ``place`` the answer there;
    all else that is asked of it ends calls. ``prove`` gives what shows that a stream is its own,
    by our URL and the token; ``open`` its first messages, by call, stream and token.
    """

    account: Document
    call_form: str
    stream_form: str
    order_path: str
    place: Callable[[str], HttpResponse]
    ended: HttpResponse
    prove: Callable[[str, str], Upgrade]
    open: Callable[[str, str, str], Sequence[Document]]
    media: str
    mark: str


def render(document: Document) -> str:
    """*document* as carriers write it, without blanks."""
    return json.dumps(document, separators=(",", ":"))


def answer(status: int, document: Document) -> HttpResponse:
    """What a REST API says."""
    return HttpResponse(status=status, body=render(document).encode())


# --- Twilio ------------------------------------------------------------------------------

ACCOUNT: Final = f"AC{'0' * 32}"
SECRET: Final = "0" * 32


def prove_twilio(url: str, _token: str) -> Upgrade:
    """Twilio signs the URL; its start shows the token."""
    signing = twilio.Signing(account_sid=ACCOUNT, auth_token=SECRET)
    return Upgrade(headers={"X-Twilio-Signature": signing.sign(url).decode()})


def open_twilio(call: str, stream: str, token: str) -> Sequence[Document]:
    """A greeting, and whose audio it is."""
    start = {
        "accountSid": ACCOUNT,
        "streamSid": stream,
        "callSid": call,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"token": token},
    }
    return (
        {"event": "connected", "protocol": "Call", "version": "1.0.0"},
        {"event": "start", "sequenceNumber": "1", "streamSid": stream, "start": start},
    )


TWILIO: Final = StreamCarrier(
    account={"account_sid": ACCOUNT, "auth_token": SECRET},
    call_form="CA{:032x}",
    stream_form="MZ{:032x}",
    order_path="/Calls.json",
    place=lambda call: answer(201, {"sid": call, "status": "queued"}),
    ended=answer(200, {"sid": f"CA{0:032x}", "status": "completed"}),
    prove=prove_twilio,
    open=open_twilio,
    media='{"event":"media","sequenceNumber":"%u","streamSid":"%s","media":'
    '{"track":"inbound","chunk":"%u","timestamp":"%u","payload":"%s"}}',
    mark='{"event":"mark","sequenceNumber":"%u","streamSid":"%s","mark":{"name":"%s"}}',
)


# --- Telnyx ------------------------------------------------------------------------------


def prove_telnyx(_url: str, token: str) -> Upgrade:
    """Telnyx shows the token."""
    return Upgrade(headers={TOKEN_HEADER: token})


def open_telnyx(call: str, stream: str, token: str) -> Sequence[Document]:
    """A greeting, and whose audio it is."""
    start = {
        "user_id": UUID.format(1),
        "call_control_id": call,
        "call_session_id": UUID.format(2),
        "from": "+15550101",
        "to": "+15550100",
        "custom_parameters": {"token": token},
        "media_format": {"encoding": "PCMU", "sample_rate": 8000, "channels": 1},
    }
    return (
        {"event": "connected", "version": "1.0.0"},
        {"event": "start", "sequence_number": "1", "stream_id": stream, "start": start},
    )


TELNYX: Final = StreamCarrier(
    account={
        "api_key": "KEY0",
        "public_key": b64encode(bytes(32)).decode(),
        "connection_id": "1",
    },
    call_form="v3:{:054x}",
    stream_form=UUID,
    order_path="/calls",
    place=lambda call: answer(200, {"data": {"call_control_id": call}}),
    ended=answer(200, {"data": {"result": "ok"}}),
    prove=prove_telnyx,
    open=open_telnyx,
    media='{"event":"media","sequence_number":"%u","stream_id":"%s","media":'
    '{"track":"inbound","chunk":"%u","timestamp":"%u","payload":"%s"}}',
    mark='{"event":"mark","sequence_number":"%u","stream_id":"%s","mark":{"name":"%s"}}',
)


# --- Plivo -------------------------------------------------------------------------------


def prove_plivo(url: str, token: str) -> Upgrade:
    """Plivo signs the URL, which has the token in it."""
    query = f"?{plivo.TOKEN_FIELD}={token}"
    signed = f"{url.replace('wss:', 'https:')}{query}.{NONCE}"
    signature = plivo.Signing(auth_token=SECRET).sign(signed).decode()
    proof = {"X-Plivo-Signature-V3": signature, "X-Plivo-Signature-V3-Nonce": NONCE}
    return Upgrade(query=query, headers={**proof, "Sec-WebSocket-Protocol": "audio.plivo.com"})


def open_plivo(call: str, stream: str, _token: str) -> Sequence[Document]:
    """Whose audio it is."""
    start = {
        "callId": call,
        "streamId": stream,
        "accountId": "MA000000000000000000",
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000},
    }
    return ({"sequenceNumber": 1, "event": "start", "start": start, "extra_headers": "{}"},)


PLIVO: Final = StreamCarrier(
    account={"auth_id": "MA000000000000000000", "auth_token": SECRET},
    call_form=UUID,
    stream_form=UUID,
    order_path="/Call/",
    # The call has the name of the order, so that no webhook is needed to tell us.
    place=lambda call: answer(201, {"message": "call fired", "request_uuid": call}),
    ended=HttpResponse(status=204, body=b""),
    prove=prove_plivo,
    open=open_plivo,
    media='{"sequenceNumber":%1$u,"streamId":"%2$s","event":"media","media":{"track":"inbound",'
    '"timestamp":"1767225%4$06u","chunk":%3$u,"payload":"%5$s"},"extra_headers":"{}"}',
    mark='{"event":"playedStream","sequenceNumber":%u,"streamId":"%s","name":"%s"}',
)

CARRIERS: Final[Mapping[str, StreamCarrier]] = {
    "twilio": TWILIO,
    "telnyx": TELNYX,
    "plivo": PLIVO,
}
