"""`python -m voicecalld.demo` holds a call on this machine, without account or network."""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TextIO

from voicecalld.ctl.screen import let_everything_be_printed, open_missing_streams
from voicecalld.demo.call import show_call
from voicecalld.demo.display import Display
from voicecalld.errors import VoicecallError

INTERRUPTED: Final = 130  # as shells count: 128 and the number of SIGINT


def main() -> None:
    """The command; `make demo` runs it."""
    # Whoever closes the terminal wants the daemon to end as much as whoever presses Ctrl-C.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    open_missing_streams()
    let_everything_be_printed()
    sys.exit(run(sys.argv[1:], sys.stdout))


def run(arguments: Sequence[str], stream: TextIO) -> int:
    """Hold the demo; gives the exit status, which is 0 only if all went as it should."""
    options = build_parser().parse_args(arguments)
    record = options.record or new_record()
    try:
        show_call(record.absolute(), stream, drawing=options.timeline)
    except VoicecallError as error:
        Display(stream).fail(f"\nThe demo FAILED:\n{error}")
        return 1
    except KeyboardInterrupt:
        Display(stream).fail(f"\nStopped, and the daemon, too. Heard so far: {record}")
        return INTERRUPTED
    Display(stream).say("The conversation went as it should.", "bold green")
    return 0


def build_parser() -> argparse.ArgumentParser:
    """The command line of the demo."""
    parser = argparse.ArgumentParser(prog="python -m voicecalld.demo", description=__doc__)
    parser.add_argument(
        "--record",
        type=Path,
        metavar="FILE",
        help="leave the sound of the call in this WAV file (default: a new one for each run)",
    )
    parser.add_argument(
        "--timeline",
        metavar="FILE.svg",
        help="draw the call into this file, as `voicecallctl timeline` does",
    )
    return parser


def new_record() -> Path:
    """A new file in the folder for temporary files, which stays."""
    descriptor, name = tempfile.mkstemp(prefix="voicecalld-demo-", suffix=".wav")
    os.close(descriptor)
    return Path(name)


if __name__ == "__main__":
    main()
