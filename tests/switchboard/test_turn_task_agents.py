"""Stale work of real agents: a turn that is stopped in the middle of an order obeys none of it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import pytest
import trio
import trio.testing

from tests.agent.chat_rig import BRIEFING, OPENING_HEARD, openai_session, openclaw_session
from tests.agent.programs import ENVIRONMENT, answering
from tests.fakes.speech_fakes import FakeSynthesizer
from tests.processes import children
from tests.services.openai_chat import Chat, Fault, running, tool
from voicecalld.agent.base import AgentSession
from voicecalld.agent.command import CommandAgent
from voicecalld.call.latency import Stage
from voicecalld.call.playout import Playout
from voicecalld.switchboard.turn_task import TurnLimits, TurnTask

# The first clause is spoken, the second one has only begun.
BEGINNING: Final = "Hold on. I"
# Two seconds as it is hummed: an order behind it has to wait.
SENTENCE: Final = "Please wait until this has been heard."


class Bench:
    """A task that makes turns, and all that comes of it."""

    def __init__(self) -> None:
        self.playout = Playout()
        self.told: list[object] = []
        self.pressed: list[str] = []
        self.has_sound = trio.Event()
        self.task = TurnTask(
            playout=self.playout,
            synthesizer=FakeSynthesizer(),
            tell=self.told.append,
            press=self.press,
            measure=self.measure,
            send_due=lambda _now_s: None,
            limits=TurnLimits(first_text_s=30.0, first_sound_s=5.0),
        )

    async def press(self, digits: str) -> None:
        await trio.lowlevel.checkpoint()
        self.pressed.append(digits)

    def measure(self, _turn: int, stage: Stage, _now_s: float) -> None:
        if stage is Stage.AUDIO:
            self.has_sound.set()

    async def interrupt(self, session: AgentSession, *, is_ordered: bool) -> None:
        """Have a turn of *session* made, and barge in when nothing more of it comes.

        If it ``is_ordered``, a whole order of the agent waits to be obeyed then.
        """
        async with trio.open_nursery() as nursery:
            self.task.start(nursery, 1, session.reply(OPENING_HEARD))
            await self.has_sound.wait()
            if is_ordered:
                await self.wait_ordered()
            await trio.testing.wait_all_tasks_blocked(0.02)
            self.task.stop()
            self.playout.clear(trio.current_time())

    async def wait_ordered(self) -> None:
        """Wait until the agent's order has come, however slow this machine is."""
        ahead = self.task.ahead
        assert ahead is not None
        while not ahead.is_at_deed:
            await ahead.changed.wait()


@asynccontextmanager
async def chatting(
    *deltas: str | dict[str, object], is_cut: bool = False, remembers: bool = False
) -> AsyncGenerator[AgentSession, None]:
    """An agent behind a service, of whose answer *is_cut* the end does not come."""
    chat = Chat(
        deltas=(BEGINNING if is_cut else SENTENCE, *deltas),
        finish="tool_calls",
        fault=Fault.STALL_WITHIN if is_cut else Fault.NONE,
    )
    async with running(chat) as server:
        opened = openclaw_session(server) if remembers else openai_session(server)
        async with opened as session:
            yield session
            # A whole answer leaves its connection for the next one.
            await server.until(lambda: not (is_cut and server.open_connections))
        await server.until(lambda: not server.open_connections)


@asynccontextmanager
async def programmed(*lines: str, half: str = "") -> AsyncGenerator[AgentSession, None]:
    """A program that writes *lines*, then *half* of one, and goes on for a long time."""
    then = f"print({half!r}, end='', flush=True); time.sleep(60)"
    agent = CommandAgent(argv=answering(*lines, then=then), environment=ENVIRONMENT)
    others = {*children()}
    async with agent.open(BRIEFING) as session:
        yield session
    assert {*children()} <= others


KEYS = tool("press_keys", '{"keys": "1"}')
cut = partial(chatting, is_cut=True)
INTERRUPTED = {
    "openai, half a call of keys": partial(cut, tool("press_keys", '{"keys": "1')),
    "openai, half a call of the end": partial(cut, tool("end_call", "{")),
    "openai, a whole call in half an answer": partial(cut, KEYS),
    "openai, keys behind words that are not heard": partial(chatting, KEYS),
    "openai, keys and then the end": partial(chatting, KEYS, tool("end_call", "{}", index=1)),
    "openclaw, half a tag of keys": partial(cut, '<press keys="1', remembers=True),
    "openclaw, half a tag of the end": partial(cut, "<end_call/", remembers=True),
    "openclaw, keys behind words that are not heard": partial(
        chatting, ' <press keys="1"/><end_call/>', remembers=True
    ),
    "command, half a line": partial(programmed, "Hold on.", half='{"press": "1"'),
    "command, keys behind words that are not heard": partial(
        programmed, SENTENCE, '{"press": "1"}', '{"end_call": true}'
    ),
}


@pytest.mark.parametrize("name", INTERRUPTED)
async def test_an_order_that_is_being_streamed_at_a_barge_in_is_never_obeyed(name: str) -> None:
    bench = Bench()

    async with INTERRUPTED[name]() as session:
        await bench.interrupt(session, is_ordered="half" not in name)

    assert (bench.pressed, bench.told) == ([], [])
