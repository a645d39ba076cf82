"""Calls without media streams: the carrier's own voice speaks, its own recogniser listens."""

from collections.abc import Mapping

from tests.carriers.callee import build_callee
from tests.carriers.faults import Faults
from tests.scenarios.carriers import THEIRS, Carrier, each_carrier
from tests.scenarios.play import (
    Over,
    Play,
    Played,
    Programme,
    Scene,
    inbound,
    outbound,
)

LEAVES = build_callee({"say": "goodbye"}, hang_up_when_done=False)
TALKS = build_callee({"say": "what time is it"}, {"say": "goodbye"}, hang_up_when_done=False)
INTERRUPTS = build_callee(
    {"say": "what are your opening hours"},
    {"say": "wait a moment please", "when": "agent-speaks", "after_ms": 2500},
    {"hang_up": True, "when": "agent-speaks", "after_ms": 1500},
)
MACHINE = build_callee({"say": "please leave a message"}, behaviour="machine")
# Long after what is said before, also on a loaded machine.
PRESSES = build_callee(
    {"press": "7", "when": "answered", "after_ms": 9000},
    {"hang_up": True, "when": "agent-speaks", "after_ms": 200},
)
AGREES = build_callee(
    {"say": "yes please", "when": "answered", "after_ms": 7000}, hang_up_when_done=False
)
TROUBLE = Faults(
    webhooks_doubled=True, replies_lost=2, statuses_late_s=0.6, statuses_reordered=True
)


async def press_keys(scene: Scene) -> Over:
    """Keys both ways, while something is said."""
    call_id = await scene.call("Hello.", PRESSES)
    await scene.stage.wait_event(call_id, "call.listening")
    pressed = await scene.stage.ask("voicecall.dtmf", callId=call_id, digits="4w2*")
    spoken = await scene.stage.ask("voicecall.speak", callId=call_id, message="That is all.")
    return await scene.hold(call_id, pressed=pressed, spoken=spoken)


async def go_on(scene: Scene) -> Over:
    """Ask something else, and wait for what they say."""
    call_id = await scene.call("Hello.", AGREES)
    await scene.stage.wait_event(call_id, "call.listening")
    answer = await scene.stage.ask("voicecall.continue", callId=call_id, message="Shall we?")
    await scene.stage.ask("voicecall.end", callId=call_id)
    return await scene.hold(call_id, answer=answer)


def list_plays(row: Carrier) -> Mapping[str, Play]:
    """Everybody calls and is called."""
    return {
        "talks": outbound("Hello.", TALKS),
        "notified": outbound("Your parcel has arrived.", mode="notify"),
        "machine": outbound("Hello.", MACHINE),
        "interrupts": inbound(THEIRS, INTERRUPTS),
        "keys": press_keys,
        "continued": go_on,
        "trouble": outbound("Hello.", LEAVES, faults=TROUBLE),
    }


PROGRAMME = Programme(
    plays=list_plays,
    more='streaming.enabled = false\ninbound_policy = "open"\noutbound.voicemail = "hang-up"',
)


@each_carrier
def test_a_notification_is_heard_once(carrier: Carrier, held: Played) -> None:
    notified = held["notified"]

    assert notified.entry.texts == ["Your parcel has arrived."]
    assert notified.entry.cut_texts == []
    assert notified.words == [("bot", "Your parcel has arrived.")]
    assert notified.call["endReason"] == "hangup-bot"
    assert not notified.entry.streams
    if carrier.opening is not None:
        assert "Your parcel has arrived." in carrier.opening(notified.order)


@each_carrier
def test_a_conversation_is_held_by_the_carrier(held: Played) -> None:
    talked = held["talks"]

    assert [speaker for speaker, _ in talked.words] == ["bot", "user", "bot", "user", "bot"]
    assert [text for speaker, text in talked.words if speaker == "user"] == talked.entry.spoken
    said = [text for speaker, text in talked.words if speaker == "bot"]
    assert said[::2] == talked.entry.texts[::2]
    # Who answers at once may seem to have interrupted: how far the voice was is only estimated.
    assert talked.entry.texts[1].startswith(said[1])
    assert said[1].startswith("You asked for the time.")
    assert talked.entry.cut_texts == []
    assert len(talked.turns) == 2
    assert talked.call["endReason"] == "hangup-bot"


@each_carrier
def test_a_caller_is_answered_and_may_talk_over_us_and_hang_up(held: Played) -> None:
    interrupted = held["interrupts"]

    assert [text for _, text in interrupted.words[:2]] == [
        "Hello! How can I help?",
        "what are your opening hours",
    ]
    assert interrupted.entry.spoken == ["what are your opening hours", "wait a moment please"]
    assert interrupted.call["endReason"] == "hangup-user"
    assert interrupted.entry.cut_texts[0] == interrupted.entry.texts[1]
    assert interrupted.entry.texts[1].startswith(interrupted.words[2][1])
    assert interrupted.words[3] == ("user", "wait a moment please")
    assert interrupted.entry.texts[2:] == ["Sure. Of course, take your time."]


@each_carrier
def test_a_machine_that_answers_is_hung_up_on_without_a_stream(
    carrier: Carrier, held: Played
) -> None:
    recorded = held["machine"]

    assert recorded.call["endReason"] == "voicemail"
    assert recorded.entry.lasted_s < 10
    assert carrier.hang_up.format(call=recorded.entry.call) in recorded.requests


@each_carrier
def test_keys_are_heard_in_both_directions_without_a_stream(held: Played) -> None:
    keyed = held["keys"]

    keys = [(event["direction"], event["digits"]) for event in keyed.events if "digits" in event]
    assert keyed.answers["pressed"] == {"success": True}
    spoken = {"success": True, "heard": "That is all.", "interrupted": False}
    assert keyed.answers["spoken"] == spoken
    assert keyed.entry.digits_heard == "42*"
    assert keys == [("out", "4w2*"), ("in", "7")]
    assert keyed.entry.texts[-1].startswith("You pressed 7.")


@each_carrier
def test_a_message_is_continued_with_what_they_answer(held: Played) -> None:
    continued = held["continued"]

    assert continued.answers["answer"] == {"success": True, "transcript": "yes please"}
    assert continued.entry.texts == ["Hello.", "Shall we?"]


@each_carrier
def test_webhooks_that_come_twice_or_late_let_nothing_be_said_twice(held: Played) -> None:
    troubled = held["trouble"]

    assert troubled.entry.texts == ["Hello.", "Thank you for calling us. Goodbye!"]
    assert troubled.entry.cut_texts == []
    assert troubled.call["endReason"] == "hangup-bot"


@each_carrier
def test_the_carrier_has_nothing_to_complain_of(held: Played) -> None:
    held.check()
