"""How far a carrier's voice may have come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.switchboard.native_steps import (
    BEFORE_FIRST_WORD_S,
    KEY_S,
    QUICK_LETTERS_A_SECOND,
    Step,
    Underway,
    count_letters,
    join,
    spoken_text,
)

TEXT = "We are open from Monday to Friday."


def underway(text: str = TEXT) -> Underway:
    return Underway(step=Step(turn=1, say=text), since_s=100.0)


@pytest.mark.parametrize(
    ("text", "letters"), [("", 0), ("Hello.", 6), ("10", 10), ("今日は", 9), ("a b", 3)]
)
def test_digits_and_wide_characters_take_longer_to_say(text: str, letters: int) -> None:
    assert count_letters(text) == letters


def test_keys_take_their_time() -> None:
    assert Step(press="12w").shortest_s == BEFORE_FIRST_WORD_S + 3 * KEY_S


def test_a_step_is_done_for_certain_later_than_at_best() -> None:
    assert underway().step.longest_s > underway().step.shortest_s
    assert underway().left_s(100.0) == pytest.approx(underway().step.longest_s)
    assert underway().left_s(1000.0) == 0.0


@pytest.mark.parametrize(
    ("after_s", "heard"),
    [
        (0.0, ""),
        (BEFORE_FIRST_WORD_S + 0.9 * 2 / QUICK_LETTERS_A_SECOND, ""),
        (BEFORE_FIRST_WORD_S + 2 / QUICK_LETTERS_A_SECOND + 0.01, "We"),
        (BEFORE_FIRST_WORD_S + 12 / QUICK_LETTERS_A_SECOND, "We are open"),
        (10.0, TEXT),
    ],
)
def test_whole_words_have_been_heard(after_s: float, heard: str) -> None:
    assert underway().heard(100.0 + after_s) == heard


def test_nothing_is_heard_behind_the_moment_at_which_it_was_broken_off() -> None:
    broken_off = Underway(step=Step(turn=1, say=TEXT), since_s=100.0, until_s=100.9)

    assert broken_off.heard(1000.0) == broken_off.heard(100.9) == "We are"
    assert not broken_off.is_heard(1000.0)


@given(text=st.text(), after_s=st.floats(0, 1000))
def test_what_was_heard_is_how_the_text_begins(text: str, after_s: float) -> None:
    said = spoken_text(text)

    heard = underway(said).heard(100.0 + after_s)

    assert said.startswith(heard)


@given(text=st.text())
def test_all_has_been_heard_when_it_is_done_for_certain(text: str) -> None:
    said = spoken_text(text)

    assert underway(said).heard(100.0 + Step(say=said).longest_s + 1e-9) == said


def test_texts_are_joined_without_the_empty_ones() -> None:
    assert join(["One.", "", "Two."]) == "One. Two."
