"""How calls over Twilio begin and end, as far as Twilio is a carrier of its own.

What is alike at every carrier is in `test_carrier_calls`.
"""

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from tests.carriers.callee import build_callee
from tests.carriers.faults import Answering, Faults
from tests.fakes.agent_fakes import ScriptedAgent
from tests.fakes.spoken_voice import SpokenVoice
from tests.switchboard.carrier_office import Office
from tests.switchboard.twilio_office import documents, open_office
from voicecalld.agent.base import EndCall, PressKeys, SayText
from voicecalld.call.events import EndReason
from voicecalld.call.machine import NEVER_CONNECTED
from voicecalld.call.record import CallState
from voicecalld.errors import CallRefusedError
from voicecalld.switchboard.native_talk import OVERDUE_S
from voicecalld.switchboard.placing import NAMING_S

NATIVE: dict[str, Any] = {"streaming": {"enabled": False}}
STREAM: dict[str, Any] = {"streaming": {"enabled": True}, "voice": SpokenVoice()}
BOTH = pytest.mark.parametrize("way", [NATIVE, STREAM], ids=["native", "stream"])

RINGS_ON = build_callee(answers_after_ms=20_000)
ALL = ("initiated", "ringing", "answered", "completed")


def hangs_up(after_ms: int) -> Any:
    return build_callee(hangs_up_after_ms=after_ms, hang_up_when_done=False)


def hang_ups(office: Office) -> int:
    return sum(b"Status=completed" in request.body for request in office.link.requests)


# --- nobody to talk to ----------------------------------------------------------------------


@BOTH
async def test_a_call_that_somebody_has_canceled_was_not_answered(
    way: dict[str, Any], autojump_clock: MockClock
) -> None:
    async with open_office(callee=RINGS_ON, **way) as office:
        call_id = await office.call()
        await office.wait_for("call.ringing")
        (twilio_call,) = office.carrier._rest.calls.values()
        twilio_call.end("canceled")
        record = await office.wait_over(call_id)

    assert record.state is CallState.NO_ANSWER
    assert hang_ups(office) == 0


# --- they hang up ---------------------------------------------------------------------------


@pytest.mark.parametrize("public", ["ws://calls.example.test/stream", "https://calls/stream"])
async def test_a_call_whose_stream_twilio_will_not_open_has_failed_and_says_so(
    public: str, autojump_clock: MockClock
) -> None:
    async with open_office(complaints=(31922,), stream_url=public, **STREAM) as office:
        record = await office.hold()

    assert record.state is CallState.FAILED
    assert record.end_cause == NEVER_CONNECTED
    assert office.journal.entries[-1].details["cause"] == NEVER_CONNECTED
    assert hang_ups(office) == 0


# --- what is reported -----------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    "faults",
    [
        Faults(statuses_late_s=100.0),
        Faults(statuses_lost=("initiated", "ringing", "answered")),
        Faults(statuses_lost=ALL),
    ],
    ids=["very-late", "lost", "all-lost"],
)
async def test_reports_that_come_much_too_late_or_never_do_not_change_a_call(
    faults: Faults, way: dict[str, Any], autojump_clock: MockClock
) -> None:
    agent = ScriptedAgent([SayText(text="It is noon."), EndCall()])

    async with open_office(
        {"say": "What time is it?"},
        agent=agent,
        hears=("What time is it?",),
        faults=faults,
        **way,
    ) as office:
        record = await office.hold("Hello there.")

    assert record.state is CallState.HANGUP_BOT
    assert record.answered_unix_s is not None
    assert office.said == [
        ("bot", "Hello there.", False),
        ("user", "What time is it?", False),
        ("bot", "It is noon.", False),
    ]
    assert office.states.count("ended") == 1


@BOTH
@pytest.mark.parametrize("lost", [("completed",), ALL])
async def test_their_end_is_noticed_though_nobody_reports_it(
    lost: tuple[str, ...], way: dict[str, Any], autojump_clock: MockClock
) -> None:
    faults = Faults(statuses_lost=lost)

    async with open_office(callee=hangs_up(4_000), faults=faults, **way) as office:
        record = await office.hold()

    assert record.state is CallState.HANGUP_USER
    assert hang_ups(office) == 0
    ended_unix_s = office.journal.entries[-1].unix_s
    assert record.answered_unix_s is not None
    assert ended_unix_s - record.answered_unix_s < 4 + 2 * OVERDUE_S + 1


@BOTH
async def test_callers_whose_end_nobody_reports_have_hung_up(
    way: dict[str, Any], autojump_clock: MockClock
) -> None:
    async with open_office(reports_inbound=False, **way) as office:
        record = await office.ring(hangs_up(4_000))

    assert record.state is CallState.HANGUP_USER
    assert office.said == [("bot", "Hello! How can I help?", False)]
    assert hang_ups(office) == 0


async def test_a_long_speech_is_no_end(autojump_clock: MockClock) -> None:
    speech = {"say": " ".join(["I have so much to tell you."] * 30)}
    agent = ScriptedAgent([EndCall()])

    async with open_office(speech, agent=agent) as office:
        record = await office.hold()

    assert record.state is CallState.HANGUP_BOT
    assert [text for _, text, _ in office.said] == ["Hello.", speech["say"]]
    assert "GET" in [request.method for request in office.link.requests]


# --- the carrier's REST API -----------------------------------------------------------------


@BOTH
async def test_a_call_that_is_reported_too_late_is_given_up_and_hung_up(
    way: dict[str, Any], autojump_clock: MockClock
) -> None:
    faults = Faults(dials=(Answering.ERROR,), statuses_lost=ALL)

    async with open_office(callee=RINGS_ON, faults=faults, **way) as office:
        began_s = trio.current_time()
        with pytest.raises(CallRefusedError, match="failed"):
            await office.call()
        took_s = trio.current_time() - began_s
        await office.carrier.settle()

    assert took_s == pytest.approx(NAMING_S, abs=0.1)
    assert office.record.state is CallState.FAILED
    told = office.journal.entries[-1].details
    assert (told["reason"], told["hangup"]) == ("failed", "unconfirmed")
    assert str(told["cause"]).startswith("the call was not placed")
    assert documents(office) == [["Hangup"]]
    assert office.said == []


@BOTH
async def test_a_call_that_is_ended_before_it_has_a_name_is_hung_up_by_its_reports(
    way: dict[str, Any], autojump_clock: MockClock
) -> None:
    faults = Faults(dials=(Answering.ERROR,), statuses_late_s=3.0)

    async with (
        open_office(callee=RINGS_ON, faults=faults, **way) as office,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(expect_refusal, office)
        await trio.sleep(1)
        (call,) = office.switchboard.calls.values()
        await call.end(EndReason.HANGUP_BOT)

    assert office.record.state is CallState.HANGUP_BOT
    assert hang_ups(office) >= 1
    assert office.entry.heard == b""


async def expect_refusal(office: Office) -> None:
    with pytest.raises(Exception, match="the call is over"):
        await office.call()


# --- media streams --------------------------------------------------------------------------


async def test_their_end_is_completed_if_the_carrier_cannot_say_how_it_was(
    autojump_clock: MockClock,
) -> None:
    faults = Faults(fetches=(Answering.UNAVAILABLE,) * 9, statuses_lost=ALL)

    async with open_office(callee=hangs_up(4_000), faults=faults, **STREAM) as office:
        record = await office.hold()

    assert record.state is CallState.COMPLETED
    assert [request.method for request in office.link.requests].count("GET") == 1


async def test_keys_go_both_ways_as_tones_of_the_stream(autojump_clock: MockClock) -> None:
    agent = ScriptedAgent([SayText(text="Pressing."), PressKeys(digits="12#"), EndCall()])

    async with open_office({"press": "42"}, agent=agent, **STREAM) as office:
        record = await office.hold()

    (turn,) = office.agent.turns
    assert record.state is CallState.HANGUP_BOT
    assert turn.digits == "42"
    assert office.keys == [("4", "in"), ("2", "in"), ("12#", "out")]
    assert [request.method for request in office.link.requests] == ["POST", "POST"]
    assert all(b"Url=" not in request.body for request in office.link.requests[1:])
