"""Deepgram Aura: mu-law over HTTP, as it is made. It does not tell where its words are.

Source: deepgram-python-sdk 7.6.0, speak.v1.audio.generate.
"""

import json
from collections.abc import AsyncGenerator
from typing import Final
from urllib.parse import urlencode

from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.net.service_http import ServiceHttp, ServiceRequest
from voicecalld.speech.base import SpeechChunk
from voicecalld.speech.service_sound import longest_s
from voicecalld.speech.speakable import Piece
from voicecalld.speech.spoken_http import SoundRequest, speak_mulaw

# Without container=none a WAV header comes first, which is heard as a click.
FORMAT: Final = {"encoding": "mulaw", "sample_rate": str(SAMPLE_RATE_HZ), "container": "none"}


class DeepgramSynthesizer:
    """A `Synthesizer` that speaks with one of Deepgram's voices, each of which is a model.

    *base_url* ends behind the version: ``https://api.deepgram.com/v1``.
    """

    def __init__(self, *, http: ServiceHttp, api_key: str, model: str, base_url: str) -> None:
        self.http = http
        self.url = f"{base_url.rstrip('/')}/speak?{urlencode({'model': model, **FORMAT})}"
        proof = {"authorization": f"Token {api_key}"} if api_key else {}
        self.headers = {**proof, "content-type": "application/json"}

    async def warm(self) -> None:
        """Open a connection for the next text; never raises."""
        await self.http.warm(self.url)

    def synthesize(self, text: str) -> AsyncGenerator[SpeechChunk, None]:
        """The sound of *text*, as it comes (see `Synthesizer`)."""
        return speak_mulaw(self.http, text, self.asked)

    def asked(self, piece: Piece) -> SoundRequest:
        """The request for the sound of *piece*."""
        return SoundRequest(
            service="Deepgram",
            settings="tts.deepgram",
            names="tts.deepgram.model and base_url",
            request=ServiceRequest(
                method="POST",
                url=self.url,
                headers=self.headers,
                body=json.dumps({"text": piece.text.strip()}).encode(),
            ),
            most_bytes=longest_s(piece) * SAMPLE_RATE_HZ,
        )
