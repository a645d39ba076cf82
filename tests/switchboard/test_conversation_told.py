"""What the agent is told of its own words in a whole call over the mock carrier."""

from typing import Any

from trio.testing import MockClock

from tests.fakes.agent_fakes import ScriptedAgent
from tests.switchboard.office import open_office

NOON = "It is noon. The sun is high. It will stay so."
NUDGE = "Are you still there?"
HOURS = "We are open from Monday to Friday, from nine to five, and on Saturday until noon."
ASKS = {"say": "What time is it?"}
WAITS = {"say": "Wait a moment.", "after_ms": 7_000}
HEARS = ("what time is it", "wait a moment", "goodbye")
IMPATIENT: dict[str, Any] = {"silence_timeout_seconds": 4, "silence_prompt": NUDGE}


async def test_an_answer_before_a_question_of_ours_is_told_with_it(
    autojump_clock: MockClock,
) -> None:
    phone = {"steps": [ASKS, WAITS, {"say": "Goodbye."}]}
    agent = ScriptedAgent(NOON, "All right.")

    async with open_office(phone=phone, hears=HEARS, agent=agent, turn=IMPATIENT) as office:
        await office.wait_over(await office.call("Hello."))

    assert [turn.heard_before for turn in agent.turns] == [
        "Hello.",
        f"{NOON} {NUDGE}",
        "All right.",
    ]
    assert [turn.is_heard_anew for turn in agent.turns] == [True, True, True]


async def test_an_answer_before_what_an_operator_says_is_told_with_it(
    autojump_clock: MockClock,
) -> None:
    phone = {"steps": [ASKS, WAITS]}
    agent = ScriptedAgent(NOON)

    async with open_office(phone=phone, hears=HEARS, agent=agent) as office:
        call_id = await office.call("Hello.")
        await office.wait_for("call.speech", 3)
        await office.switchboard.speak(call_id, "Your table is ready.")
        await office.wait_over(call_id)

    assert agent.turns[1].heard_before == f"{NOON} Your table is ready."


async def test_an_answer_that_a_noise_has_cut_in_two_is_told_whole(
    autojump_clock: MockClock,
) -> None:
    noise = {"say": "Hm, hm, hm, hm.", "when": "agent-speaks", "after_ms": 1500}
    phone = {"steps": [ASKS, noise, {"say": "Thank you."}]}
    agent = ScriptedAgent(HOURS)

    async with open_office(
        phone=phone, hears=("what time is it", "", "thank you"), agent=agent
    ) as office:
        await office.wait_over(await office.call("Hello."))

    assert [interrupted for _, _, interrupted in office.said].count(True) == 1
    assert (agent.turns[1].heard_before, agent.turns[1].interrupted) == (HOURS, False)
