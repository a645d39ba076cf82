"""The daemon as a process between a carrier and the internet: its port, its end, its return."""

import json
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import trio

from tests.carriers.callee import build_callee
from tests.carriers.ledger import WebhookEntry
from tests.carriers.loopback import Loopback
from tests.carriers.twilio.carrier import AUTH_TOKEN
from tests.carriers.twilio.postman import build_request
from tests.daemon_process import starting_daemon
from tests.twilio.stage import (
    LONGEST_S,
    PUBLIC_URL,
    Stage,
    hold,
    open_stage,
    render_config,
    reserved_port,
)
from voicecalld.provider.http import HttpResponse

STATUS_CALLBACK = 15003  # nobody is there any more to be told that a call is over
LECTURE = " ".join(["This will take a while."] * 20)
LEAVES = build_callee({"hang_up": True, "when": "answered", "after_ms": 500})
LISTENS = build_callee(hang_up_when_done=False)
UPGRADE = (
    b"GET /voice/stream HTTP/1.1\r\nHost: calls.example.test\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
HOSTILE = (
    b"",
    b"P",
    b"POST /voice/webhook HTTP/1.1\r\nHost: calls.example.test\r\n",
    b"POST /voice/webhook HTTP/1.1\r\nX-Twilio-Signature: a\r\nContent-Length: 60000\r\n\r\nCa",
    UPGRADE,
    UPGRADE + b"\r\n",
    UPGRADE + b"X-Twilio-Signature: aaaa\r\n\r\n\x81\xfe\xff\xff",
)


@contextmanager
def hostile_sockets(address: tuple[str, int], count: int) -> Iterator[list[socket.socket]]:
    """Connections that begin something and never finish it, nor read what they are told."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_connection(address)) for _ in range(count)]
        for number, sock in enumerate(sockets):
            sock.sendall(HOSTILE[number % len(HOSTILE)])
        yield sockets


async def replay(stage: Stage, hook: WebhookEntry) -> HttpResponse:
    """Send a webhook once more, exactly as it was."""
    request = build_request(AUTH_TOKEN, "POST", hook.url, hook.fields, hook.token)
    return await Loopback(await stage.address()).request(request)


async def stop(stage: Stage, number: int) -> int:
    """End the daemon; gives its exit status."""
    return await trio.to_thread.run_sync(stage.daemon.stop, number)


async def test_a_terminated_daemon_ends_its_calls_whoever_else_is_connected(
    tmp_path: Path,
) -> None:
    with open_stage(tmp_path, "drain_seconds = 1") as stage:
        address = await stage.address()
        async with stage.carrier(LISTENS, forgives=[STATUS_CALLBACK]) as twilio:
            for _ in range(3):
                call_id = await stage.place("Hello.")
                await stage.wait_event(call_id, "call.listening")
            with hostile_sockets(address, 100), trio.fail_after(LONGEST_S):
                status = await stop(stage, signal.SIGTERM)
        log = stage.daemon.log()

    assert status == 0
    assert [entry.status for entry in twilio.ledger.calls] == ["completed"] * 3
    assert json.loads(log.splitlines()[-1])["event"] == "stopped"
    assert "Traceback" not in log
    assert "exception" not in log


async def test_a_daemon_that_returns_hangs_up_what_it_has_left(tmp_path: Path) -> None:
    native = "streaming.enabled = false"

    with reserved_port() as port, open_stage(tmp_path, native, port=port) as stage:
        async with stage.carrier(LEAVES) as twilio:
            over = await hold(stage, twilio, await stage.place("Hello."))
            asked = next(hook for hook in over.webhooks if hook.event == "asks")
            twilio.callee = LISTENS
            left = await stage.place(LECTURE, "notify")
            await stage.wait_event(left, "call.speaking")
            await twilio.ledger.wait_until(lambda: not twilio.ledger.reports_under_way)
            await stop(stage, signal.SIGKILL)
            with open_stage(tmp_path, native, port=port, api_port=stage.api_port) as returned:
                call = await returned.ended(left)
                again = await replay(returned, asked)
                await twilio.settle()

    entry = twilio.ledger.calls[1]
    assert (entry.status, entry.cut_texts) == ("completed", [LECTURE])
    assert f"POST {entry.call}: 200" in twilio.ledger.requests
    assert (call["state"], call["endReason"]) == ("error", "error")
    assert (again.status, again.body) == (asked.status, asked.body)
    assert b"<Gather" in again.body


def test_a_daemon_whose_port_is_taken_says_so_and_ends(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        config = render_config("", port=port, api_port=port)
        with starting_daemon(tmp_path, config, TWILIO_AUTH_TOKEN=AUTH_TOKEN) as daemon:
            assert daemon.process.wait(timeout=LONGEST_S) == 1

    *_, complaint = daemon.log().splitlines()
    assert complaint.startswith(f"cannot listen at 127.0.0.1, port {port}")
    assert "Traceback" not in daemon.log()


def test_a_daemon_tells_at_which_port_it_is_found(tmp_path: Path) -> None:
    with open_stage(tmp_path) as stage:
        told = stage.daemon.ctl("version")["daemon"]["address"]
        ready = next(line for line in stage.daemon.log().splitlines() if '"ready"' in line)

    assert told.startswith("127.0.0.1:")
    assert json.loads(ready)["address"] == told
    assert json.loads(ready)["webhooks"] == PUBLIC_URL


async def test_a_call_that_lasts_too_long_is_ended_by_the_daemon(tmp_path: Path) -> None:
    with open_stage(tmp_path, "max_duration_seconds = 2\nring_timeout_ms = 1000") as stage:
        async with stage.carrier(LISTENS) as twilio:
            long = await stage.place("Hello.")
            call = await stage.ended(long)
            twilio.callee = build_callee(behaviour="no-answer")
            unanswered = await stage.ended(await stage.place("Hello."))

    assert call["endReason"] == "timeout"
    assert unanswered["endReason"] == "no-answer"
    assert twilio.ledger.calls[0].lasted_s > 1
