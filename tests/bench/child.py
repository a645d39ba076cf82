"""One benchmark in a process of its own, so that none disturbs another: figures as JSON."""

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

    figures: tuple[Figure, ...]
    waited_s: float


def run_in_child(name: str, effort: Effort) -> Report:
    """Measure the benchmark *name* in a new process."""
    command = (sys.executable, "-m", "tests.bench.child", name, effort.value)
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}  # as `voicecalld.__main__` does
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=environment)
    report = json.loads(done.stdout)
    figures = tuple(Figure(**fields) for fields in report["figures"])
    return Report(figures=figures, waited_s=report["waited_s"])


def main(argv: Sequence[str] | None = None) -> None:
    """Measure what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=BENCHMARKS)
    parser.add_argument("effort", type=Effort)
    options = parser.parse_args(argv)
    configure_logs(sys.stderr, journal=False, terminal=False)
    # Each call logs its beginning and its end, which nobody wants to see a thousand times.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    figures = tuple(BENCHMARKS[options.name](options.effort))
    print(json.dumps(asdict(Report(figures=figures, waited_s=waited_s()))))


if __name__ == "__main__":
    main()
