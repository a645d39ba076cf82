"""An answer that is thought of before it is asked for."""

from collections.abc import AsyncGenerator

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from voicecalld.agent.base import AgentOutput, CallerTurn, EndCall, PressKeys, SayText
from voicecalld.errors import ServiceError
from voicecalld.switchboard.reading_ahead import MOST_OUTPUTS
from voicecalld.switchboard.speculation import Speculation

TURN = CallerTurn(text="What time is it", heard_before="Hello.", is_heard_anew=True, is_guess=True)


class Thinker:
    """Says its *outputs*, one after the other; ``went_on`` counts how often it was let go on."""

    def __init__(self, *outputs: AgentOutput | ServiceError, delay_s: float = 0.0) -> None:
        self.outputs = outputs
        self.delay_s = delay_s
        self.asked: list[CallerTurn] = []
        self.went_on = 0
        self.running = 0

    async def reply(self, turn: CallerTurn) -> AsyncGenerator[AgentOutput, None]:
        self.asked.append(turn)
        self.running += 1
        try:
            for output in self.outputs:
                await trio.sleep(self.delay_s)
                if isinstance(output, ServiceError):
                    raise output
                yield output
                self.went_on += 1
        finally:
            self.running -= 1


async def begin(nursery: trio.Nursery, thinker: Thinker) -> Speculation:
    speculation = Speculation()
    speculation.begin(nursery, thinker, TURN)
    await trio.testing.wait_all_tasks_blocked()
    return speculation


def texts(*words: str) -> list[SayText]:
    return [SayText(text=word) for word in words]


async def test_an_answer_that_was_thought_of_is_there_at_once(autojump_clock: MockClock) -> None:
    thinker = Thinker(*texts("It ", "is ", "noon."), delay_s=0.5)
    async with trio.open_nursery() as nursery:
        speculation = await begin(nursery, thinker)
        await trio.sleep(1.2)
        asked_s = trio.current_time()

        answer = speculation.take(CallerTurn(text="What time is it?", heard_before="Hello."))
        assert answer is not None
        first = [await anext(answer), await anext(answer)]
        assert trio.current_time() == asked_s
        rest = [output async for output in answer]

    assert [*first, *rest] == texts("It ", "is ", "noon.")
    assert len(thinker.asked) == 1


@pytest.mark.parametrize(
    "turn",
    [
        CallerTurn(text="What time is it now", heard_before="Hello."),
        CallerTurn(text="What time is it", heard_before="Hello."  , digits="1"),
        CallerTurn(text="What time is it", heard_before="Hell", interrupted=True),
    ],
)  # fmt: skip
async def test_an_answer_to_something_else_is_thrown_away(turn: CallerTurn) -> None:
    thinker = Thinker(*texts("a", "b"), delay_s=3600)
    async with trio.open_nursery() as nursery:
        speculation = await begin(nursery, thinker)

        assert speculation.take(turn) is None
        await trio.testing.wait_all_tasks_blocked()
        assert thinker.running == 0
        assert speculation.take(TURN) is None


async def test_an_answer_is_given_once() -> None:
    async with trio.open_nursery() as nursery:
        speculation = await begin(nursery, Thinker(*texts("a")))

        assert speculation.take(TURN) is not None
        assert speculation.take(TURN) is None


async def test_an_agent_that_fails_fails_when_it_is_asked() -> None:
    async with trio.open_nursery() as nursery:
        speculation = await begin(nursery, Thinker(*texts("a"), ServiceError("broken")))
        answer = speculation.take(TURN)
        assert answer is not None

        assert await anext(answer) == SayText(text="a")
        with pytest.raises(ServiceError, match="broken"):
            await anext(answer)


@pytest.mark.parametrize("deed", [PressKeys(digits="1"), EndCall()])
async def test_what_is_to_be_done_is_not_taken_for_done_before_it_is(deed: AgentOutput) -> None:
    thinker = Thinker(deed, *texts("a"))
    async with trio.open_nursery() as nursery:
        speculation = await begin(nursery, thinker)
        assert thinker.went_on == 0
        answer = speculation.take(TURN)
        assert answer is not None

        assert [output async for output in answer] == [deed, *texts("a")]


async def test_an_agent_that_never_ends_is_held_up() -> None:
    thinker = Thinker(*texts(*["a"] * (2 * MOST_OUTPUTS)))
    async with trio.open_nursery() as nursery:
        speculation = await begin(nursery, thinker)
        assert thinker.went_on < MOST_OUTPUTS
        answer = speculation.take(TURN)
        assert answer is not None

        assert len([output async for output in answer]) == 2 * MOST_OUTPUTS


async def test_who_closes_an_answer_stops_the_agent() -> None:
    thinker = Thinker(*texts("a", "b"), delay_s=0.0)
    thinker.outputs = (*thinker.outputs, EndCall(), *texts("c"))
    async with trio.open_nursery() as nursery:
        speculation = await begin(nursery, thinker)
        answer = speculation.take(TURN)
        assert answer is not None
        await anext(answer)
        await answer.aclose()
        await trio.testing.wait_all_tasks_blocked()

        assert thinker.running == 0


async def test_a_new_guess_replaces_the_old_one_and_a_dropped_one_leaves_nothing() -> None:
    old, new = Thinker(*texts("a"), delay_s=3600), Thinker(*texts("b"), delay_s=3600)
    async with trio.open_nursery() as nursery:
        speculation = await begin(nursery, old)
        speculation.begin(nursery, new, TURN)
        await trio.testing.wait_all_tasks_blocked()
        assert (old.running, new.running) == (0, 1)

        speculation.drop()
        speculation.drop()
        await trio.testing.wait_all_tasks_blocked()
        assert new.running == 0


async def test_an_agent_does_not_go_on_before_its_deed_is_done() -> None:
    thinker = Thinker(PressKeys(digits="1"), SayText(text="Done."))
    async with trio.open_nursery() as nursery:
        speculation = await begin(nursery, thinker)
        answer = speculation.take(TURN)
        assert answer is not None

        assert await anext(answer) == PressKeys(digits="1")
        await trio.testing.wait_all_tasks_blocked()
        before = thinker.went_on
        rest = [output async for output in answer]

    assert (before, rest) == (0, [SayText(text="Done.")])
