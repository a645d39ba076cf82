"""A simulated Deepgram that listens: version 1 (Nova) and 2 (Flux) of its live protocol.

It does not understand sound: it hears the texts of its script in order, then the last for ever.
Flux hears one as soon as sound that is no silence is followed by some silence.
"""

import json
from collections.abc import AsyncIterator, Iterator
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
from voicecalld.audio.frame import MULAW_SILENCE, SAMPLE_RATE_HZ

SILENCE_BYTES = SAMPLE_RATE_HZ // 4
INTERIM_BYTES = SAMPLE_RATE_HZ // 4


@dataclass(slots=True, kw_only=True)
class SimulatedDeepgram:
    """One server with the *texts* that it hears; ``base_url`` is where."""

    texts: tuple[str, ...] = ("hello",)
    faults: Faults = field(default_factory=Faults)
    diary: Diary = field(default_factory=Diary)
    base_url: str = ""
    heard: int = 0

    def next_text(self) -> str:
        text = self.texts[min(self.heard, len(self.texts) - 1)]
        self.heard += 1
        return text

    async def serve(self, client: ServerSocket) -> None:
        if self.faults.garbage:
            for message in GARBAGE:
                await client.send(message)
        if self.diary.requests[-1].path.startswith("/v2/"):
            await self.serve_flux(client)
        else:
            await self.serve_nova(client)

    async def serve_nova(self, client: ServerSocket) -> None:
        start = end = told = 0
        while (message := await client.receive()) is not None:
            if isinstance(message, bytes):
                end += len(message)
                if end - max(start, told) >= INTERIM_BYTES:
                    told = end
                    await client.send(self.interim(start, end))
                continue
            kind = json.loads(message)["type"]
            if kind == "CloseStream":
                return
            if kind == "Finalize":
                await self.finalize(client, start, end)
                start = end

    def interim(self, start: int, end: int) -> dict[str, object]:
        """What is being said, as far as it has been: one word for each quarter of a second."""
        text = self.texts[min(self.heard, len(self.texts) - 1)]
        words = text.split()[: (end - start) // INTERIM_BYTES]
        return result(" ".join(words), start, end) | {"is_final": False}

    async def finalize(self, client: ServerSocket, start: int, end: int) -> None:
        if self.faults.cuts:
            self.faults.cuts -= 1
            await client.reset()
            return
        await trio.sleep(self.faults.delay_s)
        text = self.next_text() if end > start else ""
        for result in self.results(text, start, end):
            await client.send(result)

    def results(self, text: str, start: int, end: int) -> Iterator[object]:
        """The words in two final results, after one that is not."""
        words = text.split()
        half = (len(words) + 1) // 2
        middle = (start + end) // 2
        first = result(" ".join(words[:half]), start, middle)
        second = result(" ".join(words[half:]), middle, end) | {"from_finalize": True}
        yield result(text, start, end) | {"is_final": False}
        if self.faults.silent:
            return
        yield from (second, first) if self.faults.swapped else (first, second)
        if self.faults.doubled:
            yield from (first, second)

    async def serve_flux(self, client: ServerSocket) -> None:
        if not self.faults.not_ready:
            await client.send({"type": "Connected", "request_id": "r", "sequence_id": 0})
        sent, turn, sequence, quiet, is_talking = 0, 0, 1, 0, False
        while (message := await client.receive()) is not None:
            if isinstance(message, str):
                return  # CloseStream
            sent += len(message)
            if message.strip(MULAW_SILENCE):
                if self.faults.cuts:
                    self.faults.cuts -= 1
                    await client.reset()
                    return
                is_talking, quiet = True, 0
                tail = len(message) - len(message.rstrip(MULAW_SILENCE))
                quiet = tail
            else:
                quiet += len(message)
            if is_talking and quiet >= SILENCE_BYTES and not self.faults.silent:
                is_talking = False
                for info in self.turn_infos(turn, sent):
                    await client.send(info | {"sequence_id": sequence})
                    if self.faults.doubled:
                        await client.send(info | {"sequence_id": sequence})
                    sequence += 1
                turn += 1

    def turn_infos(self, turn: int, sent: int) -> Iterator[dict[str, object]]:
        text = self.next_text()
        for event, words in (
            ("StartOfTurn", text.split()[0]),
            ("Update", text),
            ("EagerEndOfTurn", text),
            ("TurnResumed", text),
            ("EndOfTurn", text),
        ):
            yield {
                "type": "TurnInfo",
                "event": event,
                "turn_index": turn,
                "transcript": words,
                "audio_window_start": 0.0,
                "audio_window_end": sent / SAMPLE_RATE_HZ,
            }


def result(text: str, start: int, end: int) -> dict[str, object]:
    """A final result of some of the sound."""
    return {
        "type": "Results",
        "start": round(start / SAMPLE_RATE_HZ, 3),
        "duration": round((end - start) / SAMPLE_RATE_HZ, 3),
        "is_final": True,
        "speech_final": False,
        "channel": {"alternatives": [{"transcript": text, "confidence": 0.9, "words": []}]},
    }


@asynccontextmanager
async def open_deepgram(
    *texts: str, faults: Faults | None = None, port: int = 0
) -> AsyncIterator[SimulatedDeepgram]:
    """A Deepgram that hears *texts*, for as long as the block lasts."""
    deepgram = SimulatedDeepgram(texts=texts or ("hello",), faults=faults or Faults())
    async with open_live_server(
        deepgram.serve, deepgram.faults, deepgram.diary, port=port
    ) as base_url:
        deepgram.base_url = base_url
        yield deepgram


if __name__ == "__main__":
    # Not by name: it knows all of them, this one as well.
    import_module("tests.services.running").run_one("deepgram_listen", __doc__)
