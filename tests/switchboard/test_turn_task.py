"""A turn in the making: what fills the time before it, and what is left undone of it."""

import math
from collections.abc import AsyncGenerator

import pytest
import trio
import trio.testing
from structlog.testing import capture_logs
from trio.testing import MockClock

from tests.fakes.speech_fakes import FakeSynthesizer
from voicecalld.agent.base import AgentOutput, EndCall, PressKeys, SayText
from voicecalld.call.playout import FRAME_S, NO_TURN, TICK_TOLERANCE_S, Playout
from voicecalld.speech.base import Synthesizer
from voicecalld.switchboard.turn_task import TurnLimits, TurnTask


class Bench:
    """A task that makes turns, and all that comes of it."""

    def __init__(
        self,
        synthesizer: Synthesizer,
        *,
        apology: str = "",
        agent_name: str = "the agent",
        stall_s: float = math.inf,
    ) -> None:
        self.playout = Playout()
        self.told: list[object] = []
        self.pressed: list[str] = []
        self.task = TurnTask(
            playout=self.playout,
            synthesizer=synthesizer,
            tell=self.told.append,
            press=self.press,
            measure=lambda _turn, _stage, _now_s: None,
            send_due=lambda _now_s: None,
            limits=TurnLimits(
                first_text_s=10.0,
                first_sound_s=5.0,
                stall_s=stall_s,
                apology=apology,
                agent_name=agent_name,
            ),
        )

    async def press(self, digits: str) -> None:
        await trio.lowlevel.checkpoint()
        self.pressed.append(digits)


async def stalling(text: str) -> AsyncGenerator[AgentOutput, None]:
    yield SayText(text=text)
    await trio.sleep(60.0)


async def saying(*outputs: AgentOutput, after_s: float) -> AsyncGenerator[AgentOutput, None]:
    await trio.sleep(after_s)
    for output in outputs:
        yield output


async def test_a_filler_is_queued_before_an_answer_that_is_slow(autojump_clock: MockClock) -> None:
    bench = Bench(FakeSynthesizer())

    async with trio.open_nursery() as nursery:
        bench.task.start(nursery, 1, saying(SayText(text="Hello."), after_s=3.0))
        bench.task.start_filler(nursery, 1, "Well")
        await trio.sleep(1.0)
        filled = len(bench.playout.filler)

    assert filled > 0
    assert [clause.text for clause in bench.playout.clauses] == ["Hello."]


@pytest.mark.parametrize(("left_s", "is_said"), [(TICK_TOLERANCE_S / 2, True), (0.02, False)])
async def test_patience_is_asked_for_behind_what_counts_as_heard(
    left_s: float, is_said: bool, autojump_clock: MockClock
) -> None:
    bench = Bench(FakeSynthesizer(delay_s=0.0), apology="Sorry.")

    async with trio.open_nursery() as nursery:
        bench.task.start(nursery, 1, saying(after_s=3.0))
        bench.playout.played_out_s = trio.current_time() + left_s
        bench.task.apologize()
        await trio.testing.wait_all_tasks_blocked()

        assert bool(bench.playout.filler) is is_said


async def test_a_filler_is_dropped_when_the_turn_has_sound_or_was_stopped(
    autojump_clock: MockClock,
) -> None:
    bench = Bench(FakeSynthesizer())

    async with trio.open_nursery() as nursery:
        bench.task.start(nursery, 1, saying(SayText(text="Hello."), after_s=0.0))
        await trio.sleep(1.0)
        bench.task.start_filler(nursery, 1, "Well")
        await trio.sleep(1.0)
        bench.task.start(nursery, 2, saying(after_s=9.0))
        bench.task.start_filler(nursery, 2, "Well")
        bench.task.stop()

    assert not bench.playout.filler


@pytest.mark.parametrize(
    ("apology", "event"), [("", "filler not said"), ("Well", "apology not said")]
)
async def test_a_filler_that_cannot_be_said_is_left_out(
    apology: str, event: str, autojump_clock: MockClock
) -> None:
    bench = Bench(FakeSynthesizer(failing="Well"), apology=apology)

    with capture_logs() as logs:
        async with trio.open_nursery() as nursery:
            bench.task.start(nursery, 1, saying(after_s=2.0))
            bench.task.start_filler(nursery, 1, "Well")

    assert not bench.playout.filler
    assert [log["event"] for log in logs] == [event]


async def test_a_filler_may_come_back_for_some_time(autojump_clock: MockClock) -> None:
    bench = Bench(FakeSynthesizer(delay_s=0.0))
    before = bench.task.filled_text(-1.0)

    async with trio.open_nursery() as nursery:
        bench.task.start(nursery, 1, saying(after_s=1.0))
        bench.task.start_filler(nursery, 1, "One moment.")
        await trio.testing.wait_all_tasks_blocked()
        now_s = trio.current_time()
        lasts_s = len(bench.playout.filler) * FRAME_S

        assert before == ""
        assert bench.task.filled_text(now_s + lasts_s - FRAME_S) == "One moment."
        assert bench.task.filled_text(now_s + lasts_s + FRAME_S) == ""


async def test_an_apology_that_comes_too_late_to_be_said_counts_for_none(
    autojump_clock: MockClock,
) -> None:
    bench = Bench(FakeSynthesizer(delay_s=0.1), apology="Sorry.", stall_s=2.5)
    waits_since_s = trio.current_time()

    async with trio.open_nursery() as nursery:
        await trio.sleep(2.5)
        bench.task.start_filler(nursery, NO_TURN, "Sorry.")
        await trio.sleep(0.05)
        bench.task.start(nursery, 1, saying(after_s=60.0), waits_since_s)
        await trio.sleep(1.0)
        filled = len(bench.playout.filler)
        bench.task.stop()

    assert filled > 0


async def test_what_the_agent_had_only_begun_to_write_is_not_left_unsaid(
    autojump_clock: MockClock,
) -> None:
    bench = Bench(FakeSynthesizer(delay_s=30.0))

    async with trio.open_nursery() as nursery:
        text = "Let me see. We are open from nine until five. And on Satur"
        bench.task.start(nursery, 1, stalling(text))
        await trio.sleep(1.0)
        unsaid = bench.task.take_unsaid()
        bench.task.stop()

    assert unsaid == "Let me see. We are open from nine until five."


async def test_what_is_left_unsaid_ends_the_call_if_the_whole_turn_would_have(
    autojump_clock: MockClock,
) -> None:
    bench = Bench(FakeSynthesizer(delay_s=30.0))

    async with trio.open_nursery() as nursery:
        outputs = (SayText(text="Well then"), EndCall())
        bench.task.start(nursery, 1, saying(*outputs, after_s=0.0))
        before = (bench.task.take_unsaid(), bench.task.ends_call)
        await trio.sleep(1.0)
        unsaid = (bench.task.take_unsaid(), bench.task.ends_call)
        bench.task.stop()

    assert before == ("", False)
    assert unsaid == ("Well then", True)


async def test_what_breaks_off_a_turn_is_told_with_the_name_of_who_did(
    autojump_clock: MockClock,
) -> None:
    bench = Bench(FakeSynthesizer(), agent_name="the agent (openai)")

    with capture_logs() as logs:
        async with trio.open_nursery() as nursery:
            bench.task.start(nursery, 1, saying(after_s=60.0))

    assert [log.get("reason") for log in logs] == ["the agent (openai) said nothing in time"]


async def test_a_turn_that_another_has_replaced_presses_no_keys(
    autojump_clock: MockClock,
) -> None:
    bench = Bench(FakeSynthesizer())

    async with trio.open_nursery() as nursery:
        bench.task.start(nursery, 1, saying(PressKeys(digits="1"), after_s=1.0))
        await trio.sleep(0.5)
        bench.playout.start(2)

    assert (bench.pressed, bench.told) == ([], [])
