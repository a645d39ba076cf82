"""Measures latency and the cost of a call, and prints a table: `python -m tests.bench`."""

import argparse
import itertools
import os
import platform
import sys
import time
from collections.abc import Sequence

from tests.bench.catalog import BENCHMARKS
from tests.bench.child import run_in_child
from tests.bench.figure import Effort, Figure
from tests.bench.table import print_table


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmarks that the command line names, else all of them.

    ``media`` is each whose name begins with ``media-``.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="fewer rounds, rougher figures")
    options = parser.parse_args(argv)
    chosen = {word: find(word) for word in options.names}
    unknown = [word for word, names in chosen.items() if not names]
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}")
    effort = Effort.QUICK if options.quick else Effort.FULL
    figures: list[Figure] = []
    for name in itertools.chain(*chosen.values()) if chosen else BENCHMARKS:
        began_s = time.perf_counter()
        print(f"{name} ...", end=" ", file=sys.stderr, flush=True)
        (report,) = run_in_child(name, effort=effort)
        figures += report.figures
        took_s = time.perf_counter() - began_s
        print(f"{took_s:.0f} s, {report.waited_s:.1f} s without a processor", file=sys.stderr)
    print_table(figures, sys.stdout)
    print(describe_machine())


def find(word: str) -> Sequence[str]:
    """The benchmark that is called *word*, or those of a family that is."""
    return [name for name in BENCHMARKS if name == word or name.startswith(f"{word}-")]


def describe_machine() -> str:
    """Where this was measured; a loaded machine gives other figures."""
    load, _, _ = os.getloadavg()
    return (
        f"Python {platform.python_version()}, {os.cpu_count()} CPUs ({platform.machine()}),"
        f" load average {load:.1f}"
    )


if __name__ == "__main__":
    main()
