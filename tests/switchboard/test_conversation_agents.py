"""Whole calls over the mock carrier, with an agent behind a service of chat completions."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from trio.testing import MockClock

from tests.agent.chat_rig import openai_agent
from tests.fakes.agent_fakes import ScriptedAgent
from tests.services.openai_chat import Chat, ChatServer, Fault, running, tool, words
from tests.sound import spoken
from tests.switchboard.office import Office, open_office
from voicecalld.agent.base import Agent, AgentSession, Briefing
from voicecalld.agent.openclaw import OpenclawAgent
from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.call.record import CallState
from voicecalld.net.service_http import ServiceHttp, open_service_http

FAREWELL = "Goodbye, and have a very nice day."
MENU = "I press one for you, so please listen well."
HOURS = "We are open from Monday to Friday, from nine to five, and on Saturday until noon."


class Engaged(ScriptedAgent):
    """In place of a scripted agent, a real one."""

    def __init__(self, agent: Agent) -> None:
        super().__init__()
        self.agent = agent

    @asynccontextmanager
    async def open(self, briefing: Briefing) -> AsyncGenerator[AgentSession, None]:
        async with self.agent.open(briefing) as session:
            yield session


def openclaw_agent(http: ServiceHttp, server: ChatServer) -> Agent:
    return OpenclawAgent(http=http, base_url=server.base_url, token="t")  # noqa: S106 - a test's


BUILDERS = {"openai": openai_agent, "openclaw": openclaw_agent}


@asynccontextmanager
async def open_both(
    *answers: Chat, name: str = "openai", **options: Any
) -> AsyncGenerator[tuple[Office, ChatServer], None]:
    """An office whose agent's service gives *answers*."""
    async with running(*answers) as server, open_service_http(most_at_once=4) as http:
        agent = Engaged(BUILDERS[name](http, server))
        async with open_office(agent=agent, **options) as office:
            yield office, server


def orders(name: str, text: str, *, keys: str = "", ends_call: bool = False) -> Chat:
    """The answer with which the agent called *name* says *text*, and then orders something."""
    if name == "openclaw":
        tags = [f'<press keys="{keys}"/>'] * bool(keys) + ["<end_call/>"] * ends_call
        return Chat(deltas=[text, *tags])
    pressing = [tool("press_keys", f'{{"keys": "{keys}"}}')] * bool(keys)
    ending = [tool("end_call", "{}", index=1, call_id="d")] * ends_call
    return Chat(deltas=[text, *pressing, *ending], finish="tool_calls")


every_agent = pytest.mark.parametrize("name", BUILDERS)


@every_agent
async def test_the_farewell_is_heard_to_its_end_before_the_agent_s_order_ends_the_call(
    name: str, autojump_clock: MockClock
) -> None:
    async with open_both(
        orders(name, FAREWELL, ends_call=True),
        name=name,
        phone={"steps": [{"say": "That is all."}], "hang_up_when_done": False},
        hears=("that is all",),
    ) as (office, _):
        record = await office.wait_over(await office.call("Hello."))

    *_, farewell = (entry for entry in office.journal.entries if entry.event == "call.speech")
    assert record.state is CallState.HANGUP_BOT
    assert office.said[-1] == ("bot", FAREWELL, False)
    assert farewell.utterance is not None
    assert record.ended_unix_s is not None
    lasts_s = len(spoken(FAREWELL)) / SAMPLE_RATE_HZ
    assert record.ended_unix_s - farewell.utterance.unix_s >= lasts_s - 0.1


@every_agent
async def test_keys_that_the_agent_orders_are_pressed_behind_its_words(
    name: str, autojump_clock: MockClock
) -> None:
    async with open_both(
        orders(name, MENU, keys="1#"),
        words("You are welcome."),
        name=name,
        phone={"steps": [{"say": "What time is it?"}, {"say": "Thank you very much."}]},
        hears=("what time is it", "thank you"),
    ) as (office, server):
        await office.wait_over(await office.call("Hello."))

    pressed = [entry.details for entry in office.journal.entries if entry.event == "call.dtmf"]
    assert pressed == [{"digits": "1#", "direction": "out"}]
    assert office.said[2] == ("bot", MENU, False)
    assert len(server.asked) == 2


@every_agent
async def test_keys_that_they_press_are_in_what_the_service_is_told_of_their_turn(
    name: str, autojump_clock: MockClock
) -> None:
    async with open_both(
        words("Thank you."),
        name=name,
        phone={"steps": [{"press": "12#"}, {"say": "Goodbye."}]},
        hears=("goodbye",),
    ) as (office, server):
        await office.wait_over(await office.call("Please dial your number."))

    told = str(server.asked[0].messages[-1]["content"])
    assert told.endswith("(They pressed these keys of their telephone: 1 2 #)")
    assert "goodbye" not in told


@every_agent
async def test_an_order_in_the_middle_of_its_stream_is_forgotten_at_a_barge_in(
    name: str, autojump_clock: MockClock
) -> None:
    half = '<press keys="1' if name == "openclaw" else tool("press_keys", '{"keys": "1')
    steps = [
        {"say": "Tell me your opening hours."},
        {"say": "Stop, I have heard enough.", "when": "agent-speaks", "after_ms": 1500},
    ]
    async with open_both(
        Chat(deltas=[f"{HOURS} And", half], fault=Fault.STALL_WITHIN),
        words("All right."),
        name=name,
        phone={"steps": steps},
        hears=("opening hours", "stop"),
    ) as (office, server):
        record = await office.wait_over(await office.call("Hello."))

    _, _, (speaker, heard, interrupted), *rest = office.said
    assert (speaker, interrupted) == ("bot", True)
    assert 0 < len(heard) < len(HOURS)
    assert rest == [("user", "stop", False), ("bot", "All right.", False)]
    assert "call.dtmf" not in office.events
    assert record.state is CallState.HANGUP_USER
    assert heard in str(server.asked[1].messages)


async def test_an_answer_before_a_question_of_ours_is_told_with_it_and_keeps_its_keys(
    autojump_clock: MockClock,
) -> None:
    asks_again = "Are you still there?"
    async with open_both(
        orders("openai", MENU, keys="12#"),
        words("All right."),
        phone={
            "steps": [{"say": "What time is it?"}, {"say": "Wait a moment.", "after_ms": 8_000}]
        },
        hears=("what time is it", "wait a moment"),
        turn={"silence_timeout_seconds": 4, "silence_prompt": asks_again},
    ) as (office, server):
        await office.wait_over(await office.call("Hello."))

    _, asked, answered, pressed, waits = server.asked[1].messages
    assert asked["content"] == "what time is it"
    assert answered["content"] == f"{MENU} {asks_again}"
    assert "12#" in str(answered["tool_calls"])
    assert pressed["role"] == "tool"
    assert waits["content"] == "wait a moment"
