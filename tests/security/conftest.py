"""Clocks for tests with real sockets."""

import pytest
from trio.testing import MockClock

from tests.security.patience import STILL_S


@pytest.fixture
def jumping_clock() -> MockClock:
    """Jumps when nothing has come by any socket for a while."""
    return MockClock(autojump_threshold=STILL_S)
