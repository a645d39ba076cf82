"""The live transcribers against their simulated services, over real sockets."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.lowlevel

from tests.services.deepgram_listen import open_deepgram
from tests.services.live_server import Diary, Faults
from tests.services.openai_realtime import open_openai_realtime
from tests.speech.finals import next_final
from voicecalld.audio.frame import MULAW_SILENCE
from voicecalld.errors import HopelessServiceError, ServiceError
from voicecalld.speech import live
from voicecalld.speech.base import Heard, Transcriber, Transcription
from voicecalld.speech.deepgram_transcriber import DeepgramTranscriber, build_url
from voicecalld.speech.openai_transcriber import OpenAITranscriber

SERVICES = ["nova-3", "flux-general-en", "openai"]
SPEECH = b"\x10" * 4000 + MULAW_SILENCE * 4000


pytestmark = pytest.mark.usefixtures("unhurried")


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real sockets have no virtual time."""
    monkeypatch.setattr(live, "REOPEN_PAUSE_S", 0.0)


@asynccontextmanager
async def open_service(
    name: str, *texts: str, faults: Faults
) -> AsyncGenerator[tuple[Transcriber, Diary], None]:
    if name == "openai":
        async with open_openai_realtime(*texts, faults=faults) as service:
            openai = OpenAITranscriber(
                api_key="key", model="m", language="en", preroll_ms=0, url=service.url
            )
            yield openai, service.diary
        return
    async with open_deepgram(*texts, faults=faults) as deepgram:
        transcriber = DeepgramTranscriber(
            api_key="key",
            model=name,
            language="en",
            preroll_ms=0,
            base_url=deepgram.base_url,
        )
        yield transcriber, deepgram.diary


async def say(transcription: Transcription, utterance: int) -> None:
    transcription.begin()
    for start in range(0, len(SPEECH), 160):
        transcription.feed(SPEECH[start : start + 160])
    await trio.lowlevel.checkpoint()
    transcription.commit(utterance)


async def hear_two(name: str, faults: Faults) -> list[str]:
    texts: list[str] = []
    async with (
        open_service(name, "one fish", "two fish", faults=faults) as (transcriber, _),
        transcriber.open() as transcription,
    ):
        results = transcription.results()
        for utterance in (1, 2):
            await say(transcription, utterance)
            heard = await next_final(results)
            assert heard.utterance == utterance
            texts.append(heard.text)
    return texts


@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize(
    "faults",
    [
        Faults(),
        Faults(doubled=True),
        Faults(garbage=True),
        Faults(delay_s=0.05),
        Faults(cuts=1),
        Faults(cuts=2),
        Faults(statuses=(429,)),
        Faults(statuses=(101, 500), cuts=1),
    ],
    ids=["well", "doubled", "garbage", "late", "cut", "cut-twice", "429", "cut-500"],
)
async def test_words_are_heard_whatever_goes_wrong(name: str, faults: Faults) -> None:
    assert await hear_two(name, faults) == ["one fish", "two fish"]


async def test_nova_s_results_out_of_order_are_put_in_order() -> None:
    assert await hear_two("nova-3", Faults(swapped=True)) == ["one fish", "two fish"]


async def test_openai_s_transcripts_out_of_order_are_put_in_order() -> None:
    async with (
        open_service("openai", "one", "two", faults=Faults(swapped=True)) as (transcriber, _),
        transcriber.open() as transcription,
    ):
        await say(transcription, 1)
        await say(transcription, 2)
        results = transcription.results()

        assert [(await next_final(results)).text for _ in range(2)] == ["one", "two"]


@pytest.mark.parametrize("name", SERVICES)
async def test_words_are_guessed_at_before_they_are_final(name: str) -> None:
    async with (
        open_service(name, "one fish", faults=Faults(delay_s=0.05)) as (transcriber, _),
        transcriber.open() as transcription,
    ):
        await say(transcription, 1)
        results = transcription.results()
        heard = [await anext(results)]
        while not heard[-1].is_final:
            heard.append(await anext(results))

    *guesses, last = heard
    assert transcriber.tells_early
    assert (last.utterance, last.text) == (1, "one fish")
    assert guesses
    assert all(one.utterance == 1 and "one fish".startswith(one.text) for one in guesses)


async def test_nova_tells_words_while_they_are_said() -> None:
    async with (
        open_service("nova-3", "one fish", faults=Faults()) as (transcriber, _),
        transcriber.open() as transcription,
    ):
        transcription.begin()
        results, texts = transcription.results(), ("one", "one fish")
        for text in texts:
            transcription.feed(b"\x10" * 2000)

            assert await anext(results) == Heard(utterance=1, text=text, is_final=False)


def test_a_model_without_deltas_does_not_tell_words_early() -> None:
    def build(model: str) -> OpenAITranscriber:
        return OpenAITranscriber(api_key="key", model=model, language="en", preroll_ms=0)

    assert not build("whisper-1").tells_early
    assert build("gpt-4o-transcribe").tells_early


@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize(
    ("status", "blamed"),
    [
        (401, r"check stt\.\w+\.api_key$"),
        (403, r"check stt\.\w+\.api_key$"),
        (400, r"check \[stt\.\w+\]$"),
        (404, r"check \[stt\.\w+\]$"),
    ],
)
async def test_a_refusal_names_what_to_check_and_is_not_tried_again(
    name: str, status: int, blamed: str
) -> None:
    faults = Faults(statuses=(status,))
    async with open_service(name, faults=faults) as (transcriber, diary):
        with pytest.raises(HopelessServiceError, match=blamed) as refusal:
            async with transcriber.open():
                raise AssertionError

        assert len(diary.requests) == 1
        assert "key (" not in str(refusal.value)


@pytest.mark.parametrize("name", SERVICES)
async def test_a_service_that_is_never_to_be_had_is_told(name: str) -> None:
    async with open_service(name, faults=Faults(statuses=(503,) * 9)) as (transcriber, diary):
        with pytest.raises(ServiceError, match="503"):
            async with transcriber.open():
                raise AssertionError

        assert len(diary.requests) == 3


@pytest.mark.parametrize("name", SERVICES)
async def test_a_cancelled_call_leaves_no_connection(name: str) -> None:
    async with open_service(name, faults=Faults()) as (transcriber, diary):
        with trio.CancelScope() as call:
            async with transcriber.open() as transcription:
                transcription.begin()
                call.cancel()
                await trio.sleep_forever()
        with trio.fail_after(30):
            await diary.emptied.wait()

        if name != "openai":
            assert {"type": "CloseStream"} in diary.messages


async def test_the_older_dialect_says_so_in_a_header() -> None:
    async with open_openai_realtime() as service:
        transcriber = OpenAITranscriber(
            api_key="key",
            model="m",
            language="en",
            preroll_ms=0,
            url=service.url,
            dialect="beta",
        )
        async with transcriber.open():
            pass

        assert service.diary.requests[0].headers["OpenAI-Beta"] == "realtime=v1"


async def test_the_keys_are_in_headers_only() -> None:
    async with open_service("nova-3", faults=Faults()) as (transcriber, diary):
        async with transcriber.open():
            pass

        assert diary.requests[0].headers["Authorization"] == "Token key"
        assert "key" not in diary.requests[0].path


def test_the_url_has_the_version_that_the_model_speaks() -> None:
    nova = build_url("https://host/", model="nova-3", language="en", keyterms=["a b", "c"])
    flux = build_url("wss://host", model="flux-general-en", language="en", keyterms=())

    assert nova.startswith("wss://host/v1/listen?model=nova-3&encoding=mulaw&sample_rate=8000&")
    assert nova.endswith("&language=en&keyterm=a+b&keyterm=c")
    assert flux.startswith("wss://host/v2/listen?model=flux-general-en&")
    assert "language" not in flux
