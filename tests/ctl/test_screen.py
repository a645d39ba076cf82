import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.ctl.render import local_time, plain
from voicecalld.ctl.screen import Screen, let_everything_be_printed, visible

ROWS = [["call-1", "[bold]x\x1b[2J"]]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@given(text=st.text())
def test_nothing_but_printable_characters_is_shown(text: str) -> None:
    assert visible(text).isprintable()


def test_words_of_any_language_are_shown_as_they_are() -> None:
    assert visible("Grüß Gott, здравствуйте, 你好 \N{GRINNING FACE}") == (
        "Grüß Gott, здравствуйте, 你好 \N{GRINNING FACE}"
    )


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
