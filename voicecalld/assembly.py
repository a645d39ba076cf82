"""Puts the daemon together: which part is given what; the only file that knows all of them."""

import secrets
import socket
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import trio

from voicecalld import __version__
from voicecalld.agent.catalog import open_agent
from voicecalld.control.listener import open_control_listener
from voicecalld.control.parties import Identity, RingOutcome, Service
from voicecalld.control.server import ControlServer
from voicecalld.errors import BadScriptError, ConfigError, ServiceError
from voicecalld.exchange.exchange import Exchange, RingOrder
from voicecalld.exchange.planning import load_phone
from voicecalld.exchange.script_file import read_script_file
from voicecalld.ids import PhoneNumber
from voicecalld.net.message_stream import MessageStream
from voicecalld.net.wheel import Wheel
from voicecalld.phone_settings import PhoneScript, Step
from voicecalld.provider.catalog import build_provider
from voicecalld.provider.http import Reply, Webhook
from voicecalld.settings import Settings
from voicecalld.speech.base import Synthesizer
from voicecalld.speech.catalog import open_synthesizer, open_transcriber
from voicecalld.switchboard.journal import open_journal
from voicecalld.switchboard.reception import Reception
from voicecalld.switchboard.registry import Switchboard
from voicecalld.switchboard.services import ModelPool, Services
from voicecalld.switchboard.tokens import StreamTokens, load_key

# The mock carrier lives in this process, so nobody dials these addresses.
MOCK_WEBHOOK_URL = "mock://daemon/voice/webhook"
MOCK_STREAM_URL = "mock://daemon/voice/stream"

MOCK_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where the daemon runs; *control* is a listening socket that we were started with, if any."""

    state: Path
    socket_path: str
    pid: int
    control: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Daemon:
    """The parts that run."""

    wheel: Wheel
    exchange: Exchange
    switchboard: Switchboard
    control: ControlServer
    listener: trio.SocketListener

    @property
    def address(self) -> str:
        """Where clients find the control socket."""
        return address_of(self.listener)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run all parts until cancelled; started once calls and clients can come."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.wheel.run)
            await nursery.start(self.exchange.run)
            await nursery.start(self.switchboard.run)
            nursery.start_soon(self.control.serve, self.listener)
            task_status.started()


class MockCarrier:
    """The mock carrier's two ends, which know one another: its exchange and our reception."""

    reception: Reception

    def __init__(self, settings: Settings, voice: Synthesizer) -> None:
        self.settings = settings
        key = secrets.token_bytes(MOCK_KEY_BYTES)  # known to nobody but this process
        self.provider = build_provider(settings.provider, key=key)
        self.exchange = Exchange(
            settings.mock,
            voice=voice,
            key=key,
            webhook_url=MOCK_WEBHOOK_URL,
            deliver=self.deliver,
            accept_stream=self.accept_stream,
            clock=time.time,  # noqa: TID251 - the one place that gives the others their clock
            new_id=new_id,
        )

    async def deliver(self, webhook: Webhook) -> Reply:
        """Bring a webhook to the door."""
        return await self.reception.receive_webhook(webhook)

    async def accept_stream(self, stream: MessageStream) -> None:
        """Bring a media stream to the door."""
        await self.reception.serve_stream(stream)

    async def ring(
        self,
        *,
        from_: str,
        to: PhoneNumber | None,
        say: str | None,
        wav: str | None,
        script: str | None,
        record: str | None,
    ) -> RingOutcome:
        """Let a telephone ring us, and return when its call is over."""
        order = RingOrder(
            from_=from_,
            to=to or self.settings.from_number,
            script=await build_script(say, wav, script),
            record=None if record is None else Path(record),
        )
        result = await self.exchange.ring(order)
        return RingOutcome(
            accepted=result.accepted,
            provider_call_id=result.provider_call_id,
            reason=result.reason,
        )


async def build_script(say: str | None, wav: str | None, script: str | None) -> PhoneScript:
    """What a caller does: as the file says, or speak once after the greeting."""
    if script is not None:
        return await read_script_file(Path(script))
    step = Step(say=say) if say is not None else Step(wav=wav)
    return PhoneScript(steps=(step,))


@asynccontextmanager
async def open_daemon(settings: Settings, around: Surroundings) -> AsyncIterator[Daemon]:
    """All parts, ready to run.

    Raises:
        ConfigError: the settings ask for something that is not installed.
        StartError: the state or the control socket cannot be used.
    """
    problems = await find_phone_problems(settings)
    if problems:
        raise ConfigError(*problems)
    async with AsyncExitStack() as stack:
        journal = await stack.enter_async_context(open_journal(around.state / "journal.sqlite3"))
        synthesizer = await stack.enter_async_context(open_synthesizer(settings))
        mock = MockCarrier(settings, synthesizer)
        services = Services(
            settings=settings,
            provider=mock.provider,
            link=mock.exchange,
            journal=journal,
            wheel=Wheel(),
            synthesizer=synthesizer,
            transcriber=await stack.enter_async_context(open_transcriber(settings)),
            agent=await stack.enter_async_context(open_agent(settings)),
            models=ModelPool(),
            unix_clock=time.time,  # noqa: TID251 - likewise
        )
        switchboard = Switchboard(services, webhook_url=MOCK_WEBHOOK_URL, new_id=new_id)
        mock.reception = Reception(
            switchboard,
            mock.provider,
            StreamTokens(load_key(around.state / "stream-token.key"), services.unix_clock),
            stream_url=MOCK_STREAM_URL,
            unix_clock=services.unix_clock,
        )
        listener = await stack.enter_async_context(open_listener(around))
        service = Service(
            calls=switchboard,
            journal=journal,
            identity=Identity(
                version=__version__,
                pid=around.pid,
                provider=settings.provider,
                socket=address_of(listener),
                started_unix_s=services.unix_clock(),
            ),
            clock=services.unix_clock,
            ring=mock.ring,
        )
        yield Daemon(
            wheel=services.wheel,
            exchange=mock.exchange,
            switchboard=switchboard,
            control=ControlServer(service),
            listener=listener,
        )


@asynccontextmanager
async def open_listener(around: Surroundings) -> AsyncIterator[trio.SocketListener]:
    """The control socket: the one that we were started with, or one of our own."""
    if around.control is None:
        async with open_control_listener(Path(around.socket_path)) as listener:
            yield listener
        return
    inherited = socket.socket(fileno=around.control)
    async with trio.SocketListener(trio.socket.from_stdlib_socket(inherited)) as listener:
        yield listener


def address_of(listener: trio.SocketListener) -> str:
    """The path of a Unix socket."""
    return str(listener.socket.getsockname())


def new_id() -> str:
    """An id that nobody can guess or will ever see twice."""
    return str(uuid.uuid4())


# --- what the settings name ------------------------------------------------------------


async def check_settings(settings: Settings, source: str) -> None:
    """Try everything that the settings name: engines, voices, phrases, files.

    Raises:
        ConfigError: some of it cannot be used; each problem begins with *source*.
    """
    problems = [
        *await find_problems(open_synthesizer(settings)),
        *await find_problems(open_transcriber(settings)),
        *await find_problems(open_agent(settings)),
        *await find_phone_problems(settings),
    ]
    if problems:
        raise ConfigError(*(f"{source}: {problem}" for problem in problems))


async def find_problems(service: AbstractAsyncContextManager[object]) -> Sequence[str]:
    """Why *service* cannot be used; nothing if it can."""
    try:
        async with service:
            return ()
    except ConfigError as error:
        return error.problems
    except ServiceError as error:
        return (str(error),)


async def find_phone_problems(settings: Settings) -> Sequence[str]:
    """Which files of the mock carrier's telephones cannot be used."""
    problems: list[str] = []
    for number, phone in settings.mock.phones.items():
        try:
            await load_phone(phone)
        except BadScriptError as error:
            problems += [f"mock.phones.{number}: {line}" for line in str(error).splitlines()]
    return problems
