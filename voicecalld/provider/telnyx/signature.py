"""Is it really Telnyx? An Ed25519 signature over the time of signing and the body.

``telnyx-timestamp`` holds whole seconds since 1970, ``telnyx-signature-ed25519`` the signature of
``timestamp|body`` as base64. The URL is not signed, so nothing in its query proves anything.

Telnyx's own library for Python takes more than this: a time with blanks or underscores in it, and
base64 with other characters in between. Telnyx writes neither.

Source: Telnyx's "Webhook signing"; its own library is the judge in our tests.
"""

import hashlib
import re
from base64 import b64decode
from contextlib import suppress
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from voicecalld.errors import BadMessageError, BadSignatureError, ConfigError
from voicecalld.provider.http import Webhook
from voicecalld.provider.json_text import parse_json

SIGNATURE_HEADER: Final = "telnyx-signature-ed25519"
TIMESTAMP_HEADER: Final = "telnyx-timestamp"
MAX_WEBHOOK_AGE_S: Final = 300.0  # either way: clocks differ
KEY_BYTES: Final = 32

# 64 bytes; of the last letter only two bits count, and the others are zero.
SIGNATURE = re.compile(r"[A-Za-z0-9+/]{85}[AQgw]==")
TIMESTAMP = re.compile(r"[0-9]{1,12}")
EVENT_ID = re.compile(r"[0-9A-Za-z_-]{1,128}")


def parse_public_key(text: str) -> Ed25519PublicKey:
    """The key that the webhooks of an account are signed with, as its portal shows it.

    Raises:
        ConfigError: it is missing, or not 32 bytes in base64.
    """
    try:
        key = b64decode(text, validate=True)
    except ValueError as problem:
        raise ConfigError("telnyx.public_key: not base64") from problem
    if len(key) != KEY_BYTES:
        raise ConfigError("telnyx.public_key: not the 32 bytes of an Ed25519 key, in base64")
    return Ed25519PublicKey.from_public_bytes(key)


def verify_signature(webhook: Webhook, key: Ed25519PublicKey, unix_s: float) -> str:
    """The replay key of a genuine webhook: the id of its event, which is signed.

    An event that is delivered again has another time and another signature, but the same id.

    Raises:
        BadSignatureError: a header is missing or malformed, the signature is another, or the
            webhook is more than five minutes from *unix_s*.
    """
    timestamp = webhook.headers.get(TIMESTAMP_HEADER, "")
    signature = webhook.headers.get(SIGNATURE_HEADER, "")
    if TIMESTAMP.fullmatch(timestamp) is None or SIGNATURE.fullmatch(signature) is None:
        raise BadSignatureError("the signature or its timestamp is missing or malformed")
    try:
        key.verify(b64decode(signature), f"{timestamp}|".encode() + webhook.body)
    except InvalidSignature as problem:
        hint = "check telnyx.public_key"
        raise BadSignatureError(f"the signature is wrong; {hint}") from problem
    if abs(unix_s - int(timestamp)) > MAX_WEBHOOK_AGE_S:
        hint = "check the clock of this machine"
        raise BadSignatureError(f"it was signed too long ago, or in the future; {hint}")
    return f"telnyx:{name_event(webhook.body)}"


def name_event(body: bytes) -> str:
    """The id of the event in *body*; what has none is named by all that it is."""
    with suppress(BadMessageError):
        match parse_json(body):
            case {"data": {"id": str(event_id)}} if EVENT_ID.fullmatch(event_id):
                return event_id
            case _:
                pass
    return hashlib.sha256(body).hexdigest()
