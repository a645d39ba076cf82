"""A simulated service that speaks ``/chat/completions``, and can do so badly on purpose.

By hand, ``python -m tests.services.openai_chat --port 11434`` says back what it is told.
"""

import json
import re
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from importlib import import_module

import h11
import trio
import trio.testing

from tests.carriers.http_server import reset, serve_requests
from voicecalld.provider.http import HttpRequest


class Fault(Enum):
    """What goes wrong with an answer."""

    NONE = auto()
    STALL_BEFORE = auto()  # the head never comes
    RESET_BEFORE = auto()
    HTML = auto()  # with status 200, as a proxy's page of errors
    JSON = auto()  # not as a stream
    COMPRESSED = auto()
    GARBAGE = auto()  # an event that is no JSON
    NOT_AN_OBJECT = auto()
    HALF_EVENT = auto()  # after the first words, and the answer ends
    ENDS_EARLY = auto()  # whole for HTTP, but nothing says that it is finished
    CUT = auto()  # not whole for HTTP
    RESET_WITHIN = auto()
    STALL_WITHIN = auto()
    ERROR_EVENT = auto()  # {"error": ...} as data
    NAMED_ERROR = auto()  # event: error
    BARE_ERROR = auto()  # error: ..., as older servers of llama.cpp
    FINISHED_BY_ERROR = auto()  # as OpenRouter
    NO_DONE = auto()  # a finished answer that ends without [DONE]
    STALL_BEHIND = auto()  # a finished answer that does not end
    CUT_BEHIND = auto()
    ENDLESS = auto()  # words for ever
    ENDLESS_EVENT = auto()
    ENDLESS_THOUGHT = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """An answer: *deltas* in order, each a text or a whole ``delta``."""

    deltas: Sequence[str | Mapping[str, object]] = ()
    finish: str = "stop"
    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Fault = Fault.NONE


def words(text: str, fault: Fault = Fault.NONE) -> Chat:
    """An answer word by word."""
    first, *rest = text.split(" ")
    return Chat(deltas=[first, *(f" {word}" for word in rest)], fault=fault)


def tool(
    name: str, arguments: str = "", *, index: int = 0, call_id: str = "c"
) -> dict[str, object]:
    """A ``delta`` with a call of a tool, or the beginning of one."""
    function = {"name": name, "arguments": arguments}
    return {"tool_calls": [{"index": index, "id": call_id, "function": function}]}


def more(arguments: str, *, index: int = 0) -> dict[str, object]:
    """A ``delta`` with more of a call's arguments."""
    return {"tool_calls": [{"index": index, "function": {"arguments": arguments}}]}


def refusal(status: int, error: Mapping[str, object] | None = None, **headers: str) -> Chat:
    """An answer of *status*; the names of *headers* have ``_`` for ``-``."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return Chat(status=status, body=json.dumps({"error": error}).encode(), headers=fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that came."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, object]

    @property
    def messages(self) -> list[dict[str, object]]:
        messages = self.body["messages"]
        assert isinstance(messages, list)
        return messages


class ChatServer:
    """Gives each of *answers* in turn, the last for ever; or what *answer* makes of a request."""

    def __init__(self, *answers: Chat, answer: Callable[[Asked], Chat] | None = None) -> None:
        self.answers = deque(answers)
        self.answer = answer
        self.asked: list[Asked] = []
        self.connections = 0
        self.open_connections = 0
        self.changed = trio.Event()
        self.base_url = ""

    async def serve(self, stream: trio.SocketStream) -> None:
        """Serve one connection until either side ends it."""
        self.connections += 1
        self.open_connections += 1
        try:
            await serve_requests(self.serve_one, stream)
        finally:
            self.open_connections -= 1
            self.tell()

    async def serve_one(
        self, connection: h11.Connection, stream: trio.SocketStream, request: HttpRequest
    ) -> None:
        if request.method == "HEAD":
            await send_whole(connection, stream, Chat(status=405, body=b""))
            return
        asked = Asked(
            path=request.url, headers=request.headers, body=json.loads(request.body or b"{}")
        )
        self.asked.append(asked)
        self.tell()
        await send_chat(connection, stream, self.next_answer(asked))

    def next_answer(self, asked: Asked) -> Chat:
        if self.answer is not None:
            return self.answer(asked)
        return self.answers.popleft() if len(self.answers) > 1 else self.answers[0]

    def tell(self) -> None:
        self.changed.set()
        self.changed = trio.Event()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until *condition* holds."""
        while not condition():
            await self.changed.wait()


async def send_chat(connection: h11.Connection, stream: trio.SocketStream, chat: Chat) -> None:
    """Send *chat* as badly as it says."""
    match chat.fault:
        case Fault.STALL_BEFORE:
            await stream.receive_some()
        case Fault.RESET_BEFORE:
            await reset(stream)
        case Fault.HTML:
            await send_whole(connection, stream, chat, b"<html>Bad gateway</html>", "text/html")
        case Fault.JSON:
            await send_whole(connection, stream, chat, b'{"error": {"code": 502}}')
        case _ if chat.status != 200:
            await send_whole(connection, stream, chat)
        case _:
            await send_stream(connection, stream, chat)


async def send_whole(
    connection: h11.Connection,
    stream: trio.SocketStream,
    chat: Chat,
    body: bytes | None = None,
    kind: str = "application/json",
) -> None:
    body = chat.body if body is None else body
    fields = {"content-type": kind, "content-length": str(len(body)), **chat.headers}
    events = (
        h11.Response(status_code=chat.status, headers=list(fields.items())),
        *([h11.Data(data=body)] if body else []),
        h11.EndOfMessage(),
    )
    await stream.send_all(b"".join(connection.send(event) or b"" for event in events))


async def send_stream(connection: h11.Connection, stream: trio.SocketStream, chat: Chat) -> None:
    encoding = "gzip" if chat.fault is Fault.COMPRESSED else "identity"
    head = h11.Response(
        status_code=200,
        headers=[
            ("content-type", "text/event-stream; charset=utf-8"),
            ("content-encoding", encoding),
            ("transfer-encoding", "chunked"),
        ],
    )
    await stream.send_all(connection.send(head) or b"")
    for piece in pieces(chat):
        await stream.send_all(connection.send(h11.Data(data=piece)) or b"")
    match chat.fault:
        case Fault.STALL_WITHIN | Fault.STALL_BEHIND:
            await stream.receive_some()
        case Fault.RESET_WITHIN:
            await trio.testing.wait_all_tasks_blocked(0.01)  # let them read what was sent
            await reset(stream)
        case Fault.CUT | Fault.CUT_BEHIND:
            await stream.aclose()
        case _:
            await stream.send_all(connection.send(h11.EndOfMessage()) or b"")


def pieces(chat: Chat) -> Iterator[bytes]:
    """The body, event by event."""
    yield b": a sign of life\n\n"
    yield event({"role": "assistant", "content": None})
    for delta in chat.deltas:
        yield event({"content": delta} if isinstance(delta, str) else delta)
    wrong = PIECES.get(chat.fault)
    if wrong is not None:
        yield from wrong()
        return
    yield event({}, finish=chat.finish)
    if chat.fault in {Fault.NO_DONE, Fault.STALL_BEHIND, Fault.CUT_BEHIND}:
        return
    yield b'data: {"choices": [], "usage": {"total_tokens": 7}}\n\n'
    yield b"data: [DONE]\n\n"


def event(delta: Mapping[str, object], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return f"data: {json.dumps({'choices': [choice]})}\n\n".encode()


def nothing() -> Iterator[bytes]:
    yield from ()


def only(*piece: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: iter(piece)


def words_for_ever() -> Iterator[bytes]:
    while True:
        yield event({"content": "and so on " * 10})


def thought_for_ever() -> Iterator[bytes]:
    while True:
        yield event({"reasoning_content": "hmm " * 20_000})


def event_for_ever() -> Iterator[bytes]:
    yield b"data: "
    while True:
        yield b"x" * 65536


PIECES: Mapping[Fault, Callable[[], Iterator[bytes]]] = {
    Fault.GARBAGE: only(b"data: {oops\n\n"),
    Fault.NOT_AN_OBJECT: only(b"data: [1]\n\n"),
    Fault.HALF_EVENT: only(b'data: {"choices": [{"delta": {"content": "lo'),
    Fault.ENDS_EARLY: nothing,
    Fault.CUT: nothing,
    Fault.RESET_WITHIN: nothing,
    Fault.STALL_WITHIN: nothing,
    Fault.ERROR_EVENT: only(
        b'data: {"error": {"message": "Secret words", "code": "server_error"}}\n\n',
        b"data: [DONE]\n\n",
    ),
    Fault.NAMED_ERROR: only(b'event: error\ndata: {"error": {"type": "overloaded"}}\n\n'),
    Fault.BARE_ERROR: only(b'error: {"code": 500, "type": "server_error"}\n\n'),
    Fault.FINISHED_BY_ERROR: only(event({}, finish="error")),
    Fault.ENDLESS: words_for_ever,
    Fault.ENDLESS_EVENT: event_for_ever,
    Fault.ENDLESS_THOUGHT: thought_for_ever,
}


@asynccontextmanager
async def running(
    *answers: Chat, answer: Callable[[Asked], Chat] | None = None, port: int = 0
) -> AsyncGenerator[ChatServer, None]:
    """A service for as long as the block lasts."""
    server = ChatServer(*answers, answer=answer)
    listeners = await trio.open_tcp_listeners(port, host="127.0.0.1")
    server.base_url = f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}/v1"
    async with trio.open_nursery() as nursery:
        await nursery.start(trio.serve_listeners, server.serve, listeners)
        yield server
        nursery.cancel_scope.cancel()


def echo(asked: Asked) -> Chat:
    """Says back what it is told, so that every word can be seen to have arrived."""
    heard = " ".join(
        str(message["content"]) for message in asked.messages if message["role"] == "user"
    )
    return words(f"I have heard: {heard}")


def converse(asked: Asked) -> Chat:
    """Says back the last thing that it is told, unless that is an order to press or to end."""
    told = str(asked.messages[-1]["content"])
    has_tools = "tools" in asked.body
    if "goodbye" in told.lower():
        ending = tool("end_call", "{}") if has_tools else "<end_call/>"
        return Chat(deltas=["Goodbye,", " and have a nice day.", ending])
    if re.search(r"\bpress\b", told.lower()):
        pressing = tool("press_keys", '{"keys": "1"}') if has_tools else '<press keys="1"/>'
        return Chat(deltas=["I press", " one.", pressing])
    return words(f"You have said: {told}")


if __name__ == "__main__":
    # Not by name: it knows all of them, this one as well.
    import_module("tests.services.running").run_one("openai_chat", __doc__)
