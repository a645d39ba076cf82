"""The transcriber OpenAI over its realtime protocol, or a compatible server."""

import ssl
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.speech.base import Transcription
from voicecalld.speech.live import LiveTranscription, open_live
from voicecalld.speech.live_connection import Socket
from voicecalld.speech.live_socket import open_live_socket
from voicecalld.speech.openai_realtime import Dialect, RealtimeDialogue, realtime_url

SETTING: Final = "stt.openai.api_key"
URL: Final = "wss://api.openai.com/v1/realtime?intent=transcription"

# Its words come all at once, and late: a question at each pause would lose more than it gains.
WITHOUT_DELTAS: Final = "whisper-1"

# Sessions end by themselves in the middle of a word, after 15 to 60 minutes.
LONGEST_SESSION_S: Final = 600.0


class OpenAITranscriber:
    """Has a realtime service listen to calls; one session each, renewed between utterances."""

    def __init__(
        self,
        *,
        api_key: str,
        model: str,
        language: str,
        preroll_ms: int,
        url: str = URL,
        dialect: Dialect = "ga",
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """Take the settings; *dialect* "beta" is for servers that know only the older shape."""
        self.tells_early = model != WITHOUT_DELTAS
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        if dialect == "beta":
            self._headers["OpenAI-Beta"] = "realtime=v1"
        self._url = realtime_url(url, model)
        self._model = model
        self._language = language
        self._dialect: Dialect = dialect
        self._preroll_bytes = preroll_ms * SAMPLE_RATE_HZ // 1000
        self._trust = trust

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Transcription, None]:
        """Listen to one call.

        Raises:
            ServiceError: the service cannot be reached, or refuses.
        """
        live = LiveTranscription(
            self._connect,
            self._build_dialogue,
            provider="openai",
            preroll_bytes=self._preroll_bytes,
            longest_session_s=LONGEST_SESSION_S,
        )
        async with open_live(live) as transcription:
            yield transcription

    def _build_dialogue(self) -> RealtimeDialogue:
        return RealtimeDialogue(model=self._model, language=self._language, dialect=self._dialect)

    def _connect(self) -> AbstractAsyncContextManager[Socket]:
        return open_live_socket(
            self._url, headers=self._headers, setting=SETTING, trust=self._trust
        )
