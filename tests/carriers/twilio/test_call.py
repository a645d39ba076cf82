import pytest
import trio
from trio.testing import MockClock

from tests.carriers.callee import build_callee
from tests.carriers.carrier import OwnNumber
from tests.carriers.customer import Customer
from tests.carriers.faults import Faults
from tests.carriers.twilio.rig import (
    FROM,
    STATUS_URL,
    TO,
    VOICE_URL,
    ask,
    dial,
    open_rig,
    say,
    statuses,
)


def answer_voice(document: str) -> Customer:
    return Customer(voice=[document])


async def test_an_outbound_call_is_reported_from_its_beginning_to_its_end(
    autojump_clock: MockClock,
) -> None:
    customer = answer_voice(say("Your table is ready."))

    async with open_rig(customer) as twilio:
        entry = await dial(twilio)
        await twilio.settle()

    assert statuses(customer) == [
        ("0", "initiated"),
        ("1", "ringing"),
        ("2", "in-progress"),
        ("3", "completed"),
    ]
    assert entry.texts == ["Your table is ready."]
    assert entry.cut_texts == []
    assert entry.lasted_s == pytest.approx(20 * 0.04, abs=0.1)  # 20 characters of 40 ms
    twilio.ledger.check()


@pytest.mark.parametrize(
    ("behaviour", "status", "sip"),
    [("busy", "busy", "486"), ("rejects", "failed", "603"), ("no-answer", "no-answer", "487")],
)
async def test_a_call_that_nobody_takes_ends_as_twilio_says_and_asks_for_no_document(
    autojump_clock: MockClock, behaviour: str, status: str, sip: str
) -> None:
    customer = answer_voice(say("Hello."))

    async with open_rig(customer, build_callee(behaviour=behaviour)) as twilio:
        entry = await dial(twilio, Timeout=30)
        await twilio.settle()

    last = customer.webhooks[-1][1]
    assert entry.status == status
    assert (last["CallStatus"], last["SipResponseCode"], last["CallDuration"]) == (
        status,
        sip,
        "0",
    )
    assert "/voice" not in [path for path, _ in customer.webhooks]


async def test_an_inbound_call_can_be_rejected_before_it_is_answered(
    autojump_clock: MockClock,
) -> None:
    customer = answer_voice('<Response><Reject reason="busy"/></Response>')

    async with open_rig(customer) as twilio:
        twilio.numbers[FROM] = OwnNumber(voice_url=VOICE_URL, status_url=STATUS_URL)
        entry = twilio.ring(TO, FROM)
        await twilio.settle()

    assert entry.status == "busy"
    assert entry.lasted_s == 0
    assert customer.webhooks[0][1]["CallStatus"] == "ringing"
    assert customer.webhooks[0][1]["Direction"] == "inbound"
    assert statuses(customer) == [("0", "busy")]


async def test_an_empty_document_ends_the_call(autojump_clock: MockClock) -> None:
    async with open_rig(answer_voice("<Response/>")) as twilio:
        entry = await dial(twilio)
        await twilio.settle()

    assert entry.status == "completed"
    twilio.ledger.check()


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("<Response><Dial>+12065550117</Dial></Response>", 12200),
        ("<Response><Say>", 12100),
        ("", 12300),  # 204 without a type
        ('<Response><Pause length="0.5"/></Response>', 12200),
        ('<Response><Say speed="2">Hello.</Say></Response>', 12200),
    ],
)
async def test_a_document_that_is_not_understood_is_complained_of_and_ends_the_call(
    autojump_clock: MockClock, document: str, code: int
) -> None:
    async with open_rig(answer_voice(document)) as twilio:
        entry = await dial(twilio)
        await twilio.settle()

    assert entry.is_over
    assert [complaint.code for complaint in twilio.ledger.complaints] == [code]


async def test_a_redirect_from_outside_replaces_what_is_being_said(
    autojump_clock: MockClock,
) -> None:
    customer = answer_voice(say("This is a very long story." * 10))

    async with open_rig(customer) as twilio:
        entry = await dial(twilio)
        await twilio.ledger.wait_until(lambda: bool(entry.texts))
        await trio.sleep(0.5)
        response = await ask(twilio, "POST", f"/{entry.call}.json", Twiml=say("Goodbye."))
        await twilio.settle()

    assert response.status == 200
    assert entry.cut_texts == ["This is a very long story." * 10]
    assert entry.texts[1:] == ["Goodbye."]
    twilio.ledger.check()


@pytest.mark.parametrize("status", ["completed", "canceled"])
async def test_a_ringing_call_can_be_ended_from_outside(
    autojump_clock: MockClock, status: str
) -> None:
    async with open_rig(Customer(), build_callee(behaviour="no-answer")) as twilio:
        entry = await dial(twilio)
        await trio.sleep(1)
        response = await ask(twilio, "POST", f"/{entry.call}.json", Status=status)
        await twilio.settle()

    assert response.status == 200
    assert entry.status == status


async def test_a_call_is_cut_off_at_its_time_limit(autojump_clock: MockClock) -> None:
    customer = answer_voice('<Response><Pause length="600"/></Response>')

    async with open_rig(customer) as twilio:
        entry = await dial(twilio, TimeLimit=30)
        await twilio.settle()

    assert entry.lasted_s == pytest.approx(30, abs=0.1)
    assert customer.webhooks[-1][1]["CallDuration"] == "30"


async def test_a_machine_is_detected_before_the_document_is_asked_for(
    autojump_clock: MockClock,
) -> None:
    customer = answer_voice(say("Hello."))
    callee = build_callee(behaviour="machine", detection_s=3.0)

    async with open_rig(customer, callee) as twilio:
        await dial(twilio, MachineDetection="DetectMessageEnd")
        await twilio.settle()

    asked = next(fields for path, fields in customer.webhooks if path == "/voice")
    assert asked["AnsweredBy"] == "machine_end_beep"
    assert asked["MachineDetectionDuration"] == "3000"


async def test_a_machine_can_be_detected_while_the_document_is_performed(
    autojump_clock: MockClock,
) -> None:
    customer = answer_voice('<Response><Pause length="5"/></Response>')

    async with open_rig(customer, build_callee(behaviour="machine")) as twilio:
        await dial(
            twilio,
            MachineDetection="Enable",
            AsyncAmd="true",
            AsyncAmdStatusCallback="https://calls.example.test/detected",
        )
        await twilio.settle()

    voice, detected = (
        next(fields for path, fields in customer.webhooks if path == wanted)
        for wanted in ("/voice", "/detected")
    )
    assert "AnsweredBy" not in voice
    assert detected["AnsweredBy"] == "machine_start"
    assert "CallbackSource" not in detected


async def test_keys_are_pressed_towards_the_callee(autojump_clock: MockClock) -> None:
    customer = answer_voice('<Response><Play digits="1w2#"/></Response>')

    async with open_rig(customer) as twilio:
        entry = await dial(twilio)
        await twilio.settle()

    assert entry.digits_heard == "12#"
    assert entry.lasted_s > 1.0  # three keys of 250 ms and a wait of 500 ms


async def test_a_document_that_takes_longer_than_fifteen_seconds_comes_too_late(
    autojump_clock: MockClock,
) -> None:
    customer = answer_voice(say("Hello."))
    customer.answers_after_s = 16.0

    async with open_rig(customer) as twilio:
        entry = await dial(twilio, StatusCallback="")
        await twilio.settle()

    assert entry.texts == []
    assert [complaint.code for complaint in twilio.ledger.complaints] == [11200]


async def test_a_customer_that_is_away_for_a_moment_is_asked_once_more(
    autojump_clock: MockClock,
) -> None:
    customer = answer_voice(say("Hello."))
    customer.unreachable = 1

    async with open_rig(customer) as twilio:
        entry = await dial(twilio, StatusCallback="")
        await twilio.settle()

    assert entry.texts == ["Hello."]
    first, second = customer.requests
    assert first.headers == second.headers  # the token above all


async def test_statuses_get_lost_and_out_of_order_when_they_are_told_to(
    autojump_clock: MockClock,
) -> None:
    customer = answer_voice(say("Hello."))
    faults = Faults(statuses_lost={"answered"}, statuses_reordered=True)

    async with open_rig(customer, faults=faults) as twilio:
        await dial(twilio)
        await twilio.settle()

    assert statuses(customer) == [("1", "ringing"), ("0", "initiated"), ("3", "completed")]


async def test_doubled_webhooks_have_the_same_token_and_must_be_answered_alike(
    autojump_clock: MockClock,
) -> None:
    customer = Customer(voice=["<Response/>", say("Who is there?")])

    async with open_rig(customer, faults=Faults(webhooks_doubled=True)) as twilio:
        entry = await dial(twilio)
        await twilio.settle()

    once, again = twilio.ledger.webhooks_of(entry.call, "asks")
    assert once.token == again.token
    assert [complaint.code for complaint in twilio.ledger.complaints] == [11200]


async def test_a_document_whose_first_answer_got_lost_is_asked_for_again(
    autojump_clock: MockClock,
) -> None:
    customer = answer_voice(say("Hello."))

    async with open_rig(customer, faults=Faults(replies_lost=1)) as twilio:
        entry = await dial(twilio)
        await twilio.settle()

    assert entry.texts == ["Hello."]
    once, again = twilio.ledger.webhooks_of(entry.call, "asks")
    assert once.token == again.token
