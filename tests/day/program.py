"""The command behind `python -m tests.day`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.day.conversation import Conversation
from tests.day.golden import RENEW, compare, golden_path
from tests.day.play import Outcome, play
from tests.day.sites import CARRIERS
from tests.day.table import CONVERSATIONS


def main(argv: Sequence[str] | None = None) -> int:
    """Play what is named, else the whole day, at every carrier; 1 if anything is not as it was."""
    parser = argparse.ArgumentParser(prog="python -m tests.day", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="CONVERSATION", help="all, if none is named")
    parser.add_argument("--carrier", choices=CARRIERS, action="append", help="all, if not given")
    parser.add_argument("--write", action="store_true", help="renew the golden transcripts")
    parser.add_argument("--times", action="store_true", help="print transcripts with their times")
    options = parser.parse_args(argv)
    unknown = set(options.names) - set(CONVERSATIONS)
    if unknown:
        parser.error(f"no such conversation: {', '.join(sorted(unknown))}")
    faults = 0
    for name in options.names or CONVERSATIONS:
        faults += show(CONVERSATIONS[name], options.carrier or CARRIERS, options)
    sys.stdout.write(f"{faults} not as they were; to renew: {RENEW}\n" if faults else "")
    return int(faults > 0)


def show(conversation: Conversation, carriers: Sequence[str], options: argparse.Namespace) -> int:
    """Play *conversation* at *carriers* and print what is to be seen; gives what went wrong."""
    faults = 0
    written = set[Path]()
    for carrier in carriers:
        outcome = play(carrier, conversation)
        path = golden_path(carrier, conversation)
        if options.write and path not in written:
            written.add(path)
            write(carrier, outcome, path)
        if options.times:
            sys.stdout.write(f"[{carrier}] {outcome.render(with_times=True)}\n")
        complaints = list(filter(None, (compare(carrier, outcome), *outcome.wrong)))
        faults += len(complaints)
        sys.stdout.write(
            "".join(f"[{carrier}] {conversation.name}: {complaint}\n" for complaint in complaints)
        )
    return faults


def write(carrier: str, outcome: Outcome, path: Path) -> None:
    """Renew one golden transcript, and print what has changed."""
    change = compare(carrier, outcome)
    if change:
        sys.stdout.write(f"{change}\n")
        path.write_text(outcome.render(), encoding="utf-8")
