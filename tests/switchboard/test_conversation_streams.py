"""Media streams that fail in whole calls over the mock carrier."""

import pytest
import trio
from trio.testing import MockClock

from tests.sound import spoken
from tests.switchboard.office import Office, open_office
from tests.switchboard.stream_by_hand import RINGS, RINGS_ON, StreamByHand
from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.call.playout import LEAD_S
from voicecalld.switchboard.actor import Call


async def ringing(office: Office, message: str) -> Call:
    """A call whose media streams are the test's to open."""
    call = office.switchboard.find(await office.call(message))
    assert call is not None
    return call


async def test_words_that_a_broken_line_held_up_are_said_and_noted_when_it_is_back(
    autojump_clock: MockClock,
) -> None:
    message = "One two three four five six seven eight nine ten eleven twelve thirteen fourteen."
    received_s = 0.0

    async with open_office(phone=RINGS, **RINGS_ON) as office, trio.open_nursery() as nursery:
        call = await ringing(office, message)
        for lasts_s in (0.6, 0.6, 0.6, 10.0):
            stream = await StreamByHand.open(office, nursery, call)
            await trio.sleep(lasts_s)
            received_s += stream.received_s
            stream.close()
            await trio.sleep(1.8)
        nursery.cancel_scope.cancel()

    # Nothing is sent twice; what was on its way when the line broke may have been lost.
    assert received_s == pytest.approx(len(spoken(message)) / SAMPLE_RATE_HZ, abs=LEAD_S)
    assert office.said == [("bot", message, False)]


async def test_of_words_whose_marks_never_return_no_more_is_noted_than_is_certain(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=RINGS, **RINGS_ON) as office, trio.open_nursery() as nursery:
        call = await ringing(office, "This is the first sentence. This is the second one.")
        stream = await StreamByHand.open(office, nursery, call)
        stream.loses_marks = True
        await office.wait_for("call.listening")
        nursery.cancel_scope.cancel()

    assert office.said == [("bot", "This is the first sentence.", False)]


async def test_a_second_media_stream_takes_the_place_of_the_first(
    autojump_clock: MockClock,
) -> None:
    message = "This sentence is said on two media streams."

    async with open_office(phone=RINGS, **RINGS_ON) as office, trio.open_nursery() as nursery:
        call = await ringing(office, message)
        first = await StreamByHand.open(office, nursery, call)
        second = await StreamByHand.open(office, nursery, call)
        await office.wait_for("call.speech")
        await trio.sleep(10)

        assert (first.is_closed, second.is_closed) == (True, False)
        assert call.machine.is_connected  # the end of the first one was not the end of the audio
        nursery.cancel_scope.cancel()

    lasts_s = len(spoken(message)) / SAMPLE_RATE_HZ
    assert first.received_s + second.received_s == pytest.approx(lasts_s, abs=0.03)
    assert second.received_s > lasts_s - 0.5


async def test_malformed_messages_do_not_fill_the_journal(autojump_clock: MockClock) -> None:
    async with open_office(phone=RINGS, **RINGS_ON) as office, trio.open_nursery() as nursery:
        call = await ringing(office, "")
        stream = await StreamByHand.open(office, nursery, call)
        for _ in range(50):
            stream.ours.send("garbage")
            stream.send(event="dtmf", dtmf={"digit": "nine"})
            await trio.sleep(0.02)
        stream.close()
        await trio.sleep(1)
        await office.switchboard.end(call.notes.record.call_id)
        nursery.cancel_scope.cancel()

    ignored = [entry.details for entry in office.journal.entries if entry.event == "call.ignored"]
    assert [details["what"] for details in ignored if "malformed" in str(details)] == [
        "malformed media message",
        "malformed media message, 100 in all",
    ]
