"""How a call ends when something of its end does not work."""

import pytest
import trio
from trio.testing import MockClock

from tests.switchboard.office import Office, open_office
from tests.switchboard.stream_by_hand import RINGS
from voicecalld.call.record import CallState
from voicecalld.errors import CallRefusedError, CarrierError, JournalError
from voicecalld.ids import CallId
from voicecalld.switchboard.actor import Call

TALKS: dict[str, object] = {}


async def talking(office: Office, message: str = "Hello.") -> Call:
    """A call on which something was said."""
    said = len(office.said)
    call = living(office, await office.call(message))
    await office.wait_for("call.speech", said + 1)
    return call


def living(office: Office, call_id: CallId) -> Call:
    call = office.switchboard.find(call_id)
    assert call is not None
    return call


def id_of(call: Call) -> CallId:
    return call.notes.record.call_id


# --- hanging up ------------------------------------------------------------------------


async def test_a_call_is_not_called_over_before_the_carrier_has_hung_up(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=TALKS) as office, trio.open_nursery() as nursery:
        call = await talking(office)
        office.link.delay_s = 3.0
        nursery.start_soon(office.switchboard.end, id_of(call))

        await trio.sleep(2.9)
        before = office.events.count("call.ended")
        await trio.sleep(0.2)

    assert (before, office.events.count("call.ended")) == (0, 1)


async def test_a_carrier_that_does_not_hang_up_is_asked_twice_and_its_silence_is_told(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=TALKS) as office:
        call = await talking(office)
        office.link.hangs = True
        asked_s = trio.current_time()

        with pytest.raises(CallRefusedError, match="did not confirm"):
            await office.switchboard.end(id_of(call))
        took_s = trio.current_time() - asked_s

    assert took_s == pytest.approx(10, abs=0.1)
    assert office.link.methods[1:] == ["DELETE", "DELETE"]
    ended = office.journal.on_disk[-1]
    assert ended.record.state is CallState.HANGUP_BOT
    assert ended.details == {"reason": "hangup-bot", "hangup": "unconfirmed"}


async def test_ending_a_call_again_asks_the_carrier_again_until_it_confirms(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=TALKS) as office:
        call = await talking(office)
        office.link.fault = CarrierError("out of order")
        for _ in range(2):
            with pytest.raises(CallRefusedError):
                await office.switchboard.end(id_of(call))
        office.link.fault = None

        await office.switchboard.end(id_of(call))
        asked = office.link.methods.count("DELETE")
        await office.switchboard.end(id_of(call))

        assert asked == office.link.methods.count("DELETE") == 5
        assert office.switchboard.leftovers.unfinished == {}
    assert office.events.count("call.ended") == 1


async def test_a_call_that_they_hung_up_is_confirmed_without_asking(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone={"hangs_up_after_ms": 4000}) as office:
        await office.wait_over(await office.call("Hello."))

    assert office.link.methods == ["POST"]
    assert office.journal.entries[-1].details == {"reason": "hangup-user"}


async def test_all_calls_are_ended_although_the_carrier_confirms_none(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=TALKS) as office:
        calls = [await talking(office) for _ in range(3)]
        office.link.fault = CarrierError("out of order")

        await office.switchboard.end_all()

        assert all(call.over.is_set() for call in calls)
    assert office.events.count("call.ended") == 3


async def test_a_bug_while_hanging_up_harms_no_other_call(autojump_clock: MockClock) -> None:
    async with open_office(phone=TALKS) as office:
        broken, healthy = await talking(office), await talking(office)
        office.link.fault = ZeroDivisionError("a bug")

        with pytest.raises(CallRefusedError):
            await office.switchboard.end(id_of(broken))
        office.link.fault = None
        spoken = await office.switchboard.speak(id_of(healthy), "Are you still there?")

    assert spoken.heard == "Are you still there?"
    assert office.journal.latest()[id_of(broken)].state is CallState.HANGUP_BOT


async def test_a_call_that_is_being_hung_up_says_so(autojump_clock: MockClock) -> None:
    async with open_office(phone=TALKS) as office, trio.open_nursery() as nursery:
        call = await talking(office)
        office.link.delay_s = 3.0
        nursery.start_soon(office.switchboard.end, id_of(call))
        await trio.sleep(1)

        with pytest.raises(Exception, match="the call is over: ending"):
            await office.switchboard.speak(id_of(call), "Wait.")


async def test_no_keys_are_noted_behind_the_end_of_a_call(autojump_clock: MockClock) -> None:
    async with open_office(phone=TALKS) as office, trio.open_nursery() as nursery:
        call = await talking(office)
        office.link.answer_delay_s = 2.0
        nursery.start_soon(office.switchboard.press, id_of(call), "12")
        await trio.sleep(1)
        office.link.answer_delay_s = 0.0

        await office.switchboard.end(id_of(call))
        await trio.sleep(5)

    assert "call.dtmf" not in office.events
    assert office.events[-1] == "call.ended"


async def test_a_call_that_was_ended_before_it_was_dialled_is_not_dialled(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=TALKS) as office, trio.open_nursery() as nursery:
        office.journal.delay_s = 1.0
        nursery.start_soon(expect_call_ended, office)
        await trio.sleep(0.5)
        (call,) = office.switchboard.calls.values()

        await office.switchboard.end(id_of(call))

    assert office.link.requests == []
    assert office.journal.latest()[id_of(call)].state is CallState.HANGUP_BOT


async def expect_call_ended(office: Office) -> None:
    with pytest.raises(Exception, match="hangup-bot"):
        await office.call()


# --- writing it down -------------------------------------------------------------------


async def test_an_end_that_the_journal_refuses_is_written_when_there_is_room_again(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=TALKS) as office:
        call = await talking(office)
        office.journal.full = True
        with pytest.raises(JournalError):
            await office.switchboard.end(id_of(call))
        ended_unix_s = call.notes.record.ended_unix_s
        office.journal.full = False

        await office.wait_for("call.ended")
        await trio.sleep(60)

        assert office.switchboard.leftovers.unfinished == {}
    assert office.events.count("call.ended") == 1
    assert office.journal.latest()[id_of(call)].ended_unix_s == ended_unix_s


async def test_an_end_that_is_asked_for_again_is_written_before_that_is_answered(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=TALKS) as office:
        call = await talking(office)
        office.journal.full = True
        for _ in range(2):
            with pytest.raises(JournalError):
                await office.switchboard.end(id_of(call))
        office.journal.full = False

        await office.switchboard.end(id_of(call))

        assert office.journal.events_on_disk[-1] == "call.ended"


async def test_an_end_that_was_refused_in_passing_is_no_success(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=TALKS) as office:
        call = await talking(office)
        office.journal.refuses = {"call.ended"}

        with pytest.raises(JournalError, match="not be recorded yet"):
            await office.switchboard.end(id_of(call))


async def test_the_end_is_written_although_the_last_words_could_not_be(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=TALKS) as office:
        call = living(office, await office.call("This is a rather long message."))
        await office.wait_for("call.speaking")
        await trio.sleep(1)
        office.journal.refuses = {"call.speech"}

        await office.switchboard.end(id_of(call))

    assert office.said == []
    assert office.events[-1] == "call.ended"


async def test_the_carriers_name_of_the_call_is_in_its_last_record_if_it_came_too_late(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=RINGS) as office, trio.open_nursery() as nursery:
        office.link.delay_s = 3.0
        nursery.start_soon(expect_call_ended, office)
        await trio.sleep(1)
        (call,) = office.switchboard.calls.values()

        await office.switchboard.end(id_of(call))

    assert office.link.methods == ["POST", "DELETE"]
    assert office.journal.entries[-1].record.provider_call_id is not None
    assert office.events == ["call.initiated", "call.placed", "call.ended"]
