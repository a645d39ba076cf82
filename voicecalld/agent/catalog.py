"""From the name in the settings to the agent: the only file that knows every agent.

A service across the network is not asked for anything here: it need not be there yet.
"""

import os
import re
import shutil
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Final, TypeAlias

from voicecalld.agent.base import Agent
from voicecalld.agent.chat_service import ChatPlace
from voicecalld.agent.command import CommandAgent
from voicecalld.agent.embedded import EmbeddedAgent
from voicecalld.agent.openai import ChatModel, OpenaiAgent
from voicecalld.agent.openclaw import OpenclawAgent
from voicecalld.errors import ConfigError, ServiceError
from voicecalld.net.service_http import KEEP_ALIVE_S, ServiceHttp, open_service_http
from voicecalld.settings import Settings

OpenAgent: TypeAlias = Callable[[Settings], AbstractAsyncContextManager[Agent]]

# An answer that was cut short takes a moment to be closed, while the next one is asked for.
ANSWERS_PER_CALL = 3

# Below the 5 s of Node, so that it is we who close: nobody knows what becomes of a turn that meets
# a closing connection, and a gateway would keep it twice.
GATEWAY_KEEP_ALIVE_S = 4.0

# How response_model names one of a gateway's agents; what else it names is a model.
GATEWAY_AGENT: Final = re.compile(r"openclaw[:/](?P<agent>[A-Za-z0-9][A-Za-z0-9._-]*)")

# A user's program answers calls; it has no business with the carriers' accounts.
WITHHELD: Final = ("TWILIO_", "TELNYX_", "PLIVO_", "CREDENTIALS_DIRECTORY")


def open_agent(settings: Settings) -> AbstractAsyncContextManager[Agent]:
    """The agent that the settings ask for, with whatever runs behind it.

    Raises:
        ConfigError: there is no agent of that name.
        ServiceError: its program is not there (on entering).
    """
    open_it = AGENTS.get(settings.agent.provider)
    if open_it is None:
        raise ConfigError(
            f"agent.provider: there is no agent {settings.agent.provider!r}, "
            f"only {', '.join(sorted(AGENTS))}"
        )
    return open_it(settings)


@asynccontextmanager
async def open_embedded(settings: Settings) -> AsyncGenerator[Agent, None]:
    """The receptionist, with the clock of this machine."""
    chosen = settings.agent.embedded
    yield EmbeddedAgent(name=chosen.name, company=chosen.company, clock=local_time)


def local_time() -> datetime:
    """The time of day where the daemon runs, which is where the callers' office is."""
    return datetime.now(tz=UTC).astimezone()


@asynccontextmanager
async def open_openai(settings: Settings) -> AsyncGenerator[Agent, None]:
    """A model behind a service that speaks ``/chat/completions``."""
    chosen = settings.agent.openai
    place = ChatPlace(
        base_url=chosen.base_url,
        setting="agent.openai.api_key",
        api_key=chosen.api_key.get_secret_value(),
        # In lower case, so that the same header cannot be sent twice.
        headers={name.lower(): value for name, value in chosen.headers.items()},
    )
    model = ChatModel(
        name=settings.response_model or chosen.model,
        max_tokens=chosen.max_tokens,
        max_tokens_field=chosen.max_tokens_field,
        temperature=chosen.temperature,
    )
    async with open_http(settings) as http:
        yield OpenaiAgent(
            http=http, place=place, model=model, system_prompt=settings.response_system_prompt
        )


@asynccontextmanager
async def open_openclaw(settings: Settings) -> AsyncGenerator[Agent, None]:
    """An agent of a gateway."""
    chosen = settings.agent.openclaw
    named = GATEWAY_AGENT.fullmatch(settings.response_model)
    async with open_http(settings, keep_alive_s=GATEWAY_KEEP_ALIVE_S) as http:
        yield OpenclawAgent(
            http=http,
            base_url=chosen.base_url,
            token=chosen.token.get_secret_value(),
            agent=named["agent"] if named else chosen.agent,
            model="" if named else settings.response_model,
            system_prompt=settings.response_system_prompt,
        )


@asynccontextmanager
async def open_command(settings: Settings) -> AsyncGenerator[Agent, None]:
    """A program of the user's.

    Raises:
        ServiceError: there is no such program, or it cannot be run.
    """
    argv = settings.agent.command.argv
    environment = build_environment(settings, os.environ)
    check_runs(argv[0], environment.get("PATH"))
    yield CommandAgent(argv=argv, environment=environment)


def check_runs(program: str, path: str | None) -> None:
    """Raise unless *program* is one, of the directories *path* if it names none itself.

    Raises:
        ServiceError: it is none; tells whether it is not there, or only not executable.
    """
    if shutil.which(program, path=path) is not None:
        return
    found = shutil.which(program, mode=os.F_OK, path=path)
    if found is None:
        raise ServiceError(f"agent.command.argv: there is no program {program!r}")
    raise ServiceError(
        f"agent.command.argv: {program!r} is not executable: run chmod +x on it, or put what "
        f'runs it in front, such as argv = ["python3", "{found}"]'
    )


def build_environment(settings: Settings, ours: Mapping[str, str]) -> dict[str, str]:
    """What a user's program is given of the variables *ours*, and what the settings tell it."""
    passed = {name: value for name, value in ours.items() if not name.startswith(WITHHELD)}
    told = {
        "VOICECALLD_RESPONSE_MODEL": settings.response_model,
        "VOICECALLD_RESPONSE_SYSTEM_PROMPT": settings.response_system_prompt,
    }
    return {**passed, **told}


def open_http(
    settings: Settings, keep_alive_s: float = KEEP_ALIVE_S
) -> AbstractAsyncContextManager[ServiceHttp]:
    """Connections to the service, enough for all calls that there may be."""
    most_at_once = ANSWERS_PER_CALL * settings.limits.max_concurrent_calls
    return open_service_http(most_at_once=most_at_once, keep_alive_s=keep_alive_s)


AGENTS: Final[Mapping[str, OpenAgent]] = {
    "embedded": open_embedded,
    "openai": open_openai,
    "openclaw": open_openclaw,
    "command": open_command,
}
