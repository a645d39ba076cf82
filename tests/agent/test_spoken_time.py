from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.agent.spoken_time import say_time


@pytest.mark.parametrize(
    ("hour", "minute", "said"),
    [
        (0, 0, "midnight"),
        (0, 1, "twelve oh one at night"),
        (4, 59, "four fifty-nine at night"),
        (5, 0, "five o'clock in the morning"),
        (11, 30, "eleven thirty in the morning"),
        (12, 0, "noon"),
        (12, 12, "twelve twelve in the afternoon"),
        (15, 9, "three oh nine in the afternoon"),
        (18, 20, "six twenty in the evening"),
        (21, 45, "nine forty-five at night"),
    ],
)
def test_a_time_is_said_as_people_say_it(hour: int, minute: int, said: str) -> None:
    assert say_time(datetime(2025, 3, 14, hour, minute, tzinfo=UTC)) == said


@given(hour=st.integers(0, 23), minute=st.integers(0, 59))
def test_no_time_is_said_in_digits(hour: int, minute: int) -> None:
    said = say_time(datetime(2025, 3, 14, hour, minute, tzinfo=UTC))

    assert not any(character.isdigit() for character in said)
