"""The office of `carrier_office`, at a simulated Telnyx."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.carriers.callee import Callee, build_callee
from tests.carriers.carrier import OwnNumber
from tests.carriers.faults import Faults
from tests.carriers.telnyx.carrier import API_KEY, CONNECTION_ID, open_telnyx
from tests.carriers.telnyx.postman import build_request, render_event, render_public_key
from tests.fakes.agent_fakes import ScriptedAgent
from tests.fakes.speech_fakes import FakeSynthesizer
from tests.switchboard import carrier_office
from tests.switchboard.carrier_office import LETTER_S, OURS, WEBHOOK_URL, Office, Parts, unix_clock
from voicecalld.provider.http import HttpRequest, HttpResponse
from voicecalld.settings import Settings
from voicecalld.speech.base import Synthesizer

SIGNING_KEY = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
STREAM: dict[str, Any] = {"streaming": {"enabled": True}}


def build_settings(**settings: Any) -> Settings:
    """Settings for Telnyx."""
    account = {
        "api_key": API_KEY,
        "public_key": render_public_key(SIGNING_KEY),
        "connection_id": CONNECTION_ID,
    }
    return carrier_office.build_settings("telnyx", account, **settings)


@asynccontextmanager
async def open_office(
    *steps: Mapping[str, Any],
    callee: Callee | None = None,
    agent: ScriptedAgent | None = None,
    hears: tuple[str, ...] = (),
    faults: Faults | None = None,
    voice: Synthesizer | None = None,
    complaints: tuple[int, ...] = (),
    **settings: Any,
) -> AsyncIterator[Office]:
    """An office at work; *steps* are what whoever answers does, and then listens."""
    parts = Parts(settings=build_settings(**settings))
    async with open_telnyx(
        port=None,
        outside=parts.door,
        callee=callee or build_callee(*steps, hang_up_when_done=False),
        faults=faults,
        signing_key=SIGNING_KEY,
        voice=voice or FakeSynthesizer(character_s=LETTER_S),
        unix_clock=unix_clock,
    ) as telnyx:
        telnyx.numbers[OURS] = OwnNumber(voice_url=WEBHOOK_URL)
        async with carrier_office.open_office(
            parts, telnyx, agent=agent, hears=hears, complaints=complaints
        ) as office:
            yield office


def verbs(office: Office) -> list[str]:
    """What Telnyx was told to do, in order."""
    return [request.url.rpartition("/")[2] for request in office.link.requests]


def refuse(
    office: Office, verb: str, *, status: int = 422, code: str = "10015", count: int = 99
) -> None:
    """Let the next *count* commands *verb* be refused."""
    body = b'{"errors": [{"code": "%s", "title": "no"}]}' % code.encode()
    left = [HttpResponse(status=status, body=body)] * count

    def refuse_it(request: HttpRequest) -> HttpResponse | None:
        return left.pop() if left and request.url.endswith(f"/{verb}") else None

    office.link.refuses = refuse_it


async def post(office: Office, event: str, event_id: str, **payload: Any) -> int:
    """Send an event of the only call as Telnyx would; gives the status of our answer."""
    named = {"call_control_id": office.entry.call, **payload}
    body = render_event(event, event_id, unix_clock(), named)
    request = build_request(SIGNING_KEY, WEBHOOK_URL, body, unix_s=unix_clock())
    return (await office.door.request(request)).status
