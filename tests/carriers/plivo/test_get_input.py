from collections.abc import Mapping

import pytest
from trio.testing import MockClock

from tests.carriers.callee import Callee, build_callee
from tests.carriers.customer import Customer
from tests.carriers.ledger import CallEntry
from tests.carriers.plivo.rig import HEARD_URL, asked, dial, open_rig, say

PROMPT = "What can I do for you on this wonderful day?"
WORDS = {"say": "A table for two.", "when": "agent-stops", "after_ms": 300}
SILENT = build_callee(hang_up_when_done=False)


def get_input(attributes: str = 'inputType="speech dtmf"', prompts: str = "") -> str:
    return f'<GetInput action="{HEARD_URL}" {attributes}>{prompts}</GetInput>'


PROMPTED = f"<Speak>{PROMPT}</Speak>"


async def hold_call(elements: str, callee: Callee) -> tuple[CallEntry, list[Mapping[str, str]]]:
    """The call, and the parameters of what /heard was asked with."""
    customer = Customer(voice=[f"<Response>{elements}</Response>"], heard=[say("Thank you.")])
    async with open_rig(customer, callee) as plivo:
        entry = await dial(plivo)
        await plivo.settle()
        plivo.ledger.check()
    return entry, asked(customer, "/heard")


async def test_what_the_callee_says_after_the_prompt_is_recognised(
    autojump_clock: MockClock,
) -> None:
    entry, heard = await hold_call(get_input('inputType="speech"', PROMPTED), build_callee(WORDS))

    (fields,) = heard
    assert (fields["InputType"], fields["Speech"], fields["Digits"]) == (
        "speech",
        "A table for two.",
        "",
    )
    assert fields["Event"] == "Redirect"
    assert entry.texts == [PROMPT, "Thank you."]
    assert entry.cut_texts == []


async def test_the_prompt_stops_when_the_callee_speaks_into_it(autojump_clock: MockClock) -> None:
    callee = build_callee({"say": "Wait!", "when": "agent-speaks", "after_ms": 500})

    entry, heard = await hold_call(get_input(prompts=PROMPTED), callee)

    assert [fields["Speech"] for fields in heard] == ["Wait!"]
    assert entry.cut_texts == [PROMPT]


@pytest.mark.parametrize(
    ("attributes", "expected"), [('speechEndTimeout="2"', "A table for two."), ("", "A table")]
)
async def test_how_long_a_pause_ends_the_input_can_be_chosen(
    autojump_clock: MockClock, attributes: str, expected: str
) -> None:
    callee = build_callee(
        {"say": "A table", "when": "answered", "after_ms": 500},
        {"say": "for two.", "when": "answered", "after_ms": 2300},
    )

    _, heard = await hold_call(get_input(f'inputType="speech" {attributes}'), callee)

    assert [fields["Speech"] for fields in heard] == [expected]


@pytest.mark.parametrize(
    ("attributes", "digits"), [("", "123"), ('numDigits="2"', "12"), ('finishOnKey=""', "123#4")]
)
async def test_keys_are_collected_until_enough_or_the_finishing_one(
    autojump_clock: MockClock, attributes: str, digits: str
) -> None:
    element = get_input(f'inputType="dtmf" {attributes}', PROMPTED)
    callee = build_callee({"press": "123#4", "when": "agent-speaks"}, hang_up_when_done=False)

    entry, heard = await hold_call(element, callee)

    assert [(fields["InputType"], fields["Digits"]) for fields in heard] == [("dtmf", digits)]
    assert entry.cut_texts == [PROMPT]


async def test_a_pause_between_keys_ends_them(autojump_clock: MockClock) -> None:
    callee = build_callee(
        {"press": "12", "when": "answered", "after_ms": 200},
        {"press": "3", "when": "answered", "after_ms": 4000},
    )

    _, heard = await hold_call(get_input('inputType="dtmf" digitEndTimeout="2"'), callee)

    assert [fields["Digits"] for fields in heard] == ["12"]


async def test_silence_falls_through_to_the_next_element(autojump_clock: MockClock) -> None:
    element = get_input('inputType="speech dtmf" executionTimeout="5"', '<Wait length="1"/>')

    entry, heard = await hold_call(element + "<Speak>Hello?</Speak>", SILENT)

    assert heard == []
    assert entry.texts == ["Hello?"]
    assert entry.lasted_s == pytest.approx(1 + 5 + 6 * 0.04, abs=0.1)


async def test_who_still_talks_when_the_time_is_over_is_cut_off(autojump_clock: MockClock) -> None:
    long = "I want a table for two, and one for three, and one for four, and then one for five."
    callee = build_callee({"say": long, "when": "answered", "after_ms": 3500})
    element = get_input('inputType="speech" executionTimeout="5"')

    entry, heard = await hold_call(element + "<Speak>Hello?</Speak>", callee)

    assert heard == []
    assert entry.lasted_s < 9


async def test_without_redirect_the_input_is_only_reported(autojump_clock: MockClock) -> None:
    element = get_input('inputType="speech" redirect="false"') + "<Speak>And now?</Speak>"

    entry, heard = await hold_call(
        element, build_callee({"say": "Hello.", "when": "answered", "after_ms": 500})
    )

    assert [fields["Speech"] for fields in heard] == ["Hello."]
    assert entry.texts == ["And now?"]
