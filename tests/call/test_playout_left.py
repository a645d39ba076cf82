"""What a turn leaves unsaid, what may come back of it, and what fills the time before it."""

import pytest

from tests.call.queued_turns import LEAD_FRAMES, add_clause, frames_of, marks_of, sound, turn_of
from voicecalld.audio.words import SpokenWord
from voicecalld.call.playout import FRAME_S, LEAD_S, Playout


def test_what_is_left_begins_with_the_clause_that_was_cut() -> None:
    playout = turn_of(("One.", 10), ("Two.", 10), ("Three.", 10))
    playout.take(0.0)
    playout.take(15 * FRAME_S - LEAD_S + 0.001)
    playout.returned("1-0")

    left = playout.unheard_text(0.2)

    assert left == "Two. Three."


def test_only_what_was_heard_can_come_back() -> None:
    playout = turn_of(("One.", 10), ("Two.", 10))
    playout.take(0.0)

    assert playout.recent_text(0.1, 5.0) == "One."
    assert playout.recent_text(0.1, 0.0) == "One."
    assert Playout().recent_text(0.0, 5.0) == ""


def test_a_clause_that_is_still_being_made_can_come_back_and_is_left() -> None:
    playout = Playout()
    playout.start(1)
    playout.begin_clause("Hello there.")
    playout.add(sound(5))
    playout.take(0.0)

    assert playout.recent_text(0.1, 5.0) == "Hello there."
    assert playout.unheard_text(0.1) == "Hello there."


def test_of_a_clause_that_is_still_being_made_the_words_that_are_known_were_heard() -> None:
    playout = Playout()
    playout.start(1)
    playout.begin_clause("Hello there.")
    playout.add(sound(5), (SpokenWord(end_s=0.05, end=5),))
    playout.take(0.0)

    assert playout.heard_text(0.1) == "Hello"


def test_a_filler_goes_first_and_is_no_part_of_the_turn() -> None:
    playout = Playout()
    playout.start(1)

    playout.add_filler(sound(LEAD_FRAMES))
    sent = playout.take(0.0)

    assert (frames_of(sent), marks_of(sent)) == (LEAD_FRAMES, [])
    assert not playout.is_audible
    assert playout.heard_text(5.0) == ""


def test_a_filler_of_no_turn_is_heard_before_the_turn_that_begins_meanwhile() -> None:
    playout = Playout()
    playout.add_filler(sound(LEAD_FRAMES + 5))
    playout.take(0.0)

    playout.start(1)
    add_clause(playout, "Hello", 10)

    assert frames_of(playout.take(0.1)) == 5
    assert not playout.is_audible
    assert playout.lasts_s(0.1) == pytest.approx(0.4)


def test_a_filler_goes_with_its_turn() -> None:
    playout = Playout()
    playout.start(1)
    playout.add_filler(sound(50))

    before_s = playout.lasts_s(0.0)
    playout.clear(0.0)

    assert (round(before_s, 6), playout.lasts_s(0.0)) == (50 * FRAME_S, 0.0)
    assert playout.take(0.0) == []


def test_nothing_is_left_of_a_turn_that_was_played_however_its_frames_add_up() -> None:
    playout = turn_of(("We", 12), ("open", 16), ("at", 12), ("nine.", 20))
    for tick in range(61):
        playout.take(tick * FRAME_S)

    left_s = playout.lasts_s(60 * FRAME_S)

    assert left_s == 0.0
