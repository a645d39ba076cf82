"""Calls over media streams: a daemon, a simulated carrier, and the voices of both sides."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.carriers.callee import Callee, build_callee
from tests.carriers.faults import Faults
from tests.carriers.ledger import CallEntry
from tests.scenarios.carriers import OURS, STRANGERS, THEIRS, Carrier, each_carrier
from tests.scenarios.play import (
    LISTENS,
    Held,
    Over,
    Play,
    Played,
    Programme,
    Scene,
    inbound,
    loud_s,
    outbound,
    silence_at_end_s,
)
from tests.scenarios.stage import PUBLIC_URL, Stage

OPENING = "Hello, this is a test."
CROWD = 3
# On a loaded machine there are gaps in what is heard, and who used one would interrupt.
PATIENTLY: Mapping[str, Any] = {"after_ms": 1000}

CALLEES: Mapping[str, Callee] = {
    "talks": build_callee(
        {"say": "what time is it", **PATIENTLY},
        {"say": "goodbye", **PATIENTLY},
        hang_up_when_done=False,
    ),
    "interrupts": build_callee(
        {"say": "what are your opening hours"},
        {"say": "wait a moment please", "when": "agent-speaks", "after_ms": 2500},
        {"hang_up": True, "after_ms": 100},
    ),
    "busy": build_callee(behaviour="busy", answers_after_ms=300),
    "no-answer": build_callee(behaviour="no-answer", answers_after_ms=300),
    "rejects": build_callee(behaviour="rejects", answers_after_ms=300),
    "machine": build_callee({"say": "please leave a message"}, behaviour="machine"),
}
CALLER = build_callee({"say": "goodbye", **PATIENTLY}, hang_up_when_done=False)
IMPATIENT = build_callee({"say": "never mind", **PATIENTLY}, {"hang_up": True, **PATIENTLY})
PRESSES = build_callee({"press": "12#"}, hang_up_when_done=False)

LONG_OPENING = "Hello, this is a test, and a rather long one as well."
# Not before there is another stream, which takes up to two seconds.
WAITS = build_callee(
    {"say": "goodbye", "when": "answered", "after_ms": 7000}, hang_up_when_done=False
)


async def press_keys(scene: Scene) -> Over:
    """Keys both ways, and an end on request."""
    call_id = await scene.call("Hello.", PRESSES)
    await scene.stage.wait_event(call_id, "call.turn")
    pressed = await scene.stage.ask("voicecall.dtmf", callId=call_id, digits="4w2*")
    ended = await scene.stage.ask("voicecall.end", callId=call_id)
    return await scene.hold(call_id, pressed=pressed, ended=ended)


async def lose_stream_for_good(scene: Scene) -> Over:
    """The stream breaks, and no other says whose it is."""
    call_id = await scene.call(LONG_OPENING, faults=Faults(stream_cuts_s=(0.5,)))
    ledger = scene.carrier.ledger
    await ledger.wait_until(
        lambda: any(entry.streams for entry in ledger.calls if entry.to == scene.number)
    )
    scene.carrier.spoil(scene.number, Faults(stream_late_s=30))
    return await scene.hold(call_id)


def list_plays(row: Carrier) -> Mapping[str, Play]:
    """Everybody calls and is called."""
    return {
        **{name: outbound(OPENING, callee) for name, callee in CALLEES.items()},
        "notified": outbound("Your parcel has arrived.", mode="notify"),
        "keys": press_keys,
        "broken": outbound(LONG_OPENING, WAITS, faults=Faults(stream_cuts_s=(1.0,))),
        "gone": lose_stream_for_good,
        "caller": inbound(THEIRS, CALLER),
        **{f"crowd-{place}": inbound(THEIRS, IMPATIENT) for place in range(CROWD)},
        **{stranger: inbound(stranger, LISTENS) for stranger in row.strangers},
    }


PROGRAMME = Programme(
    plays=list_plays,
    apart_s=5,  # sound is a lot of work all the time
    more=(
        f'inbound_policy = "allowlist"\nallow_from = ["{THEIRS}"]\noutbound.voicemail = "hang-up"'
    ),
)


def check_marks(entry: CallEntry) -> None:
    """Everything that our side has marked on the one stream of a call has come back."""
    (stream,) = entry.streams
    assert stream.marks
    assert stream.marks == stream.returned_marks


@each_carrier
def test_a_conversation_is_held_in_speech(held: Played) -> None:
    talked = held["talks"]

    assert [speaker for speaker, _ in talked.words] == ["bot", "user", "bot", "user", "bot"]
    assert [text for speaker, text in talked.words if speaker == "user"] == talked.entry.spoken
    assert talked.words[0] == ("bot", OPENING)
    assert talked.words[2][1].startswith("You asked for the time.")
    assert talked.words[4] == ("bot", "Thank you for calling us. Goodbye!")
    assert 3 < loud_s(talked.entry) < talked.entry.lasted_s - 2
    check_marks(talked.entry)


@each_carrier
def test_a_conversation_is_told_and_recorded_step_by_step(carrier: Carrier, held: Played) -> None:
    talked = held["talks"]

    reported = [hook.event for hook in talked.webhooks if hook.event in carrier.reports]
    assert tuple(reported) == carrier.reports
    assert talked.call["endReason"] == "hangup-bot"
    assert carrier.hang_up.format(call=talked.entry.call) in talked.requests
    assert talked.call["providerCallId"] == talked.entry.call
    assert talked.call["provider"] == carrier.name
    assert [turn["firstFrameMs"] >= 400 for turn in talked.turns] == [True, True]


@each_carrier
def test_the_carrier_is_told_how_long_a_call_may_ring_and_last(
    carrier: Carrier, held: Played
) -> None:
    order = held["talks"].order

    assert (order.ring_s, order.limit_s) == (carrier.ring_s, carrier.limit_s)


@each_carrier
def test_who_interrupts_is_listened_to_at_once(held: Played) -> None:
    interrupted = held["interrupts"]

    assert interrupted.entry.streams[0].clears >= 1
    assert interrupted.words[2][1].startswith("You asked when us is open.")
    assert "public holidays" not in interrupted.words[2][1]
    assert interrupted.words[3:] == [
        ("user", "wait a moment please"),
        ("bot", "Sure. Of course, take your time."),
    ]
    assert interrupted.call["endReason"] == "hangup-user"


@each_carrier
def test_a_notification_is_heard_once_and_to_its_end(held: Played) -> None:
    notified = held["notified"]

    assert notified.words == [("bot", "Your parcel has arrived.")]
    assert 0.7 < loud_s(notified.entry) < 1.7
    assert silence_at_end_s(notified.entry) > 0.1
    check_marks(notified.entry)
    assert notified.call["endReason"] == "hangup-bot"


@each_carrier
def test_a_machine_that_answers_is_hung_up_on(carrier: Carrier, held: Played) -> None:
    recorded = held["machine"]

    assert recorded.call["endReason"] == "voicemail"
    assert recorded.entry.lasted_s < 10
    assert carrier.hang_up.format(call=recorded.entry.call) in recorded.requests


@each_carrier
def test_an_allowed_caller_is_answered(held: Played) -> None:
    answered = held["caller"]

    assert answered.call["direction"] == "inbound"
    assert answered.words == [
        ("bot", "Hello! How can I help?"),
        ("user", "goodbye"),
        ("bot", "Thank you for calling us. Goodbye!"),
    ]
    check_marks(answered.entry)


@pytest.mark.parametrize("stranger", STRANGERS)
@each_carrier
def test_a_caller_who_is_not_allowed_is_rejected_before_it_costs_anything(
    carrier: Carrier, stranger: str, held: Played
) -> None:
    check_rejected(carrier, held[stranger])


@each_carrier
def test_a_number_without_a_plus_is_a_strangers_where_numbers_have_one(
    carrier: Carrier, held: Played
) -> None:
    for stranger in {*carrier.strangers} - {*STRANGERS}:
        check_rejected(carrier, held[stranger])


def check_rejected(carrier: Carrier, refused: Held) -> None:
    assert refused.was_rejected
    assert refused.entry.status == carrier.rejected
    assert not refused.entry.streams
    assert refused.words == []


@each_carrier
def test_many_callers_at_once_are_all_understood(held: Played) -> None:
    crowd = [held[f"crowd-{number}"] for number in range(CROWD)]

    said = ["Hello! How can I help?", "never mind"]
    said.append("No problem. Is there anything else that I can do for you?")
    assert [[text for _, text in caller.words] for caller in crowd] == [said] * CROWD
    assert [caller.call["endReason"] for caller in crowd] == ["hangup-user"] * CROWD
    assert len({stream.stream_id for caller in crowd for stream in caller.entry.streams}) == CROWD


@pytest.mark.parametrize("behaviour", ["busy", "no-answer", "rejects"])
@each_carrier
def test_a_call_that_nobody_takes_says_why(carrier: Carrier, behaviour: str, held: Played) -> None:
    assert held[behaviour].call["endReason"] == carrier.reasons[behaviour]
    assert held[behaviour].entry.heard == b""


@each_carrier
def test_keys_are_heard_in_both_directions(carrier: Carrier, held: Played) -> None:
    keyed = held["keys"]

    keys = [event["digits"] for event in keyed.events if event.get("direction") == "in"]
    assert "".join(keys) == "12#"
    assert keyed.answers == {"pressed": {"success": True}, "ended": {"success": True}}
    assert keyed.entry.digits_heard == "42*"
    assert carrier.hang_up.format(call=keyed.entry.call) in keyed.requests


@each_carrier
def test_a_stream_that_breaks_is_replaced_and_the_call_goes_on(held: Played) -> None:
    broken = held["broken"]

    first, second = broken.entry.streams
    assert (first.url, first.parameters) != (second.url, second.parameters)
    assert second.played_bytes
    assert broken.call["endReason"] == "hangup-bot"
    assert broken.words == [
        ("bot", LONG_OPENING),
        ("user", "goodbye"),
        ("bot", "Thank you for calling us. Goodbye!"),
    ]


@each_carrier
def test_a_stream_that_does_not_come_back_ends_the_call_at_the_carrier(
    carrier: Carrier, held: Played
) -> None:
    gone = held["gone"]

    assert gone.call["endReason"] == "completed"
    assert carrier.hang_up.format(call=gone.entry.call) in gone.requests


@each_carrier
def test_the_carrier_has_nothing_to_complain_of(held: Played) -> None:
    held.check()


@each_carrier
def test_nothing_private_is_in_the_log(carrier: Carrier, stage: Stage, held: Played) -> None:
    log = stage.daemon.log()

    assert PUBLIC_URL in log
    secrets = [THEIRS, OURS, "parcel", "goodbye", *carrier.secrets.values()]
    assert not [word for word in secrets if word in log]
