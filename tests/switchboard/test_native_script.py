"""A turn of the agent's as steps that a carrier can be told."""

import math
from collections.abc import AsyncGenerator, Sequence

import trio
from trio.testing import MockClock

from voicecalld.agent.base import AgentOutput, EndCall, PressKeys, SayText
from voicecalld.errors import ServiceError
from voicecalld.switchboard.native_script import Script


async def script_of(*outputs: AgentOutput | ServiceError | float) -> Script:
    script = Script(7)
    await script.write(give(outputs), 5.0)
    return script


async def give(
    outputs: Sequence[AgentOutput | ServiceError | float],
) -> AsyncGenerator[AgentOutput, None]:
    """The outputs; errors are raised, numbers are slept."""
    for output in outputs:
        if isinstance(output, ServiceError):
            raise output
        if isinstance(output, float):
            await trio.sleep(output)
            continue
        yield output


async def test_text_is_one_step_that_ends_the_turn() -> None:
    script = await script_of(SayText(text="It is "), SayText(text="*noon*.\n"))

    (step,) = script.steps()
    assert (step.turn, step.say, step.ends_turn, step.ends_call) == (7, "It is noon.", True, False)


async def test_keys_are_between_the_words_around_them() -> None:
    script = await script_of(
        SayText(text="One."), PressKeys(digits="1"), SayText(text="Two."), EndCall()
    )

    assert [(step.say, step.press) for step in script.steps()] == [
        ("One.", ""),
        ("", "1"),
        ("Two.", ""),
    ]
    assert [step.ends_turn for step in script.steps()] == [False, False, True]
    assert [step.ends_call for step in script.steps()] == [False, False, True]


async def test_nothing_behind_the_end_of_the_call_is_said() -> None:
    script = await script_of(SayText(text="Bye."), EndCall(), SayText(text="Wait!"))

    assert [step.say for step in script.steps()] == ["Bye."]


async def test_an_end_without_words_has_no_steps() -> None:
    script = await script_of(SayText(text="*"), EndCall())

    assert script.steps() == ()
    assert script.ends_call


async def test_what_was_written_before_a_failure_stays() -> None:
    script = await script_of(SayText(text="Let me see."), ServiceError("broken"))

    (step,) = script.steps()
    assert (step.say, str(step.failure)) == ("Let me see.", "broken")


async def test_an_agent_that_takes_too_long_has_failed(autojump_clock: MockClock) -> None:
    script = await script_of(SayText(text="Let me see."), math.inf)

    assert isinstance(script.error, ServiceError)
    assert [step.say for step in script.steps()] == ["Let me see."]
