"""The office of `carrier_office`, at a simulated Twilio."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from xml.etree import ElementTree as ET

from tests.carriers.callee import Callee, build_callee
from tests.carriers.carrier import OwnNumber
from tests.carriers.faults import Faults
from tests.carriers.twilio.carrier import ACCOUNT_SID, AUTH_TOKEN, open_twilio
from tests.fakes.agent_fakes import ScriptedAgent
from tests.fakes.speech_fakes import FakeSynthesizer
from tests.switchboard import carrier_office
from tests.switchboard.carrier_office import LETTER_S, OURS, WEBHOOK_URL, Office, Parts, unix_clock
from voicecalld.provider.http import HttpRequest, HttpResponse
from voicecalld.settings import Settings
from voicecalld.speech.base import Synthesizer

TOO_EARLY = HttpResponse(status=400, body=b'{"code": 21220, "message": "not in-progress"}')


def build_settings(**settings: Any) -> Settings:
    """Settings for Twilio."""
    account = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN}
    return carrier_office.build_settings("twilio", account, **settings)


@asynccontextmanager
async def open_office(
    *steps: Mapping[str, Any],
    callee: Callee | None = None,
    agent: ScriptedAgent | None = None,
    hears: tuple[str, ...] = (),
    faults: Faults | None = None,
    voice: Synthesizer | None = None,
    complaints: tuple[int, ...] = (),
    reports_inbound: bool = True,
    stream_url: str = carrier_office.STREAM_URL,
    **settings: Any,
) -> AsyncIterator[Office]:
    """An office at work; *steps* are what whoever answers does, and then listens."""
    parts = Parts(settings=build_settings(**settings), stream_url=stream_url)
    async with open_twilio(
        port=None,
        outside=parts.door,
        callee=callee or build_callee(*steps, hang_up_when_done=False),
        faults=faults,
        voice=voice or FakeSynthesizer(character_s=LETTER_S),
        unix_clock=unix_clock,
    ) as twilio:
        status_url = WEBHOOK_URL if reports_inbound else ""
        twilio.numbers[OURS] = OwnNumber(voice_url=WEBHOOK_URL, status_url=status_url)
        async with carrier_office.open_office(
            parts, twilio, agent=agent, hears=hears, complaints=complaints
        ) as office:
            yield office


def documents(office: Office) -> list[list[str]]:
    """The verbs of every document that was given, with those inside of others."""
    return [
        [element.tag for element in ET.fromstring(text).iter()][1:]  # noqa: S314 - our own
        for text in office.door.answers
        if text
    ]


def refuse_redirections(office: Office, count: int) -> None:
    """Let the next *count* redirections be refused as too early."""
    left = [TOO_EARLY] * count

    def refuse(request: HttpRequest) -> HttpResponse | None:
        return left.pop() if left and b"Url=" in request.body else None

    office.link.refuses = refuse
