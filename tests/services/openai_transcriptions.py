"""A simulated ``/audio/transcriptions``, which hears the texts of its script."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from importlib import import_module

import trio

from tests.carriers.faults import Answering
from tests.carriers.http_server import Answered, serve_connection
from voicecalld.audio.wav import Sound, parse_wav
from voicecalld.provider.http import HttpRequest, HttpResponse


@dataclass(slots=True, kw_only=True)
class SimulatedTranscriptions:
    """One server; *answers* are of successive requests, then all are well."""

    texts: tuple[str, ...] = ("hello",)
    answers: tuple[Answered, ...] = ()
    base_url: str = ""
    requests: list[HttpRequest] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    sounds: list[Sound] = field(default_factory=list)

    async def answer(self, request: HttpRequest) -> Answered:
        await trio.lowlevel.checkpoint()
        number = len(self.requests)
        self.requests.append(request)
        self.read_form(request)
        if number < len(self.answers):
            return self.answers[number]
        text = self.texts[min(len(self.sounds), len(self.texts)) - 1]
        return answered(200, json.dumps({"text": text}).encode())

    def read_form(self, request: HttpRequest) -> None:
        head = f"content-type: {request.headers['content-type']}\r\n\r\n".encode()
        form: dict[str, str] = {}
        for part in BytesParser().parsebytes(head + request.body).get_payload():
            assert isinstance(part, Message)
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            if part.get_filename() is None:
                name = part.get_param("name", header="content-disposition")
                form[str(name)] = content.decode()
            else:
                self.sounds.append(parse_wav(content))
        self.forms.append(form)


def answered(status: int, body: bytes, how: Answering = Answering.WELL) -> Answered:
    """An answer with JSON."""
    headers = {"content-type": "application/json"}
    return Answered(response=HttpResponse(status=status, body=body, headers=headers), how=how)


@asynccontextmanager
async def open_transcriptions(
    *texts: str, answers: tuple[Answered, ...] = (), port: int = 0
) -> AsyncIterator[SimulatedTranscriptions]:
    """A server that hears *texts*, for as long as the block lasts."""
    service = SimulatedTranscriptions(texts=texts or ("hello",), answers=answers)
    (listener,) = await trio.open_tcp_listeners(port, host="127.0.0.1")

    async def handle(stream: trio.SocketStream) -> None:
        await serve_connection(service.answer, stream)

    async with trio.open_nursery() as nursery:
        await nursery.start(trio.serve_listeners, handle, [listener])
        service.base_url = f"http://127.0.0.1:{listener.socket.getsockname()[1]}/v1"
        yield service
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    # Not by name: it knows all of them, this one as well.
    import_module("tests.services.running").run_one("openai_transcriptions", __doc__)
