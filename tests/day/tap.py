"""What the mock carrier's line carries, heard at our end of its stream.

The simulated carriers keep their lines' sound themselves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from voicecalld.audio.frame import SILENT_FRAME
from voicecalld.exchange.play_buffer import PlayBuffer
from voicecalld.exchange.wire import ClearAudio, PlayAudio, decode_order
from voicecalld.net.message_stream import NORMAL_CLOSURE, MessageStream
from voicecalld.provider.mock.media import MockCodec
from voicecalld.provider.stream import AudioReceived


@dataclass(kw_only=True)
class Recording:
    """Both sides of a line, equally long, from the answer on.

    ``keys`` are those whose tones they heard; None where nobody listens for tones.
    """

    heard: bytearray = field(default_factory=bytearray)
    said: bytearray = field(default_factory=bytearray)
    keys: str | None = None


class Tap:
    """A stream whose messages are overheard; the line plays a frame with each that it sends."""

    def __init__(self, stream: MessageStream, recording: Recording) -> None:
        self.stream = stream
        self.recording = recording
        self.buffer = PlayBuffer()
        self.codec = MockCodec()

    def send(self, message: str) -> None:
        self.stream.send(message)
        match decode_order(message):
            case PlayAudio(audio=audio):
                self.buffer.add_sound(audio)
            case ClearAudio():
                self.buffer.clear()
            case _:
                pass

    async def receive(self) -> Sequence[str]:
        messages = await self.stream.receive()
        for message in messages:
            event = self.codec.decode(message)
            if isinstance(event, AudioReceived):
                self.recording.said += event.audio
                played, _ = self.buffer.play()
                self.recording.heard += played or SILENT_FRAME
        return messages

    async def deliver(self, take: Callable[[Sequence[str]], None]) -> None:
        while messages := await self.receive():
            take(messages)

    def close(self, code: int = NORMAL_CLOSURE) -> None:
        self.stream.close(code)
