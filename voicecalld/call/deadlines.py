"""Moments to come, each with what it is for."""

from typing import Generic, TypeVar

Purpose = TypeVar("Purpose")


class Deadlines(Generic[Purpose]):
    """At most one moment for each purpose, in seconds of the call's clock."""

    def __init__(self) -> None:
        self.at_s: dict[Purpose, float] = {}

    def set(self, purpose: Purpose, at_s: float) -> None:
        """Wait for *at_s*; an earlier wait for the same purpose is replaced."""
        self.at_s[purpose] = at_s

    def set_first(self, purpose: Purpose, at_s: float) -> None:
        """Wait for *at_s*, unless there is a wait for the same purpose already."""
        self.at_s.setdefault(purpose, at_s)

    def forget(self, *purposes: Purpose) -> None:
        """Wait no longer, if there was a wait at all."""
        for purpose in purposes:
            self.at_s.pop(purpose, None)

    def take(self, purpose: Purpose) -> float | None:
        """Wait no longer for *purpose*; gives the moment, if there was one."""
        return self.at_s.pop(purpose, None)

    def clear(self) -> None:
        """Wait for nothing any more."""
        self.at_s.clear()

    @property
    def next_s(self) -> float | None:
        """The earliest moment, if there is one."""
        return min(self.at_s.values(), default=None)

    def take_due(self, now_s: float) -> Purpose | None:
        """The purpose whose moment came first, now forgotten; None if no moment has come.

        One at a time: what follows from the first may make the others meaningless.
        """
        first = min(self.at_s, key=self.at_s.__getitem__, default=None)
        if first is None or self.at_s[first] > now_s:
            return None
        del self.at_s[first]
        return first
