"""A simulated carrier as a program, to hold calls with a daemon by hand."""

import argparse
import math
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Final, Protocol, TypeAlias

import trio

from tests.carriers.callee import Callee, build_callee, read_callee
from tests.carriers.carrier import OwnNumber
from tests.carriers.ledger import CallEntry, Happening, Ledger
from tests.carriers.loopback import Loopback
from tests.carriers.outside import NoAnswerError
from voicecalld.errors import VoicecallError
from voicecalld.exchange.planning import load_phone
from voicecalld.exchange.recording import StereoFile
from voicecalld.provider.http import HttpRequest, HttpResponse

CALLEE_HELP = """\
The callee's file holds the settings of one telephone, as in [mock.phones] of the daemon:

    behaviour = "answers"        # or busy, no-answer, rejects, machine
    answers_after_ms = 1500
    [[steps]]
    say = "Hello? Who is there?"
    when = "answered"            # or agent-stops, agent-speaks
    [[steps]]
    press = "1"
"""


LARGEST_PORT: Final = 65_535

# Each carrier has its own, so that all of them can run together: config/simulated-carriers.toml.
DEFAULT_PORTS: Final[Mapping[str, int]] = {"twilio": 8010, "telnyx": 8011, "plivo": 8012}
DEFAULT_NUMBERS: Final[Mapping[str, str]] = {
    "twilio": "+13105550142",
    "telnyx": "+13105550143",
    "plivo": "+13105550144",
}

SERVER_ERROR: Final = 500
LOOK_AGAIN_S: Final = 0.5


class ProgramError(Exception):
    """Why the program cannot go on, or has not done what it should; a line for each reason."""


class Ringing(Protocol):
    """A carrier, as the program needs it."""

    numbers: dict[str, OwnNumber]

    @property
    def ledger(self) -> Ledger:
        """Everything that has happened."""

    def ring(self, from_: str, to: str, *, callee: Callee | None = None) -> CallEntry:
        """Let somebody call one of ``numbers``."""

    async def settle(self) -> None:
        """Wait until no call is left, and every webhook has been sent."""


def build_parser(carrier: str, description: str, examples: str) -> argparse.ArgumentParser:
    """The command line that every carrier has; it adds its customer's secrets."""
    parser = argparse.ArgumentParser(
        prog=f"python -m tests.carriers.{carrier}",
        description=description,
        epilog=f"{CALLEE_HELP}\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    port = DEFAULT_PORTS[carrier]
    add("--port", type=parse_port, default=port, help="of the REST API (%(default)s; 0: any)")
    add(
        "--connect-to",
        type=parse_address,
        metavar="HOST:PORT",
        help="where webhooks and streams go, whatever host their public URLs have",
    )
    add("--callee", type=Path, metavar="FILE", help="who answers (someone who only listens)")
    add("--record", type=Path, metavar="DIR", help="write each call as a stereo WAV file there")
    add(
        "--ring",
        metavar="FROM",
        help="call the daemon from this number as soon as it answers at --voice-url, then leave",
    )
    add(
        "--ring-after",
        type=parse_seconds,
        metavar="SECONDS",
        help="call it after so many seconds, whether it answers or not",
    )
    number = DEFAULT_NUMBERS[carrier]
    add("--to", default=number, help="the number that --ring calls (%(default)s)")
    add("--voice-url", metavar="URL", help="what that number has configured; needed by --ring")
    return parser


def parse_port(text: str) -> int:
    """A TCP port."""
    if not text.isascii() or not text.isdigit() or int(text) > LARGEST_PORT:
        raise argparse.ArgumentTypeError(f"it must be a number up to {LARGEST_PORT}")
    return int(text)


def parse_seconds(text: str) -> float:
    """A time to wait."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise argparse.ArgumentTypeError("it must be a number of seconds")
    return seconds


def parse_address(text: str) -> tuple[str, int]:
    """``HOST:PORT``."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port:
        raise argparse.ArgumentTypeError("it must be HOST:PORT, such as 127.0.0.1:3334")
    return host.strip("[]"), parse_port(port)


def say(line: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Diary:
    """Prints what happens, with the seconds since the start."""

    def __init__(self) -> None:
        self.began_s: float | None = None

    def print(self, happening: Happening) -> None:
        """One line."""
        if self.began_s is None:
            self.began_s = happening.at_s
        after_s = happening.at_s - self.began_s
        say(f"{after_s:9.3f}  {happening.call[:10]:10}  {happening.text}")


def choose_callee(arguments: argparse.Namespace) -> Callee:
    """Who answers."""
    return read_callee(arguments.callee) if arguments.callee else build_callee()


def run_program(
    parser: argparse.ArgumentParser,
    open_carrier: Callable[[argparse.Namespace], AbstractAsyncContextManager[Ringing]],
) -> None:
    """Read the command line, and run until done or interrupted."""
    arguments = parser.parse_args()
    if arguments.ring and not arguments.voice_url:
        parser.error("--ring needs --voice-url")

    async def work() -> None:
        await check_files(arguments)
        async with AsyncExitStack() as stack:
            try:
                carrier = await stack.enter_async_context(open_carrier(arguments))
            except* OSError as problems:
                reason = f"cannot listen on port {arguments.port}: {next(leaves(problems))}"
                raise ProgramError(reason) from problems
            await hold_calls(carrier, arguments)

    complaints: list[str] = []
    is_done = True
    try:
        is_done = trio.run(run_until_signal, work)
    except* (ProgramError, VoicecallError, OSError) as problems:
        complaints += [line for error in leaves(problems) for line in str(error).splitlines()]
    if complaints:
        parser.exit(1, "".join(f"{parser.prog}: {line}\n" for line in complaints))
    if not is_done:
        parser.exit(130)


def leaves(group: BaseExceptionGroup[Exception]) -> Iterator[Exception]:
    """The exceptions in a group, however deep."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from leaves(error)
        else:
            yield error


async def check_files(arguments: argparse.Namespace) -> None:
    """Try what the command line names, before anybody calls.

    Raises:
        ProgramError, VoicecallError: some of it cannot be used.
    """
    await load_phone(choose_callee(arguments).phone)
    if arguments.record is None:
        return
    try:
        with tempfile.TemporaryFile(dir=arguments.record):
            pass
    except OSError as error:
        reason = f"cannot record in {arguments.record}: {error.strerror}"
        raise ProgramError(reason) from error


async def run_until_signal(work: Callable[[], Awaitable[None]]) -> bool:
    """Run until done (True) or interrupted (False)."""
    done = trio.Event()

    async def run_to_end() -> None:
        await work()
        done.set()
        nursery.cancel_scope.cancel()

    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(run_to_end)
            await anext(signals)
            nursery.cancel_scope.cancel()
    return done.is_set()


async def hold_calls(carrier: Ringing, arguments: argparse.Namespace) -> None:
    """Hold the one call of ``--ring``, or all calls for ever."""
    if arguments.ring:
        url = arguments.voice_url
        carrier.numbers[arguments.to] = OwnNumber(voice_url=url, status_url=url)
        await wait_to_ring(url, Loopback(arguments.connect_to).request, arguments.ring_after)
        entry = carrier.ring(arguments.ring, arguments.to)
        await carrier.settle()
        await record(entry, arguments.record)
        check_outcome(entry, carrier.ledger)
        return
    await record_all(carrier.ledger, arguments.record)


Ask: TypeAlias = Callable[[HttpRequest], Awaitable[HttpResponse]]


async def wait_to_ring(url: str, ask: Ask, ring_after_s: float | None) -> None:
    """Wait until the customer, whom one can *ask*, answers at *url*, or for *ring_after_s*."""
    if ring_after_s is not None:
        await trio.sleep(ring_after_s)
        return
    if await answers(url, ask):
        return
    say(f"Waiting for {url} to answer; --ring-after SECONDS would ring all the same")
    while not await answers(url, ask):  # noqa: ASYNC110 - it is another program
        await trio.sleep(LOOK_AGAIN_S)


async def answers(url: str, ask: Ask) -> bool:
    """Whether the customer is there; that a webhook is not asked for with GET does not matter."""
    try:
        response = await ask(HttpRequest(method="GET", url=url))
    except NoAnswerError:
        return False
    return response.status < SERVER_ERROR  # else only a proxy is there


def check_outcome(entry: CallEntry, ledger: Ledger) -> None:
    """Raise unless the call has been talked on, and the carrier has nothing to complain of.

    Raises:
        ProgramError: it failed.
    """
    if not entry.heard:
        raise ProgramError(f"the call was not answered: {entry.status}")
    if ledger.complaints:
        raise ProgramError("the carrier has found faults: see its warnings")


async def record_all(ledger: Ledger, folder: Path | None) -> None:
    """Wait for one call after the other."""
    number = 0
    while True:
        entry = await ledger.wait_call(number)
        await ledger.wait_over(entry)
        await record(entry, folder)
        number += 1


async def record(entry: CallEntry, folder: Path | None) -> None:
    """Write the sound of a call: the callee on the left, what it heard on the right."""
    if folder is None or not entry.heard:
        return
    file = await trio.to_thread.run_sync(StereoFile, folder / f"{entry.call}.wav")
    await trio.to_thread.run_sync(file.append, bytes(entry.said), bytes(entry.heard))
    await trio.to_thread.run_sync(file.close)
