"""The simulated Plivo and its customer in memory, in virtual time; and requests to it."""

import base64
import json
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from tests.carriers.callee import Callee
from tests.carriers.customer import Customer
from tests.carriers.faults import Faults
from tests.carriers.ledger import CallEntry
from tests.carriers.plivo.carrier import AUTH_ID, AUTH_TOKEN, SimulatedPlivo, open_plivo
from tests.carriers.rig import in_memory
from voicecalld.provider.http import HttpRequest, HttpResponse

FROM, TO = "+13105550142", "+12065550117"
VOICE_URL = "https://calls.example.test/voice?callId=42"
STATUS_URL = "https://calls.example.test/status?callId=42"
MORE_URL = "https://calls.example.test/more"
HEARD_URL = "https://calls.example.test/heard"
STREAM_URL = "wss://calls.example.test/stream?token=t1"
CALLS = f"/v1/Account/{AUTH_ID}/Call/"
REQUESTS = f"/v1/Account/{AUTH_ID}/Request/"
BASIC = "Basic " + base64.b64encode(f"{AUTH_ID}:{AUTH_TOKEN}".encode()).decode()


def render_stream(url: str = STREAM_URL, rest: str = "<Hangup/>", **attributes: str) -> str:
    """A document that connects a stream as we do, but for *attributes*."""
    ours = {
        "bidirectional": "true",
        "keepCallAlive": "true",
        "contentType": "audio/x-mulaw;rate=8000",
        **attributes,
    }
    written = " ".join(f'{name}="{value}"' for name, value in ours.items())
    return f"<Response><Stream {written}>{url}</Stream>{rest}</Response>"


def say(text: str, rest: str = "") -> str:
    """A document that says *text*."""
    return f"<Response><Speak>{text}</Speak>{rest}</Response>"


def open_rig(
    customer: Customer, callee: Callee | None = None, faults: Faults | None = None
) -> AbstractAsyncContextManager[SimulatedPlivo]:
    """A carrier in memory, with virtual time."""
    return open_plivo(port=None, callee=callee, **in_memory(customer, faults))


async def ask(
    plivo: SimulatedPlivo,
    method: str,
    path: str = CALLS,
    authorization: str = BASIC,
    **fields: Any,
) -> HttpResponse:
    """One request to the REST API."""
    headers = {"Authorization": authorization, "Content-Type": "application/json"}
    body = json.dumps(fields).encode()
    request = HttpRequest(method=method, url=path, headers=headers, body=body)
    return await plivo.request(request)


async def ask_call(
    plivo: SimulatedPlivo, method: str, entry: CallEntry, below: str = "", **fields: Any
) -> HttpResponse:
    """One request about a call."""
    return await ask(plivo, method, f"{CALLS}{entry.call}/{below}", **fields)


async def dial(plivo: SimulatedPlivo, **fields: Any) -> CallEntry:
    """Place a call which is reported in every detail; gives it when it has begun."""
    order = {
        "to": TO,
        "from": FROM,
        "answer_url": VOICE_URL,
        "ring_url": STATUS_URL,
        "hangup_url": STATUS_URL,
    }
    response = await ask(plivo, "POST", **{**order, **fields})
    assert response.status == 201, response.body
    return plivo.ledger.calls[-1]


def reports(customer: Customer) -> list[tuple[str, str]]:
    """(Event, CallStatus) of every report about the call, as they arrived."""
    return [
        (fields["Event"], fields["CallStatus"])
        for path, fields in customer.webhooks
        if path == "/status"
    ]


def asked(customer: Customer, path: str) -> list[Mapping[str, str]]:
    """The parameters of every webhook to *path*."""
    return [fields for wanted, fields in customer.webhooks if wanted == path]
