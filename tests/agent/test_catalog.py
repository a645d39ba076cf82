"""That what the file says of agents reaches them: over real sockets, into real processes."""

import json
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest

from tests.services.openai_chat import ChatServer, running, words
from voicecalld.agent import catalog
from voicecalld.agent.base import Agent, Briefing, CallerTurn, SayText
from voicecalld.agent.catalog import AGENTS, local_time, open_agent
from voicecalld.agent_settings import AgentSettings, ReceptionistSettings
from voicecalld.config_file import parse_config
from voicecalld.errors import ConfigError, ServiceError
from voicecalld.settings import Settings

BRIEFING = Briefing(
    call_id="c",
    direction="outbound",
    from_number="+15550100",
    to_number="+15550199",
    language="en-US",
    opening="Hello!",
)


async def said(agent: Agent, text: str) -> str:
    async with (
        agent.open(BRIEFING) as session,
        aclosing(session.reply(CallerTurn(text=text))) as reply,
    ):
        return "".join([output.text async for output in reply if isinstance(output, SayText)])


def test_the_catalog_has_everything_that_may_be_chosen() -> None:
    assert set(AGENTS) == set(get_args(AgentSettings.model_fields["provider"].annotation))


async def test_the_embedded_agent_introduces_itself_as_the_settings_say() -> None:
    settings = Settings(
        agent=AgentSettings(embedded=ReceptionistSettings(name="Kim", company="Acme"))
    )

    async with open_agent(settings) as agent:
        answer = await said(agent, "who are you")

    assert "I am Kim, the automatic receptionist of Acme." in answer


async def test_an_unknown_agent_is_the_operators_mistake() -> None:
    unknown = AgentSettings().model_copy(update={"provider": "oracle"})

    with pytest.raises(ConfigError, match=r"agent\.provider: there is no agent 'oracle'"):
        async with open_agent(Settings().model_copy(update={"agent": unknown})):
            pass


def test_the_clock_of_the_office_is_that_of_this_machine() -> None:
    now = local_time()

    assert now.utcoffset() == datetime.now(tz=UTC).astimezone().utcoffset()
    assert abs(now - datetime.now(tz=UTC)) < timedelta(days=1)


# --- models ----------------------------------------------------------------------------


@asynccontextmanager
async def asked_once(text: str) -> AsyncGenerator[ChatServer, None]:
    """A service that the agent of the file *text* has been asked a question of."""
    async with running(words("Good morning to you.")) as server:
        settings = parse_config(text.replace("URL", server.base_url), "FILE")
        async with open_agent(settings) as agent:
            assert await said(agent, "hello") == "Good morning to you."
        yield server


async def test_a_model_is_asked_as_the_file_says() -> None:
    text = """
        response_system_prompt = "Sell nothing."
        [agent]
        provider = "openai"
        [agent.openai]
        base_url = "URL"
        api_key = "a-key"
        model = "llama"
        max_tokens = 99
        max_tokens_field = "max_completion_tokens"
        temperature = 0.5
        headers = {X-Title = "calls"}
        """

    async with asked_once(text) as server:
        (asked,) = server.asked

    assert asked.headers["authorization"] == "Bearer a-key"
    assert asked.headers["x-title"] == "calls"
    assert asked.body["model"] == "llama"
    assert asked.body["max_completion_tokens"] == 99
    assert asked.body["temperature"] == 0.5
    assert str(asked.messages[0]["content"]).startswith("Sell nothing.")


async def test_what_is_not_said_of_a_model_is_left_to_the_service() -> None:
    text = 'agent = {provider = "openai", openai = {base_url = "URL", model = "llama"}}'

    async with asked_once(text) as server:
        (asked,) = server.asked

    assert not {"max_tokens", "max_completion_tokens", "temperature"} & asked.body.keys()
    assert "authorization" not in asked.headers


async def test_the_models_name_at_the_top_of_the_file_wins() -> None:
    text = (
        'response_model = "qwen"\n'
        'agent = {provider = "openai", openai = {base_url = "URL", model = "llama"}}'
    )

    async with asked_once(text) as server:
        assert server.asked[0].body["model"] == "qwen"


async def test_a_header_of_ones_own_replaces_the_one_that_the_key_makes() -> None:
    text = (
        'agent = {provider = "openai", openai = {base_url = "URL", model = "llama", '
        'api_key = "a-key", headers = {Authorization = "Basic YTpi"}}}'
    )

    async with asked_once(text) as server:
        assert server.asked[0].headers["authorization"] == "Basic YTpi"


@pytest.mark.parametrize(
    ("response_model", "agent", "backend"),
    [
        ("", "openclaw:desk", None),
        ("openclaw:sales", "openclaw:sales", None),
        ("openclaw/sales", "openclaw:sales", None),
        ("vendor/some-model", "openclaw:desk", "vendor/some-model"),
        ("openclaw:", "openclaw:desk", "openclaw:"),
    ],
)
async def test_of_a_gateway_the_agent_or_the_model_behind_it_can_be_chosen(
    response_model: str, agent: str, backend: str | None
) -> None:
    text = (
        f'response_model = "{response_model}"\n[agent]\nprovider = "openclaw"\n'
        '[agent.openclaw]\nbase_url = "URL"\ntoken = "a-token"\nagent = "desk"\n'
    )

    async with asked_once(text) as server:
        (asked,) = server.asked

    assert asked.body["model"] == agent
    assert asked.headers.get("x-openclaw-model") == backend
    assert asked.headers["authorization"] == "Bearer a-token"


async def test_a_gateway_closes_no_connection_before_we_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catalog, "GATEWAY_KEEP_ALIVE_S", 0.0)
    async with running(words("Yes.")) as server:
        text = f'agent = {{provider = "openclaw", openclaw = {{base_url = "{server.base_url}"}}}}'
        async with open_agent(parse_config(text, "FILE")) as agent:
            for _ in range(2):
                await said(agent, "hello")

    assert server.connections == 2


# --- programs --------------------------------------------------------------------------


def command_file(*argv: str, top: str = "") -> Settings:
    return parse_config(
        f'{top}\n[agent]\nprovider = "command"\n[agent.command]\nargv = {json.dumps(argv)}\n',
        "FILE",
    )


async def test_a_program_is_told_what_a_model_would_be_and_nothing_of_the_carriers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "hunter2")
    monkeypatch.setenv("OF_THE_USER", "his own")
    program = (
        "import os; print(os.environ.get('VOICECALLD_RESPONSE_MODEL'), "
        "os.environ.get('VOICECALLD_RESPONSE_SYSTEM_PROMPT'), "
        "os.environ.get('OF_THE_USER'), os.environ.get('TWILIO_AUTH_TOKEN'))"
    )
    top = 'response_model = "llama"\nresponse_system_prompt = "Sell nothing."'

    async with open_agent(command_file(sys.executable, "-c", program, top=top)) as agent:
        answer = await said(agent, "hello")

    assert answer.strip() == "llama Sell nothing. his own None"


@pytest.mark.parametrize("program", ["no-such-program-anywhere", "/no/such/program"])
async def test_a_program_that_is_not_there_is_missed_at_the_start(program: str) -> None:
    with pytest.raises(
        ServiceError, match=f"^agent.command.argv: there is no program '{program}'"
    ):
        async with open_agent(command_file(program)):
            pass


async def test_a_script_that_may_not_be_run_is_told_from_one_that_is_not_there(
    tmp_path: Path,
) -> None:
    script = tmp_path / "agent.py"
    script.write_text("print('hello')")

    with pytest.raises(ServiceError) as refused:
        async with open_agent(command_file(str(script))):
            pass

    assert str(refused.value) == (
        f"agent.command.argv: {str(script)!r} is not executable: run chmod +x on it, or put what "
        f'runs it in front, such as argv = ["python3", "{script}"]'
    )


async def test_a_folder_is_no_program(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="there is no program"):
        async with open_agent(command_file(str(tmp_path))):
            pass


async def test_a_script_that_does_not_say_what_runs_it_is_told_how_to(tmp_path: Path) -> None:
    script = tmp_path / "agent.py"
    script.write_text("print('hello')")
    script.chmod(0o700)

    async with open_agent(command_file(str(script))) as agent:
        with pytest.raises(ServiceError, match="a script needs a first line such as #!/usr/bin/e"):
            await said(agent, "hello")
