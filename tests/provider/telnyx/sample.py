"""A sample of Telnyx for the contract of all carriers.

What a `Sample` of the contract wants to know, under the names that it has there.
"""

import json

from tests.provider.telnyx import signing
from voicecalld.ids import CallId, ProviderCallId
from voicecalld.provider.http import HttpResponse, Webhook
from voicecalld.provider.telnyx import TelnyxProvider
from voicecalld.provider.telnyx.client_state import render_client_state

SIGNED_UNIX_S = 1_700_000_000
CALL = ProviderCallId("v3:MdI91X4lWFEs7IgbBEOT9M4AigoY08M0WWZFISt1Yw2axZ_IiE4pqg")


def make() -> TelnyxProvider:
    return TelnyxProvider(
        api_key="KEY0123-hunter2",
        public_key=signing.PUBLIC_KEY,
        connection_id="1684641123236054244",
        api_base_url="https://api.telnyx.com",
        language="en-US",
        voice="Telnyx.KokoroTTS.af",
    )


def sign(body: bytes) -> Webhook:
    return signing.sign(body, str(SIGNED_UNIX_S))


def event(event_type: str, event_id: str, **payload: object) -> bytes:
    """The body of a webhook about the call that we call call-1."""
    state = render_client_state(CallId("call-1"), "turn-1")
    payload = {"call_control_id": CALL, "client_state": state, **payload}
    data = {"record_type": "event", "event_type": event_type, "id": event_id, "payload": payload}
    return json.dumps({"data": data, "meta": {"attempt": 1}}).encode()


GENUINE_BODY = event("call.dtmf.received", "event-1", digit="1")
OTHER_BODY = event("call.dtmf.received", "event-2", digit="1")
UNKNOWN_BODY = event("call.teleported", "event-3")
PLACED = HttpResponse(status=200, body=json.dumps({"data": {"call_control_id": CALL}}).encode())
