"""How calls over Twilio begin and end, with media streams and without."""

import math
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from tests.carriers.callee import build_callee
from tests.carriers.faults import Answering, Faults
from tests.fakes.agent_fakes import ScriptedAgent
from tests.fakes.spoken_voice import SpokenVoice
from tests.switchboard.twilio_office import Office, open_office
from voicecalld.agent.base import EndCall, PressKeys, SayText
from voicecalld.call.events import EndReason
from voicecalld.call.record import CallState, Mode
from voicecalld.errors import CallRefusedError
from voicecalld.switchboard.actor import NAMING_S
from voicecalld.switchboard.native_talk import OVERDUE_S

NATIVE: dict[str, Any] = {"streaming": {"enabled": False}}
STREAM: dict[str, Any] = {"streaming": {"enabled": True}, "voice": SpokenVoice()}
BOTH = pytest.mark.parametrize("way", [NATIVE, STREAM], ids=["native", "stream"])

HOURS = "We are open from Monday to Friday, from nine to five, and on Saturday until noon."
TABLE = "Your table is ready."
RINGS_ON = build_callee(answers_after_ms=20_000)
ALL = ("initiated", "ringing", "answered", "completed")


def hangs_up(after_ms: int, *steps: dict[str, Any]) -> Any:
    return build_callee(*steps, hangs_up_after_ms=after_ms, hang_up_when_done=False)


def asks_for_time(after_ms: int) -> Any:
    return hangs_up(after_ms, {"say": "What time is it?"})


def hang_ups(office: Office) -> int:
    return sum(b"Status=completed" in request.body for request in office.link.requests)


# --- nobody to talk to ----------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("phone", "state"),
    [
        ({"behaviour": "busy"}, CallState.BUSY),
        ({"behaviour": "no-answer", "answers_after_ms": 5_000}, CallState.NO_ANSWER),
        ({"behaviour": "no-answer"}, CallState.NO_ANSWER),
        ({"behaviour": "rejects"}, CallState.FAILED),
    ],
    ids=["busy", "no-answer", "no-answer-for-ever", "failed"],
)
async def test_a_call_that_nobody_takes_ends_as_the_carrier_says(
    phone: dict[str, Any], state: CallState, way: dict[str, Any], autojump_clock: MockClock
) -> None:
    async with open_office(callee=build_callee(**phone), **way) as office:
        record = await office.hold()

    assert record.state is state
    assert record.answered_unix_s is None
    assert office.states[-1] == "ended"
    assert office.said == []


@BOTH
async def test_a_call_that_somebody_has_canceled_was_not_answered(
    way: dict[str, Any], autojump_clock: MockClock
) -> None:
    async with open_office(callee=RINGS_ON, **way) as office:
        call_id = await office.call()
        await office.wait_for("call.ringing")
        (twilio_call,) = office.twilio._rest.calls.values()
        twilio_call.end("canceled")
        record = await office.wait_over(call_id)

    assert record.state is CallState.NO_ANSWER
    assert hang_ups(office) == 0


# --- machines -------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("mode", [Mode.NOTIFY, Mode.CONVERSATION])
async def test_a_machine_is_hung_up_on_if_the_settings_say_so(
    mode: Mode, way: dict[str, Any], autojump_clock: MockClock
) -> None:
    callee = build_callee(behaviour="machine")

    async with open_office(callee=callee, outbound={"voicemail": "hang-up"}, **way) as office:
        record = await office.hold(HOURS, mode)

    assert record.state is CallState.VOICEMAIL
    assert office.journal.entries[-1].details == {"reason": "voicemail"}
    assert hang_ups(office) == 1
    assert office.entry.lasted_s == pytest.approx(1.0, abs=0.1)


@BOTH
@pytest.mark.parametrize("found", ["human", "unknown"])
async def test_a_person_is_talked_to_though_machines_are_not(
    found: str, way: dict[str, Any], autojump_clock: MockClock
) -> None:
    callee = build_callee(answered_by=found)

    async with open_office(callee=callee, outbound={"voicemail": "hang-up"}, **way) as office:
        record = await office.hold(TABLE, Mode.NOTIFY)

    assert record.state is CallState.HANGUP_BOT
    assert office.said == [("bot", TABLE, False)]


@BOTH
async def test_a_machine_is_talked_to_by_default(
    way: dict[str, Any], autojump_clock: MockClock
) -> None:
    async with open_office(callee=build_callee(behaviour="machine"), **way) as office:
        record = await office.hold(TABLE, Mode.NOTIFY)

    assert record.state is CallState.HANGUP_BOT
    assert office.said == [("bot", TABLE, False)]


# --- they hang up ---------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("mode", [Mode.NOTIFY, Mode.CONVERSATION])
@pytest.mark.parametrize("after_ms", [0, 100, 2000])
async def test_they_hang_up_while_we_speak(
    after_ms: int, mode: Mode, way: dict[str, Any], autojump_clock: MockClock
) -> None:
    async with open_office(callee=hangs_up(after_ms), **way) as office:
        record = await office.hold(HOURS, mode)

    assert record.state is CallState.HANGUP_USER
    assert hang_ups(office) == 0
    for speaker, text, interrupted in office.said:
        assert (speaker, interrupted) == ("bot", True)
        assert HOURS.startswith(text)
        assert len(text) < len(HOURS) / 2
    assert bool(office.said) == (after_ms == 2000)


@BOTH
async def test_they_hang_up_while_we_listen(
    way: dict[str, Any], autojump_clock: MockClock
) -> None:
    async with open_office(callee=hangs_up(8_000), **way) as office:
        record = await office.hold()

    assert record.state is CallState.HANGUP_USER
    assert office.said == [("bot", "Hello.", False)]


@BOTH
@pytest.mark.parametrize("delay_s", [8.0, 25.0])
async def test_they_hang_up_while_the_agent_thinks(
    delay_s: float, way: dict[str, Any], autojump_clock: MockClock
) -> None:
    agent = ScriptedAgent("It is noon.", delay_s=delay_s)

    async with open_office(
        callee=asks_for_time(8_000), agent=agent, hears=("What time is it?",), **way
    ) as office:
        record = await office.hold()

    assert record.state is CallState.HANGUP_USER
    assert office.said == [("bot", "Hello.", False), ("user", "What time is it?", False)]
    assert (agent.running_replies, agent.open_sessions) == (0, 0)


@BOTH
async def test_they_hang_up_after_a_notification(
    way: dict[str, Any], autojump_clock: MockClock
) -> None:
    async with open_office(
        callee=hangs_up(6_000), outbound={"notify_hangup_delay_seconds": 20}, **way
    ) as office:
        record = await office.hold(TABLE, Mode.NOTIFY)

    assert record.state is CallState.HANGUP_USER
    assert office.said == [("bot", TABLE, False)]


@BOTH
async def test_a_client_that_waits_for_their_words_is_told_that_they_have_gone(
    way: dict[str, Any], autojump_clock: MockClock
) -> None:
    async with open_office(callee=hangs_up(12_000), **way) as office:
        call_id = await office.call()
        await trio.sleep(4)
        with pytest.raises(Exception, match="the call is over"):
            await office.switchboard.continue_call(call_id, "When will you come?")
        record = await office.wait_over(call_id)

    assert record.state is CallState.HANGUP_USER


# --- we hang up -----------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("event", "after_s"),
    [
        ("call.placed", 0.0),
        ("call.ringing", 0.0),
        ("call.answered", 0.0),
        ("call.speaking", 0.5),
        ("call.listening", 1.0),
    ],
)
async def test_we_hang_up_at_any_time(
    event: str, after_s: float, way: dict[str, Any], autojump_clock: MockClock
) -> None:
    async with open_office(**way) as office:
        call_id = await office.call()
        await office.wait_for(event)
        await trio.sleep(after_s)
        await office.switchboard.end(call_id)
        record = await office.wait_over(call_id)

    assert record.state is CallState.HANGUP_BOT
    assert hang_ups(office) == 1
    assert office.journal.entries[-1].details == {"reason": "hangup-bot"}


@BOTH
async def test_we_hang_up_while_the_agent_thinks(
    way: dict[str, Any], autojump_clock: MockClock
) -> None:
    agent = ScriptedAgent("It is noon.", delay_s=60)

    async with open_office({"say": "What time is it?"}, agent=agent, hears=("time",), **way) as (
        office
    ):
        call_id = await office.call()
        await trio.sleep(8)
        await office.switchboard.end(call_id)
        record = await office.wait_over(call_id)

    assert record.state is CallState.HANGUP_BOT
    assert agent.running_replies == 0


@BOTH
async def test_a_call_does_not_last_longer_than_allowed(
    way: dict[str, Any], autojump_clock: MockClock
) -> None:
    async with open_office(max_duration_seconds=9, **way) as office:
        record = await office.hold()

    assert record.state is CallState.TIMEOUT
    assert office.entry.lasted_s == pytest.approx(9, abs=0.2)


# --- what is reported -----------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    "faults",
    [
        Faults(webhooks_doubled=True),
        Faults(statuses_reordered=True),
        Faults(statuses_late_s=1.0),
        Faults(statuses_late_s=100.0),
        Faults(statuses_lost=("initiated", "ringing", "answered")),
        Faults(statuses_lost=ALL),
    ],
    ids=["doubled", "reordered", "late", "very-late", "lost", "all-lost"],
)
async def test_reports_that_go_astray_do_not_change_a_call(
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
@pytest.mark.parametrize("how", [Answering.ERROR, Answering.BROKEN_JSON])
@pytest.mark.parametrize("late_s", [0.0, NAMING_S - 1])
async def test_a_call_whose_dial_was_answered_badly_lives_on_once_it_is_reported(
    late_s: float, how: Answering, way: dict[str, Any], autojump_clock: MockClock
) -> None:
    faults = Faults(dials=(how,), statuses_late_s=late_s)

    async with open_office(faults=faults, **way) as office:
        record = await office.hold(TABLE, Mode.NOTIFY)

    assert record.state is CallState.HANGUP_BOT
    assert record.provider_call_id == office.entry.call
    assert office.said == [("bot", TABLE, False)]
    assert office.events.count("call.placed") == 1


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
        await office.twilio.settle()

    assert took_s == pytest.approx(NAMING_S, abs=0.1)
    assert office.record.state is CallState.FAILED
    assert office.journal.entries[-1].details == {"reason": "failed", "hangup": "unconfirmed"}
    assert office.documents == [["Hangup"]]
    assert office.said == []


@BOTH
async def test_a_dial_that_is_refused_has_failed_at_once(
    way: dict[str, Any], autojump_clock: MockClock
) -> None:
    async with open_office(faults=Faults(dials=(Answering.TOO_MANY,)), **way) as office:
        began_s = trio.current_time()
        with pytest.raises(CallRefusedError, match="429"):
            await office.call()
        took_s = trio.current_time() - began_s

    assert took_s < 0.1
    assert office.journal.entries[-1].details == {"reason": "failed"}
    assert office.twilio.ledger.calls == []


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


@BOTH
async def test_a_hanging_up_that_is_not_answered_is_asked_for_again(
    way: dict[str, Any], autojump_clock: MockClock
) -> None:
    async with open_office(faults=Faults(updates=(Answering.UNAVAILABLE,)), **way) as office:
        call_id = await office.call()
        await trio.sleep(4)
        await office.switchboard.end(call_id)

    assert hang_ups(office) == 2
    assert office.record.state is CallState.HANGUP_BOT


# --- media streams --------------------------------------------------------------------------


async def test_their_end_is_completed_if_the_carrier_cannot_say_how_it_was(
    autojump_clock: MockClock,
) -> None:
    faults = Faults(fetches=(Answering.UNAVAILABLE,) * 9, statuses_lost=ALL)

    async with open_office(callee=hangs_up(4_000), faults=faults, **STREAM) as office:
        record = await office.hold()

    assert record.state is CallState.COMPLETED
    assert [request.method for request in office.link.requests].count("GET") == 1


async def test_a_stream_that_breaks_is_opened_again_and_the_call_goes_on(
    autojump_clock: MockClock,
) -> None:
    agent = ScriptedAgent([SayText(text="It is noon."), EndCall()])
    question = {"say": "What time is it?", "when": "answered", "after_ms": 9_000}
    faults = Faults(stream_cuts_s=(4.0,))

    async with open_office(
        question, agent=agent, hears=("What time is it?",), faults=faults, **STREAM
    ) as office:
        record = await office.hold()

    assert record.state is CallState.HANGUP_BOT
    assert len(office.entry.streams) == 2
    assert [text for _, text, _ in office.said] == ["Hello.", "What time is it?", "It is noon."]


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


@BOTH
async def test_no_part_of_a_call_outlives_it(
    way: dict[str, Any], autojump_clock: MockClock
) -> None:
    agent = ScriptedAgent("It is noon.", delay_s=math.inf)

    async with open_office({"say": "What time is it?"}, agent=agent, hears=("time",), **way) as (
        office
    ):
        call_id = await office.call()
        await trio.sleep(8)
        await office.switchboard.end(call_id)
        await office.wait_over(call_id)

        assert office.switchboard.live_count == 0
        assert agent.open_sessions == 0
