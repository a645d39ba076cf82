"""Our turn on a call without a media stream: its steps, and how far the carrier has come."""

import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace

import trio

from voicecalld.call.events import CallEvent, TurnAudible, TurnHeard
from voicecalld.call.playout import NO_TURN
from voicecalld.switchboard.minutes import Minutes
from voicecalld.switchboard.native_steps import Step, Underway, join
from voicecalld.switchboard.talk import Stopped, queued

# A carrier that does not listen tells when it has spoken. For how long that may be delayed.
LATE_REPORT_S = 15.0


class NativeTurn:
    """One turn at a time, and the keys to be pressed beside it."""

    def __init__(self, minutes: Minutes, tell: Callable[[CallEvent], None]) -> None:
        self.minutes = minutes
        self.tell = tell
        self.number = NO_TURN
        self.audible_number = NO_TURN
        self.waiting: deque[Step] = deque()  # that the carrier has not been given yet
        self.underway: Underway | None = None
        self.spoken_until_s = -math.inf  # before what is underway
        self.said: list[str] = []  # of the turn, and heard

    def begin(self, number: int) -> None:
        """Turn *number* begins."""
        self.number = number
        self.said = []

    def add(self, steps: Iterable[Step]) -> None:
        """Have *steps* done when all before them are."""
        self.waiting.extend(steps)

    def withdraw(self, step: Step) -> bool:
        """Let *step* not be done; False if the carrier has been given it."""
        if step not in self.waiting:
            return False
        self.waiting.remove(step)
        return True

    def stop(self, now_s: float) -> Stopped:
        """Give the turn up; the carrier has stopped, or will be told something else."""
        was_audible = self.audible_number == self.number
        self.waiting = deque(step for step in self.waiting if step.turn != self.number)
        return Stopped(heard=self.end(now_s), was_audible=was_audible)

    def end(self, now_s: float) -> str:
        """The turn is over: the words of it that were heard."""
        if self.underway is not None and self.underway.step.turn == self.number:
            self.said.append(self.underway.heard(now_s))
            self.underway, self.spoken_until_s = None, now_s
        self.number = NO_TURN
        return join(self.said)

    # --- the carrier ---------------------------------------------------------------------

    def left_s(self, now_s: float) -> float:
        """How long it takes until what is underway is done for certain."""
        return 0.0 if self.underway is None else self.underway.left_s(now_s)

    @property
    def silent_since_s(self) -> float:
        """Since when nothing is spoken, or by when what is underway has been for certain."""
        if self.underway is None:
            return self.spoken_until_s
        return self.underway.since_s + self.underway.step.longest_s

    def go_out(self, step: Step, *, is_reported: bool) -> None:
        """The carrier is given *step*, and will tell when it is done if ``is_reported``."""
        self.finish()  # it was given time for all that was before
        now_s = trio.current_time()
        self.underway = Underway(step=step, since_s=now_s)
        if step.turn == NO_TURN:
            return
        if self.audible_number != step.turn:
            self.audible_number = step.turn
            self.minutes.on_first_frame(step.turn, now_s)
            self.tell(TurnAudible(turn=step.turn))
        if step.press:
            self.minutes.notes.on_keys(step.press, "out")
        if step.ends_turn:
            self.tell_end(step, late_s=LATE_REPORT_S if is_reported else 0.0)

    def tell_end(self, step: Step, late_s: float) -> None:
        """Tell when the turn, of which *step* is the last, must have been heard."""
        lasts_s = step.longest_s + late_s
        self.tell(queued(step.turn, lasts_s, step.failure, ends_call=step.ends_call))

    def finish(self) -> None:
        """What is underway is done to its end, if anything is."""
        underway, self.underway = self.underway, None
        if underway is None:
            return
        self.spoken_until_s = trio.current_time()
        if underway.step.turn != self.number:
            return
        self.said.append(underway.step.say)
        if underway.step.ends_turn:
            self.tell(TurnHeard(turn=self.number))

    def break_off(self, at_s: float) -> None:
        """The carrier has stopped at *at_s* for the other party, unless it was done by then."""
        if self.underway is None or self.underway.is_heard(at_s):
            self.finish()
        else:
            self.underway = replace(self.underway, until_s=at_s)

    def break_off_after(self, spoken_s: float) -> None:
        """The carrier has stopped when it had spoken for *spoken_s*."""
        if self.underway is not None:
            self.break_off(self.underway.since_s + spoken_s)
