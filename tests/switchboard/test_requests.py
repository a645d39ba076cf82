"""What clients ask of a living call: speak, continue, press keys, end."""

import pytest
import trio
from trio.testing import MockClock

from tests.switchboard.office import LISTENS, open_office
from tests.switchboard.stream_by_hand import RINGS, RINGS_ON, StreamByHand
from voicecalld.call.record import CallState
from voicecalld.errors import (
    CallBusyError,
    CallEndedError,
    CallRefusedError,
    CarrierError,
    NoReplyError,
    NoSuchCallError,
    NotConnectedError,
    NotSpokenError,
)
from voicecalld.switchboard.prompting import Reply, Spoken

NO_NUDGE = {"silence_timeout_seconds": 0}


async def test_speak_returns_when_the_words_have_been_heard(autojump_clock: MockClock) -> None:
    async with open_office(phone=LISTENS) as office:
        call_id = await office.call("Hello.")
        await office.wait_for("call.speech")
        asked_s = trio.current_time()

        spoken = await office.switchboard.speak(call_id, "Your parcel has arrived this morning.")
        took_s = trio.current_time() - asked_s

    assert spoken == Spoken(heard="Your parcel has arrived this morning.", interrupted=False)
    assert 1.5 < took_s < 4.0


async def test_speak_tells_what_was_heard_when_it_was_interrupted(
    autojump_clock: MockClock,
) -> None:
    steps = [{"say": "Stop it right now.", "when": "agent-speaks", "after_ms": 1000}]
    message = "Your parcel has arrived this morning, and it waits for you at the office."

    async with open_office(phone={"steps": steps, "hang_up_when_done": False}) as office:
        call_id = await office.call("")
        await office.wait_for("call.listening")

        spoken = await office.switchboard.speak(call_id, message)

    assert spoken.interrupted
    assert message.startswith(spoken.heard)
    assert 0 < len(spoken.heard) < len(message)


async def test_continue_returns_the_other_partys_next_words_and_the_agent_stays_out_of_it(
    autojump_clock: MockClock,
) -> None:
    steps = [
        {"say": "Who is there?"},
        {"say": "Yes, please."},
    ]

    async with open_office(
        phone={"steps": steps, "hang_up_when_done": False}, hears=("who is there", "yes please")
    ) as office:
        call_id = await office.call("Hello.")
        await office.wait_for("call.speech", 3)  # greeting, question, the agent's answer

        reply = await office.switchboard.continue_call(call_id, "Shall I keep the table?")
        await trio.sleep(5)

    assert reply == Reply(text="yes please", digits="")
    assert len(office.agent.turns) == 1


async def test_a_second_continue_is_refused_while_one_waits(autojump_clock: MockClock) -> None:
    async with open_office(phone=LISTENS) as office, trio.open_nursery() as nursery:
        call_id = await office.call("Hello.")
        await office.wait_for("call.speech")
        nursery.start_soon(office.switchboard.continue_call, call_id, "Is anybody there?")
        await trio.sleep(1)

        with pytest.raises(CallBusyError):
            await office.switchboard.continue_call(call_id, "And now?")

        nursery.cancel_scope.cancel()


async def test_continue_gives_up_after_the_configured_time_and_the_call_goes_on(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=LISTENS, transcript_timeout_ms=5000, turn=NO_NUDGE) as office:
        call_id = await office.call("Hello.")
        await office.wait_for("call.speech")

        with pytest.raises(NoReplyError):
            await office.switchboard.continue_call(call_id, "Is anybody there?")
        spoken = await office.switchboard.speak(call_id, "I will call again.")

    assert spoken.heard == "I will call again."


async def test_continue_fails_when_the_call_ends_meanwhile(autojump_clock: MockClock) -> None:
    async with open_office(phone={"hangs_up_after_ms": 6000}) as office:
        call_id = await office.call("Hello.")
        await office.wait_for("call.speech")

        with pytest.raises(CallEndedError, match="hangup-user"):
            await office.switchboard.continue_call(call_id, "Is anybody there?")


async def test_a_client_who_goes_away_leaves_no_trace_in_the_call(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=LISTENS) as office:
        call_id = await office.call("Hello.")
        await office.wait_for("call.speech")
        with trio.move_on_after(3):
            await office.switchboard.continue_call(call_id, "Is anybody there?")

        with trio.move_on_after(30) as patience:
            await office.switchboard.continue_call(call_id, "Hello again?")

    assert patience.cancelled_caught  # it waited: the first one was not in the way


async def test_what_cannot_be_spoken_is_reported_and_the_call_goes_on(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=LISTENS) as office:
        call_id = await office.call("Hello.")
        await office.wait_for("call.speech")
        office.voice.failures = 2

        with pytest.raises(NotSpokenError):
            await office.switchboard.speak(call_id, "These words get lost.")
        spoken = await office.switchboard.speak(call_id, "These are heard.")

    assert spoken.heard == "These are heard."
    assert "These words get lost." not in [text for _, text, _ in office.said]


async def test_a_voice_that_fails_once_is_asked_again(autojump_clock: MockClock) -> None:
    async with open_office(phone=LISTENS) as office:
        call_id = await office.call("Hello.")
        await office.wait_for("call.speech")
        office.voice.failures = 1

        spoken = await office.switchboard.speak(call_id, "These are heard.")

    assert spoken.heard == "These are heard."


async def test_a_sentence_that_breaks_off_is_heard_as_far_as_it_went(
    autojump_clock: MockClock,
) -> None:
    message = "Your parcel has arrived this morning at the office."

    async with open_office(phone=LISTENS) as office:
        call_id = await office.call("Hello.")
        await office.wait_for("call.speech")
        office.voice.failures, office.voice.fails_after = 2, 3

        with pytest.raises(NotSpokenError):
            await office.switchboard.speak(call_id, message)

    _, heard, _ = office.said[-1]
    assert message.startswith(heard)
    assert 0 < len(heard) < len(message)


async def test_words_of_nothing_but_pictures_are_done_at_once(autojump_clock: MockClock) -> None:
    async with open_office(phone=LISTENS) as office:
        call_id = await office.call("Hello.")
        await office.wait_for("call.speech")

        spoken = await office.switchboard.speak(call_id, "🎉🎉")

    assert spoken == Spoken(heard="", interrupted=False)


async def test_keys_reach_the_other_party_and_the_journal(autojump_clock: MockClock) -> None:
    async with open_office(phone=LISTENS) as office:
        call_id = await office.call("Hello.")
        await office.wait_for("call.speech")

        await office.switchboard.press(call_id, "12#")

    (entry,) = [entry for entry in office.journal.entries if entry.event == "call.dtmf"]
    assert entry.details == {"digits": "12#", "direction": "out"}


async def test_keys_that_the_carrier_refuses_are_an_error(autojump_clock: MockClock) -> None:
    async with open_office(phone=LISTENS) as office:
        call_id = await office.call("Hello.")
        await office.wait_for("call.speech")
        office.link.fault = CarrierError("out of order")

        with pytest.raises(CallRefusedError, match="out of order"):
            await office.switchboard.press(call_id, "12#")


async def test_ending_a_call_twice_is_fine(autojump_clock: MockClock) -> None:
    async with open_office(phone=LISTENS) as office:
        call_id = await office.call("Hello.")
        await office.wait_for("call.speech")

        await office.switchboard.end(call_id)
        await office.switchboard.end(call_id)

    assert office.events.count("call.ended") == 1
    assert office.journal.latest()[call_id].state is CallState.HANGUP_BOT


@pytest.mark.parametrize("verb", ["speak", "continue_call", "press"])
async def test_an_ended_call_is_explained(verb: str, autojump_clock: MockClock) -> None:
    async with open_office(phone=LISTENS) as office:
        call_id = await office.call("Hello.")
        await office.switchboard.end(call_id)

        with pytest.raises(CallEndedError, match="hangup-bot"):
            await getattr(office.switchboard, verb)(call_id, "1")


@pytest.mark.parametrize("verb", ["speak", "continue_call", "press", "end"])
async def test_an_unknown_call_is_refused_by_its_id(verb: str, autojump_clock: MockClock) -> None:
    arguments = ("nobody",) if verb == "end" else ("nobody", "1")

    async with open_office(phone=LISTENS) as office:
        with pytest.raises(NoSuchCallError, match="nobody"):
            await getattr(office.switchboard, verb)(*arguments)


async def test_a_call_that_rings_cannot_be_spoken_on(autojump_clock: MockClock) -> None:
    async with open_office(phone={"answers_after_ms": 20_000}) as office:
        call_id = await office.call("Hello.")

        with pytest.raises(NotConnectedError):
            await office.switchboard.speak(call_id, "Too early.")


async def test_the_carriers_id_is_as_good_as_ours(autojump_clock: MockClock) -> None:
    async with open_office(phone=LISTENS) as office:
        call_id = await office.call("Hello.")
        await office.wait_for("call.speech")
        carriers = office.journal.latest()[call_id].provider_call_id
        assert carriers is not None

        spoken = await office.switchboard.speak(carriers, "By any name.")

    assert spoken.heard == "By any name."


async def test_a_call_whose_media_stream_has_broken_cannot_be_spoken_on_meanwhile(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=RINGS, **RINGS_ON) as office, trio.open_nursery() as nursery:
        call = office.switchboard.find(await office.call("Hello."))
        assert call is not None
        stream = await StreamByHand.open(office, nursery, call)
        await office.wait_for("call.speech")
        stream.close()
        await trio.sleep(1)

        with pytest.raises(NotConnectedError, match="interrupted"):
            await office.switchboard.speak(call.notes.record.call_id, "Are you there?")

        nursery.cancel_scope.cancel()
