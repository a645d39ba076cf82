"""Calls that are over here, while the carrier or the journal does not know it."""

from dataclasses import replace

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from tests.switchboard.journalling import make_entry, make_record
from tests.switchboard.office import UNIX_S, open_office
from voicecalld.call.record import CallState
from voicecalld.errors import CallRefusedError, CarrierError, JournalError
from voicecalld.ids import ProviderCallId
from voicecalld.provider.http import HttpRequest
from voicecalld.provider.mock.rest import MockRest
from voicecalld.switchboard import leftovers
from voicecalld.switchboard.leftovers import ORPHAN_S, REWRITE_S

NAMED = make_entry(record=make_record("named", provider_call_id="mock-named"))
ALSO_NAMED = make_entry(record=make_record("also", provider_call_id="mock-also"))
NAMELESS = make_entry(
    record=make_record("nameless", state=CallState.INITIATED, idempotency_key="order-66")
)
OVER = make_entry(
    record=make_record("over", state=CallState.HANGUP_USER, provider_call_id="mock-over")
)


async def test_calls_of_an_earlier_daemon_are_hung_up_and_closed_before_others_can_be_placed(
    autojump_clock: MockClock,
) -> None:
    async with open_office(remembers=(NAMED, OVER)) as office:
        record = office.journal.latest()["named"]

    assert [request.url for request in office.link.requests] == [
        "mock://exchange/calls/mock-named"
    ]
    assert record.state is CallState.ERROR
    assert record.ended_unix_s is not None
    assert record.ended_unix_s >= UNIX_S
    assert office.journal.events_on_disk.count("call.ended") == 1
    assert office.journal.entries[-1].details == {
        "reason": "error",
        "cause": "the daemon had ended",
    }


async def test_the_log_tells_once_which_calls_of_an_earlier_daemon_are_closed(
    autojump_clock: MockClock,
) -> None:
    with capture_logs() as logged:
        async with open_office(remembers=(NAMED, NAMELESS, OVER)):
            pass
        async with open_office(remembers=(OVER,)):
            pass

    assert [entry for entry in logged if "call_ids" in entry] == [
        {
            "event": "calls closed that were open when the daemon last ended",
            "calls": 2,
            "call_ids": ["named", "nameless"],
            "log_level": "warning",
        }
    ]


async def test_a_carrier_that_does_not_answer_holds_the_start_up_once_for_all_calls(
    autojump_clock: MockClock,
) -> None:
    began_s = trio.current_time()

    async with open_office(remembers=(NAMED, ALSO_NAMED), hangs=True) as office:
        took_s = trio.current_time() - began_s

    assert took_s == pytest.approx(ORPHAN_S, abs=0.1)
    closed = office.journal.on_disk[-2:]
    assert {entry.record.call_id for entry in closed} == {"named", "also"}
    assert [entry.details["hangup"] for entry in closed] == ["unconfirmed", "unconfirmed"]


@pytest.mark.parametrize("flaw", ["nameless", "another carrier's"])
async def test_a_call_that_cannot_be_hung_up_is_closed_without_certainty(
    flaw: str, autojump_clock: MockClock
) -> None:
    entry = NAMELESS
    if flaw != "nameless":
        entry = replace(NAMED, record=replace(NAMED.record, provider="twilio"))

    async with open_office(remembers=(entry,)) as office:
        pass

    assert office.link.requests == []
    assert office.journal.entries[-1].details["hangup"] == "unconfirmed"
    assert office.journal.entries[-1].record.idempotency_key is None


@pytest.mark.parametrize(
    ("state", "direction", "is_reported"),
    [
        (CallState.INITIATED, "outbound", False),
        (CallState.INITIATED, "inbound", True),
        (CallState.RINGING, "outbound", True),
        (CallState.SPEAKING, "outbound", True),
    ],
)
def test_only_a_call_that_nobody_has_told_of_may_still_be_an_order(
    state: CallState, direction: str, *, is_reported: bool
) -> None:
    record = replace(make_record(state=state), direction=direction)

    assert leftovers.was_reported(record) is is_reported


async def test_a_stray_call_is_hung_up_once_at_a_time_and_nobody_waits_for_it(
    autojump_clock: MockClock,
) -> None:
    async with open_office() as office:
        carrier = office.switchboard.services.carrier
        office.link.delay_s = 1.0
        for _ in range(3):
            office.switchboard.hang_up_stray(carrier, ProviderCallId("mock-stray"))
        await trio.sleep(2)
        office.link.fault = CarrierError("out of order")
        office.switchboard.hang_up_stray(carrier, ProviderCallId("mock-stray"))
        await trio.sleep(5)

    assert office.link.methods == ["DELETE", *("DELETE", "DELETE")]


async def test_only_so_many_calls_are_kept_that_a_carrier_does_not_hang_up(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "MAX_UNFINISHED", 2)

    async with open_office(phone={}) as office:
        office.link.fault = None
        ids = [await office.call() for _ in range(3)]
        office.link.fault = CarrierError("out of order")
        for call_id in ids:
            with pytest.raises(CallRefusedError):
                await office.switchboard.end(call_id)

        await office.switchboard.end(ids[0])  # forgotten, as if it had ended well

        assert list(office.switchboard.leftovers.unfinished) == ids[1:]


async def test_nobody_waits_any_more_to_write_the_end_of_a_call_that_was_given_up(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "MAX_UNFINISHED", 2)

    async with open_office(phone={}) as office:
        ids = [await office.call() for _ in range(3)]
        office.journal.refuses = {"call.ended"}
        for call_id in ids:
            with pytest.raises(JournalError):
                await office.switchboard.end(call_id)
        await trio.sleep(1)

        assert office.switchboard.leftovers.rewriting.keys() == {*ids[1:]}
        office.journal.refuses = set()
        await trio.sleep(2 * REWRITE_S)

        assert not office.switchboard.leftovers.rewriting
        ended = [e.record.call_id for e in office.journal.entries if e.event == "call.ended"]
        assert sorted(ended) == ids[1:]


async def test_an_unfinished_call_is_found_by_the_carriers_id_too(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone={}) as office:
        call_id = await office.call()
        office.link.fault = CarrierError("out of order")
        with pytest.raises(CallRefusedError):
            await office.switchboard.end(call_id)
        named = office.journal.latest()[call_id].provider_call_id
        assert named is not None

        with pytest.raises(CallRefusedError):
            await office.switchboard.end(named)


def take_back(_rest: MockRest, order: ProviderCallId) -> HttpRequest:
    """The request of a carrier whose orders have names of their own."""
    return HttpRequest(method="DELETE", url=f"mock://exchange/orders/{order}")


async def test_of_an_earlier_daemons_call_that_was_not_reported_the_order_is_taken_back_as_well(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MockRest, "cancel", take_back)

    unreported = replace(NAMED, record=replace(NAMED.record, state=CallState.INITIATED))

    async with open_office(remembers=(unreported,)) as office:
        office.switchboard.hang_up_stray(
            office.switchboard.services.carrier, ProviderCallId("mock-stray")
        )
        await trio.sleep(1)

    assert [request.url for request in office.link.requests] == [
        "mock://exchange/orders/mock-named",
        "mock://exchange/calls/mock-named",
        "mock://exchange/calls/mock-stray",  # it was reported, so it is no order any more
    ]
