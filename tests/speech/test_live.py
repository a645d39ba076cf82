"""A live transcription over sockets in memory, in virtual time."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import trio
import trio.testing
from structlog.testing import capture_logs

from tests.speech.test_deepgram_nova import result
from voicecalld.errors import HopelessServiceError, ServiceError
from voicecalld.speech.base import Heard
from voicecalld.speech.deepgram_flux import FluxDialogue
from voicecalld.speech.deepgram_nova import CLOSE_STREAM, FINALIZE, KEEP_ALIVE, NovaDialogue
from voicecalld.speech.dialogue import NO_WORDS_S, Message
from voicecalld.speech.live import STEADY_S, LiveTranscription, open_live
from voicecalld.speech.live_connection import MOST_UNSENT_BYTES

SECOND = b"\x10" * 8000


class MemorySocket:
    """Keeps what is sent; tells what it is told to."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.is_stuck = False
        self.to_tell, self.told = trio.open_memory_channel[Message](100)

    async def send(self, message: Message) -> None:
        await trio.lowlevel.checkpoint()
        if self.is_stuck:
            await trio.sleep_forever()
        self.sent.append(message)

    async def receive(self) -> Message:
        try:
            return await self.told.receive()
        except trio.EndOfChannel:
            raise ServiceError("cut") from None


@dataclass
class Service:
    """Gives a socket for each connection, after the *refusals*."""

    refusals: list[ServiceError] = field(default_factory=list)
    sockets: list[MemorySocket] = field(default_factory=list)

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[MemorySocket, None]:
        await trio.lowlevel.checkpoint()
        if self.refusals:
            raise self.refusals.pop(0)
        self.sockets.append(MemorySocket())
        yield self.sockets[-1]


def build(service: Service, longest_session_s: float = 600.0) -> LiveTranscription:
    return LiveTranscription(
        service.connect, NovaDialogue, preroll_bytes=3, longest_session_s=longest_session_s
    )


def say(live: LiveTranscription, utterance: int) -> None:
    live.begin()
    live.feed(SECOND)
    live.commit(utterance)


async def hear(live: LiveTranscription, count: int) -> Sequence[Heard]:
    results = live.results()
    return [await anext(results) for _ in range(count)]


async def test_only_utterances_and_what_was_just_before_are_sent(
    autojump_clock: trio.testing.MockClock,
) -> None:
    service = Service()
    async with open_live(build(service)) as live:
        live.feed(b"....abc")
        live.begin()
        live.begin()
        live.feed(b"de")
        live.discard()
        live.feed(b"f")
        live.begin()
        live.commit(1)
        await trio.testing.wait_all_tasks_blocked()

    sent = service.sockets[0].sent
    assert sent == [b"abc", b"de", FINALIZE, b"def", FINALIZE, CLOSE_STREAM]


async def test_a_silent_service_gives_no_words_in_time(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_live(build(Service())) as live:
        started_s = trio.current_time()
        say(live, 1)

        assert await hear(live, 1) == [Heard(utterance=1, text="")]
        assert trio.current_time() - started_s == pytest.approx(NO_WORDS_S)


async def test_words_are_told_while_they_are_said_and_each_guess_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    service = Service()
    async with open_live(build(service)) as live:
        tell = service.sockets[0].to_tell.send_nowait
        live.begin()
        live.feed(SECOND)
        guesses: list[Heard] = []
        for text in ("", "I", "I", "I want"):
            tell(result(text, 0, 1, is_final=False))
            with trio.move_on_after(1):
                guesses += await hear(live, 1)
        live.commit(1)
        tell(result("I want it.", 0, 1))

        assert guesses == [
            Heard(utterance=1, text="I", is_final=False),
            Heard(utterance=1, text="I want", is_final=False),
        ]
        assert await hear(live, 1) == [Heard(utterance=1, text="I want it.")]


async def test_words_of_the_utterance_before_that_come_late_or_twice_are_no_guess(
    autojump_clock: trio.testing.MockClock,
) -> None:
    service = Service()
    async with open_live(build(service)) as live:
        tell = service.sockets[0].to_tell.send_nowait
        say(live, 1)
        tell(result("one", 0, 1))
        assert await hear(live, 1) == [Heard(utterance=1, text="one")]
        live.begin()
        live.feed(SECOND)
        for text in ("one", "one more"):
            tell(result(text, 0, 1))
            tell(result(text, 0, 1, is_final=False))
        tell(result("two", 1, 2, is_final=False))

        assert await hear(live, 1) == [Heard(utterance=2, text="two", is_final=False)]


async def test_what_is_committed_is_guessed_at_until_it_is_known(
    autojump_clock: trio.testing.MockClock,
) -> None:
    service = Service()
    async with open_live(build(service)) as live:
        tell = service.sockets[0].to_tell.send_nowait
        say(live, 1)
        tell(result("on", 0, 1, is_final=False))
        assert await hear(live, 1) == [Heard(utterance=1, text="on", is_final=False)]
        tell(result("one", 0, 1))

        assert await hear(live, 1) == [Heard(utterance=1, text="one")]


async def test_while_nothing_is_said_the_connection_is_kept(
    autojump_clock: trio.testing.MockClock,
) -> None:
    service = Service()
    async with open_live(build(service)):
        await trio.sleep(9)

    assert service.sockets[0].sent == [KEEP_ALIVE, KEEP_ALIVE, CLOSE_STREAM]


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
    assert [log["log_level"] for log in logs] == ["warning"]


async def test_a_connection_is_opened_anew_twice_and_every_commit_is_answered_first(
    autojump_clock: trio.testing.MockClock,
) -> None:
    service = Service()
    async with open_live(build(service)) as live:
        for number in range(3):
            say(live, number)
            await trio.testing.wait_all_tasks_blocked()
            service.sockets[-1].to_tell.close()
            await trio.sleep(1)

        assert [one.utterance for one in await hear(live, 3)] == [0, 1, 2]
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


async def test_a_session_is_renewed_when_it_is_old_but_not_in_an_utterance(
    autojump_clock: trio.testing.MockClock,
) -> None:
    service = Service()
    async with open_live(build(service, longest_session_s=5)) as live:
        live.begin()
        live.feed(SECOND)
        await trio.sleep(30)
        assert len(service.sockets) == 1
        live.commit(1)
        service.sockets[0].to_tell.send_nowait(result("one", 0, 1))
        assert await hear(live, 1) == [Heard(utterance=1, text="one")]
        await trio.sleep(4.5)

        assert len(service.sockets) == 2


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
    live = LiveTranscription(service.connect, FluxDialogue, preroll_bytes=3)

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

        assert [one.text for one in await hear(live, 2)] == ["", ""]


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


async def test_what_the_block_raises_comes_out_as_it_is(
    autojump_clock: trio.testing.MockClock,
) -> None:
    with pytest.raises(KeyError):
        async with open_live(build(Service())):
            raise KeyError


async def test_a_call_that_ends_leaves_no_commit_without_an_answer(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_live(build(Service())) as live:
        say(live, 1)

    assert [one async for one in live.results()] == [Heard(utterance=1, text="")]
