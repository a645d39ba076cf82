"""The figures as a table for people."""

from collections.abc import Iterable
from typing import TextIO

from rich.console import Console
from rich.table import Table

from tests.bench.figure import Figure
from voicecalld.ctl.screen import draw_plain

HEADS = ("figure", "unit", "p50", "p99", "n", "goal", "what limits it")
NUMBERS = frozenset({"p50", "p99", "n"})


def print_table(figures: Iterable[Figure], stream: TextIO) -> None:
    """Draw the table: on a terminal with its sentences broken to fit, elsewhere a line a row."""
    rows = [row_of(figure) for figure in figures]
    if not stream.isatty():
        draw_plain(stream, HEADS, rows)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for head in HEADS:
        table.add_column(head, justify="right" if head in NUMBERS else "left")
    for row in rows:
        table.add_row(*row)
    Console(file=stream, highlight=False).print(table)


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
