"""The whole carrier over real sockets, and as a program."""

import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from urllib.parse import urlencode

import trio
from trio.testing import MockClock
from websockets.trio.server import ServerConnection

from tests.carriers.echo import LONGEST_S, build_listener, check_echo, open_customer
from tests.carriers.loopback import Loopback
from tests.carriers.twilio.carrier import open_twilio
from tests.carriers.twilio.rig import BASIC, CALLS, FROM, STREAM_TWIML, TO
from voicecalld.provider.http import HttpRequest, HttpResponse


async def send_back(connection: ServerConnection) -> None:
    """A customer that lets everybody hear themselves, until a key is pressed."""
    while (message := json.loads(await connection.recv()))["event"] != "dtmf":
        if message["event"] == "media":
            payload = {"payload": message["media"]["payload"]}
            answer = {"event": "media", "streamSid": message["streamSid"], "media": payload}
            await connection.send(json.dumps(answer))


async def post(base_url: str, order: Mapping[str, str]) -> HttpResponse:
    """Place a call."""
    headers = {
        "Authorization": BASIC,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    body = urlencode(order).encode()
    url = f"{base_url}{CALLS}.json"
    request = HttpRequest(method="POST", url=url, headers=headers, body=body)
    return await Loopback().request(request)


async def test_a_callee_hears_itself_over_a_real_stream(jumping_clock: MockClock) -> None:
    callee = build_listener()
    order = {"To": TO, "From": FROM, "Twiml": STREAM_TWIML}

    async with (
        open_customer(send_back) as address,
        open_twilio(callee=callee, connect_to=address) as twilio,
    ):
        response = await post(twilio.base_url, order)
        with trio.fail_after(LONGEST_S):
            await twilio.settle()

    entry = twilio.ledger.calls[0]
    assert response.status == 201
    assert entry.status == "completed"
    check_echo(entry)
    twilio.ledger.check()


def test_the_program_tells_what_happens_and_stops_when_interrupted() -> None:
    command = [sys.executable, "-m", "tests.carriers.twilio", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        base_url = program.stdout.readline().removeprefix("REST API: ").strip()
        order = {"To": TO, "From": FROM, "Twiml": "<Response><Hangup/></Response>"}
        response = trio.run(post, base_url, order)
        lines = []
        for line in program.stdout:
            lines.append(line.split(maxsplit=2)[-1].strip())
            if lines[-1] == "completed":
                break
        program.send_signal(signal.SIGINT)
        code = program.wait(LONGEST_S)

    assert json.loads(response.body)["status"] == "queued"
    assert lines[0] == "queued"
    assert lines[-3:] == ["ringing", "in-progress", "completed"]
    assert code == 130
