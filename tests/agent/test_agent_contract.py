"""What every agent must do, the scripted one included: a fake that fails here is a lie."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from datetime import UTC, datetime
from typing import TypeAlias

import pytest
import trio

from tests.agent.chat_rig import openai_agent
from tests.agent.programs import ENVIRONMENT, TALKER, python
from tests.fakes.agent_fakes import ScriptedAgent
from tests.services.openai_chat import echo, running
from voicecalld.agent.base import (
    Agent,
    AgentOutput,
    AgentSession,
    Briefing,
    CallerTurn,
    EndCall,
    PressKeys,
    SayText,
)
from voicecalld.agent.command import CommandAgent
from voicecalld.agent.embedded import EmbeddedAgent
from voicecalld.agent.openclaw import OpenclawAgent
from voicecalld.net.service_http import open_service_http

OpenAgent: TypeAlias = Callable[[], AbstractAsyncContextManager[Agent]]

BRIEFING = Briefing(
    call_id="0190d5c8-0000-7000-8000-000000000001",
    direction="inbound",
    from_number="+15550100",
    to_number="+15550199",
    language="en-US",
    opening="Hello! How can I help?",
)


@asynccontextmanager
async def open_embedded() -> AsyncGenerator[Agent, None]:
    yield EmbeddedAgent(
        name="Robin",
        company="the office",
        clock=lambda: datetime(2025, 3, 14, 15, 9, tzinfo=UTC),
    )


@asynccontextmanager
async def open_scripted() -> AsyncGenerator[Agent, None]:
    yield ScriptedAgent("Hello, this is a test.", "And this is another one.", "Bye.")


@asynccontextmanager
async def open_openai() -> AsyncGenerator[Agent, None]:
    async with running(answer=echo) as server, open_service_http(most_at_once=4) as http:
        yield openai_agent(http, server)


@asynccontextmanager
async def open_openclaw() -> AsyncGenerator[Agent, None]:
    async with running(answer=echo) as server, open_service_http(most_at_once=4) as http:
        yield OpenclawAgent(http=http, base_url=server.base_url, token="t")  # noqa: S106 - a test's


@asynccontextmanager
async def open_command() -> AsyncGenerator[Agent, None]:
    yield CommandAgent(argv=python(TALKER), environment=ENVIRONMENT)


every_agent = pytest.mark.parametrize(
    "open_agent", [open_embedded, open_scripted, open_openai, open_openclaw, open_command]
)


async def outputs(session: AgentSession, turn: CallerTurn) -> list[AgentOutput]:
    async with aclosing(session.reply(turn)) as reply:
        return [output async for output in reply]


async def said(session: AgentSession, text: str) -> str:
    answer = await outputs(session, CallerTurn(text=text))
    return "".join(output.text for output in answer if isinstance(output, SayText))


@every_agent
@pytest.mark.parametrize(
    "turn",
    [
        CallerTurn(text="hello"),
        CallerTurn(text=""),
        CallerTurn(text="", digits="12#"),
        CallerTurn(text="\U0001f600 \x00", digits="*", interrupted=True),
        CallerTurn(text="what time is it", heard_before="We are", interrupted=True),
        CallerTurn(text="word " * 1_000),
    ],
)
async def test_every_turn_gets_an_answer_in_known_outputs(
    open_agent: OpenAgent, turn: CallerTurn
) -> None:
    async with open_agent() as agent, agent.open(BRIEFING) as session:
        answer = await outputs(session, turn)

    assert answer
    assert all(isinstance(output, SayText | PressKeys | EndCall) for output in answer)


@every_agent
async def test_an_answer_comes_in_pieces_that_break_between_words(open_agent: OpenAgent) -> None:
    async with open_agent() as agent, agent.open(BRIEFING) as session:
        answer = await outputs(session, CallerTurn(text="hello"))

    pieces = [output.text for output in answer if isinstance(output, SayText)]
    assert len(pieces) > 2
    assert len(" ".join(pieces).split()) == len("".join(pieces).split())


@every_agent
async def test_an_answer_that_is_stopped_early_harms_no_later_one(open_agent: OpenAgent) -> None:
    async with open_agent() as agent, agent.open(BRIEFING) as session:
        async with aclosing(session.reply(CallerTurn(text="when are you open"))) as reply:
            await anext(reply)

        assert await said(session, "hello")


@every_agent
async def test_an_answer_can_be_cancelled_between_any_two_pieces(open_agent: OpenAgent) -> None:
    async with open_agent() as agent, agent.open(BRIEFING) as session:
        pieces = len(await outputs(session, CallerTurn(text="hello")))
        for taken in range(pieces):
            with trio.CancelScope() as scope:
                async with aclosing(session.reply(CallerTurn(text="hello"))) as reply:
                    for _ in range(taken):
                        await anext(reply, None)
                    scope.cancel()
                    await trio.lowlevel.checkpoint()
            assert scope.cancelled_caught

        assert await said(session, "hello")


@every_agent
async def test_calls_at_the_same_time_do_not_mix(open_agent: OpenAgent) -> None:
    turns = ("i would like to leave a message", "call the plumber", "what is my message")
    async with open_agent() as agent, agent.open(BRIEFING) as alone:
        expected = [await said(alone, turn) for turn in turns]

    async with (
        open_agent() as agent,
        agent.open(BRIEFING) as one,
        agent.open(BRIEFING) as other,
    ):
        answers = [(await said(one, turn), await said(other, turn)) for turn in turns]

    assert answers == [(answer, answer) for answer in expected]


@every_agent
async def test_a_new_call_begins_where_the_first_one_began(open_agent: OpenAgent) -> None:
    async with open_agent() as agent:
        async with agent.open(BRIEFING) as session:
            first = await said(session, "hello")
            await said(session, "take a message")

        async with agent.open(BRIEFING) as session:
            again = await said(session, "hello")

    assert again == first
