"""What the mock carrier tells the daemon of a call, and what the daemon answers."""

import json
import math
from dataclasses import dataclass

from voicecalld.errors import BadMessageError
from voicecalld.ids import CallId, ProviderCallId
from voicecalld.provider.base import (
    Acknowledge,
    Answer,
    ConnectStream,
    Direction,
    HangUpCall,
    RejectCall,
)
from voicecalld.provider.http import Reply, Webhook
from voicecalld.provider.json_text import parse_json
from voicecalld.provider.mock.signature import sign
from voicecalld.provider.mock.webhook import MockEvent, MockReason


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """What is true of a call from its beginning to its end."""

    provider_call_id: ProviderCallId
    direction: Direction
    from_: str
    to: str
    webhook_url: str
    call_id: CallId | None = None
    ring_timeout_s: float = math.inf
    max_duration_s: float = math.inf


def render_notice(
    facts: CallFacts, event: MockEvent, event_id: str, reason: MockReason | None = None
) -> bytes:
    """The body of the webhook that tells of *event*."""
    fields = {
        "event": event.value,
        "id": event_id,
        "call": facts.provider_call_id,
        "direction": facts.direction.value,
        "from": facts.from_,
        "to": facts.to,
    }
    if facts.call_id is not None:
        fields["callId"] = facts.call_id
    if reason is not None:
        fields["reason"] = reason.value
    return json.dumps(fields).encode()


def build_webhook(url: str, body: bytes, *, key: bytes, unix_s: float) -> Webhook:
    """The signed webhook with this body."""
    headers = {"content-type": "application/json", **sign(body, key, unix_s)}
    return Webhook(method="POST", url=url, headers=headers, body=body)


def parse_answer(reply: Reply) -> Answer:
    """What the daemon wants to be done with the call.

    Raises:
        BadMessageError: it failed, or its answer is no document of this carrier.
    """
    if reply.status != 200:
        raise BadMessageError(f"a webhook was answered with status {reply.status}")
    match parse_json(reply.body):
        case {"do": "connect", "stream": str(url), "token": str(token)} if url and token:
            return ConnectStream(stream_url=url, token=token)
        case {"do": "reject"}:
            return RejectCall()
        case {"do": "hang-up"}:
            return HangUpCall()
        case dict() as document if not document:
            return Acknowledge()
        case _:
            raise BadMessageError("a webhook was answered with something that cannot be done")
