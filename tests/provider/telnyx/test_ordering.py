from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.audio.frame import FRAME_BYTES
from voicecalld.provider.telnyx.ordering import Ordering


def sound(number: int) -> bytes:
    return bytes([number % 256]) * FRAME_BYTES


def hear(numbers: Iterable[int], ordering: Ordering | None = None) -> list[list[int]]:
    """The numbers of the sound that becomes ready with each of *numbers*."""
    ordering = ordering or Ordering()
    heard = [ordering.take(number, sound(number)) for number in numbers]
    return [[audio[at] for at in range(0, len(audio), FRAME_BYTES)] for audio in heard]


def test_what_comes_in_order_waits_for_nothing() -> None:
    assert hear([1, 2, 3]) == [[1], [2], [3]]


def test_what_comes_early_waits_for_what_is_missing() -> None:
    assert hear([1, 3, 4, 2, 5]) == [[1], [], [], [2, 3, 4], [5]]


def test_the_first_may_come_late_as_well() -> None:
    assert hear([2, 1, 3]) == [[], [1, 2], [3]]


def test_the_first_may_have_the_number_nought() -> None:
    assert hear([0, 1, 2]) == [[0], [1], [2]]


def test_after_five_frames_nothing_is_waited_for() -> None:
    # 2 is missing: 3 to 7 are held, which is 100 ms, and 8 would be more.
    assert hear([1, 3, 4, 5, 6, 7, 8, 9]) == [[1], [], [], [], [], [], [3, 4, 5, 6, 7, 8], [9]]


def test_what_is_still_missing_behind_a_gap_is_waited_for_again() -> None:
    # 2 and 6 are missing.
    assert hear([1, 3, 4, 5, 7, 8, 9, 6]) == [[1], [], [], [], [], [], [3, 4, 5], [6, 7, 8, 9]]


@pytest.mark.parametrize("first", [2, 3, 100])
def test_a_stream_that_begins_with_another_number_is_heard_after_two_frames(first: int) -> None:
    numbers = range(first, first + 5)

    assert hear(numbers) == [[], [], [*numbers[:3]], [numbers[3]], [numbers[4]]]


def test_what_comes_again_or_too_late_is_dropped() -> None:
    assert hear([1, 1, 2, 4, 4, 3, 3, 1, 5]) == [[1], [], [2], [], [], [3, 4], [], [], [5]]


def test_a_stream_that_is_numbered_anew_is_heard_again_after_half_a_second() -> None:
    ordering = Ordering()
    hear(range(1, 101), ordering)

    heard = hear(range(1, 31), ordering)

    # 25 frames are half a second.
    assert heard == [[]] * 25 + [[26], [27], [28], [29], [30]]


def test_one_late_frame_now_and_then_does_not_count() -> None:
    ordering = Ordering()
    hear([1], ordering)

    heard = [hear([number, 1], ordering) for number in range(2, 102)]

    assert heard == [[[number], []] for number in range(2, 102)]


def test_a_long_message_is_not_held_for_long() -> None:
    ordering = Ordering()
    ordering.take(1, sound(1))

    assert ordering.take(3, sound(3) * 6) == sound(3) * 6


@given(order=st.permutations(range(2, 8)))
def test_within_five_frames_any_order_is_put_right(order: list[int]) -> None:
    heard = hear([1, *order])

    assert [number for ready in heard for number in ready] == [1, 2, 3, 4, 5, 6, 7]


@given(order=st.permutations(range(1, 4)))
def test_the_first_three_may_come_in_any_order(order: list[int]) -> None:
    heard = hear(order)

    assert [number for ready in heard for number in ready] == [1, 2, 3]


@given(numbers=st.lists(st.integers(0, 60), max_size=80))
def test_nothing_is_heard_twice_or_out_of_order_and_little_is_held(numbers: list[int]) -> None:
    ordering = Ordering()
    last = -1
    for number in numbers:
        late = ordering.late
        audio = ordering.take(number, sound(number))
        if late == 25:
            last = -1  # it may have been numbered anew
        heard = [audio[at] for at in range(0, len(audio), FRAME_BYTES)]
        assert heard == sorted(set(heard))
        assert all(number > last for number in heard)
        last = max([last, *heard])
        assert len(ordering.held) <= 5
