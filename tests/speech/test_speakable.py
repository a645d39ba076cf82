import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.audio.words import SpokenWord
from voicecalld.speech.speakable import Piece, place_words, speakable_text, split_text


@given(text=st.text())
def test_what_is_not_said_leaves_every_other_character_where_it_was(text: str) -> None:
    speakable = speakable_text(text)

    assert len(speakable) == len(text)
    assert all(new in (old, " ") for new, old in zip(speakable, text, strict=True))
    assert speakable.isascii() or speakable.encode()  # no half surrogates


@pytest.mark.parametrize(
    "text",
    [
        "\U0001f600",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "\u2764\ufe0f",
        "\U0001f44d\U0001f3fd",
        "\U0001f1e9\U0001f1ea",
        "\U0001f3f4\U000e0067\U000e007f",
        "\x00\x01\x1b\x7f\n",
        "\ud800",
    ],
)
def test_pictures_and_control_codes_are_not_said(text: str) -> None:
    assert speakable_text(text).isspace()


def test_signs_that_are_read_aloud_are_kept() -> None:
    assert speakable_text("20 °C + 5 € © 100 %") == "20 °C + 5 € © 100 %"


@given(text=st.text(alphabet="ab .\n", max_size=60), longest=st.integers(min_value=1, max_value=9))
def test_pieces_together_are_the_whole_text_but_for_blanks(text: str, longest: int) -> None:
    pieces = list(split_text(text, longest))

    ends = [0, *(piece.start + len(piece.text) for piece in pieces)]
    starts = [*(piece.start for piece in pieces), len(text)]
    gaps = [text[end:start] for end, start in zip(ends, starts, strict=True)]
    assert all(not gap or gap.isspace() for gap in gaps)
    assert all(text[piece.start :].startswith(piece.text) for piece in pieces)
    assert all(0 < len(piece.text) <= longest for piece in pieces)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("One. Two three", ["One. ", "Two three"]),
        ("One two three", ["One two ", "three"]),
        ("Onetwothreefour", ["Onetwothre", "efour"]),
        ("", []),
        (" " * 25, []),
    ],
)
def test_a_text_is_cut_behind_a_sentence_else_a_word_else_anywhere(
    text: str, pieces: list[str]
) -> None:
    assert [piece.text for piece in split_text(text, 10)] == pieces


def test_a_word_ends_behind_what_clings_to_it_when_the_next_one_begins() -> None:
    piece = Piece(start=10, text="I don't, no.")
    starts = [(0, 1, 0), (2, 3, 100), (9, 2, 500)]

    words = place_words(piece, starts, 0.8)

    assert words == [
        SpokenWord(end=11, end_s=0.1),
        SpokenWord(end=18, end_s=0.5),  # "don't,"
        SpokenWord(end=22, end_s=0.8),
    ]


def test_a_number_of_several_spoken_words_is_one_word_of_the_text() -> None:
    starts = [(0, 3, 0), (1, 3, 700), (1, 3, 1100), (4, 6, 1400)]

    words = place_words(Piece(start=0, text="123 apples"), starts, 2.0)

    assert words == [SpokenWord(end=3, end_s=1.4), SpokenWord(end=10, end_s=2.0)]


def test_a_piece_without_spoken_words_has_none() -> None:
    assert place_words(Piece(start=0, text="..."), [], 0.1) == []


@given(
    text=st.text(alphabet="a '.\u05d0\U0001f600", min_size=1, max_size=20),
    data=st.data(),
)
def test_ends_of_words_only_ever_advance_whatever_the_engine_reports(
    text: str, data: st.DataObject
) -> None:
    start = st.integers(min_value=0, max_value=len(text) + 2)
    starts = data.draw(
        st.lists(st.tuples(start, st.integers(0, 5), st.integers(0, 900)), max_size=6)
    )

    words = place_words(Piece(start=0, text=text), starts, 0.5)

    assert all(a.end < b.end for a, b in itertools.pairwise(words))
    assert all(0 <= word.end <= len(text) and word.end_s <= 0.5 for word in words)
