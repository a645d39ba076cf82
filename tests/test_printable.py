import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.printable import clean_text, printable


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


@given(text=st.text(st.characters(blacklist_categories=())))
def test_clean_text_fits_into_a_file(text: str) -> None:
    cleaned = clean_text(text)

    assert cleaned.encode().decode() == cleaned
    assert any("\ud800" <= char <= "\udfff" for char in text) or cleaned == text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\ud800b", "a\N{REPLACEMENT CHARACTER}b"),
        ("\ud83d\ude00", "\N{GRINNING FACE}"),
    ],
)
def test_half_a_character_becomes_a_mark_and_two_halves_one_character(
    text: str, cleaned: str
) -> None:
    assert clean_text(text) == cleaned
