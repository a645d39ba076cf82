"""Events of Telnyx about one call, read as if they had come."""

import json

from voicecalld.ids import CallId, ProviderCallId
from voicecalld.provider.base import CarrierReport, WordsHeard
from voicecalld.provider.http import Webhook
from voicecalld.provider.telnyx.client_state import render_client_state
from voicecalld.provider.telnyx.webhook import parse_webhook

CALL = ProviderCallId("v3:MdI91X4lWFEs7IgbBEOT9M4AigoY08M0WWZFISt1Yw2axZ_IiE4pqg")
CONNECTION = "1684641123236054244"
OURS = render_client_state(CallId("call-1"), "turn-1")


def parse(body: bytes) -> tuple[CarrierReport, ...]:
    # The query is not signed, so what it says must not count.
    url = "https://voice.example.com/voice/webhook?callId=forged&turn=forged"
    headers = {"content-type": "application/json"}
    return parse_webhook(Webhook(method="POST", url=url, headers=headers, body=body), CONNECTION)


def tell(event_type: object, **payload: object) -> tuple[CarrierReport, ...]:
    payload = {"call_control_id": CALL, "client_state": OURS, **payload}
    data = {"event_type": event_type, "id": "event-1", "payload": payload}
    return parse(json.dumps({"data": data}).encode())


def tell_words(occurred_at: object) -> WordsHeard:
    """What a transcription says that has occurred at *occurred_at*."""
    words = {"transcription_data": {"transcript": "hi"}}
    payload = {"call_control_id": CALL, "client_state": OURS, **words}
    data = {"event_type": "call.transcription", "occurred_at": occurred_at, "payload": payload}
    (report,) = parse(json.dumps({"data": data}).encode())
    assert isinstance(report.progress, WordsHeard)
    return report.progress


def tell_one(event_type: str, **payload: object) -> CarrierReport:
    (report,) = tell(event_type, **payload)
    return report
