"""What `Switchboard.place` promises when the carrier refuses, is slow, or loses its answer."""

import math

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from tests.switchboard.office import CALLEE, Office, open_office
from tests.switchboard.stream_by_hand import RINGS
from voicecalld.call.events import EndReason
from voicecalld.call.record import CallState
from voicecalld.errors import (
    CallRefusedError,
    CarrierError,
    OutcomeUnknownError,
    UnreachableError,
)
from voicecalld.ids import CallId, ProviderCallId
from voicecalld.provider.http import HttpRequest, HttpResponse


async def order(office: Office, key: str = "order-66") -> CallId:
    return await office.switchboard.place(
        to=CALLEE, message="Hello.", mode=None, idempotency_key=key
    )


async def expect_refusal(office: Office) -> None:
    with pytest.raises(CallRefusedError):
        await order(office)


# --- what the carrier calls it ---------------------------------------------------------


async def test_the_carriers_id_is_on_disk_when_the_placing_is_answered(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=RINGS) as office:
        call_id = await office.call()
        placed = office.journal.on_disk[-1]
        named = await office.journal.call(call_id)

    assert placed.event == "call.placed"
    assert named is not None
    assert named.provider_call_id == placed.record.provider_call_id
    assert placed.record.provider_call_id is not None


async def test_a_call_whose_dial_is_never_answered_lives_on_once_its_sound_has_named_it(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone={}) as office:
        office.link.answer_delay_s = math.inf
        call_id = await office.call("Hello.")
        await trio.sleep(60)
        alive = office.switchboard.live_count
        office.link.answer_delay_s = 0.0

        await office.switchboard.end(call_id)

    assert alive == 1
    assert office.link.methods == ["POST", "DELETE"]
    assert office.journal.entries[-1].details == {"reason": "hangup-bot"}
    assert office.events.count("call.placed") == 1


async def test_a_call_whose_dial_is_not_answered_yet_is_placed_once_a_report_has_named_it(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=RINGS) as office, trio.open_nursery() as nursery:
        office.link.hangs = True
        nursery.start_soon(order, office)
        await trio.sleep(1)
        (call,) = office.switchboard.calls.values()

        call.learn_provider_id(ProviderCallId("mock-named"))
        call.learn_provider_id(ProviderCallId("mock-other"))
        await trio.sleep(1)

        assert nursery.child_tasks == frozenset()
        assert call.carrier.call == call.notes.record.provider_call_id == "mock-named"
        assert office.switchboard.find("mock-named") is call


async def test_a_call_that_a_report_has_named_is_hung_up_before_its_dial_is_answered(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=RINGS) as office, trio.open_nursery() as nursery:
        office.link.hangs = True
        nursery.start_soon(order, office)
        await trio.sleep(1)
        (call,) = office.switchboard.calls.values()
        call.learn_provider_id(ProviderCallId("mock-named"))
        await trio.sleep(1)
        office.link.hangs = False
        asked_s = trio.current_time()

        await call.end(EndReason.HANGUP_BOT)

    assert office.link.methods == ["POST", "DELETE"]
    assert trio.current_time() - asked_s < 1


async def test_a_report_names_a_call_that_is_being_ended_so_that_it_is_hung_up(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=RINGS) as office, trio.open_nursery() as nursery:
        office.link.hangs = True
        nursery.start_soon(expect_ended, office)
        await trio.sleep(1)
        (call,) = office.switchboard.calls.values()
        nursery.start_soon(call.end, EndReason.HANGUP_BOT)
        await trio.sleep(1)
        call.learn_provider_id(ProviderCallId("mock-late"))
        office.link.hangs = False
        await call.over.wait()

    assert office.link.methods == ["POST", "DELETE"]
    assert office.link.requests[-1].url.endswith("/mock-late")
    assert office.journal.entries[-1].record.provider_call_id == "mock-late"


async def expect_ended(office: Office) -> None:
    with pytest.raises(Exception, match="the call is over"):
        await office.call()


async def test_a_dial_that_nobody_answers_or_names_leaves_a_doubt(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone={}) as office:
        office.link.hangs = True

        with pytest.raises(CallRefusedError, match="did not answer"):
            await office.call()

        assert office.journal.on_disk[-1].record.state is CallState.FAILED
    assert office.journal.entries[-1].details["hangup"] == "unconfirmed"


async def test_a_clear_refusal_leaves_no_doubt(autojump_clock: MockClock) -> None:
    async def refuse(request: HttpRequest) -> HttpResponse:
        await trio.lowlevel.checkpoint()
        return HttpResponse(status=402, body=b'{"error": "no credit"}')

    async with open_office(phone={}) as office:
        office.link.request = refuse  # type: ignore[method-assign]  # another carrier's answer
        with pytest.raises(CallRefusedError, match="no credit"):
            await office.call()

    told = office.journal.entries[-1].details
    assert told["reason"] == "failed"
    assert str(told["cause"]).startswith("the call was not placed: the carrier refused it with")
    assert "no credit" in str(told["cause"])


@pytest.mark.parametrize(
    ("fault", "event"),
    [
        (CarrierError("the carrier refused it with status 401"), "call not placed"),
        (UnreachableError("no such host"), "call not placed"),
        (OutcomeUnknownError("no answer"), "nobody knows whether the call is placed"),
    ],
)
async def test_only_a_dial_without_an_answer_has_an_outcome_that_nobody_knows(
    fault: CarrierError, event: str, autojump_clock: MockClock
) -> None:
    async with open_office(phone={}) as office:
        office.link.fault = fault
        with capture_logs() as logged:
            await expect_refusal(office)

    told = [entry["event"] for entry in logged if entry.get("reason") == str(fault)]
    assert told == [event]


# --- idempotency keys ------------------------------------------------------------------


async def test_a_carrier_that_could_not_be_reached_leaves_no_doubt(
    autojump_clock: MockClock,
) -> None:
    async with open_office() as office:
        office.link.fault = UnreachableError("no such host")
        await expect_refusal(office)
        await trio.sleep(1)

    assert office.journal.entries[-1].event == "call.ended"
    assert "hangup" not in office.journal.entries[-1].details


async def test_a_key_whose_call_was_refused_is_free_when_the_refusal_is_told(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone={}) as office:
        office.link.fault = CarrierError("no credit")
        await expect_refusal(office)
        office.link.fault = None

        call_id = await order(office)

        assert office.switchboard.find(call_id) is not None
        assert office.link.methods == ["POST", "POST"]


async def test_a_request_with_the_key_of_a_call_that_is_being_placed_shares_its_fate(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone={}) as office:
        office.link.fault = CarrierError("no credit")
        office.link.delay_s = 3.0
        async with trio.open_nursery() as nursery:
            nursery.start_soon(expect_refusal, office)
            await trio.sleep(1)
            nursery.start_soon(expect_refusal, office)

    assert office.link.methods == ["POST"]


async def test_a_request_with_the_key_of_a_call_that_is_being_placed_waits_for_it(
    autojump_clock: MockClock,
) -> None:
    answered_s = []

    async def note_answer(office: Office) -> None:
        await order(office)
        answered_s.append(trio.current_time())

    async with open_office(phone=RINGS) as office:
        began_s = trio.current_time()
        office.link.delay_s = 3.0
        async with trio.open_nursery() as nursery:
            nursery.start_soon(note_answer, office)
            nursery.start_soon(note_answer, office)

        assert office.link.methods == ["POST"]
    assert answered_s == pytest.approx([began_s + 3.0] * 2, abs=0.1)


async def test_the_key_of_a_call_that_was_placed_is_not_free_when_it_is_over(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone={}) as office:
        call_id = await order(office)
        await office.switchboard.end(call_id)

        again = await order(office)

    assert again == call_id
    assert office.link.methods == ["POST", "DELETE"]
