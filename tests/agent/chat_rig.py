"""What the tests of agents behind a service have in common."""

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager

from tests.services.openai_chat import ChatServer
from voicecalld.agent.base import AgentOutput, AgentSession, Briefing, CallerTurn, SayText
from voicecalld.agent.chat_service import ChatPlace
from voicecalld.agent.openai import ChatModel, OpenaiAgent
from voicecalld.agent.openclaw import OpenclawAgent
from voicecalld.net.service_http import ServiceHttp, open_service_http

BRIEFING = Briefing(
    call_id="0190d5c8",
    direction="inbound",
    from_number="+15550100",
    to_number="+15550199",
    language="en-US",
    opening="Hello! How can I help?",
)
OPENING_HEARD = CallerTurn(text="hi", heard_before="Hello! How can I help?")


def openai_agent(
    http: ServiceHttp, server: ChatServer, *, model: ChatModel | None = None, prompt: str = ""
) -> OpenaiAgent:
    place = ChatPlace(
        base_url=server.base_url,
        setting="agent.openai.api_key",
        api_key="the-key",
        headers={"x-title": "calls"},
    )
    return OpenaiAgent(
        http=http, place=place, model=model or ChatModel(name="a-model"), system_prompt=prompt
    )


@asynccontextmanager
async def openai_session(
    server: ChatServer, *, model: ChatModel | None = None, prompt: str = ""
) -> AsyncGenerator[AgentSession, None]:
    async with (
        open_service_http(most_at_once=4) as http,
        openai_agent(http, server, model=model, prompt=prompt).open(BRIEFING) as session,
    ):
        yield session


@asynccontextmanager
async def openclaw_session(
    server: ChatServer, briefing: Briefing = BRIEFING
) -> AsyncGenerator[AgentSession, None]:
    async with open_service_http(most_at_once=4) as http:
        agent = OpenclawAgent(http=http, base_url=server.base_url, token="the-token")  # noqa: S106 - a test's
        async with agent.open(briefing) as session:
            yield session


async def outputs(session: AgentSession, turn: CallerTurn) -> list[AgentOutput]:
    async with aclosing(session.reply(turn)) as reply:
        return [output async for output in reply]


async def said(session: AgentSession, turn: CallerTurn) -> str:
    return spoken(await outputs(session, turn))


def spoken(answer: list[AgentOutput]) -> str:
    return "".join(output.text for output in answer if isinstance(output, SayText))
