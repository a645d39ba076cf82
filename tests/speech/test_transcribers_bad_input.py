"""Every transcriber over the network with every bad input, over real sockets."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final

import pytest
import trio

from tests.services.bad_input import (
    EMOJI,
    LITTLE_PATIENCE_S,
    MARKUP,
    TEN_MEBIBYTES,
    Bad,
    Refused,
    leaving_nothing,
    missing_rows,
    tells_no_secret,
)
from tests.services.deepgram_listen import SimulatedDeepgram
from tests.services.live_server import Faults as LiveFaults
from tests.services.live_server import ServerSocket, open_live_server
from tests.services.openai_realtime import SimulatedOpenAI
from tests.services.speech_faults import MP3, WELL, Faults, When
from tests.services.speech_http import Answer, open_speech_server
from tests.speech.finals import next_final
from voicecalld.audio.frame import MULAW_SILENCE
from voicecalld.errors import (
    HopelessServiceError,
    NotUnderstoodError,
    ServiceClosedError,
    ServiceError,
    UnreachableServiceError,
)
from voicecalld.net.service_http import open_service_http
from voicecalld.provider.http import HttpRequest
from voicecalld.speech import live, live_socket, openai_http_transcriber
from voicecalld.speech.base import Transcriber
from voicecalld.speech.deepgram_transcriber import DeepgramTranscriber
from voicecalld.speech.dialogue import MOST_CHARACTERS
from voicecalld.speech.openai_http_transcriber import OpenAIHttpTranscriber
from voicecalld.speech.openai_transcriber import OpenAITranscriber

KEY: Final = "sk-of-these-tests"
WORDS: Final = "my secret"
SPEECH: Final = b"\x10" * 4000 + MULAW_SILENCE * 4000
HUGE: Final = "word" * (TEN_MEBIBYTES // 4)
ENDLESS: Final = "and-on-" * (MOST_CHARACTERS // 5)
LOST: Final = "(lost)"
ONE_LINE: Final = " ".join(MARKUP.split())
JSON: Final = b'{"error": {"message": "my secret sk-of-these-tests", "code": "bad_thing"}}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """How a service that has made out *text* goes wrong, and what becomes of it.

    It is an error, or the text that is heard, or `LOST`. ``garbage`` is sent before everything
    else.
    """

    text: str = WORDS
    live: LiveFaults = field(default_factory=LiveFaults)
    garbage: str | bytes = ""
    is_mute: bool = False  # nothing at all comes
    closes: bool = False  # at once
    http: Faults = WELL
    speech: bytes = SPEECH
    expected: Refused | str = WORDS


def hopeless(reason: str) -> Refused:
    return Refused(error=HopelessServiceError, reason=reason)


def senseless(reason: str) -> Refused:
    return Refused(error=NotUnderstoodError, reason=reason)


def passing(reason: str, error: type[ServiceError] = ServiceError) -> Refused:
    return Refused(error=error, reason=reason)


CLOSED: Final = passing("closed", ServiceClosedError)


# --- the services ----------------------------------------------------------------------


@asynccontextmanager
async def open_live(name: str, row: Row) -> AsyncGenerator[Transcriber, None]:
    """A transcriber whose service goes wrong as *row* says."""
    faults = replace(row.live)  # it counts in them
    build = SimulatedOpenAI if name == "openai" else SimulatedDeepgram
    service = build(texts=(row.text,), faults=faults)

    async def serve(client: ServerSocket) -> None:
        if row.closes:
            return
        if row.garbage:
            await client.send(row.garbage)
        await service.serve(client)

    async with open_live_server(serve, faults, service.diary) as url:
        yield build_live(name, url)


@asynccontextmanager
async def open_mute(name: str, _row: Row) -> AsyncGenerator[Transcriber, None]:
    """A transcriber whose service takes connections, and that is all."""
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")

    async def serve(stream: trio.SocketStream) -> None:
        async with stream:
            while await stream.receive_some():
                pass

    async with trio.open_nursery() as nursery:
        await nursery.start(trio.serve_listeners, serve, [listener])
        yield build_live(name, f"ws://127.0.0.1:{listener.socket.getsockname()[1]}")
        nursery.cancel_scope.cancel()


def build_live(name: str, url: str) -> Transcriber:
    if name == "openai":
        return OpenAITranscriber(
            api_key=KEY, model="m", language="en", preroll_ms=0, url=f"{url}/v1/realtime"
        )
    return DeepgramTranscriber(api_key=KEY, model=name, language="en", preroll_ms=0, base_url=url)


@asynccontextmanager
async def open_http(
    _name: str, row: Row, *, answer_s: float = 30.0
) -> AsyncGenerator[Transcriber, None]:
    def hear(_request: HttpRequest) -> Answer:
        body = json.dumps({"text": row.text}).encode()
        return Answer(content_type="application/json", body=body)

    async with open_speech_server(hear) as server, open_service_http(most_at_once=2) as http:
        server.faults = row.http
        yield OpenAIHttpTranscriber(
            http=http,
            api_key=KEY,
            model="m",
            language="en",
            preroll_ms=0,
            answer_s=answer_s,
            base_url=f"{server.url}/v1",
        )


# --- the table -------------------------------------------------------------------------

NO_SOUND: Final = frozenset({Bad.HALF_SAMPLE})
# No transcriber sends sound, so it cannot send half a sample; over HTTP sound may come instead of
# words. A WebSocket has no content types, but messages of the wrong kind.
ABSENT: Final = {
    "nova-3": NO_SOUND,
    "flux-general-en": NO_SOUND,
    "openai": NO_SOUND,
    "openai-http": NO_SOUND,
}


def live_rows(setting: str) -> dict[Bad, Row]:
    """What all that listen over a WebSocket have in common."""
    return {
        Bad.STATUS_401: Row(
            live=LiveFaults(statuses=(401,)), expected=hopeless(f"401.*check {setting}$")
        ),
        Bad.STATUS_403: Row(
            live=LiveFaults(statuses=(403,)), expected=hopeless(f"403.*check {setting}$")
        ),
        Bad.STATUS_429: Row(live=LiveFaults(statuses=(429,) * 3), expected=passing("429")),
        Bad.STATUS_500: Row(live=LiveFaults(statuses=(500,) * 3), expected=passing("500")),
        Bad.SILENT_BEFORE: Row(
            is_mute=True, expected=passing("has not opened", UnreachableServiceError)
        ),
        Bad.SILENT_WITHIN: Row(live=LiveFaults(silent=True), text="", expected=LOST),
        Bad.RESET_BEFORE: Row(live=LiveFaults(cuts=1)),  # before the words: they are asked again
        Bad.RESET_WITHIN: Row(live=LiveFaults(cuts=9), expected=CLOSED),
        Bad.HALF_EVENT: Row(garbage='{"type": "Results", "channel'),
        Bad.WRONG_TYPE: Row(garbage=b"\x00\xff"),
        Bad.JSON_FOR_SOUND: Row(garbage=JSON.decode()),
        Bad.MP3_FOR_SOUND: Row(garbage=MP3),
        Bad.NO_SOUND: Row(speech=b"", expected=""),
        Bad.HUGE_TEXT: Row(text=HUGE, expected=CLOSED),
        Bad.ENDLESS_SENTENCE: Row(text=ENDLESS, expected=ENDLESS[:MOST_CHARACTERS]),
        Bad.ONLY_EMOJI: Row(text=EMOJI, expected=EMOJI),
        Bad.ONLY_MARKUP: Row(text=ONE_LINE, expected=ONE_LINE),
        Bad.NO_REPLY: Row(closes=True, expected=CLOSED),
    }


HTTP_ROWS: Final = {
    Bad.STATUS_401: Row(
        http=Faults(status=401, body=JSON), expected=hopeless(r"401.*stt\.openai-http\.api_key$")
    ),
    Bad.STATUS_403: Row(
        http=Faults(status=403, body=JSON), expected=hopeless(r"403.*stt\.openai-http\.api_key$")
    ),
    Bad.STATUS_429: Row(http=Faults(status=429, body=JSON), expected=passing("429")),
    Bad.STATUS_500: Row(http=Faults(status=500, body=JSON), expected=passing("500")),
    Bad.SILENT_BEFORE: Row(http=Faults(stall=When.AT_ONCE), expected=passing("has not answered")),
    Bad.SILENT_WITHIN: Row(
        http=Faults(stall=When.IN_THE_MIDDLE), expected=passing("has not answered")
    ),
    Bad.RESET_BEFORE: Row(http=Faults(reset=When.AT_ONCE), expected=passing("does not answer")),
    Bad.RESET_WITHIN: Row(http=Faults(reset=When.IN_THE_MIDDLE), expected=passing("broke off")),
    Bad.HALF_EVENT: Row(
        http=Faults(body=b'{"text": "my sec'), expected=senseless("cannot be read")
    ),
    Bad.WRONG_TYPE: Row(
        http=Faults(content_type="text/html", body=b"<html>"), expected=senseless("cannot be read")
    ),
    Bad.JSON_FOR_SOUND: Row(http=Faults(body=JSON), expected=senseless("has no words")),
    Bad.MP3_FOR_SOUND: Row(
        http=Faults(content_type="audio/mpeg", body=MP3), expected=senseless("cannot be read")
    ),
    Bad.NO_SOUND: Row(speech=b"", expected=""),
    Bad.HUGE_TEXT: Row(text=HUGE, expected=passing("exceeds")),
    Bad.ENDLESS_SENTENCE: Row(text=ENDLESS, expected=ENDLESS[:MOST_CHARACTERS]),
    Bad.ONLY_EMOJI: Row(text=EMOJI, expected=EMOJI),
    Bad.ONLY_MARKUP: Row(text=MARKUP, expected=MARKUP),
    Bad.NO_REPLY: Row(http=Faults(cut=When.AT_ONCE), expected=passing("does not answer")),
}

ROWS: Final = {
    "nova-3": live_rows(r"stt\.deepgram\.api_key"),
    "flux-general-en": live_rows(r"stt\.deepgram\.api_key"),
    "openai": live_rows(r"stt\.openai\.api_key"),
    "openai-http": HTTP_ROWS,
}
TABLE: Final = {(name, bad): row for name, rows in ROWS.items() for bad, row in rows.items()}


def test_the_table_has_every_row_that_a_transcriber_can_have() -> None:
    assert not missing_rows(TABLE, ABSENT)


@pytest.fixture
def patience(unhurried: None, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(live, "REOPEN_PAUSE_S", 0.0)
    monkeypatch.setattr(openai_http_transcriber, "PAUSE_S", 0.0)
    return monkeypatch


async def hear(transcriber: Transcriber, row: Row) -> str:
    """The words of one utterance; of a service that is lost, the error that comes behind them."""
    if isinstance(transcriber, OpenAIHttpTranscriber):
        return await transcriber.recognize(row.speech)
    async with transcriber.open() as transcription:
        transcription.begin()
        for start in range(0, len(row.speech), 160):
            transcription.feed(row.speech[start : start + 160])
        await trio.lowlevel.checkpoint()
        transcription.commit(1)
        transcription.commit(2)  # has no words, and waits behind those of 1
        results = transcription.results()
        heard = await next_final(results)
        text = heard.text if heard.utterance == 1 else LOST
        while isinstance(row.expected, Refused):
            await next_final(results)
    return text


@pytest.mark.parametrize(("name", "bad"), TABLE, ids=str)
async def test_bad_input_is_one_known_error_or_harmless_and_leaves_nothing(
    name: str, bad: Bad, patience: pytest.MonkeyPatch
) -> None:
    row = TABLE[name, bad]
    if bad is Bad.SILENT_BEFORE:
        patience.setattr(live_socket, "CONNECT_S", LITTLE_PATIENCE_S)
    is_silent = bad in {Bad.SILENT_BEFORE, Bad.SILENT_WITHIN}
    if is_silent:
        patience.setattr(live, "LONGEST_WAIT_S", LITTLE_PATIENCE_S)
    opened = (open_mute if row.is_mute else open_live)(name, row)
    if name == "openai-http":
        opened = open_http(name, row, answer_s=LITTLE_PATIENCE_S if is_silent else 30.0)

    async with leaving_nothing(), opened as transcriber:
        with trio.fail_after(60):
            if isinstance(row.expected, Refused):
                with pytest.raises(ServiceError, match=row.expected.reason) as raised:
                    await hear(transcriber, row)
                assert type(raised.value) is row.expected.error
                assert tells_no_secret(raised.value, KEY, "secret", HUGE[:8])
            else:
                assert await hear(transcriber, row) == row.expected
