"""Is it really the mock carrier? An HMAC over the time of signing and the body.

``x-mock-timestamp`` holds whole seconds since 1970, ``x-mock-signature`` the SHA-256 HMAC of
``timestamp|body`` in lower-case hexadecimal.
"""

import hashlib
import hmac
import re

from voicecalld.errors import BadSignatureError
from voicecalld.provider.http import Webhook

SIGNATURE_HEADER = "x-mock-signature"
TIMESTAMP_HEADER = "x-mock-timestamp"
MAX_WEBHOOK_AGE_S = 300.0  # either way: clocks differ

SIGNATURE = re.compile(r"[0-9a-f]{64}")
TIMESTAMP = re.compile(r"0|[1-9][0-9]{0,11}")


def sign(body: bytes, key: bytes, unix_s: float) -> dict[str, str]:
    """The headers that prove that *body* was sent at *unix_s* by whoever has *key*."""
    timestamp = str(int(unix_s))
    return {TIMESTAMP_HEADER: timestamp, SIGNATURE_HEADER: make_signature(body, key, timestamp)}


def verify_signature(webhook: Webhook, key: bytes, unix_s: float) -> str:
    """The replay key of a genuine webhook.

    It is made of the body, which holds the event's unique id, and not of the time of signing:
    an event that is signed again and sent again is still the same event.

    Raises:
        BadSignatureError: a header is missing or malformed, the signature is another, or the
            webhook is more than five minutes from *unix_s*.
    """
    timestamp = webhook.headers.get(TIMESTAMP_HEADER, "")
    signature = webhook.headers.get(SIGNATURE_HEADER, "")
    if TIMESTAMP.fullmatch(timestamp) is None or SIGNATURE.fullmatch(signature) is None:
        raise BadSignatureError("the signature or the timestamp is missing or malformed")
    if not hmac.compare_digest(make_signature(webhook.body, key, timestamp), signature):
        raise BadSignatureError("the signature is wrong")
    if abs(unix_s - int(timestamp)) > MAX_WEBHOOK_AGE_S:
        raise BadSignatureError("it was signed too long ago, or in the future")
    return hashlib.sha256(webhook.body).hexdigest()


def make_signature(body: bytes, key: bytes, timestamp: str) -> str:
    """The signature of *body*, as it is in the header."""
    return hmac.new(key, f"{timestamp}|".encode() + body, hashlib.sha256).hexdigest()
