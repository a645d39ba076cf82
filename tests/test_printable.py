import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.printable import printable


@given(text=st.text())
def test_nothing_but_printable_characters_is_left_and_those_stay(text: str) -> None:
    shown = printable(text)

    assert shown.isprintable()
    assert not text.isprintable() or shown == text


def test_words_of_any_language_stay_as_they_are() -> None:
    text = "Grüß Gott, здравствуйте, 你好 \N{GRINNING FACE}"

    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\n\t\x1b[1mb", r"a\n\t\x1b[1mb"),
        ("\x9b2J", r"\x9b2J"),
        ("c\u2028d\u202ee", r"c\u2028d\u202ee"),
        ("\ud800 \U000e0001", r"\ud800 \U000e0001"),
        ("1\u00a02", r"1\xa02"),
    ],
)
def test_what_drives_a_terminal_or_begins_a_line_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown
