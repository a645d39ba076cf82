"""Plays thousands of histories: `python -m tests.histories --count 10000`."""

import argparse
import sys
import time
from collections.abc import Sequence

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.histories.dialect import Dialect
from tests.histories.history import History
from tests.histories.strategies import histories
from tests.histories.table import DIALECTS
from tests.histories.tally import Tally, live_through

# Hypothesis remembers what it has tried, and grows slow and large with that.
BATCH = 500


def main(argv: Sequence[str] | None = None) -> int:
    """Play histories of the carriers that are named, else of all; 1 if one has ended wrongly."""
    parser = argparse.ArgumentParser(prog="python -m tests.histories", description=__doc__)
    parser.add_argument("carriers", nargs="*", metavar="CARRIER", help=", ".join(DIALECTS))
    parser.add_argument("--count", type=int, default=10_000, help="how many, of each carrier")
    parser.add_argument("--seed", type=int, default=0, help=f"of the first {BATCH}")
    options = parser.parse_args(argv)
    wrong = 0
    for name in options.carriers or DIALECTS:
        tally = Tally(name=name)
        began_s = time.perf_counter()
        for number, begin in enumerate(range(0, options.count, BATCH)):
            count = min(BATCH, options.count - begin)
            play_many(DIALECTS[name], tally, count, options.seed + number)
        lines = [f"{tally}; {time.perf_counter() - began_s:.0f} s"]
        lines += [f"{complaints}\n{history}" for history, complaints in tally.wrong[:3]]
        sys.stdout.write("\n".join([*lines, ""]))
        sys.stdout.flush()
        wrong += len(tally.wrong)
    return int(wrong > 0)


def play_many(dialect: Dialect, tally: Tally, count: int, number: int) -> None:
    """Play *count* histories, the same ones for the same *number*."""

    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(histories(dialect))
    def run(history: History) -> None:
        live_through(dialect, history, tally)

    run()


if __name__ == "__main__":
    raise SystemExit(main())
