from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.audio.frame import FRAME_BYTES, SILENT_FRAME
from voicecalld.audio.words import SpokenWord
from voicecalld.call.playout import (
    FRAME_S,
    LEAD_S,
    TICK_TOLERANCE_S,
    Frame,
    Mark,
    Playout,
)

LEAD_FRAMES = round(LEAD_S / FRAME_S)
NEAR_S = 1e-6


def sound(frames: float) -> bytes:
    return b"\x01" * round(frames * FRAME_BYTES)


def add_clause(
    playout: Playout, text: str, frames: float, words: tuple[SpokenWord, ...] = ()
) -> None:
    playout.begin_clause()
    playout.add(sound(frames), words)
    playout.end_clause(text)


def turn_of(*clauses: tuple[str, float]) -> Playout:
    playout = Playout()
    playout.start(1)
    for text, frames in clauses:
        add_clause(playout, text, frames)
    playout.complete()
    return playout


def frames_of(items: list[Frame | Mark]) -> int:
    return sum(isinstance(item, Frame) for item in items)


def marks_of(items: list[Frame | Mark]) -> list[str]:
    return [item.name for item in items if isinstance(item, Mark)]


# --- sending --------------------------------------------------------------------------


def test_the_lead_is_sent_at_once_and_then_a_frame_every_20_ms() -> None:
    playout = turn_of(("Hello", 50))

    sent = [frames_of(playout.take(100 + tick * 0.02)) for tick in range(45)]

    assert sent == [10] + [1] * 40 + [0] * 4


def test_frames_that_are_wanted_in_pairs_are_given_so_except_the_last() -> None:
    playout = turn_of(("Hello", 51))

    sent = [frames_of(playout.take(100 + tick * 0.02, at_once=2)) for tick in range(43)]

    assert sent == [10] + [0, 2] * 20 + [0, 1]


def test_keys_are_sent_before_what_is_said_and_no_turn_drops_them() -> None:
    playout = turn_of(("Hello", 50))
    playout.take(0.0)
    playout.add_keys(b"\x02" * FRAME_BYTES)
    playout.start(2)

    assert playout.take(0.02) == [b"\x02" * FRAME_BYTES]


def test_nothing_is_sent_while_the_carrier_holds_the_lead() -> None:
    playout = turn_of(("Hello", 50))
    playout.take(0.0)

    assert playout.take(0.009) == []
    assert frames_of(playout.take(0.011)) == 1


@given(st.lists(st.integers(-9, 9), min_size=2, max_size=40))
def test_a_tick_that_is_early_or_late_by_less_than_half_a_frame_keeps_the_rhythm(
    jitter_ms: list[int],
) -> None:
    playout = turn_of(("Hello", 100))
    playout.take(0.0)

    sent = [
        frames_of(playout.take((20 * tick + late_ms) / 1000))
        for tick, late_ms in enumerate(jitter_ms, start=1)
    ]

    assert sent == [1] * len(jitter_ms)


@given(st.lists(st.integers(1, 180), max_size=30))
def test_late_and_irregular_ticks_do_not_change_how_much_is_sent_by_a_time(
    waits_ms: list[int],
) -> None:
    # Shorter than the lead, so that the carrier never runs dry.
    playout = turn_of(("Hello", 500))  # more than can be asked for
    now_ms, sent = 0, frames_of(playout.take(0.0))

    for wait_ms in waits_ms:
        now_ms += wait_ms
        sent += frames_of(playout.take(now_ms / 1000))

        # A frame leaves half a frame before its time, give or take the last bit of a float.
        assert sent - LEAD_FRAMES in ((now_ms + 9) // 20, (now_ms + 10) // 20)


@given(st.lists(st.integers(1, 1000), max_size=30))
def test_the_carrier_never_holds_more_than_the_lead_and_half_a_frame(waits_ms: list[int]) -> None:
    playout = turn_of(("Hello", 2000))
    now_s = 50.0

    for wait_ms in waits_ms:
        now_s += wait_ms / 1000
        sent = frames_of(playout.take(now_s))

        assert sent <= LEAD_FRAMES
        assert playout.played_out_s - now_s <= LEAD_S + TICK_TOLERANCE_S + NEAR_S


def test_after_an_underrun_no_more_than_the_lead_is_sent_at_once() -> None:
    playout = turn_of(("Hello", 100))
    playout.take(0.0)

    assert frames_of(playout.take(5.0)) == LEAD_FRAMES
    assert frames_of(playout.take(5.02)) == 1


def test_sound_that_came_late_is_sent_as_soon_as_it_is_there() -> None:
    playout = Playout()
    playout.start(1)
    playout.begin_clause()
    playout.add(sound(2))
    assert frames_of(playout.take(0.0)) == 2

    playout.add(sound(3))

    assert frames_of(playout.take(0.02)) == 3


def test_a_mark_follows_each_clause() -> None:
    playout = turn_of(("One.", 1), ("Two.", 2))

    kinds = ["frame" if isinstance(item, Frame) else item.name for item in playout.take(0.0)]

    assert kinds == ["frame", "1-0", "frame", "frame", "1-1"]


def test_the_end_of_a_clause_is_filled_up_with_silence() -> None:
    playout = turn_of(("One.", 1.5))

    first, last = (item for item in playout.take(0.0) if isinstance(item, Frame))

    half = FRAME_BYTES // 2
    assert first == sound(1)
    assert last == sound(0.5) + SILENT_FRAME[half:]


# --- hearing --------------------------------------------------------------------------


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


def test_the_sound_of_the_next_turn_begins_at_once_after_a_clear() -> None:
    playout = turn_of(("One.", 100))
    playout.take(0.0)
    playout.clear(0.01)
    playout.start(2)
    add_clause(playout, "Two.", 100)

    assert frames_of(playout.take(0.01)) == LEAD_FRAMES


def test_what_the_carrier_holds_of_the_last_turn_is_played_before_the_next() -> None:
    playout = turn_of(("One.", 10))
    playout.take(0.0)
    playout.start(2)
    add_clause(playout, "Two.", 10)

    assert frames_of(playout.take(0.1)) == LEAD_FRAMES / 2
    assert playout.heard_s(0.1) == 0


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
