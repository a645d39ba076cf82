"""ElevenLabs' WebSocket, well and badly, on real sockets."""

from contextlib import aclosing

import pytest
import trio
import trio.testing

from tests.fakes.speech_fakes import hum
from tests.services import elevenlabs
from tests.services.speech_faults import MP3, WELL, Faults, When
from tests.speech.elevenlabs_voice import SOUND_BYTES, TEXT, chunks, said, speaking
from voicecalld.audio.words import SpokenWord
from voicecalld.errors import HopelessServiceError, ServiceError, UnreachableServiceError
from voicecalld.speech import elevenlabs_socket
from voicecalld.speech.elevenlabs_synthesizer import open_elevenlabs_synthesizer, voice_url

pytestmark = pytest.mark.usefixtures("unhurried")


async def test_words_come_with_the_time_of_their_last_character() -> None:
    async with speaking() as (synthesizer, _):
        sound = await chunks(synthesizer, "good morning")

    assert [word for chunk in sound for word in chunk.words] == [
        SpokenWord(end=4, end_s=0.2),
        SpokenWord(end=12, end_s=0.35 + 0.25),
    ]


async def test_texts_share_one_socket_that_is_open_before_the_first() -> None:
    async with speaking() as (synthesizer, server):
        await server.until(lambda: server.sockets == 1)

        async with trio.open_nursery() as nursery:
            for _ in range(elevenlabs.MOST_CONTEXTS):
                nursery.start_soon(said, synthesizer)

        assert len(server.texts) == elevenlabs.MOST_CONTEXTS
        assert server.opened == 1


async def test_at_the_end_the_socket_is_closed() -> None:
    async with speaking() as (synthesizer, server):
        await said(synthesizer)
        synthesizer.lines.nursery.cancel_scope.cancel()

        await server.until(lambda: server.sockets == 0)


async def test_an_interruption_closes_the_context_and_its_late_sound_is_dropped() -> None:
    async with speaking() as (synthesizer, server):
        server.go_on = trio.Event()
        async with aclosing(synthesizer.synthesize(TEXT)) as sound:
            await anext(sound)
        # Once behind the text, and once more because nobody listens to what is left of it.
        await server.until(lambda: server.closed == ["t1", "t1"])
        server.go_on.set()

        assert await said(synthesizer, "good") == hum(0, 400 * 5)
        assert server.opened == 1


async def test_what_nobody_listens_to_has_its_place_until_the_service_has_done_with_it() -> None:
    async with speaking(most_lines=1) as (synthesizer, server):
        server.go_on = trio.Event()
        for _ in range(elevenlabs.MOST_CONTEXTS):
            async with aclosing(synthesizer.synthesize(TEXT)) as sound:
                await anext(sound)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(said, synthesizer)
            await server.until(lambda: len(server.closed) == 2 * elevenlabs.MOST_CONTEXTS)
            await trio.testing.wait_all_tasks_blocked(0.01)
            assert len(server.texts) == elevenlabs.MOST_CONTEXTS
            server.go_on.set()

        assert len(server.texts) == elevenlabs.MOST_CONTEXTS + 1


async def test_a_text_that_is_given_up_before_it_is_asked_for_keeps_no_place() -> None:
    async with speaking(most_lines=1) as (synthesizer, server):
        await said(synthesizer)
        for checkpoints in range(10):
            with trio.CancelScope() as patience:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(said, synthesizer)
                    for _ in range(checkpoints):
                        await trio.lowlevel.checkpoint()
                    patience.cancel()
        with trio.fail_after(30):
            for _ in range(elevenlabs.MOST_CONTEXTS):
                await synthesizer.lines.places.acquire_on_behalf_of(object())

        assert server.opened == 1


async def test_a_place_is_not_lost_to_a_service_that_does_not_say_its_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(elevenlabs_socket, "STOP_S", 0.0)
    async with speaking(Faults(stall=When.IN_THE_MIDDLE, times=5)) as (synthesizer, server):
        for _ in range(elevenlabs.MOST_CONTEXTS):
            async with aclosing(synthesizer.synthesize(TEXT)) as sound:
                await anext(sound)

        # The service counts them still, and closes its socket for one more.
        with pytest.raises(ServiceError):
            await said(synthesizer)
        assert len(await said(synthesizer)) == SOUND_BYTES
        assert server.opened == 2


async def test_who_still_listens_when_the_socket_is_given_up_is_told() -> None:
    async with speaking() as (synthesizer, server):
        server.go_on = trio.Event()
        with trio.fail_after(30, shield=True):
            async with aclosing(synthesizer.synthesize(TEXT)) as sound:
                await anext(sound)
                synthesizer.lines.nursery.cancel_scope.cancel()

                with pytest.raises(ServiceError, match="has not answered"):
                    await anext(sound)


ERROR = {"error": "voice_not_found", "message": TEXT, "contextId": "t1"}


@pytest.mark.parametrize(
    ("faults", "garbage", "why"),
    [
        (Faults(reset=When.AT_ONCE), (), "is closed: 1011"),
        (Faults(reset=When.IN_THE_MIDDLE), (), "is closed: 1011"),
        (Faults(body=b""), (), "gave no sound"),
        (Faults(body=MP3), (), "gave MP3"),
        (Faults(body=b'{"detail": "no"}'), (), "gave JSON"),
        (Faults(is_endless=True), (), "far more sound"),
        (Faults(), ("no JSON",), "sent no JSON"),
        (Faults(), ([],), "JSON that is no object"),
        (Faults(), ({"audio": "!", "contextId": "t1"},), "not base64"),
        (Faults(), (ERROR,), "failed: voice_not_found: check tts.elevenlabs.voice_id$"),
        (
            Faults(),
            ('{"error": "system_busy", "contextId": "CONTEXT"}',),
            "failed: system_busy$",
        ),
        (Faults(), ({"error": f"No. {TEXT}"},), "failed: an error$"),
        (Faults(), ({"error": "quota_exceeded"},), "has used up its quota$"),
    ],
)
async def test_a_bad_answer_is_an_error_with_a_reason_and_without_our_words(
    faults: Faults, garbage: tuple[object, ...], why: str
) -> None:
    async with speaking(faults, *garbage) as (synthesizer, server):
        with pytest.raises(ServiceError, match=why) as refused:
            await said(synthesizer)

        assert len(server.texts) == 1  # who asks for sound asks again, or does not
        assert elevenlabs.API_KEY not in str(refused.value)
        assert "secret" not in str(refused.value)
        server.faults, server.garbage = WELL, ()
        assert len(await said(synthesizer)) == SOUND_BYTES


async def test_a_socket_that_breaks_is_replaced_for_the_next_text() -> None:
    async with speaking(Faults(times=1, reset=When.AT_ONCE)) as (synthesizer, server):
        with pytest.raises(ServiceError):
            await said(synthesizer)
        assert len(await said(synthesizer)) == SOUND_BYTES

        assert server.opened == 2


@pytest.mark.parametrize("when", [When.AT_ONCE, When.IN_THE_MIDDLE])
async def test_a_socket_that_says_nothing_for_long_is_given_up_with_its_text(
    monkeypatch: pytest.MonkeyPatch, when: When
) -> None:
    monkeypatch.setattr(elevenlabs_socket, "SUSPICIOUS_S", -1.0)
    async with speaking(Faults(stall=when)) as (synthesizer, server):
        with trio.CancelScope() as patience:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(said, synthesizer)
                await server.until(lambda: len(server.closed) == 1)
                patience.cancel()
        await server.until(lambda: server.sockets == 0)
        server.faults = WELL

        assert len(await said(synthesizer)) == SOUND_BYTES
        assert server.opened == 2


@pytest.mark.parametrize(("status", "error"), [(401, HopelessServiceError), (503, ServiceError)])
async def test_a_refused_socket_is_an_error_of_each_text_not_of_the_daemon(
    status: int, error: type[ServiceError]
) -> None:
    async with elevenlabs.open_elevenlabs_socket() as server:
        server.refuses = status
        async with open_elevenlabs_synthesizer(
            api_key=elevenlabs.API_KEY,
            voice_id=elevenlabs.VOICE_ID,
            model_id="eleven_flash_v2_5",
            base_url=server.url,
        ) as synthesizer:
            with pytest.raises(error, match=str(status)):
                await said(synthesizer)
            await synthesizer.warm()
            server.refuses = 0

            assert len(await said(synthesizer)) == SOUND_BYTES


async def test_without_a_service_only_the_texts_fail() -> None:
    async with elevenlabs.open_elevenlabs_socket() as server:
        url = server.url

    async with open_elevenlabs_synthesizer(
        api_key="k", voice_id="v", model_id="m", base_url=url
    ) as synthesizer:
        for _ in range(2):
            with pytest.raises(UnreachableServiceError):
                await said(synthesizer)


@pytest.mark.parametrize("text", ["\U0001f600 \U0001f44d", "** __ **", "...", "\n"])
async def test_a_text_without_words_is_not_asked_for(text: str) -> None:
    async with speaking() as (synthesizer, server):
        assert await said(synthesizer, text) == b""

        assert server.texts == []


async def test_ten_mebibytes_of_text_are_refused_before_anybody_bills_them() -> None:
    async with speaking() as (synthesizer, server):
        with pytest.raises(HopelessServiceError, match="exceeds 131072 characters"):
            await said(synthesizer, "word " * (2 << 20))

        assert server.texts == []


async def test_an_endless_sentence_is_asked_for_in_pieces() -> None:
    async with speaking() as (synthesizer, server):
        sound = await chunks(synthesizer, "a" * 2500)

    assert len(server.texts) == 3
    assert sum(len(chunk.audio) for chunk in sound) == 400 * (2500 + 3)
    # The end of a piece is taken for the end of a word, of which there are more than enough.
    assert [word.end for chunk in sound for word in chunk.words] == [1000, 2000, 2500]


@pytest.mark.parametrize("base", ["https://x.test", "https://x.test/", "https://x.test/v1/"])
def test_a_base_may_name_the_version(base: str) -> None:
    assert voice_url(base, "a/b") == "https://x.test/v1/text-to-speech/a%2Fb"
