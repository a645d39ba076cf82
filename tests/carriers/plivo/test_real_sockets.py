"""The whole carrier over real sockets in real time, and as a program."""

import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus

import trio
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.trio.server import Server, ServerConnection, serve
from websockets.typing import Subprotocol

from tests.carriers.callee import build_callee
from tests.carriers.loopback import Loopback
from tests.carriers.plivo.carrier import open_plivo
from tests.carriers.plivo.rig import BASIC, CALLS, FROM, TO, VOICE_URL, render_stream
from voicecalld.audio.tones import beep
from voicecalld.provider.http import HttpRequest, HttpResponse

SOUND = beep(440, 400)
LONGEST_S = 20.0
ORDER = {"to": TO, "from": FROM, "answer_url": VOICE_URL}


async def send_back(connection: ServerConnection) -> None:
    """A customer that lets everybody hear themselves, until a key is pressed."""
    assert connection.subprotocol == "audio.plivo.com"
    while (message := json.loads(await connection.recv()))["event"] != "dtmf":
        if message["event"] == "media":
            payload = message["media"]["payload"]
            media = {"contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": payload}
            await connection.send(json.dumps({"event": "playAudio", "media": media}))


def give_document(connection: ServerConnection, request: Request) -> Response | None:
    """Answer a webhook by GET; all others are streams."""
    if not request.path.startswith("/voice"):
        return None
    body = render_stream().encode()
    headers = Headers({"Content-Type": "text/xml", "Content-Length": str(len(body))})
    return Response(HTTPStatus.OK, "OK", headers, body)


async def post(base_url: str, order: Mapping[str, str]) -> HttpResponse:
    """Place a call."""
    headers = {"Authorization": BASIC, "Content-Type": "application/json"}
    url = f"{base_url}{CALLS}"
    request = HttpRequest(method="POST", url=url, headers=headers, body=json.dumps(order).encode())
    return await Loopback().request(request)


@asynccontextmanager
async def customer() -> AsyncIterator[tuple[str, int]]:
    async with trio.open_nursery() as nursery:

        async def run(task_status: trio.TaskStatus[Server]) -> None:
            await serve(
                send_back,
                0,
                host="127.0.0.1",
                compression=None,
                subprotocols=[Subprotocol("audio.plivo.com")],
                process_request=give_document,
                task_status=task_status,
            )

        server = await nursery.start(run)
        yield server.listeners[0].socket.getsockname()
        nursery.cancel_scope.cancel()


async def test_a_callee_hears_itself_over_a_real_stream() -> None:
    callee = build_callee(
        {"wav": "beep", "when": "answered", "after_ms": 200},
        {"press": "1", "when": "answered", "after_ms": 900},
        sounds={"beep": SOUND},
        answers_after_ms=0,
    )
    order = {**ORDER, "answer_method": "GET", "hangup_method": "GET"}

    async with customer() as address, open_plivo(callee=callee, connect_to=address) as plivo:
        response = await post(plivo.base_url, order)
        with trio.fail_after(LONGEST_S):
            await plivo.settle()

    entry = plivo.ledger.calls[0]
    assert response.status == 201
    assert entry.status == "completed"
    assert SOUND in entry.said
    assert SOUND in entry.heard
    assert entry.pressed == "1"
    assert entry.streams[0].close_code == 1000
    plivo.ledger.check()


def test_the_program_tells_what_happens_and_stops_when_interrupted() -> None:
    command = [sys.executable, "-m", "tests.carriers.plivo", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        base_url = program.stdout.readline().removeprefix("REST API: ").strip()
        response = trio.run(post, base_url, {**ORDER, "answer_url": "http://127.0.0.1:9/"})
        lines = []
        for line in program.stdout:
            lines.append(line.split(maxsplit=2)[-1].strip())
            if lines[-1] == "completed":
                break
        program.send_signal(signal.SIGINT)
        code = program.wait(LONGEST_S)

    assert json.loads(response.body)["message"] == "call fired"
    assert lines[0] == "queued"
    assert lines[2:4] == ["ringing", "in-progress"]
    assert code == 130
