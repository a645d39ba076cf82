"""Who has answered: a person, or a machine."""

import pytest
from trio.testing import MockClock

from tests.carriers.callee import build_callee
from tests.carriers.customer import Customer
from tests.carriers.plivo.rig import asked, dial, open_rig, say

LISTENS = build_callee(hang_up_when_done=False)


def answer_voice(document: str) -> Customer:
    return Customer(voice=[document])


@pytest.mark.parametrize(("behaviour", "machine"), [("machine", "true"), ("answers", "false")])
async def test_who_has_answered_is_found_out_before_the_document_is_asked_for(
    autojump_clock: MockClock, behaviour: str, machine: str
) -> None:
    customer = answer_voice(say("Hello."))

    async with open_rig(customer, build_callee(behaviour=behaviour, detection_s=3.0)) as plivo:
        entry = await dial(plivo, machine_detection="true")
        await plivo.settle()

    assert [fields["Machine"] for fields in asked(customer, "/voice")] == [machine]
    assert entry.lasted_s > 3


async def test_a_machine_can_be_left_at_once(autojump_clock: MockClock) -> None:
    customer = answer_voice(say("Hello."))

    async with open_rig(customer, build_callee(behaviour="machine")) as plivo:
        await dial(plivo, machine_detection="hangup")
        await plivo.settle()

    assert asked(customer, "/voice") == []
    assert customer.webhooks[-1][1]["HangupCauseName"] == "Machine Detected"


@pytest.mark.parametrize(
    ("wanted", "if_machine", "lasts_s"), [("true", "continue", 5.0), ("hangup", "hangup", 1.0)]
)
async def test_a_machine_can_be_detected_while_the_document_is_performed(
    autojump_clock: MockClock, wanted: str, if_machine: str, lasts_s: float
) -> None:
    customer = answer_voice('<Response><Wait length="5"/></Response>')
    detected = "https://calls.example.test/detected"

    async with open_rig(customer, build_callee(behaviour="machine")) as plivo:
        entry = await dial(plivo, machine_detection=wanted, machine_detection_url=detected)
        await plivo.settle()

    (told,) = asked(customer, "/detected")
    assert "Machine" not in asked(customer, "/voice")[0]
    assert (told["Event"], told["Machine"], told["IfMachine"]) == (
        "MachineDetection",
        "true",
        if_machine,
    )
    assert entry.lasted_s == pytest.approx(lasts_s, abs=0.1)


async def test_people_are_not_reported_while_the_document_is_performed(
    autojump_clock: MockClock,
) -> None:
    customer = answer_voice('<Response><Wait length="5"/></Response>')
    detected = "https://calls.example.test/detected"

    async with open_rig(customer, LISTENS) as plivo:
        await dial(plivo, machine_detection="true", machine_detection_url=detected)
        await plivo.settle()

    assert asked(customer, "/detected") == []
