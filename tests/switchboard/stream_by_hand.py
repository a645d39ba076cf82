"""The carrier's end of a media stream, held by a test instead of the exchange."""

import json
from typing import Any, Final, Self

import trio

from tests.switchboard.office import Office
from voicecalld.audio.frame import FRAME_BYTES, SAMPLE_RATE_HZ
from voicecalld.net.message_stream import MemoryStream, open_memory_streams
from voicecalld.switchboard.actor import Call

# Long enough for a test to play the telephone.
RINGS: Final[dict[str, Any]] = {"answers_after_ms": 100_000}
RINGS_ON: Final[dict[str, Any]] = {"ring_timeout_ms": 110_000, "stale_call_reaper_seconds": 0}


class StreamByHand:
    """Counts the sound that it is sent, and returns each mark at once, unless ``loses_marks``."""

    def __init__(self, ours: MemoryStream) -> None:
        self.ours = ours
        self.received_s = 0.0
        self.loses_marks = False

    @classmethod
    async def open(cls, office: Office, nursery: trio.Nursery, call: Call) -> Self:
        """A stream that carries *call* from now on."""
        ours, theirs = open_memory_streams()
        nursery.start_soon(office.reception.serve_stream, theirs)
        stream = cls(ours)
        record = call.notes.record
        stream.send(
            event="start",
            streamId="by-hand",
            callId=record.provider_call_id,
            token=office.switchboard.services.tokens.mint("mock", record.call_id),
        )
        nursery.start_soon(stream.receive)
        await trio.sleep(0.01)
        return stream

    def send(self, **message: object) -> None:
        self.ours.send(json.dumps(message))

    async def receive(self) -> None:
        while messages := await self.ours.receive():
            for message in map(json.loads, messages):
                if message["event"] == "media":
                    self.received_s += FRAME_BYTES / SAMPLE_RATE_HZ
                elif message["event"] == "mark" and not self.loses_marks:
                    self.send(**message)

    @property
    def is_closed(self) -> bool:
        """Whether the daemon has closed its end."""
        return self.ours.peer.closed

    def close(self) -> None:
        self.ours.close()
