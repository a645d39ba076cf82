from collections.abc import Mapping

import pytest
from trio.testing import MockClock

from tests.carriers.callee import Callee, build_callee
from tests.carriers.customer import Customer
from tests.carriers.ledger import CallEntry
from tests.carriers.twilio.rig import dial, open_rig, say

PROMPT = "What can I do for you on this wonderful day?"
WORDS = {"say": "A table for two.", "when": "agent-stops", "after_ms": 300}


async def hold_call(gather: str, callee: Callee) -> tuple[CallEntry, list[Mapping[str, str]]]:
    """The call, and the parameters of what /heard was asked with."""
    customer = Customer(voice=[f"<Response>{gather}</Response>"], heard=[say("Thank you.")])
    async with open_rig(customer, callee) as twilio:
        entry = await dial(twilio)
        await twilio.settle()
        twilio.ledger.check()
    return entry, [fields for path, fields in customer.webhooks if path == "/heard"]


async def test_what_the_callee_says_after_the_prompt_is_recognised(
    autojump_clock: MockClock,
) -> None:
    gather = f'<Gather input="speech" action="/heard"><Say>{PROMPT}</Say></Gather>'

    entry, heard = await hold_call(gather, build_callee(WORDS))

    assert [fields["SpeechResult"] for fields in heard] == ["A table for two."]
    assert "Digits" not in heard[0]
    assert entry.texts == [PROMPT, "Thank you."]
    assert entry.cut_texts == []


async def test_the_prompt_stops_when_the_callee_speaks_into_it(autojump_clock: MockClock) -> None:
    gather = f'<Gather input="speech" action="/heard"><Say>{PROMPT}</Say></Gather>'
    callee = build_callee({"say": "Wait!", "when": "agent-speaks", "after_ms": 500})

    entry, heard = await hold_call(gather, callee)

    assert [fields["SpeechResult"] for fields in heard] == ["Wait!"]
    assert entry.cut_texts == [PROMPT]


async def test_without_barge_in_words_over_the_prompt_are_not_heard(
    autojump_clock: MockClock,
) -> None:
    gather = (
        '<Gather input="speech" action="/heard" bargeIn="false" actionOnEmptyResult="true">'
        f"<Say>{PROMPT}</Say></Gather>"
    )
    callee = build_callee(
        {"say": "Wait!", "when": "agent-speaks", "after_ms": 300}, hang_up_when_done=False
    )

    entry, heard = await hold_call(gather, callee)

    assert [fields["SpeechResult"] for fields in heard] == [""]
    assert entry.cut_texts == []


async def test_two_utterances_with_a_short_pause_are_one_result(autojump_clock: MockClock) -> None:
    gather = '<Gather input="speech" action="/heard" speechTimeout="2"/>'
    callee = build_callee(
        {"say": "A table", "when": "answered", "after_ms": 500},
        {"say": "for two.", "when": "answered", "after_ms": 2000},
    )

    _, heard = await hold_call(gather, callee)

    assert [fields["SpeechResult"] for fields in heard] == ["A table for two."]


@pytest.mark.parametrize(
    ("attributes", "digits", "finish"),
    [("", "123", "#"), ('numDigits="2"', "12", ""), ('finishOnKey=""', "123#4", "")],
)
async def test_keys_are_collected_until_enough_or_the_finishing_one(
    autojump_clock: MockClock, attributes: str, digits: str, finish: str
) -> None:
    gather = f'<Gather action="/heard" {attributes}><Say>{PROMPT}</Say></Gather>'
    callee = build_callee({"press": "123#4", "when": "agent-speaks"}, hang_up_when_done=False)

    entry, heard = await hold_call(gather, callee)

    assert heard[0]["Digits"] == digits
    assert heard[0].get("FinishedOnKey", "") == finish
    assert entry.cut_texts == [PROMPT]


async def test_silence_falls_through_to_the_next_verb(autojump_clock: MockClock) -> None:
    gather = '<Gather input="speech dtmf" action="/heard" timeout="3"/><Say>Hello?</Say>'

    entry, heard = await hold_call(gather, build_callee())

    assert heard == []
    assert entry.texts == ["Hello?"]
    assert entry.lasted_s == pytest.approx(3 + 6 * 0.04, abs=0.1)


async def test_silence_is_reported_when_that_is_asked_for(autojump_clock: MockClock) -> None:
    gather = '<Gather input="speech dtmf" action="/heard" actionOnEmptyResult="true"/>'

    _, heard = await hold_call(gather, build_callee())

    assert [(fields["Digits"], fields["SpeechResult"]) for fields in heard] == [("", "")]
