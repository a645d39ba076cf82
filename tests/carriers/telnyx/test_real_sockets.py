"""The whole carrier over real sockets, and as a program."""

import base64
import json
import signal
import subprocess
import sys
from typing import Any

import trio
from trio.testing import MockClock
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.trio.server import ServerConnection

from tests.carriers.callee import build_callee
from tests.carriers.echo import LONGEST_S, build_listener, check_echo, open_customer
from tests.carriers.http_server import Answered, serve_connection
from tests.carriers.loopback import Loopback
from tests.carriers.telnyx.carrier import CONNECTION_ID, open_telnyx
from tests.carriers.telnyx.rig import BEARER, FROM, TO
from voicecalld.audio.frame import SILENT_FRAME
from voicecalld.provider.http import HttpRequest, HttpResponse

TOKEN = "t1"  # noqa: S105 - it opens nothing but this test
ORDER = {
    "connection_id": CONNECTION_ID,
    "to": TO,
    "from": FROM,
    "stream_url": "wss://calls.example.test/stream?leg=a",
    "stream_bidirectional_mode": "rtp",
    "stream_auth_token": TOKEN,
}


def encode_media(sound: bytes) -> str:
    payload = base64.b64encode(sound).decode()
    return json.dumps({"event": "media", "media": {"payload": payload}})


async def send_back(connection: ServerConnection) -> None:
    """A customer that lets everybody hear themselves, until a key is pressed."""
    await connection.send(encode_media(SILENT_FRAME))
    while (message := json.loads(await connection.recv()))["event"] != "dtmf":
        if message["event"] == "media":
            payload = {"payload": message["media"]["payload"]}
            await connection.send(json.dumps({"event": "media", "media": payload}))


def check_token(connection: ServerConnection, request: Request) -> Response | None:
    """Only the carrier gets in."""
    if request.headers.get("x-telnyx-streaming-auth-token") == TOKEN:
        return None
    return Response(403, "Forbidden", Headers())


async def post(base_url: str, path: str, fields: dict[str, Any]) -> HttpResponse:
    """One request to the REST API."""
    headers = {"Authorization": BEARER, "Content-Type": "application/json"}
    url = f"{base_url}/v2/calls{path}"
    body = json.dumps(fields).encode()
    request = HttpRequest(method="POST", url=url, headers=headers, body=body)
    return await Loopback().request(request)


class WebhookServer:
    """Takes webhooks, and keeps them."""

    def __init__(self) -> None:
        self.taken: list[HttpRequest] = []

    async def answer(self, request: HttpRequest) -> Answered:
        self.taken.append(request)
        return Answered(response=HttpResponse(status=200))

    async def serve(self, task_status: trio.TaskStatus[str]) -> None:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        port = listeners[0].socket.getsockname()[1]
        task_status.started(f"http://127.0.0.1:{port}/events")

        async def take(stream: trio.SocketStream) -> None:
            await serve_connection(self.answer, stream)

        await trio.serve_listeners(take, listeners)


async def test_a_callee_hears_itself_over_a_real_stream(jumping_clock: MockClock) -> None:
    callee = build_listener({"hang_up": True, "when": "answered", "after_ms": 2000})
    async with (
        open_customer(send_back, process_request=check_token) as address,
        open_telnyx(callee=callee, connect_to=address) as telnyx,
    ):
        response = await post(telnyx.base_url, "", ORDER)
        entry = telnyx.ledger.calls[0]
        with trio.fail_after(LONGEST_S):
            await telnyx.ledger.wait_over(entry)

    assert response.status == 200
    assert entry.status == "normal_clearing"
    check_echo(entry)


async def test_webhooks_over_a_real_connection_are_signed_with_the_key_of_the_run() -> None:
    from telnyx.lib.webhook_verification import verify_webhook_signature

    server = WebhookServer()

    async with trio.open_nursery() as nursery:
        url = await nursery.start(server.serve)
        async with open_telnyx(
            callee=build_callee(behaviour="busy", answers_after_ms=0)
        ) as telnyx:
            fields = {"connection_id": CONNECTION_ID, "to": TO, "from": FROM, "webhook_url": url}
            await post(telnyx.base_url, "", fields)
            with trio.fail_after(LONGEST_S):
                await telnyx.settle()
        nursery.cancel_scope.cancel()

    for request in server.taken:
        verify_webhook_signature(request.body, request.headers, telnyx.public_key)
    kinds = [json.loads(request.body)["data"]["event_type"] for request in server.taken]
    assert kinds == ["call.initiated", "call.hangup"]
    telnyx.ledger.check()


def test_the_program_tells_its_key_and_what_happens_and_stops_when_interrupted() -> None:
    command = [sys.executable, "-m", "tests.carriers.telnyx", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        base_url = program.stdout.readline().removeprefix("REST API: ").strip()
        public_key = program.stdout.readline().removeprefix("Public key: ").strip()
        order = {"connection_id": CONNECTION_ID, "to": TO, "from": FROM}
        response = trio.run(post, base_url, "", order)
        call = json.loads(response.body)["data"]["call_control_id"]
        lines = []
        for line in program.stdout:
            lines.append(line.split(maxsplit=2)[-1].strip())
            if lines[-1] == "answered":
                trio.run(post, base_url, f"/{call}/actions/hangup", {})
            if lines[-1] == "normal_clearing":
                break
        program.send_signal(signal.SIGINT)
        code = program.wait(LONGEST_S)

    assert len(base64.b64decode(public_key, validate=True)) == 32
    assert lines[0] == "queued"
    assert lines[-1] == "normal_clearing"
    assert code == 130
