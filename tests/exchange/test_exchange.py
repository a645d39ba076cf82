"""Whole calls over the mock carrier: what the daemon is told, and when."""

import json
from pathlib import Path

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from tests.exchange.one_phone import one_phone, outcome
from tests.fakes.daemon import (
    CALLED,
    CALLER,
    FakeDaemon,
    Told,
    hang_up,
    open_exchange,
    place,
    press,
)
from voicecalld.errors import CarrierError
from voicecalld.phone_settings import PhoneSettings, Step
from voicecalld.provider.http import HttpRequest
from voicecalld.provider.stream import StreamStopped
from voicecalld.settings import MockSettings

# --- how a placed call begins and ends ------------------------------------------------


async def test_a_telephone_rings_is_answered_and_stays_until_the_longest_duration(
    autojump_clock: MockClock,
) -> None:
    daemon = FakeDaemon()

    await outcome(daemon, PhoneSettings(), max_duration_s=60.0)

    assert daemon.story_with_times == [
        (0.2, "ringing"),
        (1.7, "answered"),
        (61.7, "ended timeout"),
    ]


async def test_every_webhook_is_about_the_call_that_was_placed(autojump_clock: MockClock) -> None:
    daemon = FakeDaemon()
    async with open_exchange(daemon) as exchange:
        call = await place(exchange)
        await trio.sleep(5)
        await hang_up(exchange, call)
        await trio.sleep(1)

    reports = [told.report for told in daemon.told]
    assert {report.provider_call_id for report in reports} == {call}
    assert {report.call_id for report in reports} == {"call-1"}
    assert {(report.from_, report.to) for report in reports} == {(CALLER, CALLED)}
    assert len(daemon.replay_keys) == len(reports) == 3


@pytest.mark.parametrize(
    ("phone", "story"),
    [
        (PhoneSettings(behaviour="busy"), [(0.2, "ended busy")]),
        (PhoneSettings(behaviour="no-answer"), [(0.2, "ringing"), (30.2, "ended no-answer")]),
        (
            PhoneSettings(behaviour="rejects", answers_after_ms=900),
            [(0.2, "ringing"), (1.1, "ended busy")],
        ),
        (PhoneSettings(answers_after_ms=30_000), [(0.2, "ringing"), (30.2, "ended no-answer")]),
        (
            PhoneSettings(answers_after_ms=0, hangs_up_after_ms=5000),
            [(0.2, "ringing"), (0.2, "answered"), (5.2, "ended hangup-user")],
        ),
        (
            PhoneSettings(behaviour="machine"),
            [(0.2, "ringing"), (1.7, "answered"), (31.7, "ended hangup-user")],
        ),
    ],
)
async def test_each_behaviour_has_its_webhooks(
    autojump_clock: MockClock, phone: PhoneSettings, story: list[tuple[float, str]]
) -> None:
    daemon = FakeDaemon()

    await outcome(daemon, phone)

    assert daemon.story_with_times == story


async def test_hanging_up_by_request_ends_the_call_with_reason_completed(
    autojump_clock: MockClock,
) -> None:
    daemon = FakeDaemon()
    async with open_exchange(daemon) as exchange:
        call = await place(exchange)
        await trio.sleep(3)

        assert await hang_up(exchange, call)
        await trio.sleep(1)

        assert daemon.story_with_times[-1] == (3.0, "ended completed")
        assert daemon.streams[0].heard[-1].event == StreamStopped()
        assert daemon.streams_done == 1


async def test_a_call_can_be_hung_up_while_it_rings(autojump_clock: MockClock) -> None:
    daemon = FakeDaemon()
    async with open_exchange(daemon) as exchange:
        call = await place(exchange)
        await trio.sleep(1)
        await hang_up(exchange, call)
        await trio.sleep(10)

    assert daemon.story_with_times == [(0.2, "ringing"), (1.0, "ended completed")]


async def test_a_call_can_be_hung_up_before_it_rings(autojump_clock: MockClock) -> None:
    daemon = FakeDaemon()
    async with open_exchange(daemon) as exchange:
        await hang_up(exchange, await place(exchange))
        await trio.sleep(10)

    assert daemon.story == ["ended completed"]


async def test_a_call_that_is_over_counts_as_hung_up_and_is_not_reported_again(
    autojump_clock: MockClock,
) -> None:
    daemon = FakeDaemon()
    async with open_exchange(daemon, one_phone(PhoneSettings(behaviour="busy"))) as exchange:
        call = await place(exchange)
        await trio.sleep(1)

        assert await hang_up(exchange, call)
        await trio.sleep(1)

    assert daemon.story == ["ended busy"]


async def test_a_hang_up_in_the_middle_of_a_webhook_lets_the_daemon_finish_it(
    autojump_clock: MockClock,
) -> None:
    finished = []

    async def take_a_second(told: Told) -> None:
        await trio.sleep(1)
        finished.append(told.words)

    daemon = FakeDaemon(before_reply=take_a_second)
    async with open_exchange(daemon, MockSettings(answers_after_ms=2000)) as exchange:
        call = await place(exchange)
        await trio.sleep(2.5)  # "answered" is being delivered since 2.2
        await hang_up(exchange, call)
        await trio.sleep(10)

    assert finished == ["ringing", "answered", "ended completed"]
    assert daemon.streams == []


async def test_both_sides_hanging_up_at_once_end_the_call_once(autojump_clock: MockClock) -> None:
    daemon = FakeDaemon()
    phone = PhoneSettings(answers_after_ms=0, hangs_up_after_ms=2000)
    async with open_exchange(daemon, one_phone(phone)) as exchange:
        call = await place(exchange)
        await trio.sleep(2.2)
        await hang_up(exchange, call)
        await trio.sleep(10)

    assert [words for words in daemon.story if words.startswith("ended")] == daemon.story[-1:]


# --- requests that cannot be obeyed ---------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "calls", 404),
        ("POST", "cables", 404),
        ("POST", "calls", 400),
        ("DELETE", "calls/mock-77", 404),
        ("POST", "calls/mock-77/digits", 400),
        ("DELETE", "calls/mock-77/digits", 404),
    ],
)
async def test_a_request_for_nothing_is_refused(method: str, path: str, status: int) -> None:
    async with open_exchange(FakeDaemon()) as exchange:
        response = await exchange.request(
            HttpRequest(method=method, url=f"mock://exchange/{path}")
        )

    assert response.status == status
    assert json.loads(response.body)["error"]


async def test_keys_can_be_pressed_only_while_somebody_is_on_the_line(
    autojump_clock: MockClock,
) -> None:
    async with open_exchange(FakeDaemon()) as exchange:
        call = await place(exchange)

        while_ringing = await press(exchange, call, "1")
        await trio.sleep(3)
        while_talking = await press(exchange, call, "1")
        await hang_up(exchange, call)
        await trio.sleep(10)
        after_the_end = await press(exchange, call, "1")

    assert (while_ringing, while_talking, after_the_end) == (409, 204, 404)


async def test_a_bad_script_refuses_the_call_before_anything_rings(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    daemon = FakeDaemon()
    missing = tmp_path / "hello.wav"
    phone = PhoneSettings(steps=(Step(say="hi"), Step(wav=str(missing))))

    async with open_exchange(daemon, one_phone(phone)) as exchange:
        with pytest.raises(CarrierError, match=r"422.*step 2: .*hello\.wav: No such file"):
            await place(exchange)
        await trio.sleep(60)

    assert daemon.story == []


# --- many -----------------------------------------------------------------------------


async def test_fifty_lines_are_held_at_once(autojump_clock: MockClock) -> None:
    daemon = FakeDaemon()
    async with open_exchange(daemon) as exchange:
        calls = [await place(exchange, max_duration_s=10.0) for _ in range(50)]
        await trio.sleep(60)

    assert len(set(calls)) == 50
    for call in calls:
        assert daemon.story_of(call) == ["ringing", "answered", "ended timeout"]
    # 10 s of frames on each line, spread over the wheel.
    assert {len(served.frames) for served in daemon.streams} <= {500, 501}
    assert daemon.streams_done == 50
