"""The transcriber Deepgram: Nova models over version 1 of its live protocol, Flux over 2."""

import ssl
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final
from urllib.parse import urlencode

from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.speech.base import Transcription
from voicecalld.speech.deepgram_flux import FluxDialogue
from voicecalld.speech.deepgram_nova import NovaDialogue
from voicecalld.speech.live import LiveTranscription, open_live
from voicecalld.speech.live_connection import Socket
from voicecalld.speech.live_socket import open_live_socket

SETTING: Final = "stt.deepgram.api_key"
BASE_URL: Final = "wss://api.deepgram.com"
FLUX: Final = "flux-"
SOUND: Final = (("encoding", "mulaw"), ("sample_rate", str(SAMPLE_RATE_HZ)))

# We find the ends of utterances; its own only make it say final words earlier.
NOVA_OPTIONS: Final = (
    ("channels", "1"),
    ("interim_results", "true"),
    ("endpointing", "300"),
    ("smart_format", "true"),
    ("punctuate", "true"),
    ("no_delay", "true"),
)
FLUX_OPTIONS: Final = (
    ("eot_threshold", "0.7"),
    ("eager_eot_threshold", "0.5"),
    ("eot_timeout_ms", "5000"),
)


def build_url(base_url: str, *, model: str, language: str, keyterms: Sequence[str]) -> str:
    """Where *model* listens; *base_url* may be written with http as well."""
    base = base_url.rstrip("/").replace("http", "ws", 1) if base_url[:4] == "http" else base_url
    fields = [("model", model), *SOUND]
    if model.startswith(FLUX):
        version = "v2"
        fields += FLUX_OPTIONS  # the language is part of the model's name
    else:
        version = "v1"
        fields += [*NOVA_OPTIONS, ("language", language)]
    fields += [("keyterm", keyterm) for keyterm in keyterms]
    return f"{base.rstrip('/')}/{version}/listen?{urlencode(fields)}"


class DeepgramTranscriber:
    """Has Deepgram listen to calls; one connection each."""

    tells_early = True

    def __init__(
        self,
        *,
        api_key: str,
        model: str,
        language: str,
        preroll_ms: int,
        base_url: str = BASE_URL,
        keyterms: Sequence[str] = (),
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """Take the settings; *trust* is whose certificates are believed, see `open_websocket`."""
        self._headers = {"Authorization": f"Token {api_key}"} if api_key else {}
        self._url = build_url(base_url, model=model, language=language, keyterms=keyterms)
        self._build = FluxDialogue if model.startswith(FLUX) else NovaDialogue
        self._preroll_bytes = preroll_ms * SAMPLE_RATE_HZ // 1000
        self._trust = trust

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Transcription, None]:
        """Listen to one call.

        Raises:
            ServiceError: Deepgram cannot be reached, or refuses.
        """
        live = LiveTranscription(
            self._connect, self._build, provider="deepgram", preroll_bytes=self._preroll_bytes
        )
        async with open_live(live) as transcription:
            yield transcription

    def _connect(self) -> AbstractAsyncContextManager[Socket]:
        return open_live_socket(
            self._url, headers=self._headers, setting=SETTING, trust=self._trust
        )
