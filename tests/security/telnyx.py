"""Telnyx, whose key is used by a library of its own (libsodium), not by the daemon's."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping

from nacl.signing import SigningKey

from tests.security.carriers import (
    NOTHING_SHOWN,
    OTHER_KEY,
    OUR_KEY,
    Carrier,
    Change,
    Shown,
    Steering,
    Tampering,
)
from tests.security.json_tampering import tamper_json
from tests.security.message import Message

SIGNATURE, TIME = "telnyx-signature-ed25519", "telnyx-timestamp"
STREAM = "5c0de7a1-2f3b-4d6e-8a90-1b2c3d4e5f60"
BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def signing_key(key: str) -> SigningKey:
    """The private key that *key* stands for."""
    return SigningKey(hashlib.sha256(key.encode()).digest())


def public_key(key: str) -> str:
    """What the portal shows of it."""
    return b64encode(bytes(signing_key(key).verify_key)).decode()


def sign(url: str, body: bytes, *, unix_s: float, key: str = OUR_KEY) -> Mapping[str, str]:
    """The headers of an event; the URL is not signed."""
    return sign_at(str(int(unix_s)), body, key)


def sign_at(time: str, body: bytes, key: str = OUR_KEY) -> Mapping[str, str]:
    """The headers of an event that was signed at *time*, as it is written."""
    signature = signing_key(key).sign(f"{time}|".encode() + body).signature
    return {
        "content-type": "application/json",
        TIME: time,
        SIGNATURE: b64encode(signature).decode(),
    }


def control_id(number: int) -> str:
    """The carrier's name of a call."""
    return f"v3:MdI91X4lWFEs7IgbBEOT9M4AigoY08M0WWZFISt1Yw{number:08x}_IiE4pqg"


def render_event(name: str, call: str, **more: object) -> bytes:
    """What is told of a call to us."""
    payload = {
        "call_control_id": call,
        "call_leg_id": "428c31b6-7af4-4bcb-b7f5-5013ef9657c1",
        "call_session_id": "428c31b6-abf3-3bc1-b7f4-5013ef9657c1",
        "connection_id": "1684641123236054244",
        "client_state": None,
        "from": "+15550177",
        "to": "+15550101",
        "direction": "incoming",
        **more,
    }
    data = {
        "record_type": "event",
        "event_type": name,
        "id": f"{name}-of-{call}".translate({ord("."): "-", ord(":"): "-"}),
        "occurred_at": "2026-01-01T00:00:01.123456Z",
        "payload": payload,
    }
    return json.dumps({"data": data, "meta": {"attempt": 1}}).encode()


def echo(body: bytes, call_id: str) -> bytes:
    """An event of a call that we call *call_id*."""
    state = b64encode(json.dumps({"call": call_id, "turn": ""}).encode()).decode()
    return put(body, client_state=state)


def put(body: bytes, **fields: object) -> bytes:
    """The event with other *fields* in its payload."""
    event = json.loads(body)
    event["data"]["payload"].update(fields)
    return json.dumps(event).encode()


def answered(call: str, command: bytes) -> bytes:
    """It is told that the call was answered by *command*, whose words are said back."""
    state = json.loads(command)["client_state"]
    return render_event("call.answered", call, state="answered", client_state=state)


# --- streams -----------------------------------------------------------------------------


def show(token: str) -> Shown:
    """The header of the token; of an empty one there is none."""
    if not token.strip():
        return NOTHING_SHOWN
    text = token.encode("utf-8", "replace").decode()
    return Shown(headers={"x-telnyx-streaming-auth-token": text})


def start(call: str, token: str) -> tuple[str, ...]:
    """What a stream begins with."""
    content = {
        "user_id": "3e6f995f-85f7-4705-9741-53b116d28237",
        "call_control_id": call,
        "from": "+15550177",
        "to": "+15550101",
        "custom_parameters": {"token": token},
        "media_format": {"encoding": "PCMU", "sample_rate": 8000, "channels": 1},
    }
    begun = {"event": "start", "sequence_number": "1", "stream_id": STREAM, "start": content}
    return json.dumps({"event": "connected", "version": "1.0.0"}), json.dumps(begun)


MEDIA = {"track": "inbound", "chunk": "1", "timestamp": "0"}
SOUND = {
    "event": "media",
    "sequence_number": "2",
    "stream_id": STREAM,
    "media": {**MEDIA, "payload": b64encode(bytes(160)).decode()},
}


def read_token(command: bytes) -> str:
    """The token in the command that has a stream opened."""
    fields = json.loads(command)
    token = fields["stream_auth_token"]
    assert isinstance(token, str)
    assert fields["custom_parameters"] == [{"name": "token", "value": token}]
    return token


# --- what a man in the middle may do without the key ---------------------------------


def respell(message: Message) -> Message:
    """The same 64 bytes: of the last letter only two bits count."""
    right = message.value(SIGNATURE)
    last = BASE64[BASE64.index(right[-3]) + 1]
    return message.with_header(SIGNATURE, right[:-3] + bytes((last,)) + b"==")


def with_time(time: str) -> Change:
    """The genuine body, signed by the carrier itself, with a time in another spelling."""

    def change(message: Message) -> Message:
        moment = time.format(int(message.value(TIME)))
        return message.with_headers(sign_at(moment, message.body))

    return change


def with_half_the_text(message: Message) -> Message:
    """Signed with the right key, but without the time."""
    signature = signing_key(OUR_KEY).sign(message.body).signature
    return message.with_header(SIGNATURE, b64encode(signature))


def with_other_key(message: Message) -> Message:
    """With the key that it is signed with, of somebody else."""
    changed = message.with_headers(sign_at(message.value(TIME).decode(), message.body, OTHER_KEY))
    return changed.with_header("telnyx-public-key", public_key(OTHER_KEY).encode())


def change_signature(old: bytes, new: bytes) -> Tampering:
    return Tampering(
        change=lambda it: it.with_header(SIGNATURE, it.value(SIGNATURE).replace(old, new, 1))
    )


TAMPERINGS: Mapping[str, Tampering] = {
    **tamper_json(TIME),
    "a signature spelled in another way": Tampering(change=respell),
    "a signature with a blank in it": change_signature(b"=", b" ="),
    "a signature with a letter of no base64 in it": change_signature(b"=", b"!="),
    "a signature of the body alone": Tampering(change=with_half_the_text),
    "a key that comes along": Tampering(change=with_other_key),
    "a time with a blank": Tampering(change=with_time("{} ")),
    "a time with a plus": Tampering(change=with_time("+{}")),
    "a time with an underscore": Tampering(change=with_time("{:_}")),
    "a time with a fraction": Tampering(change=with_time("{}.0")),
    "a time of other digits": Tampering(
        change=lambda it: with_time(
            it.value(TIME).decode().translate({48 + n: 0x660 + n for n in range(10)})
        )(it)
    ),
    "a time in hexadecimal": Tampering(change=with_time("{:#x}")),
    "no time": Tampering(change=with_time("")),
}

TELNYX = Carrier(
    settings={
        "provider": "telnyx",
        "from_number": "+15550101",
        "telnyx": {
            "api_key": "KEY0123",
            "public_key": public_key(OUR_KEY),
            "connection_id": "1684641123236054244",
        },
    },
    sign=sign,
    signature_header=SIGNATURE,
    signs_url=False,
    signs_time=True,
    sign_upgrade=lambda _url, _key: {},
    call=control_id,
    announce=lambda call: render_event("call.initiated", call, state="parked"),
    end=lambda call: render_event("call.hangup", call, hangup_cause="normal_clearing"),
    unknown=lambda call: render_event("call.teleported", call),
    echo=echo,
    start=start,
    media=json.dumps(SOUND),
    show=show,
    start_shows_token=False,  # it does as well, but not alone
    refusal=b"/actions/reject",
    read_token=read_token,
    steering=Steering(
        answer="/actions/answer", connect="/actions/streaming_start", answered=answered
    ),
    tamperings=TAMPERINGS,
)
