from contextlib import aclosing
from datetime import UTC, datetime

import trio

from voicecalld.agent.base import AgentOutput, Briefing, CallerTurn, EndCall, SayText
from voicecalld.agent.embedded import EmbeddedAgent

BRIEFING = Briefing(
    call_id="c",
    direction="inbound",
    from_number="+15550100",
    to_number="+15550199",
    language="en-US",
    opening="Hello!",
)


def build_agent() -> EmbeddedAgent:
    return EmbeddedAgent(
        name="Kim", company="Acme", clock=lambda: datetime(2025, 3, 14, 15, 9, tzinfo=UTC)
    )


async def outputs(text: str) -> list[AgentOutput]:
    async with (
        build_agent().open(BRIEFING) as session,
        aclosing(session.reply(CallerTurn(text=text))) as reply,
    ):
        return [output async for output in reply]


async def test_the_answer_comes_word_by_word() -> None:
    answer = await outputs("what time is it")

    assert answer[:3] == [SayText(text="You"), SayText(text=" asked"), SayText(text=" for")]
    assert "".join(output.text for output in answer if isinstance(output, SayText)) == (
        "You asked for the time. It is three oh nine in the afternoon."
    )


async def test_the_call_is_ended_behind_the_farewell_and_only_then() -> None:
    answer = await outputs("goodbye")

    assert answer[-1] == EndCall()
    assert answer[-2] == SayText(text=" Goodbye!")
    assert EndCall() not in await outputs("hello")


async def test_other_tasks_run_between_two_words() -> None:
    words = 0

    async def count() -> None:
        nonlocal words
        while True:
            await trio.lowlevel.checkpoint()
            words += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(count)
        answer = await outputs("when are you open")
        nursery.cancel_scope.cancel()

    # which of the two goes first is left to chance, once for each of the words
    assert words >= len(answer) / 2
