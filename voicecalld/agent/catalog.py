"""From the name in the settings to the agent: the only file that knows every agent."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

from voicecalld.agent.base import Agent
from voicecalld.agent.embedded import EmbeddedAgent
from voicecalld.errors import ConfigError
from voicecalld.settings import Settings
from voicecalld.speech_settings import AgentSettings


@asynccontextmanager
async def open_agent(settings: Settings) -> AsyncGenerator[Agent, None]:
    """The agent that the settings ask for, with whatever runs behind it.

    Raises:
        ConfigError: there is no agent of that name.
    """
    build_agent = AGENTS.get(settings.agent.provider)
    if build_agent is None:
        raise ConfigError(
            f"agent.provider: there is no agent {settings.agent.provider!r}, "
            f"only {', '.join(sorted(AGENTS))}"
        )
    yield build_agent(settings.agent)


def build_embedded_agent(settings: AgentSettings) -> Agent:
    """The receptionist, with the clock of this machine."""
    return EmbeddedAgent(
        name=settings.embedded.name, company=settings.embedded.company, clock=local_time
    )


def local_time() -> datetime:
    """The time of day where the daemon runs, which is where the callers' office is."""
    return datetime.now(tz=UTC).astimezone()


AGENTS: Final[Mapping[str, Callable[[AgentSettings], Agent]]] = {"embedded": build_embedded_agent}
