"""The synthesizer over ElevenLabs' WebSockets with a simulated service behind it."""

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager

from tests.services import elevenlabs
from tests.services.elevenlabs import SocketServer
from tests.services.speech_faults import Faults
from voicecalld.speech import elevenlabs_lines
from voicecalld.speech.base import SpeechChunk
from voicecalld.speech.elevenlabs_synthesizer import (
    ElevenLabsSynthesizer,
    open_elevenlabs_synthesizer,
)

TEXT = "My secret is safe with you."
SOUND_BYTES = 400 * (len(TEXT) + 1)  # with the blank that ends each text


@asynccontextmanager
async def speaking(
    faults: Faults | None = None,
    *garbage: object,
    key: str = elevenlabs.API_KEY,
    most_lines: int = elevenlabs_lines.MOST_LINES,
) -> AsyncGenerator[tuple[ElevenLabsSynthesizer, SocketServer], None]:
    async with elevenlabs.open_elevenlabs_socket() as server:
        if faults is not None:
            server.faults = faults
        server.garbage = garbage
        async with open_elevenlabs_synthesizer(
            api_key=key,
            voice_id=elevenlabs.VOICE_ID,
            model_id="eleven_flash_v2_5",
            base_url=f"{server.url}/",
            most_lines=most_lines,
        ) as synthesizer:
            yield synthesizer, server


async def chunks(synthesizer: ElevenLabsSynthesizer, text: str = TEXT) -> list[SpeechChunk]:
    async with aclosing(synthesizer.synthesize(text)) as sound:
        return [chunk async for chunk in sound]


async def said(synthesizer: ElevenLabsSynthesizer, text: str = TEXT) -> bytes:
    return b"".join([chunk.audio for chunk in await chunks(synthesizer, text)])
