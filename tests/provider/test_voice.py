import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.provider.voice import split_text


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("One. Two.", ["One. Two."]),
        ("One two. Three four five.", ["One two.", "Three", "four five."]),
        ("One? Two! Three. Four five six", ["One? Two!", "Three.", "Four five", "six"]),
        ("one two three four", ["one two", "three four"]),
        ("abcdefghijklmnopqrst", ["abcdefghij", "klmnopqrst"]),
        (" abcdefghijklm", [" abcdefghi", "jklm"]),
    ],
)
def test_a_text_is_cut_behind_sentences_or_words_or_anywhere(text: str, parts: list[str]) -> None:
    assert [*split_text(text, 10)] == parts


@given(text=st.text("ab .?!"), most=st.integers(min_value=1, max_value=9))
def test_no_part_is_too_long_and_nothing_but_blanks_is_lost(text: str, most: int) -> None:
    parts = [*split_text(text, most)]

    assert all(0 < len(part) <= most for part in parts)
    assert "".join(parts).replace(" ", "") == text.replace(" ", "")
