"""Every synthesizer over the network with every bad input, over real sockets."""

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Final

import pytest
import trio

from tests.services import deepgram_speak, elevenlabs, openai_speech
from tests.services.bad_input import (
    EMOJI,
    TEN_MEBIBYTES,
    Bad,
    Refused,
    leaving_nothing,
    missing_rows,
    patience_for,
    tells_no_secret,
)
from tests.services.speech_faults import MP3, WELL, Faults, When
from voicecalld.errors import HopelessServiceError, ServiceClosedError, ServiceError
from voicecalld.net.service_http import open_service_http
from voicecalld.speech import elevenlabs_socket
from voicecalld.speech.base import Synthesizer
from voicecalld.speech.deepgram_synthesizer import DeepgramSynthesizer
from voicecalld.speech.elevenlabs_synthesizer import (
    ElevenLabsHttpSynthesizer,
    open_elevenlabs_synthesizer,
)
from voicecalld.speech.openai_synthesizer import OpenAiSynthesizer

TEXT: Final = "My secret is safe with you."
KEYS: Final = (elevenlabs.API_KEY, openai_speech.API_KEY, deepgram_speak.API_KEY)
JSON: Final = b'{"error": {"message": "My secret", "code": "no_such_voice"}}'


@asynccontextmanager
async def open_elevenlabs_http(faults: Faults, _garbage: str) -> AsyncGenerator[Synthesizer, None]:
    async with (
        elevenlabs.open_elevenlabs_http() as server,
        open_service_http(most_at_once=2) as http,
    ):
        server.faults = faults
        yield ElevenLabsHttpSynthesizer(
            http=http,
            api_key=elevenlabs.API_KEY,
            voice_id=elevenlabs.VOICE_ID,
            model_id="m",
            base_url=server.url,
        )


@asynccontextmanager
async def open_elevenlabs_socket(
    faults: Faults, garbage: str
) -> AsyncGenerator[Synthesizer, None]:
    async with elevenlabs.open_elevenlabs_socket() as server:
        server.faults, server.garbage = faults, (garbage,) if garbage else ()
        server.refuses = 0 if faults.status == 200 else faults.status
        async with open_elevenlabs_synthesizer(
            api_key=elevenlabs.API_KEY,
            voice_id=elevenlabs.VOICE_ID,
            model_id="m",
            base_url=server.url,
        ) as synthesizer:
            yield synthesizer


@asynccontextmanager
async def open_openai(faults: Faults, _garbage: str) -> AsyncGenerator[Synthesizer, None]:
    async with (
        openai_speech.open_openai_speech() as server,
        open_service_http(most_at_once=2) as http,
    ):
        server.faults = faults
        yield OpenAiSynthesizer(
            http=http,
            api_key=openai_speech.API_KEY,
            model="m",
            voice="v",
            base_url=f"{server.url}/v1",
            pcm_rate_hz=openai_speech.RATE_HZ,
        )


@asynccontextmanager
async def open_deepgram(faults: Faults, _garbage: str) -> AsyncGenerator[Synthesizer, None]:
    async with (
        deepgram_speak.open_deepgram_speak() as server,
        open_service_http(most_at_once=2) as http,
    ):
        server.faults = faults
        yield DeepgramSynthesizer(
            http=http,
            api_key=deepgram_speak.API_KEY,
            model="aura-2-thalia-en",
            base_url=f"{server.url}/v1",
        )


OPEN: Final = {
    "elevenlabs over http": open_elevenlabs_http,
    "elevenlabs over a websocket": open_elevenlabs_socket,
    "openai": open_openai,
    "deepgram": open_deepgram,
}
SETTINGS: Final = {
    "elevenlabs over http": r"tts\.elevenlabs\.api_key",
    "elevenlabs over a websocket": r"tts\.elevenlabs\.api_key",
    "openai": r"tts\.openai\.api_key",
    "deepgram": r"tts\.deepgram\.api_key",
}
SOCKET: Final = "elevenlabs over a websocket"
# A sample of mu-law is one byte; events are those of a WebSocket, which has no content types.
ABSENT: Final = {
    "elevenlabs over http": {Bad.HALF_EVENT, Bad.HALF_SAMPLE},
    SOCKET: {Bad.HALF_SAMPLE, Bad.WRONG_TYPE},
    "openai": {Bad.HALF_EVENT},
    "deepgram": {Bad.HALF_EVENT, Bad.HALF_SAMPLE},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is asked of a service with *faults*: an error, or so many bytes of sound."""

    faults: Faults = WELL
    garbage: str = ""
    text: str = TEXT
    expected: Refused | int = 0


def hopeless(reason: str) -> Refused:
    return Refused(error=HopelessServiceError, reason=reason)


def passing(reason: str) -> Refused:
    return Refused(error=ServiceError, reason=reason)


def late() -> Refused:
    return Refused(error=ServiceError, reason="too late")


def rows_over_http(setting: str) -> dict[Bad, Row]:
    """What all services over HTTP have in common."""
    return {
        Bad.STATUS_401: Row(
            faults=Faults(status=401, body=JSON), expected=hopeless(f"401.*{setting}$")
        ),
        Bad.STATUS_403: Row(
            faults=Faults(status=403, body=JSON), expected=hopeless(f"403.*{setting}$")
        ),
        Bad.STATUS_429: Row(faults=Faults(status=429, body=JSON), expected=passing("429")),
        Bad.STATUS_500: Row(faults=Faults(status=500, body=JSON), expected=passing("500")),
        Bad.SILENT_BEFORE: Row(faults=Faults(stall=When.AT_ONCE), expected=late()),
        Bad.SILENT_WITHIN: Row(faults=Faults(stall=When.IN_THE_MIDDLE), expected=late()),
        Bad.RESET_BEFORE: Row(
            faults=Faults(reset=When.AT_ONCE), expected=passing("does not answer")
        ),
        Bad.RESET_WITHIN: Row(
            faults=Faults(reset=When.IN_THE_MIDDLE), expected=passing("broke off")
        ),
        Bad.WRONG_TYPE: Row(
            faults=Faults(content_type="text/html"), expected=hopeless("text/html instead")
        ),
        Bad.JSON_FOR_SOUND: Row(faults=Faults(body=JSON), expected=hopeless("gave JSON")),
        Bad.MP3_FOR_SOUND: Row(faults=Faults(body=MP3), expected=hopeless("gave MP3")),
        Bad.NO_SOUND: Row(faults=Faults(body=b""), expected=hopeless("gave no sound")),
        Bad.HUGE_TEXT: Row(
            text="word " * (TEN_MEBIBYTES // 5), expected=hopeless("exceeds 131072 characters")
        ),
        Bad.ENDLESS_SENTENCE: Row(text="a" * 2500, expected=400 * 2500),
        Bad.ONLY_EMOJI: Row(text=EMOJI),
        Bad.ONLY_MARKUP: Row(text="** __ ** --- ``"),
        Bad.NO_REPLY: Row(faults=Faults(cut=When.AT_ONCE), expected=passing("does not answer")),
    }


HALF_A_SAMPLE: Final = Row(faults=Faults(body=bytes(4801)), expected=hopeless("of a sample"))
CLOSED: Final = Refused(error=ServiceClosedError, reason="closed: 1011")
OVER_A_SOCKET: Final = {
    Bad.RESET_BEFORE: Row(faults=Faults(reset=When.AT_ONCE), expected=CLOSED),
    Bad.RESET_WITHIN: Row(faults=Faults(reset=When.IN_THE_MIDDLE), expected=CLOSED),
    Bad.HALF_EVENT: Row(
        faults=Faults(), garbage='{"contextId": "CONTEXT", "audio": "', expected=passing("no JSON")
    ),
    Bad.ENDLESS_SENTENCE: Row(text="a" * 2500, expected=400 * (2500 + 3)),  # with three blanks
    Bad.NO_REPLY: Row(
        faults=Faults(),
        garbage='{"contextId": "CONTEXT", "isFinal": true}',
        expected=hopeless("no sound"),
    ),
}


def rows_of(name: str) -> dict[Bad, Row]:
    rows = rows_over_http(SETTINGS[name])
    rows |= OVER_A_SOCKET if name == SOCKET else {}
    rows |= {Bad.HALF_SAMPLE: HALF_A_SAMPLE} if name == "openai" else {}
    return {bad: row for bad, row in rows.items() if bad not in ABSENT[name]}


TABLE: Final = {(name, bad): row for name in OPEN for bad, row in rows_of(name).items()}


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elevenlabs_socket, "SUSPICIOUS_S", -1.0)


def test_the_table_has_every_row_that_a_service_can_have() -> None:
    assert not missing_rows(TABLE, ABSENT)


async def speak(synthesizer: Synthesizer, text: str, bad: Bad) -> int:
    """The bytes of sound, for which a call's patience begins anew at each piece."""
    total = 0
    try:
        with trio.fail_after(patience_for(bad, has_begun=False)) as patience:
            async with aclosing(synthesizer.synthesize(text)) as sound:
                async for chunk in sound:
                    total += len(chunk.audio)
                    patience.deadline = trio.current_time() + patience_for(bad, has_begun=True)
    except trio.TooSlowError:
        raise ServiceError("too late") from None
    return total


@pytest.mark.parametrize(("name", "bad"), TABLE, ids=str)
async def test_bad_input_is_one_known_error_or_harmless_and_leaves_nothing(
    name: str, bad: Bad
) -> None:
    row = TABLE[name, bad]

    async with leaving_nothing(), OPEN[name](row.faults, row.garbage) as synthesizer:
        if isinstance(row.expected, Refused):
            with pytest.raises(ServiceError, match=row.expected.reason) as raised:
                await speak(synthesizer, row.text, bad)
            assert type(raised.value) is row.expected.error
            assert tells_no_secret(raised.value, *KEYS, "secret", "word")
        else:
            assert await speak(synthesizer, row.text, bad) == row.expected
