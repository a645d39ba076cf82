"""To run simulated services by hand, and to be told the settings that lead to them."""

import argparse
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import trio

from tests.carriers.program import LARGEST_PORT, leaves, parse_port, run_until_signal, say
from tests.services import (
    deepgram_listen,
    deepgram_speak,
    elevenlabs,
    faults_by_hand,
    openai_chat,
    openai_realtime,
    openai_speech,
    openai_transcriptions,
)

# What the transcribers hear: one text for each utterance, and the last for ever.
DEFAULT_TEXTS: Final = ("What time is it?", "Thank you very much.", "Goodbye.")

ANY_KEY: Final = "any-key-will-do"


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """One service: how it is opened, and the settings of ``table`` that lead to what was opened.

    ``faults`` are what it can be told to do wrong.
    Beside another service with the same table there are only those ``aside``, as a comment.
    """

    table: str
    faults: Mapping[str, faults_by_hand.Spoil]
    open: Callable[[int, Sequence[str]], AbstractAsyncContextManager[Any]]
    settings: Callable[[Any], Mapping[str, str]]
    aside: Sequence[str] = ()

    @property
    def listens(self) -> bool:
        """Whether it is a transcriber, which hears what it is told to."""
        return self.table.startswith("stt.")

    def render(self, server: object) -> str:
        """The table, as TOML."""
        settings = self.settings(server).items()
        return "\n".join([f"[{self.table}]", *(f'{name} = "{value}"' for name, value in settings)])

    def render_aside(self, server: object) -> str:
        """What the table would have if this service were meant."""
        settings = self.settings(server)
        return "\n".join(f'#{name} = "{settings[name]}"' for name in self.aside)


def voice(key: str) -> Callable[[Any], Mapping[str, str]]:
    """The settings of a voice over HTTP."""
    return lambda server: {"api_key": key, "base_url": server.url}


SERVICES: Final[Mapping[str, Simulated]] = {
    "elevenlabs": Simulated(
        table="tts.elevenlabs",
        faults=faults_by_hand.SOCKET_VOICE,
        open=lambda port, _texts: elevenlabs.open_elevenlabs_socket(port),
        settings=lambda server: {
            "api_key": elevenlabs.API_KEY,
            "voice_id": elevenlabs.VOICE_ID,
            "base_url": server.url.replace("ws", "http", 1),
        },
    ),
    "elevenlabs_http": Simulated(
        table="tts.elevenlabs",
        faults=faults_by_hand.HTTP_VOICE,
        open=lambda port, _texts: elevenlabs.open_elevenlabs_http(port),
        settings=lambda server: {
            "api_key": elevenlabs.API_KEY,
            "voice_id": elevenlabs.VOICE_ID,
            "streaming": "http",
            "base_url": server.url,
        },
        aside=("streaming", "base_url"),
    ),
    "openai_speech": Simulated(
        table="tts.openai",
        faults=faults_by_hand.HTTP_VOICE,
        open=lambda port, _texts: openai_speech.open_openai_speech(port),
        settings=lambda server: {
            "api_key": openai_speech.API_KEY,
            "base_url": f"{server.url}/v1",
        },
    ),
    "deepgram_speak": Simulated(
        table="tts.deepgram",
        faults=faults_by_hand.HTTP_VOICE,
        open=lambda port, _texts: deepgram_speak.open_deepgram_speak(port),
        settings=voice(deepgram_speak.API_KEY),
    ),
    "deepgram_listen": Simulated(
        table="stt.deepgram",
        faults=faults_by_hand.LIVE_TRANSCRIBER,
        open=lambda port, texts: deepgram_listen.open_deepgram(*texts, port=port),
        settings=lambda server: {"api_key": ANY_KEY, "base_url": server.base_url},
    ),
    "openai_realtime": Simulated(
        table="stt.openai",
        faults=faults_by_hand.LIVE_TRANSCRIBER,
        open=lambda port, texts: openai_realtime.open_openai_realtime(*texts, port=port),
        settings=lambda server: {"api_key": ANY_KEY, "url": server.url},
    ),
    "openai_transcriptions": Simulated(
        table="stt.openai-http",
        faults=faults_by_hand.HTTP_TRANSCRIBER,
        open=lambda port, texts: openai_transcriptions.open_transcriptions(*texts, port=port),
        settings=lambda server: {"api_key": ANY_KEY, "base_url": server.base_url},
    ),
    "openai_chat": Simulated(
        table="agent.openai",
        faults=faults_by_hand.AGENT,
        open=lambda port, _texts: openai_chat.running(answer=openai_chat.converse, port=port),
        settings=lambda server: {
            "api_key": ANY_KEY,
            "base_url": server.base_url,
            "model": "simulated",
        },
    ),
    "openclaw_chat": Simulated(
        table="agent.openclaw",
        faults=faults_by_hand.AGENT,
        open=lambda port, _texts: openai_chat.running(answer=openai_chat.converse, port=port),
        settings=lambda server: {"token": ANY_KEY, "base_url": server.base_url},
    ),
}
"""By the names of their modules, in the order of their ports."""

OVER_HTTP: Final = "_http"

FIRST_PORT: Final = 8020
DEFAULT_PORTS: Final = {name: FIRST_PORT + place for place, name in enumerate(SERVICES)}

CHOSEN: Final = """\
[tts]
provider = "elevenlabs" # or openai, deepgram

[stt]
provider = "deepgram"   # or openai, openai-http

[agent]
provider = "openai"     # or openclaw"""


def add_hears(parser: argparse.ArgumentParser) -> None:
    """Let *parser* take what transcribers hear."""
    parser.add_argument(
        "--hears",
        action="append",
        metavar="TEXT",
        help="what a transcriber hears; again for the next utterance (a short conversation)",
    )


def run_one(name: str, description: str | None) -> None:
    """Serve the one called *name* until interrupted."""
    service, port = SERVICES[name], DEFAULT_PORTS[name]
    module = name.removesuffix(OVER_HTTP)  # which is an option of it
    parser = argparse.ArgumentParser(
        prog=f"python -m tests.services.{module}", description=description
    )
    parser.set_defaults(hears=None)
    if service.listens:
        add_hears(parser)
    if f"{module}{OVER_HTTP}" in SERVICES:
        # Whoever calls us has chosen by it already; here it is only told of.
        told = "speak over HTTP, not over a WebSocket, with faults and a port of its own"
        parser.add_argument("--http", action="store_true", help=told)
    parser.add_argument("--port", type=parse_port, default=port, help="(%(default)s; 0: any)")
    parser.add_argument(
        "--fault",
        choices=[*service.faults],
        metavar="NAME",
        help=f"what goes wrong, every time: {', '.join(service.faults)} (nothing)",
    )
    arguments = parser.parse_args()
    run(parser, {name: arguments.port}, arguments.hears, arguments.fault)


def run_all(description: str | None) -> None:
    """Serve all of them until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.services", description=description)
    add_hears(parser)
    parser.add_argument(
        "--first-port",
        type=parse_port,
        default=FIRST_PORT,
        help="of the first one, the others have those behind it (%(default)s; 0: any)",
    )
    arguments = parser.parse_args()
    first: int = arguments.first_port
    if first + len(SERVICES) > LARGEST_PORT:
        parser.error(f"there are no {len(SERVICES)} ports behind {first}")
    ports = {name: first and first + place for place, name in enumerate(SERVICES)}
    run(parser, ports, arguments.hears)


def run(
    parser: argparse.ArgumentParser,
    ports: Mapping[str, int],
    texts: Sequence[str] | None,
    fault: str | None = None,
) -> None:
    """Serve those in *ports*, and print the settings that lead to them."""

    async def work() -> None:
        async with open_all(ports, texts or DEFAULT_TEXTS, fault) as settings:
            say(settings)
            await trio.sleep_forever()

    complaints: list[str] = []
    try:
        trio.run(run_until_signal, work)
    except* OSError as problems:
        complaints += [str(error) for error in leaves(problems)]
    if complaints:
        parser.exit(1, f"{parser.prog}: cannot listen: {complaints[0]}\n")


@asynccontextmanager
async def open_all(
    ports: Mapping[str, int], texts: Sequence[str], fault: str | None = None
) -> AsyncIterator[str]:
    """Open those in *ports* for as long as the block lasts; gives the settings as TOML.

    With a *fault*, which all of them must have, they do that wrong.
    """
    tables: list[str] = [CHOSEN] if len(ports) > 1 else []
    async with AsyncExitStack() as stack:
        for name, port in ports.items():
            service = SERVICES[name]
            server = await stack.enter_async_context(service.open(port, texts))
            if fault is not None:
                service.faults[fault](server)
            if service.aside and tables:
                tables[-1] += f"\n{service.render_aside(server)}"
            else:
                tables.append(service.render(server))
        yield "\n\n".join(tables)
