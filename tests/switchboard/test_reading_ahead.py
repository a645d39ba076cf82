"""What an agent writes while what it has written before is still being said."""

from collections.abc import AsyncGenerator

import pytest
import trio
import trio.testing

from voicecalld.agent.base import AgentOutput, EndCall, PressKeys, SayText
from voicecalld.errors import ServiceError
from voicecalld.switchboard.reading_ahead import MOST_OUTPUTS, ReadAhead

KEYS = PressKeys(digits="1")
ONE, TWO = SayText(text="One. "), SayText(text="Two.")


class Writer:
    """An agent that writes *outputs*, and then stalls or ends; it is ``at_work`` until closed."""

    def __init__(self, *outputs: AgentOutput | ServiceError, stalls: bool = False) -> None:
        self.outputs = outputs
        self.stalls = stalls
        self.at_work = False

    async def write(self) -> AsyncGenerator[AgentOutput, None]:
        self.at_work = True
        try:
            for output in self.outputs:
                await trio.lowlevel.checkpoint()
                if isinstance(output, ServiceError):
                    raise output
                yield output
            if self.stalls:
                await trio.sleep_forever()
        finally:
            self.at_work = False


@pytest.mark.parametrize(
    ("writer", "text", "is_whole", "ends_call"),
    [
        (Writer(ONE, TWO), "Two.", True, False),
        (Writer(ONE, TWO, stalls=True), "Two.", False, False),
        (Writer(ONE, TWO, ServiceError("broken")), "Two.", False, False),
        (Writer(ONE, TWO, KEYS, SayText(text="Three.")), "Two.", True, False),
        (Writer(ONE, TWO, EndCall()), "Two.", True, True),
        (Writer(ONE), "", True, False),
    ],
    ids=["ended", "stalled", "failed", "at keys", "at the end of the call", "all said"],
)
async def test_what_was_read_is_known_before_it_is_asked_for(
    writer: Writer, text: str, is_whole: bool, ends_call: bool
) -> None:
    ahead = ReadAhead(writer.write())

    async with trio.open_nursery() as nursery:
        answer = ahead.answer(nursery)
        first = await anext(answer)
        await trio.testing.wait_all_tasks_blocked()

        assert first == ONE
        assert (ahead.text, ahead.is_whole, ahead.ends_call) == (text, is_whole, ends_call)
        await answer.aclose()


async def test_a_failure_comes_behind_what_was_written_before() -> None:
    ahead = ReadAhead(Writer(ONE, TWO, ServiceError("broken")).write())

    async with trio.open_nursery() as nursery:
        answer = ahead.answer(nursery)
        outputs = [await anext(answer), await anext(answer)]
        with pytest.raises(ServiceError, match="broken"):
            await anext(answer)

    assert outputs == [ONE, TWO]


async def test_who_closes_an_answer_closes_the_agent_that_is_at_it() -> None:
    writer = Writer(ONE, stalls=True)

    async with trio.open_nursery() as nursery:
        answer = ReadAhead(writer.write()).answer(nursery)
        await anext(answer)
        was_at_work = writer.at_work
        await answer.aclose()

    assert (was_at_work, writer.at_work) == (True, False)


async def test_an_answer_that_nobody_has_begun_to_read_keeps_no_task() -> None:
    writer = Writer(ONE)

    async with trio.open_nursery() as nursery:
        await ReadAhead(writer.write()).answer(nursery).aclose()

    assert not writer.at_work


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("We never stop. ", "We never stop. " * 12 + "We never stop."),
        ("blah ", "blah " * 40),
    ],
)
async def test_not_much_more_is_said_of_a_long_answer_that_has_failed(
    text: str, left: str
) -> None:
    pieces = (SayText(text=text),) * (MOST_OUTPUTS - 1)
    ahead = ReadAhead(Writer(*pieces, ServiceError("endless")).write())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ahead.read)
        await trio.testing.wait_all_tasks_blocked()
        answer = ahead.answer()
        said = await anext(answer)
        with pytest.raises(ServiceError, match="endless"):
            await anext(answer)

    assert said == SayText(text=left)
