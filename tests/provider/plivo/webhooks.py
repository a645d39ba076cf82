"""Webhooks of Plivo, as it documents them and made by hand."""

import json
from pathlib import Path
from urllib.parse import urlencode

from voicecalld.ids import ProviderCallId
from voicecalld.provider.base import CarrierReport
from voicecalld.provider.http import Webhook
from voicecalld.provider.plivo.webhook import parse_webhook

SAMPLES = json.loads((Path(__file__).parent / "vectors" / "messages.json").read_text())["webhooks"]
CALL = ProviderCallId("b7c1e2d4-60f1-11ef-9a55-0242ac110003")
ORDER = ProviderCallId("a1b2c3d4-60f1-11ef-9a55-0242ac110003")
URL = "https://voice.example.com/voice/webhook"
OURS = f"{URL}?callId=call-1&node=main"
TURN = f"{URL}?callId=call-1&turn=turn-1&node=main"
FORM = "application/x-www-form-urlencoded"
FETCH = {
    "CallUUID": CALL,
    "Event": "Redirect",
    "CallStatus": "in-progress",
    "Direction": "outbound",
}


def parse(fields: dict[str, str] | str | bytes, url: str = OURS) -> tuple[CarrierReport, ...]:
    match fields:
        case bytes():
            body = fields
        case str():
            body = fields.encode()
        case _:
            body = urlencode(fields).encode()
    headers = {"content-type": f"{FORM}; charset=UTF-8"}
    return parse_webhook(Webhook(method="POST", url=url, headers=headers, body=body))
