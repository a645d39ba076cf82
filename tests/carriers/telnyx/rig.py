"""The simulated Telnyx and its customer in memory, in virtual time; and requests to it."""

import base64
import json
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import quote

from tests.carriers.callee import Callee
from tests.carriers.customer import Customer
from tests.carriers.faults import Faults
from tests.carriers.ledger import CallEntry
from tests.carriers.rig import in_memory
from tests.carriers.telnyx.carrier import API_KEY, CONNECTION_ID, SimulatedTelnyx, open_telnyx
from voicecalld.net.message_stream import MemoryStream
from voicecalld.provider.http import HttpRequest, HttpResponse

FROM, TO = "+13105550142", "+12065550117"
EVENTS_URL = "https://calls.example.test/events"
STREAM_URL = "wss://calls.example.test/stream?leg=a"
BEARER = f"Bearer {API_KEY}"


def encode_state(text: str) -> str:
    """A client_state."""
    return base64.b64encode(text.encode()).decode()


def open_rig(
    customer: Customer, callee: Callee | None = None, faults: Faults | None = None
) -> AbstractAsyncContextManager[SimulatedTelnyx]:
    """A carrier in memory, with virtual time."""
    return open_telnyx(port=None, callee=callee, **in_memory(customer, faults))


async def ask(
    telnyx: SimulatedTelnyx, method: str, path: str, authorization: str = BEARER, **fields: Any
) -> HttpResponse:
    """One request to the REST API, below ``/v2/calls``."""
    headers = {"Authorization": authorization, "Content-Type": "application/json"}
    body = b"" if method == "GET" else json.dumps(fields).encode()
    request = HttpRequest(method=method, url=f"/v2/calls{path}", headers=headers, body=body)
    return await telnyx.request(request)


async def dial(telnyx: SimulatedTelnyx, **fields: Any) -> CallEntry:
    """Place a call; gives it when it has begun."""
    whole = {
        "connection_id": CONNECTION_ID,
        "to": TO,
        "from": FROM,
        "webhook_url": EVENTS_URL,
        **fields,
    }
    response = await ask(telnyx, "POST", "", **whole)
    assert response.status == 200, response.body
    return telnyx.ledger.calls[-1]


async def command(
    telnyx: SimulatedTelnyx, entry: CallEntry, name: str, **fields: Any
) -> HttpResponse:
    """Give one command, whatever the answer."""
    path = f"/{quote(entry.call, safe='')}/actions/{name}"
    return await ask(telnyx, "POST", path, **fields)


async def order(telnyx: SimulatedTelnyx, entry: CallEntry, name: str, **fields: Any) -> None:
    """Give one command, which must be accepted."""
    response = await command(telnyx, entry, name, **fields)
    assert response.status == 200, response.body


async def dial_answered(telnyx: SimulatedTelnyx, **fields: Any) -> CallEntry:
    """Place a call; gives it when it has been answered."""
    entry = await dial(telnyx, **fields)
    await wait_status(telnyx, entry, "answered")
    return entry


async def wait_status(telnyx: SimulatedTelnyx, entry: CallEntry, status: str) -> None:
    """Wait until a call is in *status*."""
    await telnyx.ledger.wait_until(lambda: entry.status == status)


async def wait_event(telnyx: SimulatedTelnyx, event: str, number: int = 0) -> Mapping[str, Any]:
    """Wait for webhook *number* of a kind; gives its payload."""
    ledger = telnyx.ledger

    def found() -> list[Mapping[str, Any]]:
        return [hook.fields for hook in ledger.webhooks if hook.event == event and hook.status]

    await ledger.wait_until(lambda: len(found()) > number)
    return found()[number]


def code_of(response: HttpResponse) -> tuple[int, str]:
    """Status, and Telnyx's code."""
    return response.status, json.loads(response.body)["errors"][0]["code"]


def events(customer: Customer) -> list[str]:
    """The kinds of all webhooks, as they arrived."""
    return [data["event_type"] for data in bodies(customer)]


def bodies(customer: Customer) -> list[Mapping[str, Any]]:
    """The ``data`` of all webhooks, as they arrived."""
    return [json.loads(request.body)["data"] for request in customer.requests]


async def read_some(stream: MemoryStream, event: str, count: int) -> list[Mapping[str, Any]]:
    """The next *count* messages of kind *event*; others are dropped."""
    found: list[Mapping[str, Any]] = []
    while len(found) < count:
        messages = [json.loads(message) for message in await stream.receive()]
        assert messages, "the stream is over"
        found += [message for message in messages if message["event"] == event]
    return found[:count]
