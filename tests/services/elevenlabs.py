"""A simulated ElevenLabs: speech over HTTP, and over a WebSocket with several contexts.

It hums: 50 ms a character, and says so in its timing. By hand it is the WebSocket, or with
``--http`` the other way.
"""

import json
import sys
from base64 import b64encode
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from urllib.parse import parse_qs, urlsplit

import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, WebSocketRequest, serve_websocket

from tests.fakes.speech_fakes import hum
from tests.services.speech_faults import WELL, Faults, When
from tests.services.speech_http import Answer, SpeechServer, open_speech_server
from voicecalld.provider.http import HttpRequest

API_KEY = "el-key-of-these-tests"
VOICE_ID = "voice1"
PATH = f"/v1/text-to-speech/{VOICE_ID}"
CHARACTER_BYTES = 400
CHUNK_CHARACTERS = 7
MOST_CONTEXTS = 5


def speak(request: HttpRequest) -> Answer:
    """What ElevenLabs answers over HTTP."""
    url = urlsplit(request.url)
    if request.headers.get("xi-api-key") != API_KEY:
        return refuse(401, "invalid_api_key")
    if url.path != f"{PATH}/stream":
        return refuse(404, "voice_not_found")
    if parse_qs(url.query).get("output_format") != ["ulaw_8000"]:
        return Answer(content_type="audio/mpeg", body=b"ID3" + bytes(1000))
    sound = hum(0, CHARACTER_BYTES * len(json.loads(request.body)["text"]))
    return Answer(content_type="audio/basic", body=sound)


def refuse(status: int, code: str) -> Answer:
    """A refusal as ElevenLabs words it."""
    body = {"detail": {"status": code, "message": "no"}}
    return Answer(status=status, content_type="application/json", body=json.dumps(body).encode())


def open_elevenlabs_http(port: int = 0) -> AbstractAsyncContextManager[SpeechServer]:
    """A simulated ElevenLabs over HTTP for as long as the block lasts."""
    return open_speech_server(speak, port=port)


@dataclass(slots=True, kw_only=True)
class SocketServer:
    """The WebSocket of ElevenLabs.

    ``faults`` are those of contexts; ``garbage`` is sent in place of the first sound of one.
    ``closed`` has a context once for each time that the client has closed it. With *is_slow* it
    speaks only when ``go_on`` is set.
    """

    faults: Faults = WELL
    garbage: tuple[object, ...] = ()
    refuses: int = 0
    url: str = ""
    sockets: int = 0
    opened: int = 0
    texts: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    changed: trio.Event = field(default_factory=trio.Event)
    go_on: trio.Event | None = None

    async def accept(self, request: WebSocketRequest) -> None:
        """Serve one WebSocket."""
        url = urlsplit(request.path)
        query = parse_qs(url.query)
        headers = {name.lower(): value for name, value in request.headers}
        if self.refuses or headers.get(b"xi-api-key") != API_KEY.encode():
            body = refuse(401, "invalid_api_key").body
            await request.reject(self.refuses or 401, body=body)
            return
        assert url.path == f"{PATH}/multi-stream-input"
        assert query["output_format"] == ["ulaw_8000"]
        socket = await request.accept()
        self.sockets += 1
        self.opened += 1
        self.tell()
        try:
            async with trio.open_nursery() as nursery:
                await self.serve(socket, nursery)
                nursery.cancel_scope.cancel()
        finally:
            self.sockets -= 1
            self.tell()

    async def serve(self, socket: WebSocketConnection, nursery: trio.Nursery) -> None:
        """Obey the messages of one WebSocket."""
        speaking: dict[str, list[str]] = {}
        counted: set[str] = set()  # until their last was said
        try:
            while True:
                message = json.loads(await socket.get_message())
                name = message["context_id"]
                if message.get("close_context"):
                    self.closed.append(name)
                    if name in speaking:
                        text = "".join(speaking.pop(name))
                        nursery.start_soon(self.speak, socket, name, text, counted)
                elif message["text"].strip():
                    self.texts.append(message["text"])
                    speaking[name].append(message["text"])
                else:
                    speaking.setdefault(name, [])
                    counted.add(name)
                self.tell()
                if len(counted) > MOST_CONTEXTS:
                    await socket.send_message(json.dumps({"error": "max_active_conversations"}))
                    await socket.aclose(1008, "too many contexts")
        except ConnectionClosed:
            return

    async def speak(
        self, socket: WebSocketConnection, name: str, text: str, counted: set[str]
    ) -> None:
        """Send the sound of one context, and then that this was all."""
        faults = self.faults if len(self.texts) <= self.faults.times else WELL
        try:
            await self.speak_chunks(socket, name, text, faults)
            counted.discard(name)
            await socket.send_message(json.dumps({"isFinal": True, "contextId": name}))
        except ConnectionClosed:
            return

    async def speak_chunks(
        self, socket: WebSocketConnection, name: str, text: str, faults: Faults
    ) -> None:
        """The same, as *faults* will have it."""
        await trio.sleep(faults.delay_s)
        chunks = [text[i : i + CHUNK_CHARACTERS] for i in range(0, len(text), CHUNK_CHARACTERS)]
        if faults is not WELL and faults.body is not None:
            chunks = [""] if faults.body else []
        for number, chunk in enumerate(chunks):
            now = When.IN_THE_MIDDLE if number == max(1, len(chunks) // 2) else When.NEVER
            now = When.AT_ONCE if number == 0 else now
            if now is not When.NEVER and now is faults.stall:
                await trio.sleep_forever()
            if now is not When.NEVER and now is faults.reset:
                await socket.aclose(1011, "internal error")
                return
            if number == 1 and self.go_on is not None:
                await self.go_on.wait()
            if number == 0 and faults is not WELL:
                for garbage in self.garbage:
                    await socket.send_message(
                        garbage.replace("CONTEXT", name)
                        if isinstance(garbage, str)
                        else json.dumps(garbage)
                    )
            sound = faults.body or hum(0, CHARACTER_BYTES * len(chunk))
            await socket.send_message(json.dumps(spoken(name, chunk, sound)))
        while faults.is_endless:
            await socket.send_message(json.dumps(spoken(name, "", bytes(80_000))))

    def tell(self) -> None:
        """Wake who waits for a change."""
        self.changed.set()
        self.changed = trio.Event()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until *condition* holds."""
        while not condition():
            await self.changed.wait()


def spoken(name: str, text: str, sound: bytes) -> dict[str, object]:
    """One message with sound."""
    characters = list(text)
    alignment = {
        "chars": characters,
        "charStartTimesMs": [50 * number for number in range(len(characters))],
        "charDurationsMs": [50] * len(characters),
    }
    return {"audio": b64encode(sound).decode(), "alignment": alignment, "contextId": name}


@asynccontextmanager
async def open_elevenlabs_socket(port: int = 0) -> AsyncGenerator[SocketServer, None]:
    """A simulated ElevenLabs with a WebSocket for as long as the block lasts."""
    server = SocketServer()
    async with trio.open_nursery() as nursery:
        running = await nursery.start(serve_websocket, server.accept, "127.0.0.1", port, None)
        server.url = f"http://127.0.0.1:{running.port}"
        try:
            yield server
        finally:
            nursery.cancel_scope.cancel()


if __name__ == "__main__":
    name = "elevenlabs_http" if "--http" in sys.argv else "elevenlabs"
    # Not by name: it knows all of them, this one as well.
    import_module("tests.services.running").run_one(name, __doc__)
