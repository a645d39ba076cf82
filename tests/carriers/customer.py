"""A customer of a simulated carrier in memory, so that time in a test may jump."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import trio

from tests.carriers.outside import CustomerStream, NoAnswerError, RefusedStreamError
from voicecalld.net.message_stream import MemoryStream, open_memory_streams
from voicecalld.provider.http import HttpRequest, HttpResponse


class Customer:
    """Answers webhooks by path, and hands its ends of media streams to the test.

    Each path has the documents of its first, second, ... webhook; the last one is for all others.
    Paths without any get an empty answer.
    """

    def __init__(self, **documents: Sequence[str]) -> None:
        self.documents = {f"/{name}": list(texts) for name, texts in documents.items()}
        self.webhooks: list[tuple[str, Mapping[str, str]]] = []
        self.requests: list[HttpRequest] = []
        self.upgrades: list[tuple[str, Mapping[str, str]]] = []
        self.answers_after_s = 0.0
        self.refuses_streams = 0  # with this status
        self.unreachable = 0  # so many more times
        self.unwilling = 0  # likewise: webhooks are answered with 503
        self._streams_in, self._streams = trio.open_memory_channel[MemoryStream](10)

    async def request(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        await trio.sleep(self.answers_after_s)
        if self.unreachable:
            self.unreachable -= 1
            raise NoAnswerError("nobody listens", connected=False)
        if self.unwilling:
            self.unwilling -= 1
            return HttpResponse(status=503)
        fields = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        path = urlsplit(request.url).path
        self.webhooks.append((path, fields))
        document = self.take_document(path)
        if not document:
            return HttpResponse(status=204)
        headers = {"Content-Type": "text/xml"}
        return HttpResponse(status=200, headers=headers, body=document.encode())

    def take_document(self, path: str) -> str:
        """What a webhook to *path* is answered with."""
        documents = self.documents.get(path, [""])
        return documents.pop(0) if len(documents) > 1 else documents[0]

    @asynccontextmanager
    async def open_stream(
        self, url: str, headers: Mapping[str, str]
    ) -> AsyncIterator[CustomerStream]:
        self.upgrades.append((url, headers))
        if self.refuses_streams:
            raise RefusedStreamError(self.refuses_streams)
        theirs, ours = open_memory_streams()
        await self._streams_in.send(ours)
        try:
            yield CarriersEnd(theirs)
        finally:
            theirs.close()

    async def next_stream(self) -> MemoryStream:
        """The customer's end of the next media stream."""
        return await self._streams.receive()


class CarriersEnd:
    """The carrier's end of a media stream in memory."""

    def __init__(self, stream: MemoryStream) -> None:
        self.faults: list[str] = []
        self._stream = stream

    @property
    def close_code(self) -> int | None:
        return 1000 if self._stream.peer.closed else None

    def send(self, message: str) -> None:
        self._stream.send(message)

    async def receive(self) -> Sequence[str]:
        return await self._stream.receive()

    def close(self, code: int = 1000) -> None:
        self._stream.close(code)

    async def abort(self) -> None:
        await trio.lowlevel.checkpoint()
        self._stream.close(1006)


async def read_until(stream: MemoryStream, event: str) -> Mapping[str, Any]:
    """The next message of kind *event* on the customer's end of a stream."""
    while True:
        messages = [json.loads(message) for message in await stream.receive()]
        assert messages, "the stream is over"
        for message in messages:
            if message["event"] == event:
                found: Mapping[str, Any] = message
                return found
