"""Webhooks that are signed as Telnyx signs them, and Telnyx's own library as their judge."""

import json
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from voicecalld.errors import BadSignatureError
from voicecalld.provider.http import Webhook
from voicecalld.provider.telnyx.signature import parse_public_key, verify_signature

SIGNATURES = json.loads((Path(__file__).parent / "vectors" / "signatures.json").read_text())
PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(
    bytes.fromhex(SIGNATURES["private_key_seed_hex"])
)
PUBLIC_KEY = b64encode(PRIVATE_KEY.public_key().public_bytes_raw()).decode()
URL = "https://voice.example.com/voice/webhook"
SIGNED_UNIX_S = 1_767_225_600.0


def signature_of(text: bytes) -> str:
    return b64encode(PRIVATE_KEY.sign(text)).decode()


def sign(body: bytes, timestamp: str = str(int(SIGNED_UNIX_S))) -> Webhook:
    return with_headers(body, timestamp, signature_of(timestamp.encode() + b"|" + body))


def with_headers(body: bytes, timestamp: str, signature: str) -> Webhook:
    headers = {
        "content-type": "application/json",
        "telnyx-timestamp": timestamp,
        "telnyx-signature-ed25519": signature,
    }
    return Webhook(method="POST", url=URL, headers=headers, body=body)


def is_genuine(
    webhook: Webhook, unix_s: float = SIGNED_UNIX_S, public_key: str = PUBLIC_KEY
) -> bool:
    try:
        verify_signature(webhook, parse_public_key(public_key), unix_s)
    except BadSignatureError:
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedClock:
    """What Telnyx's library reads the time from."""

    unix_s: float

    def time(self) -> float:
        return self.unix_s


class Judge:
    """Telnyx's own library, at a time that we choose."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch

    def says(
        self, webhook: Webhook, unix_s: float = SIGNED_UNIX_S, public_key: str = PUBLIC_KEY
    ) -> bool:
        from telnyx.lib import webhook_verification

        self.monkeypatch.setattr(webhook_verification, "time", StoppedClock(unix_s=unix_s))
        try:
            webhook_verification.verify_webhook_signature(
                webhook.body, webhook.headers, public_key
            )
        except (webhook_verification.WebhookVerificationError, UnicodeDecodeError):
            return False
        return True
