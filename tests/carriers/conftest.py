"""The clock of calls over real sockets."""

import pytest
from trio.testing import MockClock

STILL_S = 0.02  # as long as a frame, so that a call takes as long as it would


@pytest.fixture
def jumping_clock() -> MockClock:
    """Jumps when nothing has come by any socket for a while.

    However slow the machine is, every frame arrives before the time of the next one.
    """
    return MockClock(autojump_threshold=STILL_S)
