"""A whole call over the mock carrier in which nobody meant to interrupt."""

from trio.testing import MockClock

from tests.fakes.agent_fakes import ScriptedAgent
from tests.switchboard.office import open_office


async def test_we_go_on_with_the_clause_that_a_noise_has_cut(autojump_clock: MockClock) -> None:
    steps = [
        {"say": "Tell me your opening hours."},
        {"say": "Hm, hm, hm, hm.", "when": "agent-speaks", "after_ms": 1500},
    ]
    hours = "We are open from Monday to Friday, from nine to five, and on Saturday until noon."
    agent = ScriptedAgent(hours)

    async with open_office(
        phone={"steps": steps}, hears=("opening hours", ""), agent=agent
    ) as office:
        await office.wait_over(await office.call("Hello."))

    (_, cut, was_cut), (_, rest, was_rest_cut) = [
        spoken for spoken in office.said if spoken[0] == "bot"
    ][1:]
    assert (was_cut, was_rest_cut) == (True, False)
    assert hours.startswith(cut)
    assert hours.endswith(rest)
    assert len(office.agent.turns) == 1
