"""Time that is explained by somebody's slowness, and time that is not."""

import pytest

from tests.day.waits import Waits


@pytest.mark.parametrize(
    ("spans", "idle_s"),
    [
        ([], 10.0),
        ([(0.0, 10.0)], 0.0),
        ([(-5.0, 15.0)], 0.0),
        ([(2.0, 4.0), (6.0, 7.0)], 7.0),
        ([(6.0, 7.0), (2.0, 4.0)], 7.0),
        ([(2.0, 6.0), (3.0, 5.0)], 6.0),
        ([(2.0, 6.0), (4.0, 8.0)], 4.0),
        ([(11.0, 12.0), (-2.0, -1.0)], 10.0),
    ],
)
def test_what_no_wait_explains_is_idle(spans: list[tuple[float, float]], idle_s: float) -> None:
    assert Waits(spans).idle_s(0.0, 10.0) == pytest.approx(idle_s)
