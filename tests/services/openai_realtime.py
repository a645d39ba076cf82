"""A simulated realtime transcription of OpenAI's, which hears the texts of its script."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module

import trio

from tests.services.live_server import (
    GARBAGE,
    Diary,
    Faults,
    ServerSocket,
    open_live_server,
)

LEAST_BYTES = 800
WORDS = "conversation.item.input_audio_transcription."


@dataclass(slots=True, kw_only=True)
class SimulatedOpenAI:
    """One server with the *texts* that it hears; ``url`` is where."""

    texts: tuple[str, ...] = ("hello",)
    faults: Faults = field(default_factory=Faults)
    diary: Diary = field(default_factory=Diary)
    url: str = ""
    heard: int = 0
    items: int = 0

    def next_text(self) -> str:
        text = self.texts[min(self.heard, len(self.texts) - 1)]
        self.heard += 1
        return text

    async def serve(self, client: ServerSocket) -> None:
        session = Session(self, client)
        if self.faults.garbage:
            for garbage in GARBAGE:
                await client.send(garbage)
        while (message := await client.receive()) is not None:
            await session.take(json.loads(message))


class Session:
    """One connection."""

    def __init__(self, service: SimulatedOpenAI, client: ServerSocket) -> None:
        self.service = service
        self.faults = service.faults
        self.client = client
        self.sound = bytearray()
        self.last_item: str | None = None
        self.held: list[dict[str, object]] = []
        self.events = 0

    async def tell(self, event: dict[str, object]) -> None:
        self.events += 1
        named = {"event_id": f"event_{self.events}", **event}
        await self.client.send(named)
        if self.faults.doubled:
            await self.client.send(named)

    async def take(self, message: dict[str, object]) -> None:
        match message:
            case {"type": "session.update" | "transcription_session.update" as kind}:
                if not self.faults.not_ready:
                    await self.tell({"type": f"{str(kind).removesuffix('update')}updated"})
            case {"type": "input_audio_buffer.append", "audio": str(audio)}:
                piece = base64.b64decode(audio, validate=True)
                self.sound += piece
                self.client.diary.sound += piece
            case {"type": "input_audio_buffer.clear"}:
                self.sound.clear()
            case {"type": "input_audio_buffer.commit"}:
                await self.commit(message.get("event_id"))
            case _:
                await self.tell({"type": "error", "error": {"type": "invalid_request_error"}})

    async def commit(self, event_id: object) -> None:
        if self.faults.cuts:
            self.faults.cuts -= 1
            await self.client.reset()
            return
        size = len(self.sound)
        self.sound.clear()
        if size < LEAST_BYTES:
            error = {"code": "input_audio_buffer_commit_empty", "event_id": event_id}
            await self.tell({"type": "error", "error": error})
            return
        self.service.items += 1
        item = {"item_id": f"item_{self.service.items}"}
        previous = {"previous_item_id": self.last_item}
        self.last_item = item["item_id"]
        await self.tell({"type": "input_audio_buffer.committed", **item, **previous})
        await trio.sleep(self.faults.delay_s)
        text = self.service.next_text()
        for word in text.split():
            await self.tell({"type": f"{WORDS}delta", **item, "delta": f"{word} "})
        if not self.faults.silent:
            await self.complete({"type": f"{WORDS}completed", **item, "transcript": text})

    async def complete(self, event: dict[str, object]) -> None:
        """Tell a transcript; swapped, every other one comes after the next."""
        if self.faults.swapped and not self.held:
            self.held.append(event)
            return
        await self.tell(event)
        while self.held:
            await self.tell(self.held.pop())


@asynccontextmanager
async def open_openai_realtime(
    *texts: str, faults: Faults | None = None, port: int = 0
) -> AsyncIterator[SimulatedOpenAI]:
    """A service that hears *texts*, for as long as the block lasts."""
    service = SimulatedOpenAI(texts=texts or ("hello",), faults=faults or Faults())
    async with open_live_server(
        service.serve, service.faults, service.diary, port=port
    ) as base_url:
        service.url = f"{base_url}/v1/realtime?intent=transcription"
        yield service


if __name__ == "__main__":
    # Not by name: it knows all of them, this one as well.
    import_module("tests.services.running").run_one("openai_realtime", __doc__)
