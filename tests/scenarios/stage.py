"""A real daemon whose carriers are simulated: several processes, sockets, sound, real time."""

from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trio

from tests.carriers.callee import Callee
from tests.carriers.carrier import OwnNumber, SimulatedCarrier
from tests.daemon_process import DaemonProcess, running_daemon
from tests.fakes.line_client import connected
from tests.ports import reserved_port
from tests.scenarios.carriers import OURS, THEIRS, Carrier

PUBLIC_URL = "https://calls.example.test/voice/webhook"
LONGEST_S = 75.0  # what may take on a loaded machine whatever is played at once

# A fast voice and short pauses: what is tested takes real time.
CONFIG = """
provider = "{provider}"
from_number = "{ours}"
public_url = "{public_url}"
serve.port = {port}
turn.endpoint_silence_ms = 400
tts.embedded.words_per_minute = 280
limits.max_concurrent_calls = 60
streaming.max_pending_connections_per_ip = 64
agent.embedded.company = "us"
outbound.notify_hangup_delay_seconds = 0.2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The daemon, and the ports of the REST APIs that it has been told.

    It places its calls with the first of its carriers, if it is not asked for another.
    """

    daemon: DaemonProcess
    api_ports: Mapping[str, int]

    async def ask(self, method: str, **params: object) -> Any:
        """The result of a request to the daemon, or its error."""
        async with connected(self.daemon.socket_path) as client:
            return await client.ask(method, **params)

    async def address(self) -> tuple[str, int]:
        """Where the daemon waits for carriers."""
        host, _, port = (await self.ask("daemon.info"))["address"].rpartition(":")
        return host, int(port)

    async def place(
        self, message: str, mode: str = "conversation", to: str = THEIRS, **more: object
    ) -> str:
        """Place a call; gives its id."""
        placed = await self.ask("voicecall.initiate", to=to, message=message, mode=mode, **more)
        assert "callId" in placed, placed
        return str(placed["callId"])

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
    async def simulated(
        self, row: Carrier, callee: Callee | None = None, *, forgives: Collection[int] = ()
    ) -> AsyncIterator[SimulatedCarrier]:
        """The carrier of *row*, until everything of its calls is over.

        Nobody may have done wrong, but for warnings with the codes that it *forgives*.
        """
        url = PUBLIC_URL if row.name == next(iter(self.api_ports)) else f"{PUBLIC_URL}/{row.name}"
        with trio.fail_after(LONGEST_S):
            address = await self.address()
            async with row.opens(
                port=self.api_ports[row.name], connect_to=address, callee=callee
            ) as carrier:
                carrier.numbers[OURS] = OwnNumber(voice_url=url, status_url=url)
                yield carrier
                await carrier.settle()
        warnings = carrier.ledger.complaints
        warnings[:] = (warning for warning in warnings if warning.code not in forgives)
        carrier.ledger.check()


@contextmanager
def open_stage(
    folder: Path,
    rows: Sequence[Carrier],
    more: str = "",
    *,
    port: int = 0,
    api_ports: Mapping[str, int] | None = None,
) -> Iterator[Stage]:
    """A daemon with the carriers of *rows* that is ready, with *more* in its settings."""
    with ExitStack() as stack:
        reserved = {row.name: stack.enter_context(reserved_port()) for row in rows}
        ports = api_ports or reserved
        config = render_config(rows, more, port=port, api_ports=ports)
        secrets = {name: value for row in rows for name, value in row.secrets.items()}
        daemon = stack.enter_context(running_daemon(folder, config, **secrets))
        yield Stage(daemon=daemon, api_ports=ports)


def render_config(
    rows: Sequence[Carrier], more: str, *, port: int, api_ports: Mapping[str, int]
) -> str:
    """The daemon's settings."""
    common = CONFIG.format(provider=rows[0].name, ours=OURS, public_url=PUBLIC_URL, port=port)
    accounts = [row.config.format(api_port=api_ports[row.name]) for row in rows]
    return "\n".join((common, more, *accounts))
