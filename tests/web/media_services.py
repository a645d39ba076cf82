"""What is done with a media stream: echo, listen, or send without end."""

from contextlib import suppress

from voicecalld.errors import StreamBrokenError
from voicecalld.net.message_stream import MessageStream


async def serve_echo(stream: MessageStream) -> None:
    """Send everything back until the peer closes."""
    while messages := await stream.receive():
        for message in messages:
            stream.send(message)


async def serve_nothing(stream: MessageStream) -> None:
    """Listen until the peer closes."""
    while await stream.receive():
        pass


def send_until_broken(stream: MessageStream) -> int:
    """How many bytes could be sent until the stream broke."""
    sent_bytes = 0
    with suppress(StreamBrokenError):
        for _ in range(10_000):
            stream.send("x" * 1000)
            sent_bytes += 1000
    return sent_bytes
