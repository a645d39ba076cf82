"""Keys towards the other party, on calls on which Twilio's own voice speaks."""

import trio
from trio.testing import MockClock

from tests.fakes.agent_fakes import ScriptedAgent, ScriptedReply
from tests.switchboard.sayings import TABLE
from tests.switchboard.twilio_office import documents, open_office
from voicecalld.agent.base import EndCall, PressKeys, SayText
from voicecalld.call.record import CallState, Mode


async def test_the_agent_presses_keys_between_its_words(autojump_clock: MockClock) -> None:
    reply: ScriptedReply = [
        SayText(text="One moment."),
        PressKeys(digits="1w2#"),
        SayText(text="Done."),
        EndCall(),
    ]

    async with open_office({"say": "Press it."}, agent=ScriptedAgent(reply)) as office:
        record = await office.hold()

    assert record.state is CallState.HANGUP_BOT
    assert office.entry.digits_heard == "12#"
    assert office.entry.cut_texts == []
    assert office.keys == [("1w2#", "out")]
    assert office.said[-1] == ("bot", "One moment. Done.", False)


async def test_a_turn_of_nothing_but_keys_is_done_to_its_end(autojump_clock: MockClock) -> None:
    agent = ScriptedAgent([PressKeys(digits="123456"), EndCall()])

    async with open_office({"say": "Press it."}, agent=agent) as office:
        record = await office.hold()

    assert record.state is CallState.HANGUP_BOT
    assert office.entry.digits_heard == "123456"
    assert documents(office)[-1] == ["Hangup"]


async def test_keys_are_pressed_for_a_client_while_the_carrier_listens(
    autojump_clock: MockClock,
) -> None:
    async with open_office() as office:
        call_id = await office.call()
        await trio.sleep(5)
        await office.switchboard.press(call_id, "42#")
        heard = office.entry.digits_heard  # when we are told that it is done
        await trio.sleep(10)
        await office.switchboard.end(call_id)

    assert heard == office.entry.digits_heard == "42#"
    assert office.keys == [("42#", "out")]
    assert documents(office).count(["Play", "Redirect"]) == 1
    assert office.entry.texts == ["Hello."]


async def test_keys_wait_for_what_is_being_said(autojump_clock: MockClock) -> None:
    text = "We are open from Monday to Friday, from nine to five, and on Saturday until noon."

    async with open_office() as office:
        call_id = await office.call(text)
        await office.wait_heard(text)
        await trio.sleep(0.5)
        await office.switchboard.press(call_id, "1")
        await trio.sleep(3)
        await office.switchboard.end(call_id)

    assert office.entry.digits_heard == "1"
    assert office.entry.cut_texts == []
    assert office.said == [("bot", text, False)]


async def test_keys_are_pressed_on_a_notification_before_it_ends(
    autojump_clock: MockClock,
) -> None:
    async with open_office() as office:
        call_id = await office.call(TABLE, Mode.NOTIFY)
        await office.wait_heard(TABLE)
        await trio.sleep(0.1)
        await office.switchboard.press(call_id, "7")
        await office.wait_over(call_id)

    assert office.entry.digits_heard == "7"
    assert office.said == [("bot", TABLE, False)]
