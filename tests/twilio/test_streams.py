"""Calls over media streams: a daemon, a simulated Twilio, and the voices of both sides.

Most calls are held at the same time, for they take as long as talking takes.
"""

from collections.abc import Iterator, Mapping

import pytest
import trio

from tests.carriers.callee import Callee, build_callee
from tests.carriers.ledger import CallEntry
from tests.twilio.stage import (
    OURS,
    PUBLIC_URL,
    THEIRS,
    Held,
    Stage,
    hold,
    loud_s,
    open_stage,
    silence_at_end_s,
)

OPENING = "Hello, this is a test."
STRANGERS = (THEIRS[1:], THEIRS[:-1], THEIRS + "0", "+464", "sip:" + THEIRS, "+12065550118")
CROWD = 5

CALLEES: Mapping[str, Callee] = {
    "talks": build_callee({"say": "what time is it"}, {"say": "goodbye"}, hang_up_when_done=False),
    "interrupts": build_callee(
        {"say": "what are your opening hours"},
        {"say": "wait a moment please", "when": "agent-speaks", "after_ms": 2500},
        {"hang_up": True, "after_ms": 100},
    ),
    "busy": build_callee(behaviour="busy", answers_after_ms=300),
    "no-answer": build_callee(behaviour="no-answer", answers_after_ms=300),
    "rejects": build_callee(behaviour="rejects", answers_after_ms=300),
}
LISTENS = build_callee(hang_up_when_done=False)
CALLER = build_callee({"say": "goodbye"}, hang_up_when_done=False)
IMPATIENT = build_callee({"say": "never mind"}, {"hang_up": True, "after_ms": 100})


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    more = f'inbound_policy = "allowlist"\nallow_from = ["{THEIRS}"]'
    with open_stage(tmp_path_factory.mktemp("daemon"), more) as stage:
        yield stage


@pytest.fixture(scope="module")
def held(stage: Stage) -> Mapping[str, Held]:
    """All calls that need nobody's help, held at once."""
    return trio.run(hold_all, stage)


async def hold_all(stage: Stage) -> Mapping[str, Held]:
    """Let everybody call and be called."""
    held: dict[str, Held] = {}
    numbers = {f"+120655501{20 + place}": name for place, name in enumerate(CALLEES)}

    async def keep(name: str, call_id: str) -> None:
        held[name] = await hold(stage, twilio, call_id)

    async with stage.carrier(LISTENS) as twilio, trio.open_nursery() as nursery:
        twilio.callees = {number: CALLEES[name] for number, name in numbers.items()}
        for number, name in numbers.items():
            nursery.start_soon(keep, name, await stage.place(OPENING, to=number))
        notified = await stage.place("Your parcel has arrived.", "notify")
        nursery.start_soon(keep, "notified", notified)
        callers = {"caller": twilio.ring(THEIRS, OURS, callee=CALLER)}
        for place in range(CROWD):
            callers[f"crowd-{place}"] = twilio.ring(THEIRS, OURS, callee=IMPATIENT)
        for stranger in STRANGERS:
            callers[stranger] = twilio.ring(stranger, OURS)
        for name, entry in callers.items():
            nursery.start_soon(keep, name, entry.call)
    return held


def check_marks(entry: CallEntry) -> None:
    """Everything that our side has marked on the one stream of a call has come back."""
    (stream,) = entry.streams
    assert stream.marks
    assert stream.marks == stream.returned_marks


def test_a_conversation_is_held_in_speech(held: Mapping[str, Held]) -> None:
    talked = held["talks"]

    assert [speaker for speaker, _ in talked.words] == ["bot", "user", "bot", "user", "bot"]
    assert [text for speaker, text in talked.words if speaker == "user"] == talked.entry.spoken
    assert talked.words[0] == ("bot", OPENING)
    assert talked.words[2][1].startswith("You asked for the time.")
    assert talked.words[4] == ("bot", "Thank you for calling us. Goodbye!")
    assert 3 < loud_s(talked.entry) < talked.entry.lasted_s - 2
    check_marks(talked.entry)


def test_a_conversation_is_told_and_recorded_step_by_step(held: Mapping[str, Held]) -> None:
    talked = held["talks"]

    reported = [hook.event for hook in talked.webhooks if hook.event != "asks"]
    assert reported == ["initiated", "ringing", "answered", "completed"]
    assert (talked.call["endReason"], talked.entry.status) == ("hangup-bot", "completed")
    assert talked.call["providerCallId"] == talked.entry.call
    assert [turn["firstFrameMs"] >= 400 for turn in talked.turns] == [True, True]
    assert (talked.order.ring_s, talked.order.limit_s) == (30, 330)


def test_who_interrupts_is_listened_to_at_once(held: Mapping[str, Held]) -> None:
    interrupted = held["interrupts"]

    assert interrupted.entry.streams[0].clears == 1
    assert interrupted.words[2][1].startswith("You asked when us is open.")
    assert "public holidays" not in interrupted.words[2][1]
    assert interrupted.words[3:] == [
        ("user", "wait a moment please"),
        ("bot", "Sure. Of course, take your time."),
    ]
    assert interrupted.call["endReason"] == "hangup-user"


def test_a_notification_is_heard_once_and_to_its_end(held: Mapping[str, Held]) -> None:
    notified = held["notified"]

    assert notified.words == [("bot", "Your parcel has arrived.")]
    assert 0.7 < loud_s(notified.entry) < 1.7
    assert silence_at_end_s(notified.entry) > 0.1
    check_marks(notified.entry)
    assert notified.call["endReason"] == "hangup-bot"


def test_an_allowed_caller_is_answered(held: Mapping[str, Held]) -> None:
    answered = held["caller"]

    assert answered.call["direction"] == "inbound"
    assert answered.words == [
        ("bot", "Hello! How can I help?"),
        ("user", "goodbye"),
        ("bot", "Thank you for calling us. Goodbye!"),
    ]
    check_marks(answered.entry)


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_caller_who_is_not_allowed_is_rejected_before_it_costs_anything(
    stranger: str, held: Mapping[str, Held]
) -> None:
    refused = held[stranger]

    (asked,) = [hook for hook in refused.webhooks if hook.event == "asks"]
    assert asked.body.partition(b"<Response>")[2] == b"<Reject/></Response>"
    assert refused.entry.status == "no-answer"
    assert not refused.entry.streams
    assert refused.words == []


def test_many_callers_at_once_are_all_understood(held: Mapping[str, Held]) -> None:
    crowd = [held[f"crowd-{number}"] for number in range(CROWD)]

    said = ["Hello! How can I help?", "never mind"]
    said.append("No problem. Is there anything else that I can do for you?")
    assert [[text for _, text in caller.words] for caller in crowd] == [said] * CROWD
    assert [caller.call["endReason"] for caller in crowd] == ["hangup-user"] * CROWD
    assert len({stream.stream_id for caller in crowd for stream in caller.entry.streams}) == CROWD


@pytest.mark.parametrize(
    ("name", "reason"), [("busy", "busy"), ("no-answer", "no-answer"), ("rejects", "failed")]
)
def test_a_call_that_nobody_takes_says_why(
    name: str, reason: str, held: Mapping[str, Held]
) -> None:
    assert held[name].call["endReason"] == reason
    assert held[name].entry.heard == b""


async def test_keys_are_heard_in_both_directions(stage: Stage) -> None:
    callee = build_callee({"press": "12#"}, hang_up_when_done=False)

    async with stage.carrier(callee) as twilio:
        call_id = await stage.place("Hello.")
        await stage.wait_event(call_id, "call.turn")
        pressed = await stage.ask("voicecall.dtmf", callId=call_id, digits="4w2*")
        ended = await stage.ask("voicecall.end", callId=call_id)
        events = await stage.wait_event(call_id, "call.ended")

    (entry,) = twilio.ledger.calls
    keys = [event["digits"] for event in events if event.get("direction") == "in"]
    assert "".join(keys) == "12#"
    assert pressed == ended == {"success": True}
    assert entry.digits_heard == "42*"
    assert f"POST {entry.call}: 200" in twilio.ledger.requests


def test_nothing_private_is_in_the_log(stage: Stage, held: Mapping[str, Held]) -> None:
    log = stage.daemon.log()

    assert PUBLIC_URL in log
    assert not [word for word in (THEIRS, OURS, "parcel", "goodbye", "5up3r") if word in log]
