"""The clock of everything that speaks: one task that ticks every call, 20 ms apart.

A timer and a task switch for each frame of each call would cost more than the frames do. So the
members share one wheel of a few slots, and a tick is a plain function call.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import trio

from voicecalld.audio.frame import FRAME_MS

PERIOD_S = FRAME_MS / 1000

# Members are spread over the period, so that their frames do not leave in one burst.
SLOTS = 4
STEP_S = PERIOD_S / SLOTS

# After a longer stall (a suspended machine) the wheel goes on from now, without a burst.
MAX_LATE_S = 1.0


class Member(Protocol):
    """Something that wants to be ticked."""

    def tick(self, now_s: float) -> None:
        """Do what is due at *now_s*, the planned time; must neither wait nor raise."""


class Watcher(Protocol):
    """Something that wants to look at every step of the wheel, four times as often as a member."""

    def look(self, until_s: float) -> None:
        """Do what has become possible; must neither wait nor raise.

        At *until_s* the next step is due, and it is later than that when the wheel is late: what
        can wait should then be left to the next step.
        """


class Wheel:
    """Ticks its members by absolute time; sleeps while it has none."""

    def __init__(self) -> None:
        self.slots: tuple[dict[Member, None], ...] = tuple({} for _ in range(SLOTS))
        self.watchers: dict[Watcher, None] = {}
        self.joined = trio.Event()
        self.late_s = 0.0
        """How late the last tick was: the lag of the whole program's loop."""

    def add(self, member: Member) -> None:
        """Tick *member* from now on, for the first time within 20 ms."""
        min(self.slots, key=len)[member] = None
        self.joined.set()

    def remove(self, member: Member) -> None:
        """Tick *member* no more; harmless if it is not a member."""
        for slot in self.slots:
            slot.pop(member, None)

    @contextmanager
    def turning(self, member: Member) -> Iterator[None]:
        """Tick *member* inside the block."""
        self.add(member)
        try:
            yield
        finally:
            self.remove(member)

    def add_watcher(self, watcher: Watcher) -> None:
        """Let *watcher* look at every step from now on."""
        self.watchers[watcher] = None
        self.joined.set()

    def remove_watcher(self, watcher: Watcher) -> None:
        """Let *watcher* look no more; harmless if it does not."""
        self.watchers.pop(watcher, None)

    async def run(self) -> None:
        """Turn until cancelled."""
        due_s = trio.current_time()
        while True:
            if not self.watchers and not any(self.slots):
                self.joined = trio.Event()
                await self.joined.wait()
                due_s = trio.current_time()
            for slot in self.slots:
                if slot or self.watchers:
                    await trio.sleep_until(due_s)
                    due_s = self.tick(slot, due_s)
                due_s += STEP_S

    def tick(self, slot: dict[Member, None], due_s: float) -> float:
        """Take one step: tick a slot's members, then let the watchers look.

        Gives the time from which to go on counting.
        """
        now_s = trio.current_time()
        self.late_s = now_s - due_s
        if self.late_s > MAX_LATE_S:
            due_s = now_s
        for member in tuple(slot):
            member.tick(due_s)
        for watcher in tuple(self.watchers):
            watcher.look(due_s + STEP_S)
        return due_s
