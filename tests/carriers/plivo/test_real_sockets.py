"""The whole carrier over real sockets, and as a program."""

import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from http import HTTPStatus

import trio
from trio.testing import MockClock
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.trio.server import ServerConnection

from tests.carriers.echo import LONGEST_S, build_listener, check_echo, open_customer
from tests.carriers.loopback import Loopback
from tests.carriers.plivo.carrier import open_plivo
from tests.carriers.plivo.rig import BASIC, CALLS, FROM, TO, VOICE_URL, render_stream
from voicecalld.provider.http import HttpRequest, HttpResponse

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


async def test_a_callee_hears_itself_over_a_real_stream(jumping_clock: MockClock) -> None:
    callee = build_listener()
    order = {**ORDER, "answer_method": "GET", "hangup_method": "GET"}

    async with (
        open_customer(
            send_back, process_request=give_document, subprotocols=["audio.plivo.com"]
        ) as address,
        open_plivo(callee=callee, connect_to=address) as plivo,
    ):
        response = await post(plivo.base_url, order)
        with trio.fail_after(LONGEST_S):
            await plivo.settle()

    entry = plivo.ledger.calls[0]
    assert response.status == 201
    assert entry.status == "completed"
    check_echo(entry)
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
