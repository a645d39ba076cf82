"""Whole calls over the mock carrier that a telephone of it places."""

from pathlib import Path

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from tests.fakes.daemon import (
    CALLED,
    CALLER,
    PROOF,
    WEBHOOK_URL,
    FakeDaemon,
    Told,
    build_exchange,
    open_exchange,
)
from voicecalld.errors import BadScriptError, CarrierError
from voicecalld.exchange.exchange import RingOrder
from voicecalld.phone_settings import PhoneScript
from voicecalld.provider.base import Acknowledge, RejectCall
from voicecalld.provider.http import Reply

LISTEN = PhoneScript(hangs_up_after_ms=2000)


async def test_a_telephone_that_calls_is_announced_answered_and_heard(
    autojump_clock: MockClock,
) -> None:
    daemon = FakeDaemon()
    async with open_exchange(daemon) as exchange:
        result = await exchange.ring(RingOrder(from_=CALLER, to=CALLED, script=LISTEN))

    assert result.accepted
    assert result.reason == "hangup-user"
    assert daemon.story_with_times == [
        (0.0, "initiated"),
        (0.0, "answered"),
        (2.0, "ended hangup-user"),
    ]
    first = daemon.told[0].report
    assert (first.direction, first.call_id) == ("inbound", None)
    assert (first.from_, first.to) == (CALLER, CALLED)
    opened = daemon.streams[0].opened
    assert (opened.provider_call_id, opened.token) == (result.provider_call_id, PROOF)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(RejectCall(), "rejected"), (Acknowledge(), "completed"), (Reply(status=503), "failed")],
)
async def test_a_telephone_that_is_not_wanted_hears_nothing(
    autojump_clock: MockClock, answer: RejectCall | Acknowledge | Reply, reason: str
) -> None:
    daemon = FakeDaemon(answers={"initiated": answer})
    async with open_exchange(daemon) as exchange:
        result = await exchange.ring(RingOrder(from_=CALLER, to=CALLED, script=LISTEN))

    assert not result.accepted
    assert result.reason == reason
    assert len(daemon.story) == 2
    assert daemon.streams == []


async def test_a_caller_is_announced_at_the_address_that_the_exchange_was_given(
    autojump_clock: MockClock,
) -> None:
    daemon = FakeDaemon(answers={"initiated": RejectCall()})
    async with open_exchange(daemon) as exchange:
        await exchange.ring(RingOrder(from_=CALLER, to=CALLED, script=LISTEN))

    assert daemon.urls == {WEBHOOK_URL}


async def test_a_caller_who_is_cancelled_hangs_up(autojump_clock: MockClock) -> None:
    daemon = FakeDaemon()
    async with open_exchange(daemon) as exchange:
        with trio.move_on_after(1.0):
            await exchange.ring(RingOrder(from_=CALLER, to=CALLED, script=LISTEN))
        await trio.sleep(1.0)

    assert daemon.story_with_times[-1] == (1.0, "ended hangup-user")


async def test_a_caller_who_hangs_up_before_the_answer_is_not_connected(
    autojump_clock: MockClock,
) -> None:
    async def take_a_second(told: Told) -> None:
        await trio.sleep(1)

    daemon = FakeDaemon(before_reply=take_a_second)
    async with open_exchange(daemon) as exchange:
        with trio.move_on_after(0.5):
            await exchange.ring(RingOrder(from_=CALLER, to=CALLED, script=LISTEN))
        await trio.sleep(5)

    assert daemon.story == ["initiated", "ended hangup-user"]
    assert daemon.streams == []


async def test_a_caller_with_a_bad_script_never_rings(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    daemon = FakeDaemon()
    order = RingOrder(from_=CALLER, to=CALLED, script=LISTEN, record=tmp_path / "no" / "x.wav")

    async with open_exchange(daemon) as exchange:
        with pytest.raises(BadScriptError, match=r"record: .*folder does not exist"):
            await exchange.ring(order)

    assert daemon.story == []


async def test_nobody_can_call_through_an_exchange_that_does_not_run() -> None:
    exchange = build_exchange(FakeDaemon())

    with pytest.raises(CarrierError, match="not running"):
        await exchange.ring(RingOrder(from_=CALLER, to=CALLED, script=LISTEN))


async def test_a_call_that_the_exchange_cut_off_has_failed(autojump_clock: MockClock) -> None:
    exchange = build_exchange(FakeDaemon())
    results = []
    running = trio.CancelScope()

    async def run_for_a_while() -> None:
        with running:
            await exchange.run()

    async def ring() -> None:
        results.append(await exchange.ring(RingOrder(from_=CALLER, to=CALLED, script=LISTEN)))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(run_for_a_while)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(ring)
        await trio.sleep(1.0)
        running.cancel()

    assert [result.reason for result in results] == ["failed"]
