"""Several WebSockets to ElevenLabs, which are needed as calls speak at the same moment."""

from contextlib import AsyncExitStack, aclosing

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from tests.services.elevenlabs import MOST_CONTEXTS, SocketServer
from tests.services.speech_faults import Faults
from tests.speech.elevenlabs_voice import SOUND_BYTES, TEXT, said, speaking
from voicecalld.errors import ServiceError
from voicecalld.speech.elevenlabs_lines import IDLE_S
from voicecalld.speech.elevenlabs_synthesizer import ElevenLabsSynthesizer

pytestmark = pytest.mark.usefixtures("unhurried")


async def say_at_once(
    synthesizer: ElevenLabsSynthesizer, server: SocketServer, count: int
) -> list[int]:
    """The bytes of sound of each of *count* texts, none of which ends before all have begun."""
    server.go_on = trio.Event()
    before = len(server.texts)
    sounds: list[int] = []

    async def say() -> None:
        sounds.append(len(await said(synthesizer)))

    async with trio.open_nursery() as nursery:
        for _ in range(count):
            nursery.start_soon(say)
        await server.until(lambda: len(server.texts) == before + count)
        server.go_on.set()
    return sounds


async def test_a_text_that_finds_the_socket_full_opens_another_and_does_not_wait() -> None:
    async with speaking() as (synthesizer, server):
        sounds = await say_at_once(synthesizer, server, 2 * MOST_CONTEXTS + 1)

        assert sounds == [SOUND_BYTES] * (2 * MOST_CONTEXTS + 1)
        assert server.opened == 3


async def test_when_there_may_be_no_more_sockets_a_text_waits_for_its_place() -> None:
    most = 2 * MOST_CONTEXTS
    async with speaking(most_lines=2) as (synthesizer, server):
        server.go_on = trio.Event()
        async with trio.open_nursery() as nursery:
            for _ in range(most + 1):
                nursery.start_soon(said, synthesizer)
            await server.until(lambda: len(server.texts) == most)
            await trio.testing.wait_all_tasks_blocked(0.01)
            assert len(server.texts) == most
            server.go_on.set()

        assert len(server.texts) == most + 1
        assert server.opened == 2


async def test_a_fault_of_one_socket_is_not_heard_by_those_who_speak_over_another() -> None:
    async with speaking() as (synthesizer, server), AsyncExitStack() as stack:
        server.go_on = trio.Event()
        sounds = [
            await stack.enter_async_context(aclosing(synthesizer.synthesize(TEXT)))
            for _ in range(MOST_CONTEXTS)
        ]
        heard = [await anext(sound) for sound in sounds]
        server.faults, server.garbage = Faults(), ({"error": "system_busy"},)

        with pytest.raises(ServiceError, match="system_busy"):
            await said(synthesizer)

        server.go_on.set()
        heard += [chunk for sound in sounds async for chunk in sound]
        assert sum(len(chunk.audio) for chunk in heard) == MOST_CONTEXTS * SOUND_BYTES


async def test_a_socket_without_a_text_for_a_minute_is_closed_but_for_the_first(
    mock_clock: MockClock,
) -> None:
    mock_clock.rate = 1.0  # for goodbyes, which are waited for a moment
    async with speaking() as (synthesizer, server):
        await say_at_once(synthesizer, server, MOST_CONTEXTS + 1)
        mock_clock.jump(IDLE_S - 30)
        await trio.testing.wait_all_tasks_blocked()
        assert server.sockets == 2

        mock_clock.jump(31)
        await server.until(lambda: server.sockets == 1)

        assert len(await said(synthesizer)) == SOUND_BYTES
        assert server.opened == 2


async def test_a_socket_that_is_needed_again_within_a_minute_stays_open(
    mock_clock: MockClock,
) -> None:
    mock_clock.rate = 1.0  # for goodbyes, which are waited for a moment
    async with speaking() as (synthesizer, server):
        for _ in range(3):
            await say_at_once(synthesizer, server, MOST_CONTEXTS + 1)
            mock_clock.jump(IDLE_S - 30)
            await trio.testing.wait_all_tasks_blocked()

        assert (server.sockets, server.opened) == (2, 2)


async def test_a_socket_that_was_closed_is_opened_again_when_it_is_needed(
    mock_clock: MockClock,
) -> None:
    mock_clock.rate = 1.0  # for goodbyes, which are waited for a moment
    async with speaking() as (synthesizer, server):
        await say_at_once(synthesizer, server, MOST_CONTEXTS + 1)
        mock_clock.jump(IDLE_S + 1)

        sounds = await say_at_once(synthesizer, server, MOST_CONTEXTS + 1)

        assert sounds == [SOUND_BYTES] * (MOST_CONTEXTS + 1)
        assert server.opened == 3
