"""The sound of our side on its way to the other party's ear: queued, sent, heard.

The carrier plays what it is sent in real time, so the moment at which it will have played all of
it is known without asking; marks correct that figure downwards when the line is slow. What has
not been sent can be dropped by us, what the carrier holds by a clear: hence the short lead.
"""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TypeAlias

from voicecalld.audio.frame import FRAME_MS, Framer
from voicecalld.audio.words import SpokenWord

FRAME_S = FRAME_MS / 1000

# Sound at the carrier that has not been played. Enough for a stall of the loop or of the network
# to go unheard, and little enough for a clear to be precise.
LEAD_S = 0.2

# Ticks come a little early or late. Without this, one that is early by a hair would send nothing
# and the next one two frames; half a frame keeps the rhythm.
TICK_TOLERANCE_S = FRAME_S / 2

# Positions in the sound are sums of frames.
NEAR_S = 1e-6

NO_TURN = 0
"""The number of the turn when there is none; real ones begin with 1."""


@dataclass(slots=True, kw_only=True)
class Clause:
    """Some words of a turn, and where their sound lies in it."""

    begins_s: float
    text: str = ""
    words: list[SpokenWord] = field(default_factory=list)
    ends_s: float | None = None

    def heard_until(self, position_s: float) -> str:
        """The words of this clause that end at or before *position_s* of the turn's sound."""
        if self.ends_s is not None and position_s >= self.ends_s - NEAR_S:
            return self.text
        inside_s = position_s - self.begins_s
        if inside_s <= 0:  # not reached; and a clause without sound has no length to divide by
            return ""
        if self.words:
            ends = [word.end for word in self.words if word.end_s <= inside_s]
            return self.text[: max(ends, default=0)]
        if self.ends_s is None:
            return ""
        share = inside_s / (self.ends_s - self.begins_s)
        return self.text[: int(share * len(self.text))].rpartition(" ")[0]


# One frame to be sent. An object around the bytes would be the garbage collector's business, and
# with fifty a second and call that business stops the program for tens of milliseconds.
Frame: TypeAlias = bytes


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark to be sent: everything before it belongs to clauses up to number *clause*."""

    name: str
    clause: int


class Playout:
    """The sound of one turn at a time; a new turn drops what is left of the one before."""

    def __init__(self, lead_s: float = LEAD_S) -> None:
        self.lead_s = lead_s
        self.keys: deque[Frame] = deque()  # of no turn
        self.filler: deque[Frame] = deque()  # before a turn's own sound, and no part of it
        self.turn = NO_TURN
        self.played_out_s = 0.0  # when the carrier will have played all that it was sent
        self.full_until_s = 0.0
        """Until then the carrier holds enough, and there is nothing to be taken."""
        self.start(NO_TURN)

    def start(self, turn: int) -> None:
        """Begin turn *turn*: marks of earlier turns mean nothing from now on.

        A filler that belongs to none is heard to its end before the turn.
        """
        if self.turn != NO_TURN:
            self.filler.clear()
        self.turn = turn
        self.queue: deque[Frame | Mark] = deque()
        self.framer = Framer()
        self.clauses: list[Clause] = []
        self.marks: dict[str, int] = {}
        self.confirmed = -1
        self.queued_s = 0.0  # of the whole turn's sound, sent or not
        self.sent_s = 0.0
        self.full_until_s = 0.0
        self.is_complete = False

    # --- filling ---------------------------------------------------------------------

    def begin_clause(self, text: str = "") -> None:
        """The sound that follows belongs to a new clause, which is to become *text*."""
        self.clauses.append(Clause(begins_s=self.queued_s, text=text))

    def add(self, audio: bytes, words: tuple[SpokenWord, ...] = ()) -> None:
        """Queue some sound of the clause that was begun last."""
        self.clauses[-1].words.extend(words)
        self._enqueue(self.framer.feed(audio))

    def end_clause(self, text: str) -> None:
        """The clause that was begun last is whole: it is *text*, and a mark follows it."""
        self._enqueue(self.framer.flush())
        clause = self.clauses[-1]
        clause.text = text
        clause.ends_s = self.queued_s
        number = len(self.clauses) - 1
        self.queue.append(Mark(f"{self.turn}-{number}", number))

    def break_clause(self, text: str) -> str:
        """The sound of the clause that was begun last ends in *text*; gives what it has of it."""
        ends = [word.end for word in self.clauses[-1].words]
        said = text[: max(ends, default=0)]
        self.end_clause(said)
        return said

    def add_keys(self, sound: bytes) -> None:
        """Queue the *sound* of keys, in front of whatever is being said; no turn drops it."""
        framer = Framer()
        self.keys.extend([*framer.feed(sound), *framer.flush()])

    def add_filler(self, sound: bytes) -> None:
        """Queue *sound* before the turn's own: without words or mark, and dropped with it."""
        framer = Framer()
        self.filler.extend([*framer.feed(sound), *framer.flush()])

    def complete(self) -> None:
        """No more sound will be added to this turn."""
        self.is_complete = True

    def _enqueue(self, frames: list[bytes]) -> None:
        self.queue.extend(frames)
        self.queued_s += len(frames) * FRAME_S

    # --- sending ---------------------------------------------------------------------

    def take(self, now_s: float, at_once: int = 1) -> list[Frame | Mark]:
        """What is to be sent now, so that the carrier holds no more than the lead.

        While that many are waiting, frames are given *at_once* together.
        """
        due: list[Frame | Mark] = []
        if len(self.queue) < at_once or self._has_room(at_once, now_s):
            self._move_due(due, now_s)
        if len(self.queue) >= at_once:
            lead_s = self.lead_s + TICK_TOLERANCE_S
            self.full_until_s = self.played_out_s + at_once * FRAME_S - lead_s
        return due

    def _move_due(self, due: list[Frame | Mark], now_s: float) -> None:
        while queue := self.keys or self.filler or self.queue:
            item = queue[0]
            if isinstance(item, Frame):
                if not self._has_room(1, now_s):
                    return
                self.played_out_s = max(self.played_out_s, now_s) + FRAME_S
                if queue is self.queue:
                    self.sent_s += FRAME_S
            else:
                self.marks[item.name] = item.clause
            due.append(item)
            queue.popleft()

    def _has_room(self, frames: int, now_s: float) -> bool:
        ahead_s = self.played_out_s - now_s
        return ahead_s + frames * FRAME_S <= self.lead_s + TICK_TOLERANCE_S

    # --- hearing ---------------------------------------------------------------------

    def returned(self, mark: str) -> bool:
        """Whether *mark* belongs to this turn; if so, all before it has been heard."""
        clause = self.marks.pop(mark, None)
        if clause is None:
            return False
        self.confirmed = max(self.confirmed, clause)
        return True

    @property
    def is_heard(self) -> bool:
        """Whether the whole turn has been heard."""
        return self.is_complete and not self.queue and self.confirmed == len(self.clauses) - 1

    def lasts_s(self, now_s: float) -> float:
        """How long the turn's sound will still play, as far as it is queued."""
        unsent_s = self.queued_s - self.sent_s + len(self.filler) * FRAME_S
        left_s = max(0.0, self.played_out_s - now_s) + unsent_s
        return left_s if left_s > NEAR_S else 0.0  # who asks whether there is silence gets a yes

    @property
    def is_audible(self) -> bool:
        """Whether some sound of the turn itself is on its way."""
        return self.sent_s > 0

    def recent_text(self, now_s: float, seconds: float) -> str:
        """The clauses that have been heard, if in part, in the last *seconds*."""
        position_s = self.heard_s(now_s)
        begun = (clause for clause in self.clauses if clause.begins_s <= position_s)
        since_s = position_s - seconds
        recent = (clause.text for clause in begun if (clause.ends_s or math.inf) >= since_s)
        return " ".join(text for text in recent if text)

    def unheard_text(self, now_s: float) -> str:
        """The clauses that have not been heard to their ends."""
        position_s = self.heard_s(now_s) + NEAR_S
        left = (clause for clause in self.clauses if (clause.ends_s or math.inf) > position_s)
        return " ".join(clause.text for clause in left if clause.text)

    def heard_text(self, now_s: float) -> str:
        """The words that have been heard up to *now_s*."""
        position_s = self.heard_s(now_s)
        texts = (clause.heard_until(position_s) for clause in self.clauses)
        return " ".join(text for text in texts if text)

    def heard_s(self, now_s: float) -> float:
        """How much of the turn's sound has been heard: by the clock, but never past a mark."""
        by_clock_s = self.sent_s - max(0.0, self.played_out_s - now_s)
        confirmed_s = self.clauses[self.confirmed].ends_s if self.confirmed >= 0 else 0.0
        awaited = self.clauses[self.confirmed + 1 : self.confirmed + 2]
        limit_s = awaited[0].ends_s if awaited else None
        if limit_s is not None:
            by_clock_s = min(by_clock_s, limit_s)
        return max(by_clock_s, confirmed_s or 0.0)

    def clear(self, now_s: float) -> str:
        """Drop all that is queued and give the words that were heard; the carrier clears too."""
        heard = self.heard_text(now_s)
        self.start(NO_TURN)
        self.played_out_s = now_s
        return heard
