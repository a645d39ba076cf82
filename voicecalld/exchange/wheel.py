"""The rhythm of all lines: one task ticks every member each 20 ms, by absolute time."""

from typing import Protocol

import trio

from voicecalld.audio.frame import FRAME_MS

FRAME_S = FRAME_MS / 1000
# Members are spread over the 20 ms, so that many lines do not hold up the others in one go.
SLOTS = 4
# After a suspension the past is over: catching up would be a burst of sound.
LONGEST_STALL_S = 1.0


class Member(Protocol):
    """Something with a rhythm."""

    def tick(self, now_s: float) -> None:
        """Do what is due at *now_s*, the planned time; it never waits and never raises."""


class Wheel:
    """Ticks its members; one task for all, for a timer for each would cost more than a tick."""

    def __init__(self) -> None:
        self._slots: tuple[dict[Member, None], ...] = tuple({} for _ in range(SLOTS))
        self._joined = trio.Event()

    def add(self, member: Member) -> None:
        """Tick *member* from now on, for the first time within 20 ms."""
        min(self._slots, key=len)[member] = None
        self._joined.set()

    def remove(self, member: Member) -> None:
        """Tick *member* no more; harmless if it is not a member."""
        for slot in self._slots:
            slot.pop(member, None)

    async def run(self) -> None:
        """Turn until cancelled."""
        due_s = trio.current_time()
        while True:
            if not any(self._slots):
                self._joined = trio.Event()
                await self._joined.wait()
                due_s = trio.current_time()
            if trio.current_time() - due_s > LONGEST_STALL_S:
                due_s = trio.current_time()
            await self._turn_once(due_s)
            due_s += FRAME_S

    async def _turn_once(self, start_s: float) -> None:
        for number, slot in enumerate(self._slots):
            if not slot:
                continue
            due_s = start_s + number * FRAME_S / SLOTS
            await trio.sleep_until(due_s)
            for member in tuple(slot):
                member.tick(due_s)
