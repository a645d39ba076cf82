"""Benchmarks in a process of their own, which others do not disturb: figures as JSON."""

import argparse
import json
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import structlog

from tests.bench.catalog import BENCHMARKS
from tests.bench.figure import Effort, Figure
from tests.bench.process import waited_s
from voicecalld.logs import configure_logs


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The figures of one benchmark, and how long its process was kept waiting by others."""

    name: str
    figures: tuple[Figure, ...]
    waited_s: float


def run_in_child(*names: str, effort: Effort) -> list[Report]:
    """Measure the benchmarks *names* in a new process, one after the other."""
    command = (sys.executable, "-m", "tests.bench.child", effort.value, *names)
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}  # as `voicecalld.__main__` does
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=environment)
    return [parse_report(line) for line in done.stdout.splitlines()]


def parse_report(line: bytes) -> Report:
    """What the child has written of one benchmark."""
    report = json.loads(line)
    figures = tuple(Figure(**fields) for fields in report["figures"])
    return Report(name=report["name"], figures=figures, waited_s=report["waited_s"])


def main(argv: Sequence[str] | None = None) -> None:
    """Measure what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("effort", type=Effort)
    parser.add_argument("names", nargs="+", choices=BENCHMARKS)
    options = parser.parse_args(argv)
    configure_logs(sys.stderr, journal=False, terminal=False)
    # Each call logs its beginning and its end, which nobody wants to see a thousand times.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    for name in options.names:
        before_s = waited_s()
        figures = tuple(BENCHMARKS[name](options.effort))
        report = Report(name=name, figures=figures, waited_s=waited_s() - before_s)
        print(json.dumps(asdict(report)), flush=True)


if __name__ == "__main__":
    main()
