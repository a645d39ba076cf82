"""What goes wrong in one call stays in that call."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

import pytest
import trio
from trio.testing import MockClock

from tests.fakes.agent_fakes import ScriptedAgent
from tests.switchboard.office import CALLEE, Office, open_office, stream_of
from voicecalld.agent.base import AgentOutput, AgentSession, Briefing, CallerTurn, SayText
from voicecalld.call.events import EndReason, PressedKey
from voicecalld.call.playout import Frame, Mark
from voicecalld.call.record import CallState
from voicecalld.errors import CallEndedError, JournalError, ServiceError
from voicecalld.exchange.exchange import RingOrder
from voicecalld.ids import CallId, PhoneNumber
from voicecalld.phone_settings import PhoneScript, Step
from voicecalld.speech.base import Transcription
from voicecalld.switchboard.mailbox import MAX_UNREAD_LETTERS

ASKS = {"steps": [{"say": "What time is it?"}], "hang_up_when_done": False}


class BrokenAgent(ScriptedAgent):
    """Has a bug that shows in the first call that it is asked on."""

    @asynccontextmanager
    async def open(self, briefing: Briefing) -> AsyncGenerator[AgentSession, None]:
        self.briefings.append(briefing)
        if len(self.briefings) == 1:
            yield BrokenSession()
        else:
            async with super().open(briefing) as session:
                yield session


class BrokenSession:
    async def reply(self, _turn: CallerTurn) -> AsyncGenerator[AgentOutput, None]:
        await trio.sleep(0.1)
        yield SayText(text="It is")
        raise ZeroDivisionError("a bug")


async def test_a_bug_in_one_call_ends_that_call_alone(autojump_clock: MockClock) -> None:
    agent = BrokenAgent("It is noon.")

    words = ("what time is it",) * 2
    async with open_office(phone=ASKS, hears=words, agent=agent) as office:
        broken = await office.call("Hello.")
        healthy = await office.call("Hello.")
        await office.wait_over(broken)
        await office.wait_for("call.turn")

        assert office.switchboard.live_count == 1
        await office.switchboard.end(healthy)

    calls = office.journal.latest()
    assert calls[broken].state is CallState.ERROR
    assert calls[healthy].state is CallState.HANGUP_BOT
    assert [request.method for request in office.link.requests].count("DELETE") == 2


async def test_an_agent_that_fails_leaves_the_call_alive(autojump_clock: MockClock) -> None:
    steps = [
        {"say": "What time is it?"},
        {"say": "Are you there?", "when": "answered", "after_ms": 12_000},
    ]
    agent = ScriptedAgent([ServiceError("out of order")], "Yes, I am here.")

    async with open_office(
        phone={"steps": steps}, hears=("what time is it", "are you there"), agent=agent
    ) as office:
        await office.wait_over(await office.call("Hello."))

    assert office.said[-1] == ("bot", "Yes, I am here.", False)


async def test_an_agent_that_says_nothing_in_time_is_not_waited_for(
    autojump_clock: MockClock,
) -> None:
    agent = ScriptedAgent("Too late.", delay_s=60)

    async with open_office(
        phone=ASKS, hears=("what time is it",), agent=agent, response_timeout_ms=2000
    ) as office:
        call_id = await office.call("Hello.")
        await office.wait_for("call.turn")
        await trio.sleep(10)
        await office.switchboard.end(call_id)

    assert agent.running_replies == 0
    assert [speaker for speaker, _, _ in office.said[:2]] == ["bot", "user"]


async def test_nothing_of_a_call_is_left_behind(autojump_clock: MockClock) -> None:
    async with open_office(phone=ASKS, hears=("what time is it",)) as office:
        await trio.testing.wait_all_tasks_blocked()
        before = trio.lowlevel.current_statistics().tasks_living
        call_id = await office.call("Hello.")
        await office.wait_for("call.speech", 3)
        await office.switchboard.end(call_id)
        await trio.sleep(1)

        assert trio.lowlevel.current_statistics().tasks_living == before
        assert office.agent.open_sessions == office.agent.running_replies == 0
        assert office.ears.open_calls == 0
        assert not any(office.switchboard.services.wheel.slots)


async def test_the_speech_model_of_a_call_is_there_for_the_next_one(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=ASKS, hears=("what time is it",)) as office:
        models = office.switchboard.services.models
        call_id = await office.call("Hello.")
        await office.wait_for("call.speech", 3)
        lent = len(models.idle)
        await office.switchboard.end(call_id)

        assert (lent, len(models.idle)) == (0, 1)


async def test_a_journal_that_cannot_be_written_stops_a_call_before_it_is_dialled(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=ASKS) as office:
        office.journal.broken = JournalError("disk full")

        with pytest.raises(JournalError, match="disk full"):
            await office.call()

        assert office.link.requests == []
        assert office.switchboard.live_count == 0


async def test_a_call_that_could_not_be_recorded_is_no_call_when_the_disk_has_room_again(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=ASKS) as office:
        office.journal.broken = JournalError("disk full")
        office.journal.good_settles = 1  # to look the key up
        with pytest.raises(JournalError):
            await order(office, "order-66")
        office.journal.broken = None

        (refused,) = office.journal.latest().values()
        placed = await order(office, "order-66")

        assert refused.state is CallState.FAILED
        assert placed != refused.call_id
        assert await order(office, "order-66") == placed
        assert len(office.link.requests) == 1


async def test_a_key_is_not_looked_up_before_what_was_said_of_it_is_on_disk(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=ASKS) as office:
        await order(office, "order-66")
        office.journal.broken = JournalError("disk full")

        with pytest.raises(JournalError):
            await order(office, "order-66")

        assert len(office.link.requests) == 1


async def test_the_end_of_a_call_is_not_reported_before_it_is_on_disk(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=ASKS) as office:
        call_id = await office.call()
        office.journal.broken = JournalError("disk full")

        with pytest.raises(JournalError):
            await office.switchboard.end(call_id)
        with pytest.raises(JournalError):  # nor the second time
            await office.switchboard.end(call_id)

        assert office.link.requests[-1].method == "DELETE"


async def test_a_bug_in_sending_ends_that_call_and_the_wheel_turns_on(
    autojump_clock: MockClock,
) -> None:
    def broken(now_s: float, at_once: int = 1) -> list[Frame | Mark]:
        raise ZeroDivisionError("a bug")

    async with open_office(phone={}) as office:
        call_id = await office.call("Hello.")
        call = office.switchboard.find(call_id)
        assert call is not None
        stream_of(call).playout.take = broken  # type: ignore[method-assign]  # a bug
        record = await office.wait_over(call_id)
        healthy = await office.call("Hello again.")
        await office.wait_for("call.speech")

    assert record.state is CallState.ERROR
    assert healthy != call_id
    assert office.said == [("bot", "Hello again.", False)]


async def test_more_events_than_a_call_can_take_end_that_call(autojump_clock: MockClock) -> None:
    async with open_office(phone={}) as office:
        call_id = await office.call("Hello.")
        call = office.switchboard.find(call_id)
        assert call is not None
        for _ in range(MAX_UNREAD_LETTERS + 2):
            call.tell(PressedKey(digit="1"))
        record = await office.wait_over(call_id)

    assert record.state is CallState.ERROR


async def test_a_call_that_is_ended_while_it_is_dialled_is_hung_up_at_the_carrier(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone={}) as office, trio.open_nursery() as nursery:
        office.link.delay_s = 3.0
        nursery.start_soon(expect_error, CallEndedError, office.call)
        await trio.sleep(1)
        (call,) = office.switchboard.calls.values()

        await call.end(EndReason.HANGUP_BOT)
        await trio.sleep(10)

    assert [request.method for request in office.link.requests] == ["POST", "DELETE"]


async def test_a_call_whose_end_cannot_be_recorded_is_hung_up_all_the_same(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone={}) as office:
        call_id = await office.call("Hello.")
        await office.wait_for("call.speech")
        office.journal.full = True

        with pytest.raises(JournalError):
            await office.switchboard.end(call_id)

    assert [request.method for request in office.link.requests] == ["POST", "DELETE"]


async def order(office: Office, key: str) -> CallId:
    return await office.switchboard.place(
        to=CALLEE, message="Hello.", mode=None, idempotency_key=key
    )


class DeafTranscriber:
    """Cannot be opened."""

    tells_early = False

    def open(self) -> AbstractAsyncContextManager[Transcription]:
        raise ServiceError("no such service")


async def test_a_caller_is_refused_when_a_service_does_not_work(
    autojump_clock: MockClock,
) -> None:
    async with open_office(inbound_policy="open") as office:
        services = replace(office.switchboard.services, transcriber=DeafTranscriber())
        office.switchboard.services = services
        script = PhoneScript(steps=(Step(say="Hello?"),))
        order = RingOrder(from_="+15550177", to=PhoneNumber("+15550000000"), script=script)

        result = await office.exchange.ring(order)

    (record,) = office.journal.latest().values()
    assert not result.accepted
    assert record.state is CallState.ERROR
    assert office.link.methods == ["DELETE"]  # in case the refusal does not arrive
    assert office.switchboard.live_count == 0


async def expect_error(kind: type[Exception], function: Callable[[], Awaitable[object]]) -> None:
    with pytest.raises(kind):
        await function()
