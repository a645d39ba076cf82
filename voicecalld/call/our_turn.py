"""The turn that our side makes: its number, how it will end, and when it must have been heard.

The wait for its end counts only the time in which there is a line: what a break keeps from being
sent is sent afterwards, and a turn of which sound is left is not over.
"""

from voicecalld.call.commands import AskAgent, ResumeTurn
from voicecalld.call.deadlines import Deadlines
from voicecalld.call.events import Remedy, TurnQueued
from voicecalld.call.floor import Wait

# A mark that is not back this long after its sound must have been played is lost.
LOST_MARK_S = 2.0


class OurTurn:
    """Our latest turn; it waits for its end in *waits*, as `Wait.PLAYOUT`."""

    def __init__(self, waits: Deadlines[Wait]) -> None:
        self.waits = waits
        self.number = 0
        self.ends_call = False
        self.has_failed = False
        self.is_cut = False  # by somebody who may not have meant it
        self.is_rest = False  # of a turn that was cut
        self.is_farewell = False  # because the call cannot go on
        self.remedy = Remedy.NONE
        self.asked: AskAgent | None = None  # of whom it is the answer
        self.is_held = False  # there is no line now
        self.left_s: float | None = None  # of the wait, while it stands still

    def begin(self) -> int:
        """The next turn begins; gives its number."""
        self.number += 1
        self.ends_call = self.has_failed = self.is_cut = self.is_rest = self.is_farewell = False
        self.remedy, self.asked = Remedy.NONE, None
        return self.number

    def ask(self, asked: AskAgent) -> AskAgent:
        """It is the answer to what the agent is *asked*."""
        self.asked = asked
        return asked

    def resume(self) -> ResumeTurn:
        """Say as the next turn what of this one, which was cut, has not been heard."""
        ends_call = self.ends_call
        self.begin()
        self.is_rest = True
        return ResumeTurn(turn=self.number, ends_call=ends_call)

    def on_queued(self, event: TurnQueued, now_s: float, *, is_silent: bool = False) -> None:
        """All of its sound is queued, so it is known how long it can take.

        If it ``is_silent`` no mark tells of its end: what lasts is a filler.
        """
        self.ends_call = event.ends_call
        self.has_failed = event.failed
        self.remedy = event.remedy
        self.waits.forget(Wait.FILLER)
        self.waits.set(Wait.PLAYOUT, now_s + event.lasts_s + (0.0 if is_silent else LOST_MARK_S))
        if self.is_held:
            self.hold(now_s)

    def on_over(self) -> None:
        """It was heard to its end, or stopped."""
        self.left_s = None
        self.waits.forget(Wait.PLAYOUT, Wait.FILLER, Wait.FAREWELL)

    def hold(self, now_s: float) -> None:
        """The line is lost: the wait stands still."""
        self.is_held = True
        at_s = self.waits.take(Wait.PLAYOUT)
        self.left_s = None if at_s is None else at_s - now_s

    def release(self, now_s: float) -> None:
        """There is a line again: the wait goes on."""
        self.is_held = False
        if self.left_s is not None:
            self.waits.set(Wait.PLAYOUT, now_s + self.left_s)
            self.left_s = None
