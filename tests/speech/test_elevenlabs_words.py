"""From the times of characters to those of words."""

import pytest

from voicecalld.audio.words import SpokenWord
from voicecalld.speech.elevenlabs_words import TimedCharacter, WordFinder, read_alignment
from voicecalld.speech.speakable import Piece


def timed(text: str, step_s: float = 0.1) -> tuple[TimedCharacter, ...]:
    return tuple(
        TimedCharacter(text=c, end_s=round((i + 1) * step_s, 3)) for i, c in enumerate(text)
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"chars": ["a"], "charStartTimesMs": [5], "charDurationsMs": [10]},
        {"chars": ["a"], "charsStartTimesMs": [5], "charsDurationsMs": [10]},
    ],
)
def test_both_spellings_of_the_fields_are_understood(fields: object) -> None:
    assert read_alignment(fields) == (TimedCharacter(text="a", end_s=0.015),)


@pytest.mark.parametrize(
    "fields",
    [
        None,
        [],
        {},
        {"chars": "a", "charStartTimesMs": [5], "charDurationsMs": [10]},
        {"chars": ["a"], "charStartTimesMs": [5, 6], "charDurationsMs": [10]},
        {"chars": [1], "charStartTimesMs": [5], "charDurationsMs": [10]},
        {"chars": ["a"], "charStartTimesMs": ["5"], "charDurationsMs": [10]},
        {"chars": ["a"], "charStartTimesMs": [True], "charDurationsMs": [10]},
        {"chars": ["a"], "charStartTimesMs": [-5], "charDurationsMs": [10]},
        {"chars": ["a"], "charStartTimesMs": [float("nan")], "charDurationsMs": [10]},
    ],
)
def test_timing_that_makes_no_sense_is_no_timing(fields: object) -> None:
    assert read_alignment(fields) == ()


def test_a_word_ends_where_its_last_character_does_in_the_whole_text() -> None:
    finder = WordFinder(Piece(start=10, text="one - two"))

    first = list(finder.words(timed(" one - t"), 2.0, 0.8))
    second = list(finder.words(timed("wo "), 2.8, 0.3))

    # " one" has 4 characters, "wo" has 2.
    assert first == [SpokenWord(end=13, end_s=2.0 + 0.4)]
    assert second == [SpokenWord(end=19, end_s=2.8 + 0.2)]


def test_a_time_outside_of_its_chunk_is_moved_into_it() -> None:
    finder = WordFinder(Piece(start=0, text="a b"))

    words = list(
        finder.words(
            (TimedCharacter(text="a", end_s=99.0), TimedCharacter(text="b", end_s=0.1)), 1.0, 0.5
        )
    )

    assert words == [SpokenWord(end=1, end_s=1.5), SpokenWord(end=3, end_s=1.5)]


def test_characters_that_are_not_in_the_text_are_passed_over() -> None:
    finder = WordFinder(Piece(start=0, text="caf\u00e9 4 two"))

    words = list(finder.words(timed("cafe\u0301 four two"), 0.0, 9.0))

    assert [word.end for word in words][-1] == 10
