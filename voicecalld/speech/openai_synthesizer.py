"""Any server that speaks as OpenAI's does: ``POST {base_url}/audio/speech``, PCM over HTTP.

It does not tell where its words are. Source: openai-python 3.3.1, audio.speech.create.
"""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing

from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.audio.g711 import mulaw_encode
from voicecalld.audio.pcm import BYTES_PER_SAMPLE, Resampler
from voicecalld.net.service_http import ServiceHttp, ServiceRequest
from voicecalld.speech.base import SpeechChunk
from voicecalld.speech.service_sound import longest_s, sayable_pieces
from voicecalld.speech.speakable import Piece
from voicecalld.speech.spoken_http import SoundRequest, stream_sound


class OpenAiSynthesizer:
    """A `Synthesizer` that speaks with one voice of one model.

    *base_url* ends behind the version: ``https://api.openai.com/v1``. PCM has no header, so only
    the operator knows that the server speaks at *pcm_rate_hz*. A server on the own network may
    want no *api_key*; no *instructions* and no *speed* are sent if there are none, as not every
    server or model takes them.
    """

    def __init__(
        self,
        *,
        http: ServiceHttp,
        api_key: str,
        model: str,
        voice: str,
        base_url: str,
        pcm_rate_hz: int,
        instructions: str = "",
        speed: float | None = None,
    ) -> None:
        self.http = http
        self.url = f"{base_url.rstrip('/')}/audio/speech"
        self.pcm_rate_hz = pcm_rate_hz
        self.headers = {"content-type": "application/json"}
        if api_key:
            self.headers["authorization"] = f"Bearer {api_key}"
        self.fields: dict[str, str | float] = {
            "model": model,
            "voice": voice,
            "response_format": "pcm",
        }
        if instructions:
            self.fields["instructions"] = instructions
        if speed is not None:
            self.fields["speed"] = speed

    async def warm(self) -> None:
        """Open a connection for the next text; never raises."""
        await self.http.warm(self.url)

    async def synthesize(self, text: str) -> AsyncGenerator[SpeechChunk, None]:
        """The sound of *text*, as it comes (see `Synthesizer`)."""
        for piece in sayable_pieces(text):
            resampler = Resampler(self.pcm_rate_hz, SAMPLE_RATE_HZ)
            async with aclosing(stream_sound(self.http, self.asked(piece))) as sound:
                async for pcm in sound:
                    if audio := mulaw_encode(resampler.feed(pcm)):
                        yield SpeechChunk(audio=audio)  # noqa: ASYNC119 - see `Synthesizer`
            if audio := mulaw_encode(resampler.flush()):
                yield SpeechChunk(audio=audio)

    def asked(self, piece: Piece) -> SoundRequest:
        """The request for the sound of *piece*."""
        return SoundRequest(
            service="the speech server",
            settings="tts.openai",
            names="tts.openai.model, voice and base_url",
            request=ServiceRequest(
                method="POST",
                url=self.url,
                headers=self.headers,
                body=json.dumps({**self.fields, "input": piece.text.strip()}).encode(),
            ),
            most_bytes=longest_s(piece) * self.pcm_rate_hz * BYTES_PER_SAMPLE,
            sample_bytes=BYTES_PER_SAMPLE,
        )
