"""Whole calls over the mock carrier when the daemon or a voice fails."""

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from tests.exchange.one_phone import one_phone, outcome
from tests.fakes.daemon import FakeDaemon, Told, hang_up, open_exchange, place
from tests.fakes.voice import ToneVoice
from voicecalld.errors import CarrierError
from voicecalld.ids import PhoneNumber
from voicecalld.phone_settings import PhoneSettings, Step
from voicecalld.provider.base import Acknowledge, RejectCall
from voicecalld.provider.http import Reply


@pytest.mark.parametrize(
    ("answer", "end"),
    [
        (Acknowledge(), "ended completed"),
        (RejectCall(), "ended busy"),
        (Reply(status=500), "ended failed"),
        (Reply(status=404, body=b"{}"), "ended failed"),
        (Reply(body=b'{"do":"connect"}'), "ended failed"),
        (Reply(body=b"<Response/>"), "ended failed"),
    ],
)
async def test_a_call_that_is_not_connected_ends(
    autojump_clock: MockClock, answer: Acknowledge | RejectCall | Reply, end: str
) -> None:
    daemon = FakeDaemon(answers={"answered": answer})

    await outcome(daemon, PhoneSettings())

    assert daemon.story == ["ringing", "answered", end]
    assert daemon.streams == []


async def test_a_daemon_that_fails_at_a_webhook_hurts_no_other_line(
    autojump_clock: MockClock,
) -> None:
    other = PhoneNumber("+15550009")

    async def fail_for_one(told: Told) -> None:
        if told.report.to == other and told.words != "ringing":
            raise RuntimeError("a bug in the daemon")

    daemon = FakeDaemon(before_reply=fail_for_one)
    async with open_exchange(daemon) as exchange:
        unlucky = await place(exchange, to=other, max_duration_s=5.0)
        lucky = await place(exchange, max_duration_s=5.0)
        await trio.sleep(60)

    assert daemon.story_of(unlucky) == ["ringing", "answered", "ended failed"]
    assert daemon.story_of(lucky) == ["ringing", "answered", "ended timeout"]


async def test_a_daemon_that_never_answers_a_webhook_loses_the_call(
    autojump_clock: MockClock,
) -> None:
    async def hang_at_answer(told: Told) -> None:
        if told.words == "answered":
            await trio.sleep_forever()

    daemon = FakeDaemon(before_reply=hang_at_answer)

    await outcome(daemon, PhoneSettings())

    assert daemon.story_with_times[-1] == (1.7 + 15.0, "ended failed")


async def test_a_stream_that_fails_leaves_the_line_up_until_its_end(
    autojump_clock: MockClock,
) -> None:
    async def fail(served: object) -> None:
        raise RuntimeError("a bug in the daemon")

    daemon = FakeDaemon(serve=fail)

    await outcome(daemon, PhoneSettings(), max_duration_s=60.0)

    assert daemon.story_with_times[-1] == (61.7, "ended timeout")


async def test_a_running_call_is_cut_off_when_the_exchange_stops(
    autojump_clock: MockClock,
) -> None:
    daemon = FakeDaemon()
    async with open_exchange(daemon) as exchange:
        call = await place(exchange)
        await trio.sleep(5)

    assert daemon.story == ["ringing", "answered"]
    # Nobody is there any more.
    with pytest.raises(CarrierError, match="503"):
        await place(exchange)
    assert await hang_up(exchange, call)


async def test_a_telephone_whose_voice_fails_is_not_answered(autojump_clock: MockClock) -> None:
    daemon = FakeDaemon()
    phone = PhoneSettings(steps=(Step(say="hello"),))
    async with open_exchange(daemon, one_phone(phone), ToneVoice(fails_on=("hello",))) as exchange:
        await place(exchange)
        await trio.sleep(60)

    assert daemon.story == ["ringing", "ended failed"]


async def test_a_slow_voice_makes_the_telephone_ring_longer(autojump_clock: MockClock) -> None:
    daemon = FakeDaemon()
    phone = PhoneSettings(steps=(Step(say="hello"), Step(say="goodbye")))
    async with open_exchange(daemon, one_phone(phone), ToneVoice(delay_s=2.0)) as exchange:
        await place(exchange)
        await trio.sleep(5)

    assert daemon.story_with_times[:2] == [(0.2, "ringing"), (4.2, "answered")]
