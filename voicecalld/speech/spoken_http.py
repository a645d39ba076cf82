"""Sound that a speech service answers over HTTP."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from voicecalld.errors import HopelessServiceError, ServiceError
from voicecalld.net.service_fault import FaultKind, ServiceFault, describe, refusal_error
from voicecalld.net.service_http import ServiceHttp, ServiceRequest, ServiceResponse
from voicecalld.speech.base import SpeechChunk
from voicecalld.speech.service_sound import SoundCheck, check_type, sayable_pieces
from voicecalld.speech.speakable import Piece

MOST_FAULT_BYTES = 1 << 16  # what a service says of its refusal has a few hundred

# Whatever the status: OpenAI sends the first with 403 as well, for a model that it has ended or
# that an account may not use.
UNKNOWN_NAMES: Final = ("model_not_found", "voice_not_found")

# A service that asks for more patience than this is not asked again for the same text.
LONGEST_WAIT_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundRequest:
    """A request for the sound of one text, and how its answer is judged.

    ``settings`` is the table of the service's settings, and ``names`` those that it may not know
    the values of: a refusal says what to check.
    """

    service: str
    settings: str
    names: str
    request: ServiceRequest
    most_bytes: float
    sample_bytes: int = 1

    def build_check(self) -> SoundCheck:
        """A judge for one answer."""
        return SoundCheck(self.service, most_bytes=self.most_bytes, sample_bytes=self.sample_bytes)


async def speak_mulaw(
    http: ServiceHttp, text: str, ask: Callable[[Piece], SoundRequest]
) -> AsyncGenerator[SpeechChunk, None]:
    """The sound of *text* from a service that answers the requests of *ask* with mu-law.

    Raises:
        ServiceError: as `stream_sound` does.
    """
    for piece in sayable_pieces(text):
        async with aclosing(stream_sound(http, ask(piece))) as sound:
            async for audio in sound:
                yield SpeechChunk(audio=audio)  # noqa: ASYNC119 - see `Synthesizer`


async def stream_sound(http: ServiceHttp, asked: SoundRequest) -> AsyncGenerator[bytes, None]:
    """The sound as it comes; close the generator to have the service stop.

    Raises:
        ServiceError: there is none, or no more of it, or it is no sound.
    """
    check = asked.build_check()
    async with http.stream(asked.request) as response:
        if response.status != 200:
            raise await read_refusal(asked, response)
        check_type(asked.service, response.headers.get("content-type", ""))
        async for piece in response.pieces():
            if sound := check.feed(piece):
                yield sound  # noqa: ASYNC119 - whoever asks for sound closes it
    if rest := check.end():
        yield rest


async def read_refusal(asked: SoundRequest, response: ServiceResponse) -> ServiceError:
    """Why there is no sound."""
    body = await response.rest(MOST_FAULT_BYTES)
    fault = describe(response.status, body, response.headers)
    return fault_error(asked.service, asked.settings, asked.names, fault)


def fault_error(service: str, settings: str, names: str, fault: ServiceFault) -> ServiceError:
    """What *fault* of *service* means for the text that it was asked to say (`SoundRequest`)."""
    if fault.kind is FaultKind.NOT_FOUND or any(code in fault.text for code in UNKNOWN_NAMES):
        return HopelessServiceError(f"{service} refuses ({fault.text}): check {names}")
    reason = str(refusal_error(service, fault, setting=f"{settings}.api_key"))
    pause_s = fault.retry_after_s or 0.0
    if fault.retryable and pause_s <= LONGEST_WAIT_S:
        return ServiceError(reason, retry_after_s=pause_s)
    return HopelessServiceError(reason)
