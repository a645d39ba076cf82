"""The simulated Twilio and its customer in memory, in virtual time; and requests to it."""

import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import trio

from tests.carriers.callee import Callee
from tests.carriers.customer import Customer
from tests.carriers.faults import Faults
from tests.carriers.ledger import CallEntry
from tests.carriers.twilio.carrier import ACCOUNT_SID, AUTH_TOKEN, SimulatedTwilio, open_twilio
from tests.fakes.voice import ToneVoice
from voicecalld.net.message_stream import MemoryStream
from voicecalld.provider.http import HttpRequest, HttpResponse

FROM, TO = "+13105550142", "+12065550117"
VOICE_URL = "https://calls.example.test/voice?callId=42"
STATUS_URL = "https://calls.example.test/status?callId=42"
STREAM_URL = "wss://calls.example.test/stream"
EVENTS = ("initiated", "ringing", "answered", "completed")
CALLS = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Calls"
BASIC = "Basic " + base64.b64encode(f"{ACCOUNT_SID}:{AUTH_TOKEN}".encode()).decode()
UNIX_S = 1_767_225_600.0

STREAM_TWIML = (
    f'<Response><Connect><Stream url="{STREAM_URL}"><Parameter name="token" value="t1"/>'
    "</Stream></Connect><Hangup/></Response>"
)


def say(text: str, rest: str = "") -> str:
    """A document that says *text*."""
    return f"<Response><Say>{text}</Say>{rest}</Response>"


@asynccontextmanager
async def open_rig(
    customer: Customer, callee: Callee | None = None, faults: Faults | None = None
) -> AsyncIterator[SimulatedTwilio]:
    """A carrier whose voice takes 40 ms for each character."""
    async with open_twilio(
        port=None,
        outside=customer,
        callee=callee,
        faults=faults,
        voice=ToneVoice(),
        unix_clock=lambda: UNIX_S + trio.current_time(),
    ) as twilio:
        yield twilio


async def ask(
    twilio: SimulatedTwilio, method: str, path: str, authorization: str = BASIC, **form: Any
) -> HttpResponse:
    """One request to the REST API, below ``/Calls``."""
    headers = {
        "Authorization": authorization,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    body = urlencode(form, doseq=True).encode()
    request = HttpRequest(method=method, url=CALLS + path, headers=headers, body=body)
    return await twilio.request(request)


async def dial(twilio: SimulatedTwilio, **form: Any) -> CallEntry:
    """Place a call which is reported in every detail; gives it when it has begun."""
    whole = {
        "To": TO,
        "From": FROM,
        "Url": VOICE_URL,
        "StatusCallback": STATUS_URL,
        "StatusCallbackEvent": EVENTS,
        **form,
    }
    response = await ask(twilio, "POST", ".json", **whole)
    assert response.status == 201, response.body
    return twilio.ledger.calls[-1]


def statuses(customer: Customer) -> list[tuple[str, str]]:
    """(SequenceNumber, CallStatus) of every status callback, as they arrived."""
    return [
        (fields["SequenceNumber"], fields["CallStatus"])
        for path, fields in customer.webhooks
        if path == "/status"
    ]


async def read_until(stream: MemoryStream, event: str) -> Mapping[str, Any]:
    """The next message of kind *event* on the customer's end of a stream."""
    while True:
        messages = [json.loads(message) for message in await stream.receive()]
        assert messages, "the stream is over"
        for message in messages:
            if message["event"] == event:
                found: Mapping[str, Any] = message
                return found
