"""The transcriber for OpenAI's ``/audio/transcriptions``, which many servers offer.

Utterances are cut here, and each is sent whole, as a WAV file.
"""

from contextlib import AbstractAsyncContextManager
from hashlib import sha256
from typing import Final

import trio

from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.audio.g711 import mulaw_decode
from voicecalld.audio.wav import render_wav
from voicecalld.errors import (
    BadMessageError,
    HopelessServiceError,
    NotUnderstoodError,
    ServiceError,
)
from voicecalld.net.service_fault import FaultKind, describe
from voicecalld.net.service_http import ServiceHttp, ServiceReply, ServiceRequest
from voicecalld.provider.json_text import parse_json, read_text
from voicecalld.speech.base import Transcription
from voicecalld.speech.cut import open_cut
from voicecalld.speech.dialogue import MOST_CHARACTERS
from voicecalld.speech.live_socket import refusal_of
from voicecalld.speech.openai_realtime import MANY_LANGUAGES

SETTING: Final = "stt.openai-http.api_key"
BASE_URL: Final = "https://api.openai.com/v1"

PAUSE_S: Final = 0.3
LEAST_BYTES: Final = 100 * SAMPLE_RATE_HZ // 1000  # servers refuse less as too short


class OpenAIHttpTranscriber:
    """Asks for the words of each utterance; *http* belongs to somebody else."""

    tells_early = False  # it is asked for whole utterances

    def __init__(
        self,
        *,
        http: ServiceHttp,
        api_key: str,
        model: str,
        language: str,
        preroll_ms: int,
        answer_s: float,
        base_url: str = BASE_URL,
    ) -> None:
        """Take the settings; without an *api_key* none is sent, as servers at home want none.

        Two attempts have *answer_s* together: who waits for the words waits no longer, and what is
        said next has to wait behind them.
        """
        self._http = http
        self._headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
        self._url = f"{base_url.rstrip('/')}/audio/transcriptions"
        self._fields = {"model": model, "response_format": "json"}
        if language:
            name = "languages[]" if model in MANY_LANGUAGES else "language"
            self._fields[name] = language.partition("-")[0]
        self._preroll_ms = preroll_ms
        self._answer_s = answer_s

    def open(self) -> AbstractAsyncContextManager[Transcription]:
        """Listen to one call."""
        return open_cut(self.recognize, provider="openai-http", preroll_ms=self._preroll_ms)

    async def recognize(self, audio: bytes) -> str:
        """The words in *audio* (mu-law); it is asked for twice if that may help.

        Raises:
            ServiceError: there is no answer in time, or none that can be understood.
        """
        if len(audio) < LEAST_BYTES:
            return ""
        request = self.build_request(audio)
        with trio.move_on_after(self._answer_s):
            try:
                return await self.ask(request)
            except (HopelessServiceError, NotUnderstoodError):
                raise
            except ServiceError:
                await trio.sleep(PAUSE_S)
            return await self.ask(request)
        raise ServiceError(f"the transcriber has not answered within {self._answer_s:g} s")

    def build_request(self, audio: bytes) -> ServiceRequest:
        """The form with *audio* as a file."""
        wav = render_wav([mulaw_decode(audio)], SAMPLE_RATE_HZ)
        boundary, body = render_form(self._fields, wav)
        kind = f"multipart/form-data; boundary={boundary}"
        headers = {**self._headers, "content-type": kind}
        return ServiceRequest(method="POST", url=self._url, headers=headers, body=body)

    async def ask(self, request: ServiceRequest) -> str:
        """Send *request* once."""
        return read_words(await self._http.ask(request))


def render_form(fields: dict[str, str], wav: bytes) -> tuple[str, bytes]:
    """Boundary and body of a form with *fields* and the file *wav*; see RFC 7578."""
    # Made of the content, so that it does not occur there and the same is sent the same.
    boundary = sha256(wav).hexdigest()
    parts = [
        f'--{boundary}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    file_head = (
        f"--{boundary}\r\n"
        'content-disposition: form-data; name="file"; filename="utterance.wav"\r\n'
        "content-type: audio/wav\r\n\r\n"
    )
    head = "".join([*parts, file_head]).encode()
    return boundary, head + wav + f"\r\n--{boundary}--\r\n".encode()


def read_words(reply: ServiceReply) -> str:
    """The words that *reply* tells.

    Raises:
        HopelessServiceError: to ask again would be in vain, whatever is said.
        NotUnderstoodError: to ask for the same again would be in vain.
        ServiceError: the server failed, or its answer cannot be understood.
    """
    if reply.status != 200:
        raise read_refusal(reply)
    try:
        match parse_json(reply.body):
            case dict() as fields if "text" in fields:
                return read_text(fields, "text").strip()[:MOST_CHARACTERS]
            case _:
                raise NotUnderstoodError("the transcriber's answer has no words")
    except BadMessageError as problem:
        raise NotUnderstoodError("the transcriber's answer cannot be read") from problem


def read_refusal(reply: ServiceReply) -> ServiceError:
    """Why there are no words; what is wrong with one utterance need not be with the next."""
    error = refusal_of(reply.status, reply.body, SETTING)
    is_about_sound = describe(reply.status, reply.body).kind is FaultKind.BAD_REQUEST
    return NotUnderstoodError(str(error)) if is_about_sound else error
