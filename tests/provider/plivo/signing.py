"""Webhooks and upgrades with signatures, made by hand."""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from typing import TypeAlias
from urllib.parse import urlencode

from voicecalld.errors import BadSignatureError
from voicecalld.provider.http import Webhook
from voicecalld.provider.plivo.signature import Signing, verify_signature

Pairs: TypeAlias = list[tuple[str, str]]

KEY = "12345"
SIGNING = Signing(auth_token=KEY)
NONCE = "31627761595286130198"
FORM = "application/x-www-form-urlencoded"
URL = "https://voice.example.com/voice/webhook?callId=1&node=main"
STREAM = "://voice.example.com/voice/stream"
STREAM_URL = f"wss{STREAM}?token=t"

SIGNATURE = "x-plivo-signature-v3"
MAIN_SIGNATURE = "x-plivo-signature-ma-v3"
NONCE_NAME = "x-plivo-signature-v3-nonce"


def sign(text: str, *, key: str = KEY, nonce: str = NONCE) -> str:
    signed = f"{text}.{nonce}"
    return b64encode(hmac.new(key.encode(), signed.encode(), "sha256").digest()).decode()


def form(
    pairs: Pairs, signature: str, url: str = URL, more: Mapping[str, str] | None = None
) -> Webhook:
    headers = {"content-type": FORM, SIGNATURE: signature, NONCE_NAME: NONCE, **(more or {})}
    return Webhook(method="POST", url=url, headers=headers, body=urlencode(pairs).encode())


def get(signature: str, url: str = URL) -> Webhook:
    headers = {SIGNATURE: signature, NONCE_NAME: NONCE}
    return Webhook(method="GET", url=url, headers=headers, body=b"")


def is_genuine(webhook: Webhook, signing: Signing = SIGNING) -> bool:
    try:
        verify_signature(webhook, signing)
    except BadSignatureError:
        return False
    return True


def upgrade(signature: str | None, url: str = STREAM_URL) -> Webhook:
    headers = {} if signature is None else {SIGNATURE: signature, NONCE_NAME: NONCE}
    return Webhook(method="GET", url=url, headers=headers, body=b"")
