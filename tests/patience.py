"""Time that passes when a test says so, although sockets are real."""

import math

import trio
from trio.testing import MockClock

# What is sent on the loopback is there at once; the rest is for what the kernel does later.
STILL_S = 0.05


async def pass_by(clock: MockClock, seconds: float) -> None:
    """Let time pass, in which nothing comes by a socket; else *clock* stands still."""
    clock.autojump_threshold = 0
    await trio.sleep(seconds)
    clock.autojump_threshold = math.inf
