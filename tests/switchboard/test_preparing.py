"""What is made ready while it rings, in whole calls over the mock carrier."""

from collections.abc import AsyncGenerator

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from tests.fakes.agent_fakes import ScriptedAgent
from tests.fakes.spoken_voice import SpokenVoice
from tests.switchboard.office import Office, open_office
from tests.switchboard.stream_by_hand import RINGS, RINGS_ON, StreamByHand
from tests.switchboard.test_inbound import caller
from voicecalld.call.record import CallState
from voicecalld.errors import ServiceError
from voicecalld.speech.base import SpeechChunk
from voicecalld.switchboard.actor import Call
from voicecalld.switchboard.preparing import WARM_S

SLOW_S = 2.0
MESSAGE = "Your table is ready. Please come in, and ask for the window."


class WarmVoice(SpokenVoice):
    """Notes when it was warmed, and takes *takes_s* for it, or fails."""

    def __init__(self, takes_s: float = 0.0, error: ServiceError | None = None) -> None:
        super().__init__()
        self.takes_s = takes_s
        self.error = error
        self.warmed_s: list[float] = []
        self.warming = 0
        self.given_up_s = 0.0

    async def warm(self) -> None:
        self.warmed_s.append(trio.current_time())
        self.warming += 1
        try:
            await trio.sleep(self.takes_s)
            if self.error is not None:
                raise self.error
        finally:
            self.warming -= 1
            self.given_up_s = trio.current_time()


async def ringing(office: Office, message: str = MESSAGE) -> Call:
    call = office.switchboard.find(await office.call(message))
    assert call is not None
    return call


async def first_frame_after_s(office: Office, call: Call) -> float:
    """How long after its stream has opened the first frame of a call goes out."""
    async with trio.open_nursery() as nursery:
        opened_s = trio.current_time()
        stream = await StreamByHand.open(office, nursery, call)
        await office.wait_for("call.speaking")
        nursery.cancel_scope.cancel()
    assert stream.received_s > 0
    return call.minutes.audible_since_s - opened_s


# --- ways to the services ------------------------------------------------------------


async def test_a_service_is_warmed_while_it_rings(autojump_clock: MockClock) -> None:
    voice = WarmVoice()

    async with open_office(phone=RINGS, voice=voice, **RINGS_ON) as office:
        asked_s = trio.current_time()
        await ringing(office)
        await trio.sleep(1)

        assert voice.warmed_s == [asked_s]


async def test_a_service_that_takes_too_long_to_be_warm_is_left_alone(
    autojump_clock: MockClock,
) -> None:
    voice = WarmVoice(takes_s=3600)

    async with open_office(phone=RINGS, voice=voice, **RINGS_ON) as office:
        await ringing(office)
        await trio.sleep(10)

    assert voice.given_up_s == pytest.approx(voice.warmed_s[0] + WARM_S)


async def test_a_call_that_is_over_warms_nothing_any_more(autojump_clock: MockClock) -> None:
    voice = WarmVoice(takes_s=3600)

    async with open_office(phone=RINGS, voice=voice, **RINGS_ON) as office:
        call = await ringing(office)
        await office.switchboard.end(call.notes.record.call_id)

        assert voice.warming == 0


async def test_a_service_that_cannot_be_warmed_ends_no_call(autojump_clock: MockClock) -> None:
    voice = WarmVoice(error=ServiceError("refused"))

    async with open_office(phone={"hangs_up_after_ms": 9000}, voice=voice) as office:
        record = await office.wait_over(await office.call(MESSAGE))

    assert voice.warmed_s
    assert record.state is CallState.HANGUP_USER
    assert office.said == [("bot", MESSAGE, False)]


class BuggyVoice(SpokenVoice):
    """Has a bug that shows when it is not asked for a call."""

    is_buggy = True

    async def warm(self) -> None:
        raise KeyError("a bug")

    def synthesize(self, text: str) -> AsyncGenerator[SpeechChunk, None]:
        if self.is_buggy:
            raise KeyError("a bug")
        return super().synthesize(text)


async def test_a_bug_in_what_is_done_in_advance_ends_no_call(autojump_clock: MockClock) -> None:
    voice = BuggyVoice()

    async with open_office(phone={"answers_after_ms": 500}, voice=voice) as office:
        with capture_logs() as logs:
            call = await ringing(office)
            await trio.sleep(0.1)
        voice.is_buggy = False
        await office.wait_over(call.notes.record.call_id)

    assert ("bot", MESSAGE, False) in office.said
    assert {log["event"] for log in logs if log["log_level"] == "error"} == {
        "no sound is made in advance",
        "service not warmed",
    }


# --- what is said first --------------------------------------------------------------


async def test_what_was_made_while_it_rang_is_heard_as_soon_as_there_is_a_stream(
    autojump_clock: MockClock,
) -> None:
    voice = SpokenVoice(delay_s=SLOW_S)

    async with open_office(phone=RINGS, voice=voice, **RINGS_ON) as office:
        call = await ringing(office)
        await trio.sleep(10)
        asked = list(voice.asked)

        assert await first_frame_after_s(office, call) == 0.0
        assert voice.asked == asked


async def test_whoever_picks_up_at_once_waits_no_longer_than_without_preparation(
    autojump_clock: MockClock,
) -> None:
    voice = SpokenVoice(delay_s=SLOW_S)

    async with open_office(phone=RINGS, voice=voice, **RINGS_ON) as office:
        call = await ringing(office)

        assert await first_frame_after_s(office, call) <= SLOW_S + 0.001


async def test_a_greeting_is_made_before_anybody_calls_and_heard_at_once(
    autojump_clock: MockClock,
) -> None:
    voice = SpokenVoice(delay_s=SLOW_S)

    async with open_office(voice=voice, inbound_policy="open") as office:
        await trio.sleep(30)
        asked = list(voice.asked)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(office.exchange.ring, caller())
            answered = await office.wait_for("call.answered")
            speaking = await office.wait_for("call.speaking")
            nursery.cancel_scope.cancel()

    assert voice.asked == asked
    assert speaking.unix_s - answered.unix_s < 0.05


async def test_a_call_that_is_over_holds_no_sound(autojump_clock: MockClock) -> None:
    async with open_office(phone=RINGS, **RINGS_ON) as office:
        sounds = office.switchboard.services.sounds
        await trio.sleep(1)
        held_bytes = sounds.held_bytes
        call = await ringing(office)
        await trio.sleep(1)
        assert sounds.holds(MESSAGE)
        await office.switchboard.end(call.notes.record.call_id)

        assert not sounds.holds(MESSAGE)
        assert sounds.held_bytes == held_bytes


@pytest.mark.parametrize("is_protected", [True, False])
async def test_words_over_a_greeting_are_answered_and_cut_only_one_that_is_not_protected(
    *, is_protected: bool, autojump_clock: MockClock
) -> None:
    steps = [{"say": "What time is it?", "when": "agent-speaks", "after_ms": 300}]

    async with open_office(
        phone={"steps": steps},
        hears=("what time is it",),
        agent=ScriptedAgent("It is noon."),
        turn={"protect_greeting": is_protected},
    ) as office:
        await office.wait_over(await office.call(MESSAGE))

    (_, greeting, was_cut), *_ = [said for said in office.said if said[0] == "bot"]
    assert was_cut is not is_protected
    assert (greeting == MESSAGE) is is_protected
    assert ("user", "what time is it", False) in office.said
    assert office.said[-1] == ("bot", "It is noon.", False)
