"""voicecallctl: reads the command line, runs one command, and ends with its exit status."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Final, TextIO

from voicecalld.ctl.commands import COMMANDS, print_json
from voicecalld.ctl.parser import build_parser
from voicecalld.ctl.screen import Screen, let_everything_be_printed, open_missing_streams
from voicecalld.errors import NoDaemonError, RefusedError

INTERRUPTED: Final = 130  # what shells report of a program that was interrupted


def main(argv: Sequence[str] | None = None) -> int:
    """Run voicecallctl; 0 done, 1 refused or failed, 2 usage, 3 no daemon at the socket."""
    open_missing_streams()
    options = build_parser().parse_args(argv)
    let_everything_be_printed()
    try:
        status = COMMANDS[command_name(options)].run(options)
        sys.stdout.flush()
    except (RefusedError, NoDaemonError) as error:
        complain(options, error)
        return error.exit_status
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        drop_unwritten(sys.stdout)  # whoever read us has seen enough
        return 0
    except OSError as error:
        drop_unwritten(sys.stdout)
        unwritten = RefusedError(f"cannot write: {error.strerror}")
        complain(options, unwritten)
        return unwritten.exit_status
    return status


def drop_unwritten(stream: TextIO) -> None:
    """Let Python not try once more, at its end, to write what could not be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def command_name(options: argparse.Namespace) -> str:
    """The command, with the one below it if there is one."""
    return " ".join(filter(None, (options.command, getattr(options, "mock_command", None))))


def complain(options: argparse.Namespace, error: RefusedError | NoDaemonError) -> None:
    """Tell a person, or with ``--json`` a program, on stderr why it was not done.

    Where that cannot be written either, the exit status is all that is left to tell.
    """
    code = error.code if isinstance(error, RefusedError) else None
    named = {} if code is None else {"code": code}
    try:
        if options.json:
            print_json({"error": {**named, "message": str(error)}}, stream=sys.stderr)
        else:
            screen = Screen(sys.stderr)
            for line in str(error).split("\n"):
                screen.line(f"voicecallctl: {line}")
    except OSError:
        drop_unwritten(sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
