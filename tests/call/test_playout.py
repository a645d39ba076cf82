from hypothesis import given
from hypothesis import strategies as st

from tests.call.queued_turns import LEAD_FRAMES, NEAR_S, add_clause, frames_of, sound, turn_of
from voicecalld.audio.frame import FRAME_BYTES, SILENT_FRAME
from voicecalld.call.playout import LEAD_S, TICK_TOLERANCE_S, Frame, Playout

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
