"""Puts the daemon together: which part is given what; the only file that knows all of them."""

import socket
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import structlog
import trio

from voicecalld import __version__
from voicecalld.agent.catalog import open_agent
from voicecalld.control.listener import open_control_listener
from voicecalld.control.parties import Health, Identity, Ringer, Service
from voicecalld.control.server import ControlServer
from voicecalld.errors import BadScriptError, ConfigError, ServiceError
from voicecalld.exchange.planning import load_phone
from voicecalld.helpers import Helpers, open_helpers
from voicecalld.mock_carrier import MockCarrier
from voicecalld.net.wheel import Wheel
from voicecalld.network_carrier import find_warnings, open_network_carriers
from voicecalld.settings import Settings
from voicecalld.speech.base import Synthesizer
from voicecalld.speech.catalog import open_embedded_voice, open_synthesizer, open_transcriber
from voicecalld.surroundings import Surroundings
from voicecalld.switchboard.journal import Journal, open_journal
from voicecalld.switchboard.registry import Switchboard
from voicecalld.switchboard.services import CarrierAccess, ModelPool, Services
from voicecalld.switchboard.tokens import StreamTokens, load_key

log: Final = structlog.get_logger()


class Carriers(Protocol):
    """Our end of the ways to carriers."""

    @property
    def carriers(self) -> Mapping[str, CarrierAccess]:
        """Each of them by its name."""

    @property
    def address(self) -> str:
        """Where on this machine they find us, as ``host:port``; empty if they are inside."""

    async def run(
        self, switchboard: Switchboard, *, task_status: trio.TaskStatus[None] = ...
    ) -> None:
        """Bring their webhooks and streams to *switchboard* until cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Daemon:
    """The parts that run."""

    wheel: Wheel
    helpers: Helpers
    carriers: Carriers
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
            nursery.start_soon(self.helpers.run)
            await nursery.start(self.switchboard.run)
            await nursery.start(self.carriers.run, self.switchboard)
            nursery.start_soon(self.control.serve, self.listener)
            task_status.started()


@asynccontextmanager
async def open_daemon(settings: Settings, around: Surroundings) -> AsyncIterator[Daemon]:
    """All parts, ready to run.

    Raises:
        ConfigError: the settings ask for something that is not installed.
        StartError: the state, the control socket or the carriers' door cannot be used.
    """
    problems = await find_phone_problems(settings)
    if problems:
        raise ConfigError(*problems)
    async with (
        open_journal(around.state / "journal.sqlite3") as journal,
        open_helpers(settings, around.unix_clock) as helpers,
        open_carriers(settings, around, helpers.synthesizer) as carriers,
        open_listener(around) as listener,
    ):
        services = build_services(settings, around, journal, helpers, carriers.carriers)
        switchboard = Switchboard(services, new_id=around.new_id)
        service = Service(
            calls=switchboard,
            journal=journal,
            identity=identify(settings, around, listener, carriers),
            clock=around.unix_clock,
            ring=find_ringer(carriers),
            health=lambda: examine(helpers, carriers, journal),
        )
        yield Daemon(
            wheel=services.wheel,
            helpers=helpers,
            carriers=carriers,
            switchboard=switchboard,
            control=ControlServer(service),
            listener=listener,
        )


@asynccontextmanager
async def open_carriers(
    settings: Settings, around: Surroundings, synthesizer: Synthesizer
) -> AsyncGenerator[Carriers, None]:
    """The ways to the carriers of the settings."""
    if settings.provider == "mock":
        for warning in find_warnings(settings):
            log.warning(warning)
        clock, new_id = around.unix_clock, around.new_id
        async with open_party_voice(settings, synthesizer) as voice:
            yield MockCarrier(settings, voice, unix_clock=clock, new_id=new_id)
        return
    async with open_network_carriers(settings) as carriers:
        yield carriers


@asynccontextmanager
async def open_party_voice(
    settings: Settings, ours: Synthesizer
) -> AsyncGenerator[Synthesizer, None]:
    """The voice of those whom the mock carrier calls: that of this machine, if it has one.

    Whoever tries a service wants to hear it fail alone, and not to pay for the other side.
    """
    if settings.tts.provider == "embedded":
        yield ours
        return
    async with AsyncExitStack() as stack:
        voice = ours
        with suppress(ConfigError, ServiceError):
            voice = await stack.enter_async_context(open_embedded_voice(settings))
        yield voice


def build_services(
    settings: Settings,
    around: Surroundings,
    journal: Journal,
    helpers: Helpers,
    carriers: Mapping[str, CarrierAccess],
) -> Services:
    """What calls need."""
    return Services(
        settings=settings,
        carriers=carriers,
        tokens=StreamTokens(load_key(around.state / "stream-token.key"), around.unix_clock),
        journal=journal,
        wheel=Wheel(),
        synthesizer=helpers.synthesizer,
        transcriber=helpers.transcriber,
        agent=helpers.agent,
        models=ModelPool(),
        unix_clock=around.unix_clock,
    )


def identify(
    settings: Settings, around: Surroundings, listener: trio.SocketListener, carriers: Carriers
) -> Identity:
    """What clients are told of this daemon."""
    return Identity(
        version=__version__,
        pid=around.pid,
        provider=settings.provider,
        carriers=tuple(sorted(carriers.carriers)),
        socket=address_of(listener),
        started_unix_s=around.unix_clock(),
        address=carriers.address,
        webhooks=webhook_urls(carriers),
        config=around.config,
    )


def examine(helpers: Helpers, carriers: Carriers, journal: Journal) -> Health:
    """How the parts of the daemon are doing, as far as that is known without asking them."""
    return Health(
        services=helpers.health(),
        refused={name: access.refusals.count for name, access in carriers.carriers.items()},
        journal_failure=journal.statistics().failure or "",
    )


def webhook_urls(carriers: Carriers) -> Mapping[str, str]:
    """The URL of each carrier's webhooks; none if the carrier is inside."""
    if not carriers.address:
        return {}
    return {name: access.links.webhook_url for name, access in carriers.carriers.items()}


def find_ringer(carriers: Carriers) -> Ringer | None:
    """Who can let a telephone ring us: the mock carrier alone."""
    return carriers.ring if isinstance(carriers, MockCarrier) else None


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
