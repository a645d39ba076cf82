"""A real daemon whose carrier is a simulated Twilio: two processes, sockets, sound, real time."""

import itertools
import socket
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trio

from tests.carriers.callee import Callee
from tests.carriers.faults import Faults
from tests.carriers.ledger import CallEntry, WebhookEntry
from tests.carriers.twilio.carrier import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    OwnNumber,
    SimulatedTwilio,
    open_twilio,
)
from tests.carriers.twilio.leg import Order
from tests.daemon_process import DaemonProcess, running_daemon
from tests.fakes.control_parties import connected
from voicecalld.audio.frame import FRAME_BYTES
from voicecalld.exchange.party import is_loud

OURS, THEIRS = "+13105550142", "+12065550117"
PUBLIC_URL = "https://calls.example.test/voice/webhook"
LONGEST_S = 60.0  # what a scenario may take on a loaded machine

# A fast voice and short pauses: what is tested takes real time.
CONFIG = """
provider = "twilio"
from_number = "{ours}"
public_url = "{public_url}"
serve.port = {port}
turn.endpoint_silence_ms = 400
tts.embedded.words_per_minute = 280
limits.max_concurrent_calls = 40
streaming.max_pending_connections_per_ip = 32
agent.embedded.company = "us"
outbound.notify_hangup_delay_seconds = 0.2
twilio.account_sid = "{account_sid}"
twilio.api_base_url = "http://127.0.0.1:{api_port}"
{more}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The daemon, and the port of the REST API that it has been told."""

    daemon: DaemonProcess
    api_port: int

    async def ask(self, method: str, **params: object) -> Any:
        """The result of a request to the daemon, or its error."""
        async with connected(self.daemon.socket_path) as client:
            return await client.ask(method, **params)

    async def address(self) -> tuple[str, int]:
        """Where the daemon waits for carriers."""
        host, _, port = (await self.ask("daemon.info"))["address"].rpartition(":")
        return host, int(port)

    async def place(self, message: str, mode: str = "conversation", to: str = THEIRS) -> str:
        """Place a call; gives its id."""
        placed = await self.ask("voicecall.initiate", to=to, message=message, mode=mode)
        call_id = placed["callId"]
        assert isinstance(call_id, str)
        return call_id

    async def wait_event(self, call_id: str, event: str) -> list[Any]:
        """All events of a call until the first *event*, which may have happened before."""
        told: list[Any] = []
        async with connected(self.daemon.socket_path) as client:
            await client.ask("voicecall.subscribe", since=0)
            while not told or told[-1]["event"] != event:
                happened = (await client.receive())["params"]
                call = happened["call"]
                if call_id in (call["callId"], call.get("providerCallId")):
                    told.append(happened)
        return told

    async def ended(self, call_id: str) -> Any:
        """What is remembered of a call, when it is over."""
        await self.wait_event(call_id, "call.ended")
        return (await self.ask("voicecall.status", callId=call_id))["call"]

    async def words(self, call_id: str) -> list[tuple[str, str]]:
        """What was said on a call, and by whom."""
        transcript = await self.ask("voicecall.transcript", callId=call_id)
        return [(said["speaker"], said["text"]) for said in transcript["utterances"]]

    @asynccontextmanager
    async def carrier(
        self,
        callee: Callee | None = None,
        faults: Faults | None = None,
        *,
        forgives: Collection[int] = (),
    ) -> AsyncIterator[SimulatedTwilio]:
        """The carrier, until everything of its calls is over.

        Nobody may have done wrong, but for warnings with the codes that it *forgives*.
        """
        address = await self.address()
        with trio.fail_after(LONGEST_S):
            async with open_twilio(
                port=self.api_port, connect_to=address, callee=callee, faults=faults
            ) as twilio:
                twilio.numbers[OURS] = OwnNumber(voice_url=PUBLIC_URL, status_url=PUBLIC_URL)
                yield twilio
                await twilio.settle()
        warnings = twilio.ledger.complaints
        warnings[:] = (warning for warning in warnings if warning.code not in forgives)
        twilio.ledger.check()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A call that is over, as the daemon and the carrier remember it."""

    call: Any
    words: list[tuple[str, str]]
    turns: list[Any]
    entry: CallEntry
    order: Order
    webhooks: list[WebhookEntry]


async def hold(stage: Stage, twilio: SimulatedTwilio, call_id: str) -> Held:
    """Wait for the end of a call, and for all that the carrier tells of it."""
    call = await stage.ended(call_id)
    entry = next(entry for entry in twilio.ledger.calls if entry.call == call["providerCallId"])
    await twilio.settle()
    return Held(
        call=call,
        words=await stage.words(call_id),
        turns=(await stage.ask("voicecall.latency", callId=call_id))["turns"],
        entry=entry,
        order=twilio._rest.calls[entry.call].leg.order,
        webhooks=[hook for hook in twilio.ledger.webhooks if hook.call == entry.call],
    )


@contextmanager
def open_stage(
    folder: Path, more: str = "", *, port: int = 0, api_port: int = 0
) -> Iterator[Stage]:
    """A daemon that is ready, with *more* in its settings."""
    with reserved_port() as free_port:
        config = render_config(more, port=port, api_port=api_port or free_port)
        with running_daemon(folder, config, TWILIO_AUTH_TOKEN=AUTH_TOKEN) as daemon:
            yield Stage(daemon=daemon, api_port=api_port or free_port)


def render_config(more: str, *, port: int, api_port: int) -> str:
    """The daemon's settings."""
    return CONFIG.format(
        ours=OURS,
        public_url=PUBLIC_URL,
        port=port,
        account_sid=ACCOUNT_SID,
        api_port=api_port,
        more=more,
    )


@contextmanager
def reserved_port() -> Iterator[int]:
    """A port that nobody else is given, and that whoever knows it can listen at."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        assert isinstance(port, int)
        yield port


def loud_s(entry: CallEntry) -> float:
    """How long the callee has heard something."""
    sound = bytes(entry.heard)
    frames = (sound[at : at + FRAME_BYTES] for at in range(0, len(sound), FRAME_BYTES))
    return sum(map(is_loud, frames)) * 0.02


def silence_at_end_s(entry: CallEntry) -> float:
    """How long the callee has heard nothing before the end of the call."""
    sound = bytes(entry.heard)
    frames = [sound[at : at + FRAME_BYTES] for at in range(0, len(sound), FRAME_BYTES)]
    return 0.02 * sum(1 for _ in itertools.takewhile(is_quiet, reversed(frames)))


def is_quiet(frame: bytes) -> bool:
    return not is_loud(frame)
