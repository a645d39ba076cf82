"""What a live transcription does about a service that fails, in virtual time."""

import pytest
import trio
import trio.testing
from structlog.testing import capture_logs

from tests.speech.finals import next_final
from tests.speech.live_service import SECOND, Service, build, hear, keep, say
from tests.speech.test_deepgram_nova import result
from voicecalld.errors import HopelessServiceError, ServiceError
from voicecalld.speech.base import Heard
from voicecalld.speech.deepgram_flux import FluxDialogue
from voicecalld.speech.dialogue import NO_WORDS_S
from voicecalld.speech.live import (
    LONGEST_WAIT_S,
    STEADY_S,
    LiveTranscription,
    open_live,
)
from voicecalld.speech.live_connection import MOST_UNSENT_BYTES


async def test_what_a_silent_service_does_not_tell_is_lost_and_not_taken_for_silence(
    autojump_clock: trio.testing.MockClock,
) -> None:
    service = Service()
    with capture_logs() as logs:
        async with open_live(build(service)) as live:
            started_s = trio.current_time()
            say(live, 1)
            say(live, 2)
            await trio.sleep(0.1)
            service.sockets[0].to_tell.send_nowait(result("two", 1, 2))

            assert await next_final(live.results()) == Heard(utterance=2, text="two")
            assert trio.current_time() - started_s == pytest.approx(NO_WORDS_S)
            await trio.sleep(1)
            assert len(service.sockets) == 1
    assert [(log["event"], log["provider"]) for log in logs] == [
        ("no words of an utterance in time", "deepgram")
    ]


async def test_a_connection_that_has_gone_silent_is_replaced_for_what_is_said_next(
    autojump_clock: trio.testing.MockClock,
) -> None:
    service = Service()
    with capture_logs() as logs:
        async with open_live(build(service)) as live, trio.open_nursery() as nursery:
            heard: list[Heard] = []
            nursery.start_soon(keep, live.results(), heard)
            for number in range(5):  # a connection that breaks so often is lost
                say(live, number)
                await trio.sleep(NO_WORDS_S + 1)
            say(live, 9)
            service.sockets[-1].to_tell.send_nowait(result("nine", 0, 1))
            await trio.sleep(1)
            nursery.cancel_scope.cancel()

    assert heard[-1] == Heard(utterance=9, text="nine")
    assert len(service.sockets) == 6
    assert [log["event"] for log in logs] == ["transcriber silent, opening it again"] * 5


async def test_a_new_connection_is_not_blamed_for_what_was_waited_for_before_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    service = Service()
    with capture_logs() as logs:
        async with open_live(build(service)) as live, trio.open_nursery() as nursery:
            nursery.start_soon(keep, live.results(), [])
            say(live, 1)
            await trio.sleep(0.1)
            service.opening_s = LONGEST_WAIT_S - 1
            service.sockets[0].to_tell.close()
            await trio.sleep(2 * LONGEST_WAIT_S)
            nursery.cancel_scope.cancel()

    assert len(service.sockets) == 2
    assert [log["event"] for log in logs] == [
        "transcriber lost, opening it again",
        "no words of an utterance in time",
    ]


async def test_after_a_lost_connection_what_was_not_answered_is_asked_again(
    autojump_clock: trio.testing.MockClock,
) -> None:
    service = Service()
    with capture_logs() as logs:
        async with open_live(build(service)) as live:
            say(live, 1)
            await trio.testing.wait_all_tasks_blocked()
            service.sockets[0].to_tell.close()
            await trio.testing.wait_all_tasks_blocked()
            live.begin()
            live.feed(SECOND)
            await trio.sleep(1)
            live.feed(SECOND)
            live.commit(2)
            service.sockets[1].to_tell.send_nowait(result("one", 0, 1))
            service.sockets[1].to_tell.send_nowait(result("two", 1, 3))

            assert [one.text for one in await hear(live, 2)] == ["one", "two"]
    assert [(log["log_level"], log["provider"], log["reason"]) for log in logs] == [
        ("warning", "deepgram", "cut")
    ]


async def test_a_connection_is_opened_anew_twice_and_what_was_known_is_told_first(
    autojump_clock: trio.testing.MockClock,
) -> None:
    service = Service()
    async with open_live(build(service)) as live:
        for number in range(3):
            say(live, number)
            known = result(f"word {number}", number, number + 0.5, is_final=False)
            service.sockets[-1].to_tell.send_nowait(known)
            await trio.testing.wait_all_tasks_blocked()
            service.sockets[-1].to_tell.close()
            await trio.sleep(1)

        assert [one.text for one in await hear(live, 3)] == ["word 0", "word 1", "word 2"]
        with pytest.raises(ServiceError, match="cut"):
            await hear(live, 1)
    assert len(service.sockets) == 3


async def test_a_long_call_outlives_breaks_that_are_far_apart(
    autojump_clock: trio.testing.MockClock,
) -> None:
    service = Service()
    async with open_live(build(service)) as live:
        for _ in range(5):
            await trio.sleep(STEADY_S)
            service.sockets[-1].to_tell.close()
            await trio.sleep(1)
        say(live, 1)
        service.sockets[-1].to_tell.send_nowait(result("one", 0, 1))

        assert await hear(live, 1) == [Heard(utterance=1, text="one")]


async def test_a_service_that_does_not_read_keeps_nobody_waiting(
    autojump_clock: trio.testing.MockClock,
) -> None:
    service = Service()
    async with open_live(build(service)) as live:
        service.sockets[0].is_stuck = True
        live.begin()
        live.feed(bytes(MOST_UNSENT_BYTES + 1))
        await trio.sleep(1)

        assert len(service.sockets) == 2


async def test_a_service_that_is_not_ready_in_time_is_tried_thrice(
    autojump_clock: trio.testing.MockClock,
) -> None:
    service = Service()
    live = LiveTranscription(service.connect, FluxDialogue, provider="deepgram", preroll_bytes=3)

    with pytest.raises(ServiceError, match="does not begin in time"):
        async with open_live(live):
            raise AssertionError
    assert len(service.sockets) == 3


async def test_what_is_said_without_a_connection_is_not_waited_for_for_ever(
    autojump_clock: trio.testing.MockClock,
) -> None:
    service = Service()
    async with open_live(build(service)) as live:
        service.sockets[0].to_tell.close()
        await trio.testing.wait_all_tasks_blocked()
        live.begin()
        live.feed(SECOND)
        live.discard()
        say(live, 1)
        live.commit(2)

        assert await hear(live, 1) == [Heard(utterance=2, text="")]


async def test_endless_garbage_ends_the_connection(
    autojump_clock: trio.testing.MockClock,
) -> None:
    service = Service()
    async with open_live(build(service)):
        for _ in range(30):
            service.sockets[0].to_tell.send_nowait("garbage")
        await trio.sleep(1)

        assert len(service.sockets) == 2


async def test_a_refusal_that_will_stay_is_not_tried_again(
    autojump_clock: trio.testing.MockClock,
) -> None:
    service = Service(refusals=[HopelessServiceError("no"), ServiceError("unused")])

    with pytest.raises(HopelessServiceError):
        async with open_live(build(service)):
            raise AssertionError
    assert len(service.refusals) == 1
