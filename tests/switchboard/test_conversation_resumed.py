"""A whole call over the mock carrier in which nobody meant to interrupt."""

from trio.testing import MockClock

from tests.fakes.agent_fakes import ScriptedAgent
from tests.switchboard.office import open_office

STEPS = [
    {"say": "Tell me your opening hours."},
    {"say": "Hm, hm, hm, hm.", "when": "agent-speaks", "after_ms": 1500},
]


async def test_we_go_on_with_the_clause_that_a_noise_has_cut(autojump_clock: MockClock) -> None:
    hours = "We are open from Monday to Friday, from nine to five, and on Saturday until noon."
    agent = ScriptedAgent(hours)

    async with open_office(
        phone={"steps": STEPS}, hears=("opening hours", ""), agent=agent
    ) as office:
        await office.wait_over(await office.call("Hello."))

    (_, cut, was_cut), (_, rest, was_rest_cut) = [
        spoken for spoken in office.said if spoken[0] == "bot"
    ][1:]
    assert (was_cut, was_rest_cut) == (True, False)
    assert hours.startswith(cut)
    assert hours.endswith(rest)
    assert len(office.agent.turns) == 1


async def test_what_was_not_even_made_into_sound_is_said_as_well(
    autojump_clock: MockClock,
) -> None:
    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    hours = " ".join(f"On {day} we are open from nine until five." for day in days)
    agent = ScriptedAgent(hours)

    async with open_office(
        phone={"steps": STEPS}, hears=("opening hours", ""), agent=agent
    ) as office:
        await office.wait_over(await office.call("Hello."))

    _, cut, rest = (text for speaker, text, _ in office.said if speaker == "bot")
    assert hours.startswith(cut)
    assert hours.endswith(rest)
    assert rest.endswith("On Sunday we are open from nine until five.")
    assert len(office.agent.turns) == 1
