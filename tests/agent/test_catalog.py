from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest

from voicecalld.agent.base import Briefing, CallerTurn, SayText
from voicecalld.agent.catalog import local_time, open_agent
from voicecalld.errors import ConfigError
from voicecalld.settings import Settings
from voicecalld.speech_settings import AgentSettings, ReceptionistSettings

BRIEFING = Briefing(
    call_id="c",
    direction="outbound",
    from_number="+15550100",
    to_number="+15550199",
    language="en-US",
    opening="Hello!",
)


async def test_the_embedded_agent_introduces_itself_as_the_settings_say() -> None:
    settings = Settings(
        agent=AgentSettings(embedded=ReceptionistSettings(name="Kim", company="Acme"))
    )

    async with (
        open_agent(settings) as agent,
        agent.open(BRIEFING) as session,
        aclosing(session.reply(CallerTurn(text="who are you"))) as reply,
    ):
        said = "".join([output.text async for output in reply if isinstance(output, SayText)])

    assert "I am Kim, the automatic receptionist of Acme." in said


async def test_an_unknown_agent_is_the_operators_mistake() -> None:
    unknown = AgentSettings().model_copy(update={"provider": "oracle"})

    with pytest.raises(ConfigError, match=r"agent\.provider: there is no agent 'oracle'"):
        async with open_agent(Settings().model_copy(update={"agent": unknown})):
            pass


def test_the_clock_of_the_office_is_that_of_this_machine() -> None:
    now = local_time()

    assert now.utcoffset() == datetime.now(tz=UTC).astimezone().utcoffset()
    assert abs(now - datetime.now(tz=UTC)) < timedelta(days=1)
