"""The figures as a table for people."""

from collections.abc import Iterable
from typing import TextIO

from tests.bench.figure import Figure
from voicecalld.ctl.screen import Screen

HEADS = ("figure", "unit", "p50", "p99", "n", "goal", "what limits it")


def print_table(figures: Iterable[Figure], stream: TextIO) -> None:
    """Draw the table: in colour on a terminal, with aligned columns elsewhere."""
    Screen(stream).table(HEADS, [row_of(figure) for figure in figures])


def row_of(figure: Figure) -> tuple[str, ...]:
    """The cells of one row; a single value stands in the column of the median."""
    return (
        figure.name,
        figure.unit,
        shown(figure.value),
        "" if figure.p99 is None else shown(figure.p99),
        str(figure.n),
        figure.goal,
        figure.limit,
    )


def shown(number: float) -> str:
    """A number with as many digits as mean something."""
    if abs(number) >= 100 or number == 0:
        return f"{number:.0f}"
    return f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}"
