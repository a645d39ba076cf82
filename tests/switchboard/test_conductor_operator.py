"""Keys both ways, and what an operator has said, at a carrier that takes commands."""

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from tests.fakes.agent_fakes import ScriptedAgent, ScriptedReply
from tests.fakes.speech_fakes import FakeSynthesizer
from tests.switchboard.carrier_office import LETTER_S
from tests.switchboard.telnyx_office import open_office, refuse, verbs
from voicecalld.agent.base import EndCall, PressKeys, SayText
from voicecalld.call.record import CallState
from voicecalld.switchboard.native_steps import KEY_S

TABLE = "Your table is ready."
GOODBYE: ScriptedReply = [SayText(text="Good"), SayText(text="bye."), EndCall()]
BYE = {"say": "Bye."}


# --- keys --------------------------------------------------------------------------------


async def test_keys_are_heard_with_the_words_and_without(autojump_clock: MockClock) -> None:
    agent = ScriptedAgent("Thank you.", GOODBYE)

    async with open_office({"press": "12#"}, BYE, agent=agent) as office:
        await office.hold("Your number, please.")

    assert [(turn.text, turn.digits) for turn in agent.turns] == [("", "12#"), ("Bye.", "")]
    assert office.keys == [(digit, "in") for digit in "12#"]


async def test_keys_that_are_pressed_over_our_words_are_kept(autojump_clock: MockClock) -> None:
    agent = ScriptedAgent(GOODBYE)
    impatient = {"press": "4", "when": "answered", "after_ms": 500}

    async with open_office(impatient, agent=agent) as office:
        await office.hold("For the kitchen press one, for the bar press four.")

    assert [turn.digits for turn in agent.turns] == ["4"]
    assert office.entry.cut_texts == []


async def test_keys_are_pressed_before_what_is_said_behind_them(
    autojump_clock: MockClock,
) -> None:
    agent = ScriptedAgent([SayText(text="One."), PressKeys(digits="12"), SayText(text="Two.")])

    async with open_office({"say": "Go."}, agent=agent) as office:
        call_id = await office.call()
        await office.wait_heard("Two.")
        await office.switchboard.end(call_id)

    diary = [(line.at_s, line.text) for line in office.carrier.ledger.diary]
    (pressed_s,) = [at_s for at_s, text in diary if text == "presses 12"]
    (heard_s,) = [at_s for at_s, text in diary if text.endswith(": Two.")]
    assert heard_s == pytest.approx(pressed_s + 2 * KEY_S, abs=0.05)
    assert office.keys == [("12", "out")]


async def test_keys_that_are_refused_do_not_stop_the_turn(autojump_clock: MockClock) -> None:
    agent = ScriptedAgent([PressKeys(digits="12"), SayText(text="Two."), EndCall()])

    async with open_office({"say": "Go."}, agent=agent) as office:
        refuse(office, "send_dtmf")
        with capture_logs() as logs:
            record = await office.hold()

    assert record.state is CallState.HANGUP_BOT
    assert office.entry.texts == ["Hello.", "Two."]
    assert "keys not pressed" in [line["event"] for line in logs]


async def test_an_operator_presses_keys_while_the_carrier_listens(
    autojump_clock: MockClock,
) -> None:
    async with open_office() as office:
        call_id = await office.call()
        await trio.sleep(4)
        began_s = trio.current_time()
        await office.switchboard.press(call_id, "123456")
        took_s = trio.current_time() - began_s
        heard = office.entry.digits_heard  # when the operator is told that it is done
        await office.switchboard.end(call_id)

    assert heard == "123456"
    assert took_s == pytest.approx(6 * KEY_S, abs=0.5)
    assert office.keys == [("123456", "out")]


async def test_an_operator_does_not_wait_for_keys_on_a_call_that_is_over(
    autojump_clock: MockClock,
) -> None:
    async with open_office() as office:
        call_id = await office.call()
        await trio.sleep(4)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(office.switchboard.press, call_id, "1" * 20)
            await trio.sleep(1)
            began_s = trio.current_time()
            await office.switchboard.end(call_id)
        took_s = trio.current_time() - began_s

    assert took_s < 1.0
    assert office.keys == []


# --- what an operator has said -----------------------------------------------------------


async def test_an_operator_is_heard_at_once_while_the_carrier_listens(
    autojump_clock: MockClock,
) -> None:
    async with open_office() as office:
        call_id = await office.call()
        await trio.sleep(4)
        asked_s = trio.current_time()
        spoken = await office.switchboard.speak(call_id, TABLE)
        took_s = trio.current_time() - asked_s
        await office.switchboard.end(call_id)

    assert (spoken.heard, spoken.interrupted) == (TABLE, False)
    assert took_s == pytest.approx(LETTER_S * len(TABLE), abs=0.2)
    assert office.entry.texts == ["Hello.", TABLE]
    assert verbs(office)[-4:] == ["transcription_stop", "speak", "transcription_start", "hangup"]


async def test_an_operator_waits_until_what_is_being_said_has_been_heard(
    autojump_clock: MockClock,
) -> None:
    opening = "Good evening, this is the restaurant."

    async with open_office() as office:
        call_id = await office.call(opening)
        await office.wait_heard(opening)
        await office.switchboard.speak(call_id, TABLE)
        await office.switchboard.end(call_id)

    assert office.entry.texts == [opening, TABLE]
    assert office.entry.cut_texts == []
    assert [text for _, text, _ in office.said] == [opening, TABLE]


async def test_a_voice_that_is_slower_than_any_is_stopped_for_an_operator(
    autojump_clock: MockClock,
) -> None:
    opening = "Good evening, this is the restaurant."

    async with open_office(voice=FakeSynthesizer(character_s=0.3)) as office:
        call_id = await office.call(opening)
        await office.wait_heard(opening)
        await office.switchboard.speak(call_id, TABLE)
        await trio.sleep(20)
        await office.switchboard.end(call_id)

    assert office.entry.texts == [opening, TABLE]
    assert office.entry.cut_texts == [opening]
    assert "playback_stop" in verbs(office)


async def test_an_operator_gets_the_answer_to_a_question(autojump_clock: MockClock) -> None:
    async with open_office({"say": "At eight.", "after_ms": 6000}) as office:
        call_id = await office.call("One moment, please.")
        await trio.sleep(3)
        reply = await office.switchboard.continue_call(call_id, "When do you come?")
        await office.switchboard.end(call_id)

    assert reply.text == "At eight."
    assert office.entry.texts == ["One moment, please.", "When do you come?"]


async def test_whose_words_are_being_made_out_goes_before_an_operator(
    autojump_clock: MockClock,
) -> None:
    slow = {"say": "What time is it?", "after_ms": 1000}
    agent = ScriptedAgent("It is noon.")

    async with open_office(slow, agent=agent) as office:
        call_id = await office.call()
        with trio.fail_after(60):
            await office.carrier.ledger.wait_until(lambda: bool(office.entry.spoken))
        await trio.sleep(0.4)  # its words are here, and the listening is not over
        spoken = await office.switchboard.speak(call_id, TABLE)
        await office.wait_heard("It is noon.")
        await office.switchboard.end(call_id)

    assert (spoken.heard, spoken.interrupted) == ("", True)
    assert [turn.text for turn in agent.turns] == ["What time is it?"]
    assert office.entry.texts == ["Hello.", "It is noon."]


async def test_what_the_carrier_is_slow_to_take_is_neither_cut_nor_heard_before_it_was_said(
    autojump_clock: MockClock,
) -> None:
    async with open_office() as office:
        call_id = await office.call("Hi.")
        await office.wait_heard("Hi.")
        await trio.sleep(8)  # it listens
        office.link.delay_s = 1.5
        async with trio.open_nursery() as nursery:
            nursery.start_soon(office.switchboard.speak, call_id, "One.")
            await trio.sleep(5)
            spoken = await office.switchboard.speak(call_id, TABLE)
        heard = list(office.entry.texts)
        office.link.delay_s = 0.0
        await office.switchboard.end(call_id)

    assert spoken.heard == TABLE
    assert heard == ["Hi.", "One.", TABLE]
    assert office.entry.cut_texts == []
