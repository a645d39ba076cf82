import io
import sys

import pytest

from voicecalld.ctl.render import local_time, plain
from voicecalld.ctl.screen import Screen, let_everything_be_printed

ROWS = [["call-1", "[bold]x\x1b[2J"]]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_cannot_drive_the_terminal() -> None:
    terminal = Terminal()

    Screen(terminal).line("né\x1b[2J\n")

    assert terminal.getvalue() == "né\\x1b[2J\\n\n"


def test_a_table_on_a_terminal_takes_no_markup_from_its_cells() -> None:
    terminal = Terminal()

    Screen(terminal).table(("call", "text"), ROWS)

    assert "[bold]x\\x1b[2J" in terminal.getvalue()
    assert "\x1b[2J" not in terminal.getvalue()


def test_without_rich_a_table_is_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich.console", None)
    terminal = Terminal()

    Screen(terminal).table(("call", "text"), ROWS)

    assert terminal.getvalue() == "CALL    TEXT\ncall-1  [bold]x\\x1b[2J\n"


def test_a_table_too_wide_for_the_terminal_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    terminal = Terminal()

    Screen(terminal).table(("call", "state"), [["a" * 36, "listening"]])

    assert terminal.getvalue().splitlines()[1] == "a" * 36 + "  listening"


def test_what_a_terminals_encoding_lacks_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    let_everything_be_printed()

    Screen(sys.stdout).line("né")

    assert raw.getvalue() == b"n\\xe9\n"


def test_what_is_no_time_is_shown_as_it_is() -> None:
    assert local_time("soon") == "soon"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "None"), (1.5, "1.5"), (True, "yes"), (False, "no"), ({"a": {"b": 1}}, "a: b: 1")],
)
def test_values_are_shown_in_one_line(value: object, shown: str) -> None:
    assert plain(value) == shown  # type: ignore[arg-type] # a value of JSON
