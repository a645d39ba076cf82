"""What people see: lines and tables, in which nobody's words can drive the terminal."""

import os
import sys
from collections.abc import Sequence
from typing import TextIO

from voicecalld.printable import printable


class Screen:
    """Prints to *stream*; tables are drawn by rich where there is a terminal and rich."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def line(self, text: str) -> None:
        """Print one line, at once: it may be the last for a long time."""
        print(printable(text), file=self.stream, flush=True)

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table."""
        shown = [[printable(cell) for cell in row] for row in rows]
        if not (self.stream.isatty() and draw_rich(self.stream, heads, shown)):
            draw_plain(self.stream, heads, shown)


def draw_plain(stream: TextIO, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table with aligned columns."""
    lines = [[head.upper() for head in heads], *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip(), file=stream)


def draw_rich(stream: TextIO, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Print a table in colour; false if rich is not installed, or the terminal too narrow."""
    try:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except ImportError:
        return False
    table = Table(*heads, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        # Text takes the words as they are; a string would be read as markup.
        table.add_row(*(Text(cell) for cell in row))
    console = Console(file=stream)
    # Rich would leave out columns; the terminal breaks lines, and an id stays in one piece.
    unlimited = console.options.update(width=10_000)
    if console.measure(table, options=unlimited).maximum > console.width:
        return False
    console.print(table)
    return True


def open_missing_streams() -> None:
    """Put the null device where a standard stream was closed, as ``>&-`` does in a shell.

    Python has ``None`` there, and the next file to be opened would get the stream's number.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))


def let_everything_be_printed() -> None:
    """Escape what the terminal's encoding lacks, rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        # Only in tests is it something else.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
