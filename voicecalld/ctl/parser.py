"""The commands of voicecallctl and their options, from which voicecallctl(1) is made."""

import argparse
from collections.abc import Callable
from typing import Final

TAIL_EVENTS: Final = 25

EPILOG: Final = "exit status: 0 done; 1 refused or failed; 2 usage; 3 no daemon at the socket"


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="voicecallctl",
        description="Places telephone calls through voicecalld, and speaks on them.",
        epilog=EPILOG,
        allow_abbrev=False,
    )
    add_common_options(parser)
    commands = Commands(parser, "command")
    add_call_commands(commands)
    add_history_commands(commands)
    add_mock_commands(commands)
    commands.add("setup", "tell what works, what does not, and what to do about it")
    commands.add("version", "print the version of this program and of the daemon")
    return parser


class Commands:
    """The commands of *parser*; each takes the common options too, behind its own name."""

    def __init__(self, parser: argparse.ArgumentParser, dest: str) -> None:
        self.parsers = parser.add_subparsers(dest=dest, metavar="COMMAND", required=True)

    def add(self, name: str, sentence: str) -> argparse.ArgumentParser:
        """A new command."""
        parser = self.parsers.add_parser(
            name,
            help=sentence,
            description=f"{sentence[0].upper()}{sentence[1:]}.",
            allow_abbrev=False,
        )
        # Without a value of its own an option leaves alone what stands before the command.
        add_common_options(parser, default=argparse.SUPPRESS)
        return parser


def add_common_options(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """The options that every command has."""
    parser.add_argument(
        "--socket", metavar="PATH", default=default, help="the daemon's control socket"
    )
    parser.add_argument(
        "--json",
        action="store_true",
        default=default or False,
        help="print one JSON document (tail: one a line); errors are JSON too, on stderr",
    )


def add_call_commands(commands: Commands) -> None:
    """The commands that do something on a call."""
    call = commands.add("call", "place a call, and say a message when it is answered")
    call.add_argument("--to", metavar="NUMBER", help="whom to call, as +15550100")
    add_message(call)
    call.add_argument(
        "--mode",
        choices=("notify", "conversation"),
        help="only tell the message, or talk (default: the daemon's setting)",
    )
    call.add_argument(
        "--provider", metavar="NAME", help="the carrier (default: the daemon's setting)"
    )
    call.add_argument(
        "--idempotency-key", metavar="KEY", help="names this order: the same key never dials twice"
    )
    for name, sentence in (
        ("continue", "say a message, and print what the other party says next"),
        ("speak", "say a message, and wait until it has been heard"),
    ):
        talk = commands.add(name, sentence)
        add_call_id(talk)
        add_message(talk)
    dtmf = commands.add("dtmf", "press keys")
    add_call_id(dtmf)
    dtmf.add_argument("--digits", required=True, help="0-9 * #, and w to wait half a second")
    add_call_id(commands.add("end", "hang up"))


def add_history_commands(commands: Commands) -> None:
    """The commands that only look."""
    status = commands.add("status", "show one call, or all living ones")
    status.add_argument("--call-id", metavar="ID", help="the call, by its id or the carrier's")
    calls = commands.add("list", "show the latest calls, finished ones too")
    calls.add_argument(
        "--limit", metavar="N", type=integer_from(1), help="how many at most (default: 20)"
    )
    add_call_id(commands.add("transcript", "show what was said on a call"))
    tail = commands.add("tail", "show the last events, then new ones until interrupted")
    tail.add_argument(
        "--since",
        metavar="N",
        type=integer_from(0),
        default=TAIL_EVENTS,
        help=(
            f"how many of the last events to show first (default: {TAIL_EVENTS}); "
            "a count, not the number of an event"
        ),
    )
    latency = commands.add("latency", "show how long callers waited for answers")
    latency.add_argument(
        "--last",
        metavar="N",
        type=integer_from(1),
        help=(
            "how many of the last calls that had turns (default: 20); "
            "with --call-id, how many of its last turns (default: 200)"
        ),
    )
    latency.add_argument("--call-id", metavar="ID", help="only turns of this call")
    timeline = commands.add(
        "timeline", "draw a call: who spoke when, what was cut, where each answer's time went"
    )
    add_call_id(timeline)
    timeline.add_argument(
        "--output", metavar="FILE", help="draw it as SVG, into this file, instead of as text"
    )


def add_mock_commands(commands: Commands) -> None:
    """The commands for the mock carrier."""
    mock = Commands(commands.add("mock", "act as somebody on the mock carrier"), "mock_command")
    ring = mock.add("ring", "call the daemon, and print how the call went when it is over")
    ring.add_argument(
        "--from", dest="from_", metavar="NUMBER", required=True, help="who calls, or anonymous"
    )
    ring.add_argument("--to", metavar="NUMBER", help="the number that was dialled")
    voice = ring.add_mutually_exclusive_group(required=True)
    voice.add_argument("--wav", metavar="FILE", help="the caller's sound")
    voice.add_argument("--say", metavar="TEXT", help="what the caller says")
    voice.add_argument("--script", metavar="FILE", help="the caller's script, a TOML file")
    ring.add_argument(
        "--record", metavar="FILE", help="write both sides to this WAV file (left: the caller)"
    )


def add_call_id(parser: argparse.ArgumentParser) -> None:
    """The option that names a call."""
    parser.add_argument(
        "--call-id", metavar="ID", required=True, help="the call, by its id or the carrier's"
    )


def add_message(parser: argparse.ArgumentParser) -> None:
    """The option that says what to say."""
    parser.add_argument("--message", metavar="TEXT", required=True, help="what to say")


def integer_from(lowest: int) -> Callable[[str], int]:
    """Reads a whole number of at least *lowest*."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and int(text) >= lowest):
            raise argparse.ArgumentTypeError(f"not a whole number from {lowest} on: {text!r}")
        return int(text)

    return read
