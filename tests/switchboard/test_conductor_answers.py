"""What the conductor makes of one answer, on a call that a test scripts."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from tests.fakes.scripted_link import ScriptedLink
from tests.switchboard.telnyx_office import build_settings
from voicecalld.call.events import (
    Answered,
    CallEvent,
    Connected,
    Disconnected,
    EndReason,
    HungUp,
    Placed,
)
from voicecalld.call.machine import CallMachine, CallPolicy
from voicecalld.call.record import Mode
from voicecalld.call.turn_policy import TurnPolicy
from voicecalld.errors import CarrierError, JournalError, OutcomeUnknownError
from voicecalld.ids import CallId, ProviderCallId, StreamId
from voicecalld.provider.base import (
    Acknowledge,
    Answer,
    CarrierReport,
    ConnectStream,
    HangUpCall,
    Listen,
    Perform,
    Performed,
    RejectCall,
    StreamLost,
)
from voicecalld.provider.catalog import build_provider
from voicecalld.provider.http import HttpResponse
from voicecalld.switchboard.carrier_leg import REQUEST_S, CarrierLeg
from voicecalld.switchboard.conductor import ANSWER_S, LOST_S, OVER_S, STREAM_PAUSE_S, Conductor
from voicecalld.switchboard.links import Links
from voicecalld.switchboard.overheard import Overheard
from voicecalld.switchboard.services import CarrierAccess

CALL = ProviderCallId("v3:call")
DONE = HttpResponse(status=200)
ANSWERED = CarrierReport(provider_call_id=CALL, event=Answered(), asks=True)
OVER = HttpResponse(status=422, body=b'{"errors": [{"code": "90018"}]}')
REFUSED = HttpResponse(status=422, body=b'{"errors": [{"code": "10015"}]}')
TAKEABLE = CarrierReport(provider_call_id=CALL, event=Placed(provider_call_id=CALL), asks=True)
LOST = CarrierReport(provider_call_id=CALL, progress=StreamLost())
STREAM = ConnectStream(stream_url="wss://calls.example.test/voice/stream", token="")
ENDED = HungUp(reason=EndReason.HANGUP_BOT, by_us=True)
LISTEN = Listen(begin_s=5.0, end_s=0.7)
TURN = TurnPolicy(
    mode=Mode.NOTIFY,
    opening="",
    endpoint_silence_s=0.7,
    transcript_s=10.0,
    silence_s=30.0,
    silence_prompt="",
    notify_hangup_delay_s=3.0,
)
POLICY = CallPolicy(ring_s=30.0, longest_s=300.0, stale_s=0.0, turn=TURN)


class ScriptedCall:
    """Gives its answers in order, and remembers what it is told."""

    def __init__(self, nursery: trio.Nursery, *answers: Answer) -> None:
        self.nursery = nursery
        self.answers = list(answers)
        self.asked: list[str] = []
        self.events: list[CallEvent] = []
        self.performed: list[Performed] = []
        self.overheard: list[Overheard] = []
        self.fault: Exception | None = None
        self.delay_s = 0.0  # of the answers
        self.machine = CallMachine(POLICY, 0.0)
        self.tell = self.events.append

    def start_task(self, task: Callable[[], Awaitable[None]]) -> None:
        self.nursery.start_soon(task)

    async def next_answer(self, asked_under: str = "") -> Answer:
        self.asked.append(asked_under)
        await trio.sleep(self.delay_s)
        return self.answers.pop(0)

    async def take_performed(self, performed: Performed) -> None:
        self.performed.append(performed)
        if self.fault is not None:
            raise self.fault
        await trio.lowlevel.checkpoint()

    def on_spoken(self, token: str) -> None:
        self.asked.append(f"spoken {token}")

    def on_overheard(self, overheard: Overheard) -> None:
        self.overheard.append(overheard)


@asynccontextmanager
async def conducting(
    *answers: Answer, link: ScriptedLink | None = None
) -> AsyncGenerator[tuple[Conductor, ScriptedCall], None]:
    """A conductor and its call, which have time to do everything at the end of the block."""
    provider = build_provider(build_settings(), key=b"")
    assert provider.commands is not None
    links = Links(webhook_url="", stream_url="")
    access = CarrierAccess(provider=provider, link=link or ScriptedLink(DONE), links=links)
    leg = CarrierLeg(access, None)
    leg.call = CALL
    async with trio.open_nursery() as nursery:
        call = ScriptedCall(nursery, *answers)
        yield Conductor(call, leg, provider.commands, CallId("id-1")), call


@pytest.mark.parametrize("answer", [HangUpCall(), RejectCall(), Perform()])
async def test_a_call_with_which_nothing_is_to_be_done_is_ended(
    answer: Answer, autojump_clock: MockClock
) -> None:
    async with conducting(answer) as (conductor, call):
        conductor.on_report(ANSWERED)

    assert call.events == [ENDED]
    assert call.asked == [""]


async def test_who_has_understood_does_nothing(autojump_clock: MockClock) -> None:
    async with conducting(Acknowledge()) as (conductor, call):
        conductor.on_report(ANSWERED)

    assert call.events == []
    assert call.asked == [""]


async def test_an_answer_that_is_reported_twice_is_asked_about_once(
    autojump_clock: MockClock,
) -> None:
    async with conducting(Acknowledge()) as (conductor, call):
        conductor.on_report(ANSWERED)
        conductor.on_report(ANSWERED)

    assert call.asked == [""]


async def test_each_thing_that_was_done_is_handed_over_under_its_token(
    autojump_clock: MockClock,
) -> None:
    steps = (Perform(pause_s=1, next_turn="1"), Perform(pause_s=1, next_turn="2"), Perform())

    async with conducting(*steps) as (conductor, call):
        conductor.on_report(ANSWERED)

    assert call.performed == [Performed(turn="1"), Performed(turn="2")]
    assert call.asked == ["", "1", "2"]


async def test_an_asking_that_is_broken_off_before_it_has_begun_leaves_no_trace(
    autojump_clock: MockClock,
) -> None:
    listening = Perform(listen=LISTEN, next_turn="1")

    async with conducting(listening, Perform()) as (conductor, call):
        conductor.on_report(ANSWERED)
        await trio.sleep(1)
        conductor.ask("2")
        conductor.ask("3")

    assert call.performed[0] == Performed(turn="3")
    assert call.asked == ["", "spoken 1", "3"]


async def test_what_cannot_be_recorded_ends_the_call(autojump_clock: MockClock) -> None:
    async with conducting(Perform(pause_s=1, next_turn="1")) as (conductor, call):
        call.fault = JournalError("the disk is full")
        with capture_logs() as logs:
            conductor.on_report(ANSWERED)
            await trio.sleep(2)

    assert call.events == [HungUp(reason=EndReason.ERROR, by_us=True)]
    assert [line["event"] for line in logs] == ["call cannot go on"]


# --- a call that is over at the carrier --------------------------------------------------


async def test_a_call_that_is_over_at_the_carrier_ends_also_if_that_is_not_reported(
    autojump_clock: MockClock,
) -> None:
    speaking = Perform(say="Hello.", next_turn="1")

    async with conducting(speaking, link=ScriptedLink(OVER)) as (conductor, call):
        conductor.on_report(ANSWERED)
        await trio.sleep(OVER_S - 0.1)
        before = list(call.events)

    assert before == []
    assert call.events == [HungUp(reason=EndReason.HANGUP_USER)]


async def test_a_call_that_is_over_before_it_is_taken_was_not_answered(
    autojump_clock: MockClock,
) -> None:
    async with conducting(Acknowledge(), link=ScriptedLink(OVER)) as (conductor, call):
        conductor.on_report(TAKEABLE)

    assert call.events == [HungUp(reason=EndReason.NO_ANSWER)]


# --- a call that the carrier is told to answer -------------------------------------------


UNSURE = [
    OutcomeUnknownError("an earlier answer was lost, and now this"),
    HttpResponse(status=503),
    HttpResponse(status=422, body=REFUSED.body, follows_doubt=True),  # it may be answered already
    None,
]


@pytest.mark.parametrize("outcome", UNSURE, ids=["lost", "broken", "refused-then", "silent"])
async def test_a_call_that_may_have_been_answered_goes_on_when_that_is_told(
    outcome: HttpResponse | CarrierError | None, autojump_clock: MockClock
) -> None:
    async with conducting(Acknowledge(), link=ScriptedLink(outcome)) as (conductor, call):
        conductor.on_report(TAKEABLE)
        await trio.sleep(3.0)
        before = list(call.asked)
        conductor.on_report(ANSWERED)

    assert before == []
    assert call.asked == [""]
    assert call.events == []


@pytest.mark.parametrize("outcome", UNSURE, ids=["lost", "broken", "refused-then", "silent"])
async def test_the_news_of_an_answer_that_nobody_is_sure_of_is_waited_for_no_longer_than_a_bound(
    outcome: HttpResponse | CarrierError | None, autojump_clock: MockClock
) -> None:
    async with conducting(Acknowledge(), link=ScriptedLink(outcome)) as (conductor, call):
        conductor.on_report(TAKEABLE)

    assert call.asked == [""]
    assert call.events == []
    assert trio.current_time() <= REQUEST_S + ANSWER_S + 0.1


# --- media streams -----------------------------------------------------------------------


def tell(conductor: Conductor, call: ScriptedCall, event: CallEvent) -> None:
    """Let the rules of the *call* know, and then its conductor."""
    call.machine.handle(event, trio.current_time())
    conductor.on_change()


async def test_a_stream_that_is_refused_beside_another_does_not_end_the_call(
    autojump_clock: MockClock,
) -> None:
    link = ScriptedLink(DONE, REFUSED)

    async with conducting(STREAM, STREAM, link=link) as (conductor, call):
        conductor.on_report(ANSWERED)
        await trio.sleep(0.1)
        conductor.on_report(LOST)  # an old one
        await trio.sleep(STREAM_PAUSE_S + 0.1)
        tell(conductor, call, Connected(stream_id=StreamId("new")))

    assert len(link.requests) == 2
    assert call.events == []


async def test_a_stream_that_is_refused_without_another_ends_the_call(
    autojump_clock: MockClock,
) -> None:
    async with conducting(STREAM, link=ScriptedLink(REFUSED)) as (conductor, call):
        conductor.on_report(ANSWERED)

    assert call.events == [HungUp(reason=EndReason.ERROR, by_us=True)]


async def test_a_loss_that_is_told_twice_is_made_good_once(autojump_clock: MockClock) -> None:
    link = ScriptedLink(DONE)

    async with conducting(STREAM, STREAM, link=link) as (conductor, call):
        conductor.on_report(ANSWERED)
        await trio.sleep(0.1)
        call.delay_s = 0.5
        conductor.on_report(LOST)
        await trio.sleep(STREAM_PAUSE_S)
        conductor.on_report(LOST)
        await trio.sleep(0.5)
        tell(conductor, call, Connected(stream_id=StreamId("new")))

    assert call.asked == ["", ""]
    assert len(link.requests) == 2


async def test_a_stream_is_not_given_up_while_nobody_knows_whether_it_was_ordered(
    autojump_clock: MockClock,
) -> None:
    link = ScriptedLink(None, DONE)

    async with conducting(STREAM, STREAM, link=link) as (conductor, call):
        conductor.on_report(ANSWERED)
        await trio.sleep(0.1)
        conductor.on_report(LOST)
        await trio.sleep(4)
        asked = len(link.requests)
        tell(conductor, call, Connected(stream_id=StreamId("new")))

    assert asked == len(link.requests) == 1


@pytest.mark.parametrize("is_told", [True, False])
async def test_a_stream_that_has_ended_here_is_replaced_whether_or_not_the_carrier_tells(
    is_told: bool, autojump_clock: MockClock
) -> None:
    link = ScriptedLink(DONE)

    async with conducting(STREAM, STREAM, link=link) as (conductor, call):
        conductor.on_report(ANSWERED)
        await trio.sleep(0.1)
        tell(conductor, call, Connected(stream_id=StreamId("old")))
        await trio.sleep(20)
        if is_told:
            conductor.on_report(LOST)
        await trio.sleep(10)  # its end comes to us much later than the news of it
        tell(conductor, call, Disconnected())
        ended_s = trio.current_time()

    _, asked_s = link.asked_s
    assert asked_s - ended_s == pytest.approx(0.0 if is_told else LOST_S)
