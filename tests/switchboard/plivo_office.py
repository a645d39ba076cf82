"""The office of `carrier_office`, at a simulated Plivo."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from tests.carriers.callee import Callee, build_callee
from tests.carriers.carrier import OwnNumber
from tests.carriers.faults import Faults
from tests.carriers.plivo.carrier import AUTH_ID, AUTH_TOKEN, open_plivo
from tests.fakes.agent_fakes import ScriptedAgent
from tests.fakes.speech_fakes import FakeSynthesizer
from tests.switchboard import carrier_office
from tests.switchboard.carrier_office import LETTER_S, OURS, WEBHOOK_URL, Office, Parts, unix_clock
from voicecalld.settings import Settings
from voicecalld.speech.base import Synthesizer


def build_settings(**settings: Any) -> Settings:
    """Settings for Plivo."""
    account = {"auth_id": AUTH_ID, "auth_token": AUTH_TOKEN}
    return carrier_office.build_settings("plivo", account, **settings)


@asynccontextmanager
async def open_office(
    *steps: Mapping[str, Any],
    callee: Callee | None = None,
    agent: ScriptedAgent | None = None,
    hears: tuple[str, ...] = (),
    faults: Faults | None = None,
    voice: Synthesizer | None = None,
    complaints: tuple[int, ...] = (),
    renames_calls: bool = False,
    **settings: Any,
) -> AsyncIterator[Office]:
    """An office at work; *steps* are what whoever answers does, and then listens."""
    parts = Parts(settings=build_settings(**settings))
    async with open_plivo(
        port=None,
        outside=parts.door,
        callee=callee or build_callee(*steps, hang_up_when_done=False),
        faults=faults,
        voice=voice or FakeSynthesizer(character_s=LETTER_S),
        unix_clock=unix_clock,
    ) as plivo:
        plivo.renames_calls = renames_calls
        plivo.numbers[OURS] = OwnNumber(voice_url=WEBHOOK_URL, status_url=WEBHOOK_URL)
        async with carrier_office.open_office(
            parts, plivo, agent=agent, hears=hears, complaints=complaints
        ) as office:
            yield office
