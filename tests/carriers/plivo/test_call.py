import pytest
import trio
from trio.testing import MockClock

from tests.carriers.callee import build_callee
from tests.carriers.carrier import OwnNumber
from tests.carriers.customer import Customer
from tests.carriers.plivo.rig import (
    FROM,
    MORE_URL,
    REQUESTS,
    STATUS_URL,
    TO,
    VOICE_URL,
    ask,
    ask_call,
    asked,
    dial,
    open_rig,
    reports,
    say,
)
from tests.carriers.plivo.wire import Warned

LISTENS = build_callee(hang_up_when_done=False)
WAIT = '<Response><Wait length="600"/></Response>'


def answer_voice(document: str) -> Customer:
    return Customer(voice=[document])


async def test_an_outbound_call_is_reported_from_its_ringing_to_its_end(
    autojump_clock: MockClock,
) -> None:
    customer = answer_voice(say("Your table is ready."))

    async with open_rig(customer) as plivo:
        entry = await dial(plivo)
        await plivo.settle()

    assert reports(customer) == [("Ring", "ringing"), ("Hangup", "completed")]
    (voice,) = asked(customer, "/voice")
    assert (voice["Event"], voice["CallStatus"]) == ("StartApp", "in-progress")
    assert (voice["From"], voice["To"]) == ("13105550142", "12065550117")
    assert voice["CallUUID"] == voice["RequestUUID"] == entry.call
    assert entry.texts == ["Your table is ready."]
    assert entry.lasted_s == pytest.approx(20 * 0.04, abs=0.1)  # 20 characters of 40 ms
    plivo.ledger.check()


async def test_a_call_may_get_another_id_than_its_order(autojump_clock: MockClock) -> None:
    customer = answer_voice(say("Hello."))

    async with open_rig(customer) as plivo:
        plivo.renames_calls = True
        entry = await dial(plivo)
        await plivo.settle()

    ring = asked(customer, "/status")[0]
    assert ring["CallUUID"] == ring["ALegUUID"] == entry.call
    assert ring["RequestUUID"] == ring["ALegRequestUUID"] != entry.call


@pytest.mark.parametrize(
    ("behaviour", "status", "code"),
    [("busy", "busy", "3010"), ("rejects", "failed", "3020"), ("no-answer", "timeout", "6010")],
)
async def test_a_call_that_nobody_takes_ends_as_plivo_says_and_asks_for_no_document(
    autojump_clock: MockClock, behaviour: str, status: str, code: str
) -> None:
    customer = answer_voice(say("Hello."))

    async with open_rig(customer, build_callee(behaviour=behaviour)) as plivo:
        entry = await dial(plivo, ring_timeout=30)
        await plivo.settle()

    last = customer.webhooks[-1][1]
    assert entry.status == status
    assert (last["CallStatus"], last["HangupCauseCode"], last["Duration"]) == (status, code, "0")
    assert last["AnswerTime"] == ""
    assert asked(customer, "/voice") == []


async def test_a_network_that_gives_up_before_the_ring_timeout_says_no_answer(
    autojump_clock: MockClock,
) -> None:
    customer = answer_voice(say("Hello."))
    callee = build_callee(behaviour="no-answer", answers_after_ms=5000)

    async with open_rig(customer, callee) as plivo:
        await dial(plivo, ring_timeout=30)
        await plivo.settle()

    last = customer.webhooks[-1][1]
    assert (last["CallStatus"], last["HangupCause"]) == ("no-answer", "NO_ANSWER")


@pytest.mark.parametrize(("reason", "status"), [("busy", "busy"), ("rejected", "failed")])
async def test_an_inbound_call_can_be_rejected_before_it_is_answered(
    autojump_clock: MockClock, reason: str, status: str
) -> None:
    redirect = f"<Response><Redirect>{MORE_URL}</Redirect></Response>"
    hangup = f'<Response><Hangup reason="{reason}"/></Response>'
    customer = Customer(voice=[redirect], more=[hangup])

    async with open_rig(customer) as plivo:
        plivo.numbers[FROM] = OwnNumber(voice_url=VOICE_URL, status_url=STATUS_URL)
        entry = plivo.ring(TO, FROM)
        await plivo.settle()

    asked_for = customer.webhooks[0][1]
    assert entry.lasted_s == 0
    assert (asked_for["CallStatus"], asked_for["Direction"]) == ("ringing", "inbound")
    assert (asked_for["From"], asked_for["CallerName"]) == ("12065550117", "+12065550117")
    assert "RequestUUID" not in asked_for
    assert reports(customer) == [("Hangup", status)]


async def test_an_inbound_call_is_answered_by_its_document(autojump_clock: MockClock) -> None:
    customer = answer_voice(say("Hello.", '<Wait length="9"/>'))

    async with open_rig(customer) as plivo:
        plivo.numbers[FROM] = OwnNumber(voice_url=VOICE_URL, status_url=STATUS_URL)
        entry = plivo.ring(TO, FROM, callee=build_callee({"hang_up": True, "when": "answered"}))
        await plivo.settle()

    last = customer.webhooks[-1][1]
    assert entry.texts == ["Hello."]
    assert (last["CallStatus"], last["HangupSource"]) == ("completed", "Caller")


async def test_the_end_of_the_document_and_a_hangup_are_told_apart(
    autojump_clock: MockClock,
) -> None:
    customer = Customer(voice=["<Response/>", "<Response><Hangup/></Response>"])

    async with open_rig(customer) as plivo:
        for _ in range(2):
            await dial(plivo, ring_url=None)
            await plivo.settle()

    ends = [
        (fields["HangupCauseCode"], fields["HangupSource"])
        for fields in asked(customer, "/status")
    ]
    assert ends == [("4010", "Answer XML"), ("4000", "Answer XML")]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("<Response><Dial><Number>1</Number></Dial></Response>", Warned.BAD_DOCUMENT),
        ("<Response><Speak>", Warned.BAD_DOCUMENT),
        ("", Warned.BAD_DOCUMENT),  # 204 without a type
        ('<Response><Wait length="0.5"/></Response>', Warned.BAD_ELEMENT),
        ('<Response><Speak speed="2">Hello.</Speak></Response>', Warned.BAD_ELEMENT),
    ],
)
async def test_a_document_that_is_not_understood_is_complained_of_and_ends_the_call(
    autojump_clock: MockClock, document: str, code: int
) -> None:
    async with open_rig(answer_voice(document)) as plivo:
        entry = await dial(plivo)
        await plivo.settle()

    assert entry.is_over
    assert [complaint.code for complaint in plivo.ledger.complaints] == [code]


async def test_a_transfer_replaces_what_is_being_said(autojump_clock: MockClock) -> None:
    customer = Customer(voice=[say("This is a very long story." * 10)], more=[say("Goodbye.")])

    async with open_rig(customer) as plivo:
        entry = await dial(plivo)
        await plivo.ledger.wait_until(lambda: bool(entry.texts))
        await trio.sleep(0.5)
        response = await ask_call(plivo, "POST", entry, legs="aleg", aleg_url=MORE_URL)
        await plivo.settle()

    assert response.status == 202
    assert entry.cut_texts == ["This is a very long story." * 10]
    assert entry.texts[1:] == ["Goodbye."]
    assert asked(customer, "/more")[0]["Event"] == "Redirect"
    plivo.ledger.check()


@pytest.mark.parametrize("answers_after_ms", [100, 60_000])
async def test_a_call_can_be_hung_up_from_outside(
    autojump_clock: MockClock, answers_after_ms: int
) -> None:
    customer = answer_voice(WAIT)
    callee = build_callee(answers_after_ms=answers_after_ms, hang_up_when_done=False)

    async with open_rig(customer, callee) as plivo:
        entry = await dial(plivo)
        await trio.sleep(2)
        response = await ask_call(plivo, "DELETE", entry)
        await plivo.settle()
        again = await ask_call(plivo, "DELETE", entry)

    assert (response.status, response.body, again.status) == (204, b"", 404)
    assert entry.status == ("completed" if answers_after_ms == 100 else "cancel")
    assert customer.webhooks[-1][1]["HangupSource"] == "API Request"


async def test_a_queued_call_can_only_be_cancelled_by_its_order(autojump_clock: MockClock) -> None:
    customer = answer_voice(WAIT)

    async with open_rig(customer, LISTENS) as plivo:
        plivo.renames_calls = True
        entry = await dial(plivo)
        order = plivo._rest.calls[entry.call].leg.request_uuid
        early = await ask_call(plivo, "DELETE", entry)
        cancelled = await ask(plivo, "DELETE", f"{REQUESTS}{order}/")
        await plivo.settle()
        again = await ask(plivo, "DELETE", f"{REQUESTS}{order}/")

    assert [early.status, cancelled.status, again.status] == [404, 204, 404]
    assert reports(customer) == [("Hangup", "cancel")]


async def test_an_order_whose_call_was_answered_cannot_be_cancelled(
    autojump_clock: MockClock,
) -> None:
    async with open_rig(answer_voice(WAIT), LISTENS) as plivo:
        entry = await dial(plivo)
        await plivo.ledger.wait_until(lambda: entry.status == "in-progress")
        response = await ask(plivo, "DELETE", f"{REQUESTS}{entry.call}/")

        assert response.status == 404
        assert not entry.is_over


async def test_a_call_is_cut_off_at_its_time_limit(autojump_clock: MockClock) -> None:
    customer = answer_voice(WAIT)

    async with open_rig(customer, LISTENS) as plivo:
        entry = await dial(plivo, time_limit="30")
        await plivo.settle()

    last = customer.webhooks[-1][1]
    assert entry.lasted_s == pytest.approx(30, abs=0.1)
    assert (last["Duration"], last["BillDuration"], last["HangupSource"]) == ("30", "60", "Plivo")


@pytest.mark.parametrize("mode", ["true", "false"])
async def test_keys_are_pressed_towards_the_callee(autojump_clock: MockClock, mode: str) -> None:
    wait = '<Wait length="3"/>'
    customer = answer_voice(f'<Response><DTMF async="{mode}">1w2#</DTMF>{wait}</Response>')

    async with open_rig(customer) as plivo:
        entry = await dial(plivo, send_digits="9")
        await plivo.settle()

    assert entry.digits_heard == "912#"
    # Those that are not asynchronous take 1.25 s of their own, as does the key of the order.
    assert entry.lasted_s == pytest.approx(3.25 if mode == "true" else 4.5, abs=0.1)


async def test_keys_from_outside_are_heard_over_what_is_being_said(
    autojump_clock: MockClock,
) -> None:
    text = "This is a very long story."
    customer = answer_voice(say(text))

    async with open_rig(customer, LISTENS) as plivo:
        entry = await dial(plivo)
        await plivo.ledger.wait_until(lambda: bool(entry.texts))
        response = await ask_call(plivo, "POST", entry, "DTMF/", digits="12", leg="aleg")
        await plivo.settle()

    assert response.status == 202
    assert entry.digits_heard == "12"
    assert entry.cut_texts == []
    assert entry.lasted_s == pytest.approx(len(text) * 0.04, abs=0.1)


async def test_a_text_can_be_said_several_times(autojump_clock: MockClock) -> None:
    customer = answer_voice('<Response><Speak loop="2">Hello.</Speak></Response>')

    async with open_rig(customer) as plivo:
        entry = await dial(plivo)
        await plivo.settle()

    assert entry.texts == ["Hello.", "Hello."]


async def test_a_text_can_be_said_for_ever(autojump_clock: MockClock) -> None:
    customer = answer_voice('<Response><Speak loop="0">Hello.</Speak></Response>')

    async with open_rig(customer, LISTENS) as plivo:
        entry = await dial(plivo, time_limit=10)
        await plivo.settle()

    assert entry.lasted_s == pytest.approx(10, abs=0.1)
