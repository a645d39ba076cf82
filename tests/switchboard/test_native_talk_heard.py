"""What the other party says and presses on calls without a media stream, also over our words."""

import pytest
import trio
from trio.testing import MockClock

from tests.carriers.callee import build_callee
from tests.fakes.agent_fakes import ScriptedAgent, ScriptedReply
from tests.sound import spoken
from tests.switchboard.twilio_office import open_office, refuse_redirections
from voicecalld.agent.base import EndCall, SayText
from voicecalld.call.record import CallState
from voicecalld.errors import CallRefusedError, NoReplyError
from voicecalld.switchboard.prompting import Reply, Spoken

HOURS = "We are open from Monday to Friday, from nine to five, and on Saturday until noon."
GOODBYE: ScriptedReply = [SayText(text="Goodbye."), EndCall()]
INTERRUPTS = {"say": "Stop, please.", "when": "agent-speaks", "after_ms": 2000}


# --- over our words -----------------------------------------------------------------------


async def test_whoever_speaks_over_us_is_answered_and_we_know_about_what_was_heard(
    autojump_clock: MockClock,
) -> None:
    async with open_office(INTERRUPTS, agent=ScriptedAgent(GOODBYE)) as office:
        record = await office.hold(HOURS)

    (_, heard, _), *rest = office.said
    assert record.state is CallState.HANGUP_BOT
    assert HOURS.startswith(heard)
    # Two seconds of 15 to 20 letters, of which some pass before the first word.
    assert 15 <= len(heard) <= 40
    assert office.said[0] == ("bot", heard, True)
    assert rest == [("user", "Stop, please.", False), ("bot", "Goodbye.", False)]
    assert office.entry.cut_texts == [HOURS]
    assert office.events.count("call.interrupted") == 1
    (turn,) = office.agent.turns
    assert (turn.text, turn.heard_before, turn.interrupted) == ("Stop, please.", heard, True)


async def test_whoever_answers_at_once_has_heard_us_to_the_end(
    autojump_clock: MockClock,
) -> None:
    answer = {"say": "Then I will come on Saturday.", "after_ms": 0}

    async with open_office(answer, agent=ScriptedAgent(GOODBYE)) as office:
        await office.hold(HOURS)

    assert office.said[0] == ("bot", HOURS, False)
    assert "call.interrupted" not in office.events


async def test_keys_cut_us_short_as_words_do(autojump_clock: MockClock) -> None:
    keys = {"press": "1#", "when": "agent-speaks", "after_ms": 1500}

    async with open_office(keys, agent=ScriptedAgent(GOODBYE)) as office:
        await office.hold(HOURS)

    (turn,) = office.agent.turns
    assert (turn.text, turn.digits, turn.interrupted) == ("", "1", True)
    assert HOURS.startswith(turn.heard_before)
    assert office.keys == [("1", "in")]
    assert office.said[1:] == [("bot", "Goodbye.", False)]


# --- keys ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("pressed", "told"), [("123", "123"), ("12#", "12"), ("#", "#")])
async def test_keys_reach_the_agent_all_at_once(
    pressed: str, told: str, autojump_clock: MockClock
) -> None:
    async with open_office({"press": pressed}, agent=ScriptedAgent(GOODBYE)) as office:
        record = await office.hold()

    (turn,) = office.agent.turns
    assert (turn.text, turn.digits, turn.interrupted) == ("", told, False)
    assert office.keys == [(key, "in") for key in told]
    assert record.state is CallState.HANGUP_BOT


# --- what a client asks for ---------------------------------------------------------------


async def test_a_client_speaks_while_the_carrier_listens(autojump_clock: MockClock) -> None:
    async with open_office() as office:
        call_id = await office.call()
        await trio.sleep(4)
        spoken = await office.switchboard.speak(call_id, "Your table is ready.")
        await office.switchboard.end(call_id)

    assert spoken == Spoken(heard="Your table is ready.", interrupted=False)
    assert office.entry.texts == ["Hello.", "Your table is ready."]
    assert office.entry.cut_texts == []
    assert sum(b"Url=" in request.body for request in office.link.requests[1:]) == 1


async def test_what_is_asked_for_while_we_speak_waits_for_the_end_of_that(
    autojump_clock: MockClock,
) -> None:
    async with open_office() as office:
        call_id = await office.call(HOURS)
        await office.wait_heard(HOURS)
        await trio.sleep(1)
        await office.switchboard.speak(call_id, "Goodbye.")
        await office.switchboard.end(call_id)

    assert office.entry.texts == [HOURS, "Goodbye."]
    assert office.entry.cut_texts == []
    assert office.said == [("bot", HOURS, False), ("bot", "Goodbye.", False)]


async def test_several_messages_are_said_in_their_order(autojump_clock: MockClock) -> None:
    async def speak(number: int) -> None:
        await trio.sleep(number / 10)
        await office.switchboard.speak(call_id, f"Message {number}.")

    async with open_office() as office:
        call_id = await office.call()
        await trio.sleep(4)
        async with trio.open_nursery() as nursery:
            for number in (1, 2, 3):
                nursery.start_soon(speak, number)
        await office.switchboard.end(call_id)

    assert office.entry.texts == ["Hello.", "Message 1.", "Message 2.", "Message 3."]
    assert office.entry.cut_texts == []


async def test_a_message_is_continued_with_their_words(autojump_clock: MockClock) -> None:
    answer = {"say": "At eight.", "when": "answered", "after_ms": 10_000}

    async with open_office(answer) as office:
        call_id = await office.call()
        await trio.sleep(4)
        reply = await office.switchboard.continue_call(call_id, "When will you come?")
        await office.switchboard.end(call_id)

    assert reply == Reply(text="At eight.", digits="")
    assert office.agent.turns == []
    assert [text for _, text, _ in office.said] == ["Hello.", "When will you come?", "At eight."]


async def test_a_message_is_continued_with_their_keys(autojump_clock: MockClock) -> None:
    answer = {"press": "42#", "when": "answered", "after_ms": 10_000}

    async with open_office(answer) as office:
        call_id = await office.call()
        await trio.sleep(4)
        reply = await office.switchboard.continue_call(call_id, "How many?")
        await office.switchboard.end(call_id)

    assert reply == Reply(text="", digits="42")


async def test_nobody_waits_for_ever_for_their_words(autojump_clock: MockClock) -> None:
    async with open_office(transcript_timeout_ms=20_000) as office:
        call_id = await office.call()
        await trio.sleep(4)
        with pytest.raises(NoReplyError):
            await office.switchboard.continue_call(call_id, "When will you come?")
        await office.switchboard.end(call_id)

    assert office.entry.texts == ["Hello.", "When will you come?"]


async def test_what_they_say_to_one_message_comes_before_the_next(
    autojump_clock: MockClock,
) -> None:
    async def speak() -> None:
        await trio.sleep(1.5)
        spoken.append(await office.switchboard.speak(call_id, "Goodbye."))

    spoken: list[Spoken] = []
    answer = {"say": "At eight.", "when": "agent-speaks", "after_ms": 1000}

    async with open_office({"say": "Hi."}, answer) as office:
        call_id = await office.call()
        await trio.sleep(4)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(speak)
            reply = await office.switchboard.continue_call(call_id, HOURS)
        await office.switchboard.end(call_id)

    assert reply.text == "At eight."
    assert spoken == [Spoken(heard="Goodbye.", interrupted=False)]
    assert office.said[-2:] == [("user", "At eight.", False), ("bot", "Goodbye.", False)]


# --- a carrier that is not ready, or does not obey -----------------------------------------


async def test_a_message_that_comes_too_early_for_the_carrier_is_said_a_moment_later(
    autojump_clock: MockClock,
) -> None:
    async with open_office() as office:
        call_id = await office.call()
        await trio.sleep(4)
        refuse_redirections(office, 2)
        spoken = await office.switchboard.speak(call_id, "Your table is ready.")
        await office.switchboard.end(call_id)

    assert not spoken.interrupted
    assert office.entry.texts == ["Hello.", "Your table is ready."]


@pytest.mark.parametrize("refusals", [4, 12])
async def test_a_carrier_that_cannot_be_made_to_ask_is_told_when_it_asks(
    refusals: int, autojump_clock: MockClock
) -> None:
    async with open_office() as office:
        call_id = await office.call()
        await trio.sleep(4)
        refuse_redirections(office, refusals)
        await office.switchboard.speak(call_id, "Your table is ready.")
        refuse_redirections(office, 0)
        await office.switchboard.end(call_id)

    assert office.entry.texts == ["Hello.", "Your table is ready."]
    assert office.entry.cut_texts == []


async def test_a_redirection_whose_answer_is_lost_lets_nothing_be_said_twice(
    autojump_clock: MockClock,
) -> None:
    async with open_office() as office:
        call_id = await office.call()
        await trio.sleep(4)
        office.link.answer_delay_s = 20.0
        await office.switchboard.speak(call_id, "Your table is ready.")
        office.link.answer_delay_s = 0.0
        await trio.sleep(20)
        await office.switchboard.speak(call_id, "Goodbye.")
        await office.switchboard.end(call_id)

    assert office.entry.texts == ["Hello.", "Your table is ready.", "Goodbye."]


async def test_words_that_cross_with_a_lost_redirection_are_understood(
    autojump_clock: MockClock,
) -> None:
    answer = {"say": "Hello, who is there?", "when": "answered", "after_ms": 5_000}

    async with open_office(answer, agent=ScriptedAgent(GOODBYE)) as office:
        call_id = await office.call()
        await trio.sleep(4)
        refuse_redirections(office, 4)
        spoken = await office.switchboard.speak(call_id, "Your table is ready.")
        await office.wait_over(call_id)

    assert spoken.interrupted
    assert [turn.text for turn in office.agent.turns] == ["Hello, who is there?"]


async def test_keys_that_the_carrier_never_asks_for_are_refused(
    autojump_clock: MockClock,
) -> None:
    async with open_office(complaints=(11200, 15003)) as office:
        call_id = await office.call()
        await trio.sleep(4)
        refuse_redirections(office, 100)
        office.door.loses = lambda _webhook: True
        with pytest.raises(CallRefusedError, match="did not ask"):
            await office.switchboard.press(call_id, "1")
        await office.switchboard.end(call_id)

    assert office.keys == []


async def test_keys_that_wait_when_the_call_ends_are_refused(autojump_clock: MockClock) -> None:
    async def press() -> None:
        with pytest.raises(CallRefusedError, match="did not ask"):
            await office.switchboard.press(call_id, "1")
        refusals.append("1")

    refusals: list[str] = []
    async with open_office() as office, trio.open_nursery() as nursery:
        call_id = await office.call(HOURS)
        await office.wait_heard(HOURS)
        nursery.start_soon(press)
        await trio.sleep(1)
        await office.switchboard.end(call_id)

    assert refusals == ["1"]
    assert office.keys == []
    assert office.entry.digits_heard == ""


# --- a recogniser tells nothing before they have finished ----------------------------------


async def test_nobody_who_speaks_for_long_is_asked_whether_they_are_there(
    autojump_clock: MockClock,
) -> None:
    speech = " ".join(["I have so much to tell you."] * 20)

    async with open_office({"say": speech}, agent=ScriptedAgent(GOODBYE)) as office:
        record = await office.hold()

    assert record.state is CallState.HANGUP_BOT
    assert office.entry.texts == ["Hello.", "Goodbye."]
    assert [turn.text for turn in office.agent.turns] == [speech]


async def test_what_a_client_wants_said_waits_until_they_have_finished(
    autojump_clock: MockClock,
) -> None:
    speech = " ".join(["I have so much to tell you."] * 15)

    async with open_office({"say": speech}) as office:
        call_id = await office.call()
        await trio.sleep(15)
        spoken = await office.switchboard.speak(call_id, "Your table is ready.")
        await office.switchboard.end(call_id)

    assert not spoken.interrupted
    assert [text for _, text, _ in office.said] == ["Hello.", speech, "Your table is ready."]


async def test_a_sound_that_is_no_word_leaves_the_floor_open(autojump_clock: MockClock) -> None:
    noise = spoken(" ".join(["I have so much to tell you."] * 5))
    callee = build_callee({"wav": "noise"}, sounds={"noise": noise}, hang_up_when_done=False)

    async with open_office(callee=callee, turn={"silence_timeout_seconds": 25}) as office:
        record = await office.hold()

    assert record.state is CallState.TIMEOUT
    assert office.entry.texts == ["Hello.", "Are you still there?"]
    assert office.agent.turns == []
