"""Telnyx's webhooks: JSON events, signed with Ed25519."""

import base64
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.carriers.postman import Letter, Patience, Postman
from tests.carriers.services import Services
from tests.carriers.telnyx.wire import WEBHOOK_UNTAKEN, render_time
from voicecalld.provider.http import HttpRequest

LONGEST_S = 10.0
# The example of the documentation; what Telnyx does by default is written nowhere.
RETRIES_S = (1.0, 2.0, 5.0)
EVERYTHING_BUT_2XX = frozenset({1, 3, 4, 5})


def render_public_key(key: Ed25519PrivateKey) -> str:
    """The public key as the portal shows it."""
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def render_event(event: str, event_id: str, unix_s: float, payload: Mapping[str, Any]) -> bytes:
    """What is the same in every delivery of an event."""
    data = {
        "record_type": "event",
        "event_type": event,
        "id": event_id,
        "occurred_at": render_time(unix_s),
        "payload": payload,
    }
    return json.dumps(data).encode()


def build_request(
    key: Ed25519PrivateKey, url: str, event: bytes, *, unix_s: float, attempt: int = 1
) -> HttpRequest:
    """One delivery; a fragment of its URL is not sent."""
    url = urlsplit(url)._replace(fragment="").geturl()
    meta = json.dumps({"attempt": attempt, "delivered_to": url}).encode()
    body = b'{"data": ' + event + b', "meta": ' + meta + b"}"
    timestamp = str(int(unix_s))
    signature = key.sign(timestamp.encode() + b"|" + body)
    headers = {
        "User-Agent": "telnyx-webhooks",
        "Content-Type": "application/json",
        "telnyx-timestamp": timestamp,
        "telnyx-signature-ed25519": base64.b64encode(signature).decode(),
    }
    return HttpRequest(method="POST", url=url, headers=headers, body=body)


class TelnyxPostman(Postman):
    """The webhooks of one call."""

    asks_code = WEBHOOK_UNTAKEN
    reports_code = WEBHOOK_UNTAKEN

    def __init__(self, services: Services, call: str, signing_key: Ed25519PrivateKey) -> None:
        super().__init__(services, call)
        self._signing_key = signing_key
        self._attempts: Counter[str] = Counter()

    def build(self, letter: Letter) -> tuple[HttpRequest, str]:
        """One delivery as a request, signed anew."""
        self._attempts[letter.token] += 1
        request = build_request(
            self._signing_key,
            letter.url,
            letter.body,
            unix_s=self.services.unix_clock(),
            attempt=self._attempts[letter.token],
        )
        return request, letter.token

    def patience(self, letter: Letter) -> Patience:  # noqa: ARG002 - all are alike
        """How hard Telnyx tries to deliver *letter*."""
        return Patience(
            longest_s=LONGEST_S,
            tries=1 + len(RETRIES_S),
            waits_s=RETRIES_S,
            after_silence=True,
            after_statuses=EVERYTHING_BUT_2XX,
        )
