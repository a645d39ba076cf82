"""A live transcription over sockets in memory, in virtual time."""

import pytest
import trio
import trio.testing

from tests.speech.live_service import SECOND, Service, build, hear, say
from tests.speech.test_deepgram_nova import result
from voicecalld.speech.base import Heard
from voicecalld.speech.deepgram_nova import CLOSE_STREAM, FINALIZE, KEEP_ALIVE
from voicecalld.speech.live import open_live


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


async def test_a_service_that_has_heard_nothing_in_a_noise_tells_of_no_words(
    autojump_clock: trio.testing.MockClock,
) -> None:
    service = Service()
    async with open_live(build(service)) as live:
        say(live, 1)
        service.sockets[0].to_tell.send_nowait(result("", 0, 0.6, speech_final=True))

        assert await hear(live, 1) == [Heard(utterance=1, text="")]


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


async def test_what_the_block_raises_comes_out_as_it_is(
    autojump_clock: trio.testing.MockClock,
) -> None:
    with pytest.raises(KeyError):
        async with open_live(build(Service())):
            raise KeyError


async def test_what_the_block_raises_comes_out_as_it_is_although_the_call_is_cancelled(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def end_badly(call: trio.CancelScope) -> None:
        async with open_live(build(Service())):
            call.cancel()
            raise KeyError

    with trio.CancelScope() as call, pytest.raises(KeyError):
        await end_badly(call)


async def test_of_a_call_that_ends_all_is_told_that_is_known(
    autojump_clock: trio.testing.MockClock,
) -> None:
    service = Service()
    async with open_live(build(service)) as live:
        say(live, 1)
        service.sockets[0].to_tell.send_nowait(result("on", 0, 0.5, is_final=False))
        await trio.testing.wait_all_tasks_blocked()
        say(live, 2)

    assert [one async for one in live.results()] == [Heard(utterance=1, text="on")]
