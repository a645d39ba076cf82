"""The simulated Twilio and its customer in memory, in virtual time; and requests to it."""

import base64
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import urlencode

from tests.carriers.callee import Callee
from tests.carriers.customer import Customer
from tests.carriers.faults import Faults
from tests.carriers.ledger import CallEntry
from tests.carriers.rig import in_memory
from tests.carriers.twilio.carrier import ACCOUNT_SID, AUTH_TOKEN, SimulatedTwilio, open_twilio
from voicecalld.provider.http import HttpRequest, HttpResponse

FROM, TO = "+13105550142", "+12065550117"
VOICE_URL = "https://calls.example.test/voice?callId=42"
STATUS_URL = "https://calls.example.test/status?callId=42"
STREAM_URL = "wss://calls.example.test/stream"
EVENTS = ("initiated", "ringing", "answered", "completed")
CALLS = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Calls"
BASIC = "Basic " + base64.b64encode(f"{ACCOUNT_SID}:{AUTH_TOKEN}".encode()).decode()

STREAM_TWIML = (
    f'<Response><Connect><Stream url="{STREAM_URL}"><Parameter name="token" value="t1"/>'
    "</Stream></Connect><Hangup/></Response>"
)


def say(text: str, rest: str = "") -> str:
    """A document that says *text*."""
    return f"<Response><Say>{text}</Say>{rest}</Response>"


def open_rig(
    customer: Customer, callee: Callee | None = None, faults: Faults | None = None
) -> AbstractAsyncContextManager[SimulatedTwilio]:
    """A carrier in memory, with virtual time."""
    return open_twilio(port=None, callee=callee, **in_memory(customer, faults))


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
