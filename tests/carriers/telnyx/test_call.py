import base64

import pytest
import trio
from trio.testing import MockClock

from tests.carriers.callee import build_callee
from tests.carriers.carrier import OwnNumber
from tests.carriers.customer import Customer
from tests.carriers.telnyx.rig import (
    EVENTS_URL,
    FROM,
    TO,
    bodies,
    dial,
    dial_answered,
    encode_state,
    events,
    open_rig,
    order,
    wait_event,
    wait_status,
)

LISTENS = build_callee(hang_up_when_done=False)
VOICE = {"voice": "AWS.Polly.Joanna"}


async def test_an_outbound_call_is_reported_from_its_beginning_to_its_end(
    autojump_clock: MockClock,
) -> None:
    customer = Customer()

    async with open_rig(customer, LISTENS) as telnyx:
        entry = await dial_answered(telnyx, client_state=encode_state("c1"))
        await order(telnyx, entry, "hangup")
        await telnyx.settle()

    told = [data["payload"] for data in bodies(customer)]
    assert events(customer) == ["call.initiated", "call.answered", "call.hangup"]
    assert [payload["state"] for payload in told] == ["bridging", "answered", "hangup"]
    assert {payload["client_state"] for payload in told} == {encode_state("c1")}
    assert {(payload["from"], payload["to"]) for payload in told} == {(FROM, TO)}
    assert told[0]["direction"] == "outgoing"
    assert (told[2]["hangup_cause"], told[2]["hangup_source"]) == ("normal_clearing", "caller")
    telnyx.ledger.check()


@pytest.mark.parametrize(
    ("behaviour", "answers_after_ms", "cause"),
    [
        ("busy", None, "user_busy"),
        ("rejects", None, "call_rejected"),
        ("no-answer", None, "timeout"),
        ("no-answer", 2000, "no_answer"),
        ("answers", 31_000, "timeout"),
    ],
)
async def test_a_call_that_nobody_takes_ends_with_a_cause(
    autojump_clock: MockClock, behaviour: str, answers_after_ms: int | None, cause: str
) -> None:
    customer = Customer()
    callee = build_callee(behaviour=behaviour, answers_after_ms=answers_after_ms)

    async with open_rig(customer, callee) as telnyx:
        entry = await dial(telnyx, timeout_secs=30)
        await telnyx.settle()

    assert entry.status == cause
    assert events(customer) == ["call.initiated", "call.hangup"]


async def test_a_ringing_call_is_cancelled_by_hanging_up(autojump_clock: MockClock) -> None:
    customer = Customer()

    async with open_rig(customer, build_callee(behaviour="no-answer")) as telnyx:
        entry = await dial(telnyx)
        await trio.sleep(1)
        await order(telnyx, entry, "hangup")
        await telnyx.settle()

    assert entry.status == "originator_cancel"


async def test_a_call_is_cut_off_at_its_time_limit(autojump_clock: MockClock) -> None:
    customer = Customer()

    async with open_rig(customer, LISTENS) as telnyx:
        entry = await dial(telnyx, time_limit_secs=30)
        await telnyx.settle()

    assert entry.lasted_s == pytest.approx(30, abs=0.1)
    assert entry.status == "time_limit"


async def test_an_inbound_call_waits_until_it_is_answered(autojump_clock: MockClock) -> None:
    customer = Customer()

    async with open_rig(customer, LISTENS) as telnyx:
        telnyx.numbers[FROM] = OwnNumber(voice_url=EVENTS_URL)
        entry = telnyx.ring(TO, FROM)
        began = await wait_event(telnyx, "call.initiated")
        await trio.sleep(5)
        status = entry.status
        await order(telnyx, entry, "answer", client_state=encode_state("c2"))
        answered = await wait_event(telnyx, "call.answered")
        await order(telnyx, entry, "hangup")
        hangup = await wait_event(telnyx, "call.hangup")

    assert status == "initiated"
    assert (began["direction"], began["state"], began["client_state"]) == (
        "incoming",
        "parked",
        None,
    )
    assert answered["client_state"] == encode_state("c2")
    assert hangup["hangup_source"] == "callee"


@pytest.mark.parametrize(
    ("reason", "cause"), [("USER_BUSY", "user_busy"), ("CALL_REJECTED", "call_rejected")]
)
async def test_an_inbound_call_can_be_rejected(
    autojump_clock: MockClock, reason: str, cause: str
) -> None:
    customer = Customer()

    async with open_rig(customer) as telnyx:
        telnyx.numbers[FROM] = OwnNumber(voice_url=EVENTS_URL)
        entry = telnyx.ring(TO, FROM)
        await wait_event(telnyx, "call.initiated")
        await order(telnyx, entry, "reject", cause=reason)
        await telnyx.settle()

    assert entry.status == cause
    assert entry.lasted_s == 0


async def test_a_caller_whom_nobody_answers_gives_up(autojump_clock: MockClock) -> None:
    customer = Customer()

    async with open_rig(customer) as telnyx:
        telnyx.numbers[FROM] = OwnNumber(voice_url=EVENTS_URL)
        entry = telnyx.ring(TO, FROM)
        await telnyx.settle()

    assert entry.status == "originator_cancel"
    assert bodies(customer)[-1]["payload"]["hangup_source"] == "caller"


async def test_texts_are_said_one_after_the_other_and_each_end_is_told(
    autojump_clock: MockClock,
) -> None:
    customer = Customer()

    async with open_rig(customer, LISTENS) as telnyx:
        entry = await dial_answered(telnyx)
        await order(telnyx, entry, "speak", payload="Your table", **VOICE)
        await order(telnyx, entry, "speak", payload="is ready.", **VOICE)
        ended = await wait_event(telnyx, "call.speak.ended", 1)
        await order(telnyx, entry, "hangup")
        await telnyx.settle()

    assert entry.texts == ["Your table", "is ready."]
    assert entry.cut_texts == []
    assert ended["status"] == "completed"
    assert "from" not in ended
    assert entry.lasted_s == pytest.approx(19 * 0.04, abs=0.2)
    assert events(customer)[2:-1] == ["call.speak.started", "call.speak.ended"] * 2
    telnyx.ledger.check()


async def test_a_text_can_be_stopped_and_what_waits_with_it(autojump_clock: MockClock) -> None:
    customer = Customer()

    async with open_rig(customer, LISTENS) as telnyx:
        entry = await dial_answered(telnyx)
        await order(telnyx, entry, "speak", payload=200 * "long ", **VOICE)
        await order(telnyx, entry, "speak", payload="never", **VOICE)
        await trio.sleep(1)
        await order(telnyx, entry, "playback_stop", stop="all")
        await wait_event(telnyx, "call.speak.ended")
        await order(telnyx, entry, "speak", payload=200 * "more ", **VOICE)
        await order(telnyx, entry, "speak", payload="Stop!", stop="current", **VOICE)
        await wait_event(telnyx, "call.speak.ended", 2)

    assert entry.texts[0] == 200 * "long "
    assert entry.texts[-1] == "Stop!"
    assert "never" not in entry.texts
    assert entry.cut_texts[0] == 200 * "long "


async def test_a_text_that_the_end_of_the_call_cuts_off_is_told_before_it(
    autojump_clock: MockClock,
) -> None:
    customer = Customer()
    callee = build_callee({"hang_up": True, "when": "answered", "after_ms": 1000})

    async with open_rig(customer, callee) as telnyx:
        entry = await dial_answered(telnyx)
        await order(telnyx, entry, "speak", payload=200 * "long ", **VOICE)
        await telnyx.settle()

    ended, hangup = bodies(customer)[-2:]
    assert (ended["event_type"], ended["payload"]["status"]) == ("call.speak.ended", "call_hangup")
    assert hangup["payload"]["hangup_source"] == "callee"
    assert entry.cut_texts == entry.texts


async def test_keys_are_pressed_towards_the_callee_and_reported_from_it(
    autojump_clock: MockClock,
) -> None:
    callee = build_callee(
        {"press": "5", "when": "answered", "after_ms": 500}, hang_up_when_done=False
    )

    async with open_rig(Customer(), callee) as telnyx:
        entry = await dial_answered(telnyx)
        await order(telnyx, entry, "send_dtmf", digits="1w2#", duration_millis=250)
        key = await wait_event(telnyx, "call.dtmf.received")
        await trio.sleep(3)

    assert entry.digits_heard == "12#"
    assert key["digit"] == "5"


@pytest.mark.parametrize(
    ("detection", "is_machine", "expected"),
    [
        ("detect", True, [("call.machine.detection.ended", "machine")]),
        ("detect", False, [("call.machine.detection.ended", "human")]),
        (
            "premium",
            True,
            [
                ("call.machine.premium.detection.ended", "machine"),
                ("call.machine.premium.greeting.ended", "beep_detected"),
            ],
        ),
        ("premium", False, [("call.machine.premium.detection.ended", "human_residence")]),
    ],
)
async def test_who_has_answered_is_told_while_the_call_goes_on(
    autojump_clock: MockClock,
    detection: str,
    is_machine: bool,
    expected: list[tuple[str, str]],
) -> None:
    customer = Customer()
    callee = build_callee(behaviour="machine" if is_machine else "answers", hangs_up_after_ms=5000)

    async with open_rig(customer, callee) as telnyx:
        await dial(telnyx, answering_machine_detection=detection)
        await telnyx.settle()

    told = [
        (data["event_type"], data["payload"]["result"])
        for data in bodies(customer)
        if "machine" in data["event_type"]
    ]
    assert told == expected


async def test_the_state_of_the_last_command_is_told_with_every_later_event(
    autojump_clock: MockClock,
) -> None:
    async with open_rig(Customer(), LISTENS) as telnyx:
        entry = await dial_answered(telnyx, client_state=encode_state("dialled"))
        await order(telnyx, entry, "speak", payload="Hi", client_state=encode_state("t1"), **VOICE)
        ended = await wait_event(telnyx, "call.speak.ended")
        await order(telnyx, entry, "hangup")
        hangup = await wait_event(telnyx, "call.hangup")

    assert ended["client_state"] == hangup["client_state"] == encode_state("t1")


async def test_a_state_that_is_no_base64_never_gets_into_an_event(
    autojump_clock: MockClock,
) -> None:
    customer = Customer()

    async with open_rig(customer, LISTENS) as telnyx:
        entry = await dial_answered(telnyx, client_state=encode_state("good"))
        with pytest.raises(AssertionError, match="10015"):
            await order(telnyx, entry, "hangup", client_state="%%")
        await wait_status(telnyx, entry, "answered")

    states = {data["payload"]["client_state"] for data in bodies(customer)}
    assert {base64.b64decode(state) for state in states} == {b"good"}
