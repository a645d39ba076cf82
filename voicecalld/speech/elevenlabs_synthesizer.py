"""ElevenLabs: mu-law over HTTP, or over warm WebSockets that also tell where the words are.

Source: elevenlabs-python (July 2026), text_to_speech.
"""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from ssl import SSLContext
from typing import Final
from urllib.parse import quote, urlencode

import trio

from voicecalld.audio.frame import SAMPLE_RATE_HZ, duration_s
from voicecalld.errors import ServiceRefusedError
from voicecalld.net.http_client import read_trust
from voicecalld.net.service_fault import describe
from voicecalld.net.service_http import ServiceHttp, ServiceRequest
from voicecalld.net.websocket_client import WebSocketClient, open_websocket
from voicecalld.speech.base import SpeechChunk
from voicecalld.speech.elevenlabs_lines import MOST_AT_ONCE, MOST_LINES, Lines
from voicecalld.speech.elevenlabs_socket import SERVICE
from voicecalld.speech.service_sound import longest_s, sayable_pieces
from voicecalld.speech.speakable import Piece
from voicecalld.speech.spoken_http import SoundRequest, fault_error, speak_mulaw

SETTINGS: Final = "tts.elevenlabs"
NAMES: Final = "tts.elevenlabs.voice_id, model_id and base_url"
FORMAT: Final = {"output_format": "ulaw_8000"}

CONNECT_S = 4.0

# A message holds a few seconds of sound, in base64 and with a line of timing a character.
MOST_MESSAGE_BYTES = 4 << 20

# auto_mode: text is spoken as it comes, not from 120 characters on. inactivity_timeout is the most
# it takes: the next call shall find the socket open.
SOCKET_OPTIONS: Final = {
    "auto_mode": "true",
    "sync_alignment": "true",
    "inactivity_timeout": "180",
}


class ElevenLabsHttpSynthesizer:
    """A `Synthesizer` over HTTP, which does not tell where its words are.

    *base_url* is in front of the version: ``https://api.elevenlabs.io``.
    """

    def __init__(
        self, *, http: ServiceHttp, api_key: str, voice_id: str, model_id: str, base_url: str
    ) -> None:
        self.http = http
        self.model_id = model_id
        self.url = f"{voice_url(base_url, voice_id)}/stream?{urlencode(FORMAT)}"
        self.headers = {"xi-api-key": api_key, "content-type": "application/json"}

    async def warm(self) -> None:
        """Open a connection for the next text; never raises."""
        await self.http.warm(self.url)

    def synthesize(self, text: str) -> AsyncGenerator[SpeechChunk, None]:
        """The sound of *text*, as it comes (see `Synthesizer`)."""
        return speak_mulaw(self.http, text, self.asked)

    def asked(self, piece: Piece) -> SoundRequest:
        """The request for the sound of *piece*."""
        return SoundRequest(
            service=SERVICE,
            settings=SETTINGS,
            names=NAMES,
            request=ServiceRequest(
                method="POST",
                url=self.url,
                headers=self.headers,
                body=json.dumps({"text": piece.text.strip(), "model_id": self.model_id}).encode(),
            ),
            most_bytes=longest_s(piece) * SAMPLE_RATE_HZ,
        )


def voice_url(base_url: str, voice_id: str) -> str:
    """What all addresses of one voice begin with; a base that names the version is understood."""
    base = base_url.rstrip("/").removesuffix("/v1")
    return f"{base}/v1/text-to-speech/{quote(voice_id, safe='')}"


@asynccontextmanager
async def open_elevenlabs_synthesizer(
    *,
    api_key: str,
    voice_id: str,
    model_id: str,
    base_url: str,
    most_at_once: int = MOST_AT_ONCE,
    most_lines: int = MOST_LINES,
    trust: SSLContext | None = None,
) -> AsyncGenerator["ElevenLabsSynthesizer", None]:
    """A synthesizer over WebSockets: one is opened at once, and more when they are needed.

    The service need not be there yet: without it only the texts fail that are to be said.
    """
    options = {"model_id": model_id, **FORMAT, **SOCKET_OPTIONS}
    url = f"{voice_url(base_url, voice_id)}/multi-stream-input?{urlencode(options)}"
    if url.startswith("https:"):
        trust = trust or await read_trust()
    open_socket = partial(open_line_socket, f"ws{url.removeprefix('http')}", api_key, trust)
    async with trio.open_nursery() as nursery:
        lines = Lines(nursery, open_socket, most_at_once=most_at_once, most_lines=most_lines)
        nursery.start_soon(lines.warm)
        try:
            yield ElevenLabsSynthesizer(lines)
        finally:
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def open_line_socket(
    url: str, api_key: str, trust: SSLContext | None
) -> AsyncGenerator[WebSocketClient, None]:
    """A WebSocket to the service.

    Raises:
        ServiceError: it cannot be opened.
    """
    try:
        async with open_websocket(
            url,
            headers={"xi-api-key": api_key},
            connect_s=CONNECT_S,
            most_message_bytes=MOST_MESSAGE_BYTES,
            trust=trust,
        ) as socket:
            yield socket
    except ServiceRefusedError as refused:
        fault = describe(refused.status, refused.body)
        raise fault_error(SERVICE, SETTINGS, NAMES, fault) from refused


class ElevenLabsSynthesizer:
    """A `Synthesizer` over WebSockets."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines

    async def warm(self) -> None:
        """Get ready for the next text; never raises."""
        await self.lines.warm()

    async def synthesize(self, text: str) -> AsyncGenerator[SpeechChunk, None]:
        """The sound of *text* with its words, as it comes (see `Synthesizer`)."""
        begin_s = 0.0
        for piece in sayable_pieces(text):
            async with self.lines.open_context(piece, begin_s) as context:
                async for chunk in context.chunks:
                    begin_s += duration_s(len(chunk.audio))
                    yield chunk  # noqa: ASYNC119 - see `Synthesizer`
                context.check_end()
