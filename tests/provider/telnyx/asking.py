"""Requests to Telnyx's API, and answers of it."""

import json
import re
from collections.abc import Mapping

from voicecalld.ids import CallId, PhoneNumber, ProviderCallId
from voicecalld.provider.base import PlaceOrder
from voicecalld.provider.http import HttpRequest, HttpResponse
from voicecalld.provider.telnyx.rest import Account, TelnyxRest

KEY = "KEY0123-s3cr3t-of-the-account"
CALL = ProviderCallId("v3:MdI91X4lWFEs7IgbBEOT9M4AigoY08M0WWZFISt1Yw2axZ_IiE4pqg")
CALL_URL = f"https://api.telnyx.com/v2/calls/{CALL.replace(':', '%3A')}"
HOOK = "https://voice.example.com/voice/webhook/telnyx?callId=call-1&node=main"
ORDER = PlaceOrder(
    call_id=CallId("call-1"),
    to=PhoneNumber("+12065550117"),
    from_=PhoneNumber("+13105550142"),
    webhook_url=HOOK,
    ring_timeout_s=29.5,
    max_duration_s=300.0,
)
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}")


def make(base_url: str = "https://api.telnyx.com") -> TelnyxRest:
    return TelnyxRest(Account(api_key=KEY, connection_id="1684641123236054244", base_url=base_url))


def fields(request: HttpRequest | None) -> Mapping[str, object]:
    assert request is not None
    read: Mapping[str, object] = json.loads(request.body)
    return read


def response(status: int, document: object) -> HttpResponse:
    return HttpResponse(status=status, body=json.dumps(document).encode())


def refusal(status: int, *codes: object) -> HttpResponse:
    errors = [{"code": code, "title": "Refused", "detail": "not so"} for code in codes]
    return response(status, {"errors": errors})


GONE = [
    (HttpResponse(status=404), True),
    (refusal(404, "10005"), True),
    (refusal(422, "90018"), True),
    (refusal(422, "90015"), True),
    (refusal(422, "10015", "90018"), True),
    (refusal(422, "90034"), False),
    (refusal(422, 90018), False),
    (refusal(422, "D1"), False),
    (refusal(422, "9" * 100), False),
    (refusal(422, None), False),
    (refusal(401, "10009"), False),
    (refusal(500, "90018"), False),
    (response(422, {"errors": None}), False),
    (response(422, {"errors": {"code": "90018"}}), False),
    (response(422, {"errors": ["90018", None, {}]}), False),
    (response(422, []), False),
    (HttpResponse(status=422, body=b"\xff"), False),
    (HttpResponse(status=503), False),
]
