from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.call.queued_turns import NEAR_S, add_clause, marks_of, sound, turn_of
from voicecalld.audio.words import SpokenWord
from voicecalld.call.playout import FRAME_S, LEAD_S, Playout


def test_a_turn_is_heard_once_it_is_complete_and_its_last_mark_is_back() -> None:
    playout = Playout()
    playout.start(1)
    add_clause(playout, "One.", 1)
    playout.take(0.0)
    assert playout.returned("1-0")
    assert not playout.is_heard

    playout.complete()

    assert playout.is_heard


def test_a_turn_is_not_heard_while_some_of_it_has_not_been_sent() -> None:
    playout = turn_of(("One.", 1), ("Two.", 100))
    playout.take(0.0)

    assert playout.returned("1-0")

    assert not playout.is_heard


def test_the_last_mark_confirms_what_is_before_it_even_if_another_was_lost() -> None:
    playout = turn_of(("One.", 1), ("Two.", 1))
    playout.take(0.0)

    assert playout.returned("1-1")

    assert playout.is_heard
    assert playout.heard_text(0.0) == "One. Two."


def test_a_mark_that_comes_late_takes_nothing_back() -> None:
    playout = turn_of(("One.", 1), ("Two.", 1))
    playout.take(0.0)
    playout.returned("1-1")

    assert playout.returned("1-0")

    assert playout.is_heard


@pytest.mark.parametrize("mark", ["1-0", "0-0", "2-1", "", "nonsense"])
def test_marks_of_other_turns_and_marks_that_were_not_sent_mean_nothing(mark: str) -> None:
    playout = turn_of(("One.", 1))
    playout.take(0.0)
    playout.clear(0.01)
    playout.start(2)
    add_clause(playout, "Two.", 1)
    add_clause(playout, "Three.", 100)
    playout.take(0.02)

    assert not playout.returned(mark)

    assert playout.heard_text(0.02) == ""


def test_a_mark_counts_once() -> None:
    playout = turn_of(("One.", 1))
    playout.take(0.0)

    assert playout.returned("1-0")
    assert not playout.returned("1-0")


def test_a_turn_without_sound_is_heard_when_it_is_complete() -> None:
    playout = turn_of()

    assert playout.is_heard
    assert playout.heard_text(0.0) == ""
    assert playout.lasts_s(0.0) == 0


WORDS: Final = (SpokenWord(end=5, end_s=0.4), SpokenWord(end=11, end_s=1.0))


def test_words_are_heard_when_their_sound_has_been_played() -> None:
    playout = Playout()
    playout.start(1)
    add_clause(playout, "Hello there.", 60, WORDS)
    for tick in range(30):
        playout.take(tick * 0.02)

    assert playout.heard_text(0.39) == ""
    assert playout.heard_text(0.4 + NEAR_S) == "Hello"


def test_a_clause_without_known_words_is_heard_by_its_share_of_characters_in_whole_words() -> None:
    playout = turn_of(("one two three four", 50))
    for tick in range(40):
        playout.take(tick * 0.02)

    # Half of 18 characters ends in the middle of "three".
    assert playout.heard_text(0.5) == "one two"
    assert playout.heard_text(0.1) == ""


def test_no_more_is_heard_than_was_sent() -> None:
    playout = turn_of(("one two three four five six", 30))
    playout.take(0.0)

    # A third of it.
    assert playout.heard_s(60.0) == pytest.approx(LEAD_S)
    assert playout.heard_text(60.0) == "one two"


def test_nothing_behind_the_first_unconfirmed_clause_counts_as_heard() -> None:
    playout = turn_of(("One.", 5), ("Two.", 5), ("Three.", 5))
    for tick in range(20):
        playout.take(tick * 0.02)

    # By the clock all of it has been played; the carrier's line is slower than that.
    assert playout.heard_text(60.0) == "One."
    playout.returned("1-0")
    assert playout.heard_text(60.0) == "One. Two."


def test_a_confirmed_clause_is_heard_whatever_the_clock_says() -> None:
    playout = turn_of(("One two three.", 10))
    playout.take(0.0)

    playout.returned("1-0")

    assert playout.heard_text(0.0) == "One two three."


def test_a_confirmed_turn_is_heard_whole() -> None:
    playout = turn_of(("One.", 2), ("Two.", 2))
    playout.take(0.0)
    playout.returned("1-0")
    playout.returned("1-1")

    assert playout.is_heard
    assert playout.heard_text(0.0) == "One. Two."


def test_a_clause_that_is_still_being_made_has_no_text_yet() -> None:
    playout = Playout()
    playout.start(1)
    playout.begin_clause()
    playout.add(sound(5))
    playout.take(0.0)

    assert playout.heard_text(60.0) == ""


def test_a_clause_without_sound_does_no_harm() -> None:
    playout = turn_of(("One two.", 10), ("...", 0))
    playout.take(0.0)

    assert playout.heard_text(0.1) == "One"


def test_a_broken_clause_ends_with_its_last_known_word() -> None:
    playout = Playout()
    playout.start(1)
    playout.begin_clause()
    playout.add(sound(20), WORDS[:1])

    playout.break_clause("Hello there.")

    assert [clause.text for clause in playout.clauses] == ["Hello"]


def test_a_broken_clause_whose_words_are_not_known_has_no_text() -> None:
    playout = Playout()
    playout.start(1)
    playout.begin_clause()
    playout.add(sound(20))

    playout.break_clause("Hello there.")

    assert [clause.text for clause in playout.clauses] == [""]


def test_clearing_drops_what_was_queued_and_gives_what_was_heard() -> None:
    playout = turn_of(("One.", 5), ("Two three four.", 100))
    for tick in range(10):
        playout.take(tick * 0.02)
    playout.returned("1-0")

    heard = playout.clear(0.15)

    assert heard == "One."
    assert playout.take(9.0) == []
    assert playout.lasts_s(0.15) == 0


def test_how_long_a_turn_will_play_counts_what_was_sent_and_what_was_not() -> None:
    playout = turn_of(("One.", 50))
    assert playout.lasts_s(0.0) == pytest.approx(1.0)

    playout.take(0.0)

    assert playout.lasts_s(0.0) == pytest.approx(1.0)
    assert playout.lasts_s(0.1) == pytest.approx(0.9)


CLAUSES = st.lists(
    st.tuples(
        st.lists(st.sampled_from(["a", "bee", "cesium", "d,"]), min_size=1, max_size=5),
        st.integers(0, 30),
        st.booleans(),
    ),
    max_size=4,
)
STEPS = st.lists(st.tuples(st.integers(0, 300), st.booleans()), max_size=40)


@given(CLAUSES, STEPS)
def test_what_was_heard_is_the_beginning_of_what_was_queued_and_only_grows(
    clauses: list[tuple[list[str], int, bool]], steps: list[tuple[int, bool]]
) -> None:
    playout = Playout()
    playout.start(1)
    for words, frames, are_known in clauses:
        spread = spread_words(words, frames * FRAME_S) if are_known else ()
        add_clause(playout, " ".join(words), frames, spread)
    queued = [word for words, _, _ in clauses for word in words]
    now_s, before, on_the_way = 7.0, list[str](), list[str]()

    for wait_ms, is_mark in steps:
        if is_mark and on_the_way:
            playout.returned(on_the_way.pop(0))
        now_s += wait_ms / 1000
        on_the_way += marks_of(playout.take(now_s))
        heard = playout.heard_text(now_s).split()

        assert heard == queued[: len(heard)]
        assert heard[: len(before)] == before
        before = heard


def spread_words(words: list[str], lasts_s: float) -> tuple[SpokenWord, ...]:
    ends = [len(" ".join(words[: n + 1])) for n in range(len(words))]
    share_s = lasts_s / len(words)
    return tuple(SpokenWord(end=end, end_s=(n + 1) * share_s) for n, end in enumerate(ends))
