"""The simulated Twilio as a program, to hold calls with a daemon by hand."""

import argparse
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import trio

from tests.carriers.callee import build_callee, read_callee
from tests.carriers.ledger import CallEntry, Happening
from tests.carriers.twilio.carrier import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    OwnNumber,
    SimulatedTwilio,
    open_twilio,
)
from voicecalld.exchange.recording import StereoFile

DESCRIPTION = """\
A Twilio of your own on this machine: REST API for calls, signed webhooks, TwiML, media streams.
Set api_base_url of the daemon's table [twilio] to the address that is printed, and account_sid and
auth_token to the same as here; then place a call as usual. Everything that happens is printed."""

EPILOG = """\
The callee's file holds the settings of one telephone, as in [mock.phones] of the daemon:

    behaviour = "answers"        # or busy, no-answer, rejects, machine
    answers_after_ms = 1500
    [[steps]]
    say = "Hello? Who is there?"
    when = "answered"            # or agent-stops, agent-speaks
    [[steps]]
    press = "1"

Examples:
    python -m tests.carriers.twilio --port 8010 --connect-to 127.0.0.1:3334 --callee anna.toml
    python -m tests.carriers.twilio --connect-to 127.0.0.1:3334 --ring +12065550117 \\
        --to +13105550142 --voice-url https://calls.example.test/voice/webhook"""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.carriers.twilio",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--port", type=int, default=8010, help="of the REST API (%(default)s; 0: any)")
    add(
        "--connect-to",
        type=parse_address,
        metavar="HOST:PORT",
        help="where webhooks and streams go, whatever host their public URLs have",
    )
    add("--account-sid", default=ACCOUNT_SID, help="(%(default)s)")
    add("--auth-token", default=AUTH_TOKEN, help="(%(default)s)")
    add("--callee", type=Path, metavar="FILE", help="who answers (someone who only listens)")
    add("--record", type=Path, metavar="DIR", help="write each call as a stereo WAV file there")
    add("--ring", metavar="FROM", help="call the daemon from this number, then leave")
    add("--to", default="+13105550142", help="the number that --ring calls (%(default)s)")
    add("--voice-url", metavar="URL", help="what that number has configured; needed by --ring")
    return parser


def parse_address(text: str) -> tuple[str, int]:
    """``HOST:PORT``."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit():
        raise argparse.ArgumentTypeError("it must be HOST:PORT, such as 127.0.0.1:3334")
    return host.strip("[]"), int(port)


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


async def run_until_signal(arguments: argparse.Namespace) -> bool:
    """Run until done (True) or interrupted (False)."""
    done = trio.Event()

    async def run_to_end() -> None:
        await run(arguments)
        done.set()
        nursery.cancel_scope.cancel()

    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(run_to_end)
            await anext(signals)
            nursery.cancel_scope.cancel()
    return done.is_set()


async def run(arguments: argparse.Namespace) -> None:
    """Serve for ever, or until the one call of ``--ring`` is over."""
    callee = read_callee(arguments.callee) if arguments.callee else build_callee()
    async with AsyncExitStack() as stack:
        twilio = await stack.enter_async_context(
            open_twilio(
                port=arguments.port,
                connect_to=arguments.connect_to,
                callee=callee,
                account_sid=arguments.account_sid,
                auth_token=arguments.auth_token,
                tell=Diary().print,
            )
        )
        say(f"REST API: {twilio.base_url}")
        if arguments.ring:
            await ring_once(twilio, arguments)
            return
        await record_all(twilio, arguments.record)


async def ring_once(twilio: SimulatedTwilio, arguments: argparse.Namespace) -> None:
    """Call the daemon, and wait for the end."""
    twilio.numbers[arguments.to] = OwnNumber(
        voice_url=arguments.voice_url, status_url=arguments.voice_url
    )
    entry = twilio.ring(arguments.ring, arguments.to)
    await twilio.settle()
    await record(entry, arguments.record)


async def record_all(twilio: SimulatedTwilio, folder: Path | None) -> None:
    """Wait for one call after the other."""
    number = 0
    while True:
        entry = await twilio.ledger.wait_call(number)
        await twilio.ledger.wait_over(entry)
        await record(entry, folder)
        number += 1


async def record(entry: CallEntry, folder: Path | None) -> None:
    """Write the sound of a call: the callee on the left, what it heard on the right."""
    if folder is None or not entry.heard:
        return
    file = await trio.to_thread.run_sync(StereoFile, folder / f"{entry.call}.wav")
    await trio.to_thread.run_sync(file.append, bytes(entry.said), bytes(entry.heard))
    await trio.to_thread.run_sync(file.close)


def main() -> None:
    """Read the command line, and run."""
    parser = build_parser()
    arguments = parser.parse_args()
    if arguments.ring and not arguments.voice_url:
        parser.error("--ring needs --voice-url")
    if not trio.run(run_until_signal, arguments):
        parser.exit(130)


if __name__ == "__main__":
    main()
