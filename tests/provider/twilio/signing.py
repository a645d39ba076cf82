"""Webhooks and upgrades with signatures, made by hand."""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from typing import TypeAlias
from urllib.parse import urlencode

from voicecalld.errors import BadSignatureError
from voicecalld.provider.http import Webhook
from voicecalld.provider.twilio.signature import Signing, verify_signature

Pairs: TypeAlias = list[tuple[str, str]]

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
KEY = "12345"  # with which the published signatures were made
SIGNING = Signing(account_sid=ACCOUNT, auth_token=KEY)
FORM = "application/x-www-form-urlencoded"
URL = "https://voice.example.com/voice/webhook?callId=1&node=main"
STREAM_URL = "wss://voice.example.com/voice/stream"


def sign(text: str, *, key: str = KEY, algorithm: str = "sha1") -> str:
    return b64encode(hmac.new(key.encode(), text.encode(), algorithm).digest()).decode()


def form(
    pairs: Pairs, signature: str, url: str = URL, more: Mapping[str, str] | None = None
) -> Webhook:
    headers = {"content-type": FORM, "x-twilio-signature": signature, **(more or {})}
    return Webhook(method="POST", url=url, headers=headers, body=urlencode(pairs).encode())


def document(body: bytes, url: str, kind: str = "application/json") -> Webhook:
    headers = {"content-type": kind, "x-twilio-signature": sign(url)}
    return Webhook(method="POST", url=url, headers=headers, body=body)


def is_genuine(webhook: Webhook, signing: Signing = SIGNING) -> bool:
    try:
        verify_signature(webhook, signing)
    except BadSignatureError:
        return False
    return True


def upgrade(signature: str | None, url: str = STREAM_URL) -> Webhook:
    headers = {} if signature is None else {"x-twilio-signature": signature}
    return Webhook(method="GET", url=url, headers=headers, body=b"")
