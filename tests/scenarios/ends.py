"""Ends of the daemon while calls go on: told to end, killed, or stopped for a while."""

import signal
import socket
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import trio

from tests.carriers.callee import build_callee
from tests.carriers.carrier import SimulatedCarrier
from tests.carriers.faults import Faults
from tests.carriers.ledger import CallEntry, Ledger, WebhookEntry
from tests.carriers.loopback import Loopback
from tests.carriers.twilio.carrier import AUTH_TOKEN
from tests.carriers.twilio.postman import build_request
from tests.scenarios.carriers import CARRIERS, TWILIO, Carrier
from tests.scenarios.play import LISTENS
from tests.scenarios.stage import LONGEST_S, Stage, open_stage
from voicecalld.provider.http import HttpResponse

ROWS = [*CARRIERS.values()]
NATIVE = "streaming.enabled = false"
LECTURE = " ".join(["This will take a while."] * 20)
LEAVES = build_callee({"hang_up": True, "when": "answered", "after_ms": 500})
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


@asynccontextmanager
async def all_carriers(stage: Stage) -> AsyncIterator[Mapping[str, SimulatedCarrier]]:
    """Every carrier; what they tell a daemon that is not there may get lost."""
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(
                stage.simulated(row, LISTENS, forgives=[row.unanswered_code])
            )
            for name, row in CARRIERS.items()
        }


async def replay(stage: Stage, hook: WebhookEntry) -> HttpResponse:
    """Send a webhook of Twilio's once more, exactly as it was."""
    request = build_request(AUTH_TOKEN, "POST", hook.url, hook.fields, hook.token)
    return await Loopback(await stage.address()).request(request)


async def stop(stage: Stage, number: int) -> int:
    """End the daemon; gives its exit status."""
    return await trio.to_thread.run_sync(stage.daemon.stop, number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A call that the daemon was not there to end as usual; ``call`` is what it knows of it."""

    entry: CallEntry
    requests: list[str]
    call: Any = None


# --- an end with notice ----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminated:
    """What is left of a daemon that was told to end while one call of each carrier went on."""

    status: int
    log: str
    left: Mapping[str, Left]


async def terminate(stage: Stage) -> Terminated:
    """Begin calls, and end the daemon."""
    address = await stage.address()
    async with all_carriers(stage) as carriers:
        for name in carriers:
            call_id = await stage.place("Hello.", provider=name)
            await stage.wait_event(call_id, "call.listening")
        for name, carrier in carriers.items():
            # The daemon is gone by then, and who asks it again and again takes its time.
            carrier.faults = Faults(statuses_lost=CARRIERS[name].dispensable)
        with hostile_sockets(address, 100), trio.fail_after(LONGEST_S):
            status = await stop(stage, signal.SIGTERM)
    left = {
        name: Left(entry=carrier.ledger.calls[0], requests=carrier.ledger.requests)
        for name, carrier in carriers.items()
    }
    return Terminated(status=status, log=stage.daemon.log(), left=left)


# --- an end without notice, and a return -----------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What a daemon has made of its past; ``asked`` and ``again`` are one webhook, sent twice."""

    left: Mapping[str, Left]
    asked: WebhookEntry
    again: HttpResponse


def is_speaking(ledger: Ledger) -> bool:
    """Whether the carrier speaks on its latest call, and has told everything so far."""
    return bool(ledger.calls[-1].texts) and not ledger.reports_under_way


async def kill_and_return(stage: Stage, port: int) -> Returned:
    """Begin calls without media streams, kill the daemon, and start it again."""
    async with all_carriers(stage) as carriers:
        twilio = carriers[TWILIO.name]
        twilio.callee = LEAVES
        await stage.ended(await stage.place("Hello.", provider=TWILIO.name))
        await twilio.settle()
        asked = next(hook for hook in twilio.ledger.webhooks if hook.event == "asks")
        twilio.callee = LISTENS
        calls = {name: await stage.place(LECTURE, "notify", provider=name) for name in carriers}
        for name, call_id in calls.items():
            await stage.wait_event(call_id, "call.speaking")
            ledger = carriers[name].ledger
            await ledger.wait_until(partial(is_speaking, ledger))
        await stop(stage, signal.SIGKILL)
        folder, ports = stage.daemon.folder, stage.api_ports
        with open_stage(folder, ROWS, NATIVE, port=port, api_ports=ports) as returned:
            known = {name: await returned.ended(call_id) for name, call_id in calls.items()}
            again = await replay(returned, asked)
            for carrier in carriers.values():
                await carrier.settle()
    left = {
        name: Left(
            entry=carrier.ledger.calls[-1], requests=carrier.ledger.requests, call=known[name]
        )
        for name, carrier in carriers.items()
    }
    return Returned(left=left, asked=asked, again=again)


# --- a pause ---------------------------------------------------------------------------


async def wait_asking(row: Carrier, carrier: SimulatedCarrier) -> None:
    """Wait until the carrier waits to be told what to do, or to report that it will wait."""
    ledger = carrier.ledger
    await ledger.wait_until(
        lambda: any(hook.event in row.asks and not hook.status for hook in ledger.webhooks)
    )


async def pause(stage: Stage) -> Mapping[str, Any]:
    """Stop the daemon until every carrier waits for what to do; gives what it knows then."""
    async with all_carriers(stage) as carriers:
        calls = {name: await stage.place("Hello.", "notify", provider=name) for name in carriers}
        stage.daemon.process.send_signal(signal.SIGSTOP)
        for name, carrier in carriers.items():
            await wait_asking(CARRIERS[name], carrier)
        stage.daemon.process.send_signal(signal.SIGCONT)
        return {
            name: (await stage.ended(call_id), await stage.words(call_id))
            for name, call_id in calls.items()
        }


# --- all of that at once ---------------------------------------------------------------


@dataclass(slots=True)
class Ends:
    """What has come of each; they are played at the same time, for most of it is waiting."""

    terminated: Terminated | None = None
    returned: Returned | None = None
    paused: Mapping[str, Any] | None = None


async def play_all(stages: Sequence[Stage], port: int) -> Ends:
    """Let all of it happen."""
    ends = Ends()
    first, second, third = stages

    async def play_end() -> None:
        ends.terminated = await terminate(first)

    async def play_return() -> None:
        ends.returned = await kill_and_return(second, port)

    async def play_pause() -> None:
        ends.paused = await pause(third)

    async with trio.open_nursery() as nursery:
        for play in (play_end, play_return, play_pause):
            nursery.start_soon(play)
    return ends
