import pytest

from voicecalld.web.allowance import (
    ODD_FRAMES_AT_ONCE,
    ODD_FRAMES_PER_S,
    STRANGER_BYTES,
    STRANGER_FRAMES,
    Allowance,
)


class Clock:
    def __init__(self) -> None:
        self.time_s = 0.0

    def __call__(self) -> float:
        return self.time_s


def test_a_stranger_may_send_so_many_bytes_and_no_more() -> None:
    allowance = Allowance(Clock())

    assert allowance.take_bytes(STRANGER_BYTES)
    assert not allowance.take_bytes(1)


def test_a_stranger_may_send_so_many_frames_odd_or_not() -> None:
    allowance = Allowance(Clock())

    assert all(allowance.take_odd_frame() for _ in range(50))
    assert all(allowance.take_frame() for _ in range(STRANGER_FRAMES - 50))
    assert not allowance.take_frame()


def test_whose_call_is_known_may_send_as_much_as_he_likes_of_what_is_usual() -> None:
    allowance = Allowance(Clock())
    allowance.take_bytes(STRANGER_BYTES + 1)

    allowance.is_known = True

    assert allowance.take_bytes(1 << 30)
    assert all(allowance.take_frame() for _ in range(10 * STRANGER_FRAMES))


@pytest.mark.parametrize("pause_s", [0.0, 3600.0])
def test_even_he_may_send_but_so_many_odd_frames_at_once(pause_s: float) -> None:
    clock = Clock()
    allowance = Allowance(clock)
    allowance.is_known = True
    clock.time_s = pause_s

    taken = [allowance.take_odd_frame() for _ in range(2 * round(ODD_FRAMES_AT_ONCE))]

    assert sum(taken) == ODD_FRAMES_AT_ONCE
    assert taken == sorted(taken, reverse=True)


@pytest.mark.parametrize(("share", "lasts"), [(0.99, True), (1.2, False)])
def test_odd_frames_may_come_for_ever_if_they_come_slowly(share: float, *, lasts: bool) -> None:
    clock = Clock()
    allowance = Allowance(clock)
    allowance.is_known = True
    taken = []

    for _ in range(10_000):
        clock.time_s += 1 / (share * ODD_FRAMES_PER_S)
        taken.append(allowance.take_odd_frame())

    assert all(taken) is lasts
