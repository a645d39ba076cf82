"""Whole calls over the mock carrier: what the daemon is told, and when."""

import json
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
    hang_up,
    open_exchange,
    place,
    press,
)
from tests.fakes.voice import ToneVoice
from voicecalld.errors import BadScriptError, CarrierError
from voicecalld.exchange.exchange import RingOrder
from voicecalld.ids import PhoneNumber
from voicecalld.phone_settings import PhoneScript, PhoneSettings, Step
from voicecalld.provider.base import Acknowledge, RejectCall, StreamStopped
from voicecalld.provider.http import HttpRequest, Reply
from voicecalld.settings import MockSettings

SOME_TIME_S = 400.0
LISTEN = PhoneScript(hangs_up_after_ms=2000)


def one_phone(phone: PhoneSettings) -> MockSettings:
    return MockSettings(phones={CALLED: phone})


async def outcome(
    daemon: FakeDaemon, phone: PhoneSettings, *, max_duration_s: float = 300.0
) -> None:
    """Place one call to *phone* and let it come to its end."""
    async with open_exchange(daemon, one_phone(phone)) as exchange:
        await place(exchange, max_duration_s=max_duration_s)
        await trio.sleep(SOME_TIME_S)


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


# --- the daemon's answers and failures ------------------------------------------------


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


# --- calls from a telephone -----------------------------------------------------------


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
