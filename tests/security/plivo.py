"""Plivo, as it signs by its own library."""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from hmac import digest
from urllib.parse import parse_qs, quote, unquote, urlencode
from xml.etree import ElementTree as ET

from plivo.utils.signature_v3 import construct_get_url, construct_post_url, get_signature_v3

from tests.security.carriers import OUR_KEY, PUBLIC_URL, Carrier, Shown, Tampering
from tests.security.form_tampering import double, passing, tamper_form
from tests.security.message import Message

ACCOUNT = "MA" + "0" * 18
FORM = "application/x-www-form-urlencoded"
STREAM = "b77e037d-4119-44b5-902d-25826b654539"
SIGNATURE, NONCE = "x-plivo-signature-v3", "x-plivo-signature-v3-nonce"
MAIN = "x-plivo-signature-ma-v3"
WRONG = b"A" * 43 + b"="


def sign(url: str, body: bytes, *, unix_s: float, key: str = OUR_KEY) -> Mapping[str, str]:
    """The headers of a form; there is no time in them, but a nonce that is new each time."""
    fields = parse_qs(body.decode(errors="replace"), keep_blank_values=True)
    text = bytes(construct_post_url(url, fields)).decode()
    nonce = f"{round(unix_s * 1_000_000):020}"
    return {"content-type": FORM, **prove(text, key, nonce)}


def sign_upgrade(url: str, key: str) -> Mapping[str, str]:
    """The headers of an upgrade request.

    Its query may be signed or not; the library cannot sign one that is not ASCII.
    """
    query = url.partition("?")[2]
    signed = url if unquote(query).isascii() else url.partition("?")[0]
    return prove(bytes(construct_get_url(signed, {})).decode(), key, "12345")


def prove(text: str, key: str, nonce: str) -> Mapping[str, str]:
    return {SIGNATURE: get_signature_v3(key, text, nonce).decode(), NONCE: nonce}


def call_uuid(number: int) -> str:
    """The carrier's name of a call."""
    return f"b7c1e2d4-60f1-11ef-9a55-{number:012x}"


def fields_of(call: str, **more: str) -> bytes:
    """The fields that all webhooks of a call to us have, and *more*."""
    common = {
        "BillRate": "0.00850",
        "CallUUID": call,
        "CallerName": "+15550177",
        "Direction": "inbound",
        "From": "15550177",
        "ParentAuthID": ACCOUNT,
        "To": "15550101",
    }
    return urlencode({**common, **more}).encode()


# --- streams -----------------------------------------------------------------------------


def show(token: str) -> Shown:
    """The query of the stream's URL."""
    return Shown(query=urlencode({"token": token}, errors="surrogatepass"))


def start(call: str, _token: str) -> tuple[str, ...]:
    """What a stream begins with; no token is in it."""
    content = {
        "callId": call,
        "streamId": STREAM,
        "accountId": ACCOUNT,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000},
    }
    return (
        json.dumps(
            {"sequenceNumber": 1, "event": "start", "start": content, "extra_headers": "{}"}
        ),
    )


MEDIA = {"track": "inbound", "timestamp": "1767225600020", "chunk": 1}
SOUND = {
    "sequenceNumber": 2,
    "streamId": STREAM,
    "event": "media",
    "media": {**MEDIA, "payload": b64encode(bytes(160)).decode()},
    "extra_headers": "{}",
}


def read_token(document: bytes) -> str:
    """The token in a document that connects a stream."""
    url = ET.fromstring(document).findtext("Stream") or ""  # noqa: S314 - it is our own
    (token,) = parse_qs(url.partition("?")[2])["token"]
    return token


# --- what a man in the middle may do without the key ---------------------------------


def cut_at_a_dot(message: Message) -> Message:
    """The first field up to its dot as the tail of the query: a dot is all that is between."""
    body = message.body.replace(b"BillRate=0.00850&", b"")
    moved = body.replace(b"CallStatus=", b"00850CallStatus=")
    return replace(message, query=f"{message.query}.BillRate0", body=moved)


def move_all_into_query(message: Message) -> Message:
    """The whole form as the tail of the query, and no form."""
    fields = parse_qs(message.body.decode(), keep_blank_values=True)
    moved = "".join(f"{name}{fields[name][0]}" for name in sorted(fields))
    return replace(message, query=f"{message.query}.{quote(moved)}", body=b"")


def move_into_nonce(message: Message) -> Message:
    """What is behind a dot of the last field, if it has one: a dot is all that is between."""
    moved = b"00550." + message.value(NONCE)
    body = message.body.replace(b"TotalCost=0.00550", b"TotalCost=0")
    return replace(message, body=body).with_header(NONCE, moved)


def with_signature(*values: bytes, header: str = SIGNATURE, passes: bool = False) -> Tampering:
    """The signature in another place, or others around it; ``{}`` stands for the right one."""

    def change(message: Message) -> Message:
        right = message.value(SIGNATURE)
        put = [value.replace(b"{}", right) for value in values]
        return message.with_header(SIGNATURE).with_header(header, *put)

    return Tampering(change=change, passes=passes)


def with_nonce(nonce: bytes) -> Tampering:
    return Tampering(
        change=lambda it: it.with_header(NONCE, nonce.replace(b"{}", it.value(NONCE)))
    )


def as_v2(message: Message) -> Message:
    """With the right key, but by the scheme for messages, which covers the path alone."""
    proof = b64encode(digest(OUR_KEY.encode(), f"{PUBLIC_URL}12345".encode(), sha256))
    headers = {"x-plivo-signature-v2": proof.decode(), "x-plivo-signature-v2-nonce": "12345"}
    return message.with_headers(headers).with_header(SIGNATURE)


TAMPERINGS: Mapping[str, Tampering] = {
    **tamper_form(call=b"CallUUID", spare=f"ParentAuthID={ACCOUNT}".encode()),
    "a parameter doubled": Tampering(change=double),
    "the form cut at a dot": passing(cut_at_a_dot),
    "the form moved into the query": Tampering(
        change=move_all_into_query, passes=True, makes_sense=False
    ),
    "the query escaped in another way": passing(
        lambda message: replace(message, query="from=%63onsole")
    ),
    "the signature of the main account": with_signature(b"{}", header=MAIN, passes=True),
    "a wrong signature in front": with_signature(WRONG + b",{}", passes=True),
    "wrong signatures around, and blanks": with_signature(
        WRONG + b" , {}\t, " + WRONG, passes=True
    ),
    "a signature between commas": with_signature(b",,{},", passes=True),
    "a signature behind a semicolon": with_signature(WRONG + b";{}"),
    "signatures in two headers": with_signature(WRONG, b"{}"),
    "another nonce": with_nonce(b"12345"),
    "a longer nonce": with_nonce(b"{}1"),
    "no nonce": with_nonce(b""),
    "the end of the form moved into the nonce": Tampering(change=move_into_nonce),
    "a nonce with a blank in it": with_nonce(b"{} 1"),
    "V2 alone": Tampering(change=as_v2),
    "V2 beside a wrong signature": Tampering(
        change=lambda message: as_v2(message).with_header(SIGNATURE, WRONG)
    ),
}

PLIVO = Carrier(
    settings={
        "provider": "plivo",
        "from_number": "+15550101",
        "plivo": {"auth_id": ACCOUNT, "auth_token": OUR_KEY},
    },
    sign=sign,
    signature_header=SIGNATURE,
    signs_url=True,
    signs_time=False,
    sign_upgrade=sign_upgrade,
    call=call_uuid,
    announce=lambda call: fields_of(call, Event="StartApp", CallStatus="ringing"),
    end=lambda call: fields_of(call, Event="Hangup", CallStatus="completed", TotalCost="0.00550"),
    unknown=lambda call: fields_of(call, Event="Teleported", CallStatus="in-progress"),
    start=start,
    media=json.dumps(SOUND),
    show=show,
    start_shows_token=False,
    upgrade_schemes=frozenset({"https", "wss"}),  # nobody has written down which it is
    refusal=b'reason="rejected"',
    read_token=read_token,
    tamperings=TAMPERINGS,
    # Several signatures may come at once; and of a query the fields are signed, not its bytes.
    passes=frozenset(
        {
            "signature a list of right ones",
            "signature a list with a right one",
            "a query escaped in another way",
        }
    ),
)
