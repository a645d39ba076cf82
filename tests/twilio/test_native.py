"""Calls without media streams: the carrier's own voice speaks, its own recogniser listens."""

from collections.abc import Iterator, Mapping

import pytest
import trio

from tests.carriers.callee import build_callee
from tests.carriers.faults import Faults
from tests.carriers.twilio.leg import Inline
from tests.twilio.stage import OURS, THEIRS, Held, Stage, hold, open_stage

OTHERS = "+12065550120"
LISTENS = build_callee(hang_up_when_done=False)
LEAVES = build_callee({"say": "goodbye"}, hang_up_when_done=False)
TALKS = build_callee({"say": "what time is it"}, {"say": "goodbye"}, hang_up_when_done=False)
INTERRUPTS = build_callee(
    {"say": "what are your opening hours"},
    {"say": "wait a moment please", "when": "agent-speaks", "after_ms": 2500},
    {"hang_up": True, "when": "agent-speaks", "after_ms": 1500},
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    more = 'streaming.enabled = false\ninbound_policy = "open"'
    with open_stage(tmp_path_factory.mktemp("daemon"), more) as stage:
        yield stage


@pytest.fixture(scope="module")
def held(stage: Stage) -> Mapping[str, Held]:
    """All calls that need nobody's help, held at once."""
    return trio.run(hold_all, stage)


async def hold_all(stage: Stage) -> Mapping[str, Held]:
    """Let everybody call and be called."""
    held: dict[str, Held] = {}

    async def keep(name: str, call_id: str) -> None:
        held[name] = await hold(stage, twilio, call_id)

    async with stage.carrier(LISTENS) as twilio, trio.open_nursery() as nursery:
        twilio.callees = {OTHERS: TALKS}
        nursery.start_soon(keep, "interrupts", twilio.ring(THEIRS, OURS, callee=INTERRUPTS).call)
        nursery.start_soon(keep, "talks", await stage.place("Hello.", to=OTHERS))
        notified = await stage.place("Your parcel has arrived.", "notify")
        nursery.start_soon(keep, "notified", notified)
    return held


def test_a_notification_goes_with_the_order_and_is_heard_once(held: Mapping[str, Held]) -> None:
    notified = held["notified"]

    assert isinstance(notified.order.source, Inline)
    assert notified.entry.texts == ["Your parcel has arrived."]
    assert notified.entry.cut_texts == []
    assert notified.words == [("bot", "Your parcel has arrived.")]
    assert notified.call["endReason"] == "hangup-bot"
    assert not notified.entry.streams


def test_a_conversation_is_held_by_the_carrier(held: Mapping[str, Held]) -> None:
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


def test_a_caller_is_answered_and_may_interrupt_and_hang_up(held: Mapping[str, Held]) -> None:
    interrupted = held["interrupts"]

    assert [text for _, text in interrupted.words[:2]] == [
        "Hello! How can I help?",
        "what are your opening hours",
    ]
    assert interrupted.entry.cut_texts[0] == interrupted.entry.texts[1]
    assert interrupted.entry.texts[1].startswith(interrupted.words[2][1])
    assert interrupted.words[3] == ("user", "wait a moment please")
    assert interrupted.entry.texts[2:] == ["Sure. Of course, take your time."]
    assert interrupted.call["endReason"] == "hangup-user"


async def test_keys_are_heard_in_both_directions(stage: Stage) -> None:
    callee = build_callee(
        {"press": "7", "when": "answered", "after_ms": 6000},
        {"hang_up": True, "when": "agent-speaks", "after_ms": 200},
    )

    async with stage.carrier(callee) as twilio:
        call_id = await stage.place("Hello.")
        await stage.wait_event(call_id, "call.listening")
        pressed = await stage.ask("voicecall.dtmf", callId=call_id, digits="4w2*")
        spoken = await stage.ask("voicecall.speak", callId=call_id, message="That is all.")
        events = await stage.wait_event(call_id, "call.ended")

    (entry,) = twilio.ledger.calls
    keys = [(event["direction"], event["digits"]) for event in events if "digits" in event]
    assert pressed == {"success": True}
    assert spoken == {"success": True, "heard": "That is all.", "interrupted": False}
    assert entry.digits_heard == "42*"
    assert keys == [("out", "4w2*"), ("in", "7")]
    assert entry.texts[-1].startswith("You pressed 7.")


async def test_a_message_is_continued_with_what_they_answer(stage: Stage) -> None:
    callee = build_callee(
        {"say": "yes please", "when": "answered", "after_ms": 4000}, hang_up_when_done=False
    )

    async with stage.carrier(callee) as twilio:
        call_id = await stage.place("Hello.")
        await stage.wait_event(call_id, "call.listening")
        answer = await stage.ask("voicecall.continue", callId=call_id, message="Shall we?")
        await stage.ask("voicecall.end", callId=call_id)

    assert answer == {"success": True, "transcript": "yes please"}
    assert twilio.ledger.calls[0].texts == ["Hello.", "Shall we?"]


async def test_webhooks_that_come_twice_or_late_let_nothing_be_said_twice(stage: Stage) -> None:
    faults = Faults(
        webhooks_doubled=True, replies_lost=2, statuses_late_s=0.6, statuses_reordered=True
    )

    async with stage.carrier(LEAVES, faults) as twilio:
        held = await hold(stage, twilio, await stage.place("Hello."))

    assert held.entry.texts == ["Hello.", "Thank you for calling us. Goodbye!"]
    assert held.entry.cut_texts == []
    assert held.call["endReason"] == "hangup-bot"
