"""Who holds a telephone of the mock carrier: follows its plan by what it hears and by the time.

Rule 1: time is an argument; a party is asked every 20 ms what it does.
Rule 2: it knows only what a person would: whether the agent is to be heard, and what it wants.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, assert_never

from voicecalld.audio.frame import FRAME_BYTES, FRAME_MS, SILENT_FRAME
from voicecalld.audio.g711 import MULAW_TO_PCM
from voicecalld.phone_settings import Trigger

FRAME_S = FRAME_MS / 1000
HANGOVER_S = 0.4  # longer than the pauses inside a sentence
PATIENCE_S = 15.0  # with an agent that has nothing more to say
ROUNDING_S = FRAME_S / 2  # times are sums of floats; whatever is due this tick is due now

QUIET_LEVEL = 104  # -50 dBFS in 16-bit steps
QUIET_CODES = bytes(code for code in range(256) if abs(int(MULAW_TO_PCM[code])) < QUIET_LEVEL)
# Noise of -50 dBFS is above that level in a third of its samples, a click in next to none.
MOST_QUIET_SAMPLES_LOUD = FRAME_BYTES // 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaySound:
    """Send these frames, and press the digits at the frames with these numbers.

    Behind frame *loud_until* there is only silence.
    """

    frames: tuple[bytes, ...]
    digits: Mapping[int, str]
    loud_until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """Put the receiver down."""


Deed: TypeAlias = PlaySound | HangUp


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """A deed and when it is done: *after_s* after its trigger, all earlier ones being done."""

    when: Trigger
    after_s: float
    deed: Deed


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that a party will do, with its sound ready to be sent."""

    steps: tuple[PlannedStep, ...] = ()
    hangs_up_after_s: float = math.inf
    hang_up_when_done: bool = True
    record: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What a party does in one tick."""

    frame: bytes = SILENT_FRAME
    digits: str = ""
    hangs_up: bool = False


NOTHING = Moment()
LEAVES = Moment(hangs_up=True)


def is_loud(frame: bytes) -> bool:
    """Whether a frame of mu-law is more than silence: above about -50 dBFS."""
    return len(frame.translate(None, QUIET_CODES)) > MOST_QUIET_SAMPLES_LOUD


class Ear:
    """Hears when the agent begins to speak and when it has stopped."""

    def __init__(self) -> None:
        self.began_at_s = -math.inf
        self.stopped_at_s = -math.inf
        self.is_hearing = False
        self.has_heard = False  # since somebody last forgot
        self._quiet_from_s = 0.0

    def listen(self, now_s: float, *, loud: bool) -> None:
        """Take the frame that is heard from *now_s* on."""
        if loud:
            if not self.is_hearing:
                self.began_at_s = now_s
            self.is_hearing = self.has_heard = True
            self._quiet_from_s = now_s + FRAME_S
        elif self.is_hearing and now_s >= self._quiet_from_s + HANGOVER_S - ROUNDING_S:
            self.is_hearing = False
            self.stopped_at_s = now_s


class Party:
    """Follows a plan; `tick` says what it does in each 20 ms."""

    def __init__(self, plan: Plan, *, answered_s: float) -> None:
        self._plan = plan
        self._answered_s = answered_s
        self._ear = Ear()
        self._next_step = 0
        self._sound: PlaySound | None = None
        self._next_frame = 0
        self._spoke_until_s = answered_s
        self._wait_for_step(answered_s)

    def tick(self, now_s: float, *, agent_is_loud: bool) -> Moment:
        """What the party does in the 20 ms from *now_s* on, in which it hears the agent or not."""
        self._ear.listen(now_s, loud=agent_is_loud)
        if now_s >= self._answered_s + self._plan.hangs_up_after_s - ROUNDING_S:
            return LEAVES
        self._finish_sound(now_s)
        if self._sound is not None:
            return self._go_on(self._sound)
        if self._next_step == len(self._plan.steps):
            return LEAVES if self._is_done(now_s) else NOTHING
        return self._wait(now_s)

    def _finish_sound(self, now_s: float) -> None:
        if self._sound is not None and self._next_frame == len(self._sound.frames):
            self._sound = None
            self._next_step += 1
            self._wait_for_step(now_s)

    def _go_on(self, sound: PlaySound) -> Moment:
        number = self._next_frame
        self._next_frame += 1
        return Moment(frame=sound.frames[number], digits=sound.digits.get(number, ""))

    def _wait_for_step(self, now_s: float) -> None:
        self._ear.has_heard = False
        self._waits_since_s = now_s
        self._begin_at_s = math.inf
        self._impatient_at_s = now_s + PATIENCE_S

    def _wait(self, now_s: float) -> Moment:
        step = self._plan.steps[self._next_step]
        if self._begin_at_s == math.inf:
            self._begin_at_s = self._begin_time_s(step)
        if now_s < self._begin_at_s - ROUNDING_S:
            return NOTHING
        match step.deed:
            case HangUp():
                return LEAVES
            case PlaySound() as sound:
                self._sound, self._next_frame = sound, 0
                self._spoke_until_s = now_s + sound.loud_until * FRAME_S
                return self._go_on(sound)
            case _:
                assert_never(step.deed)

    def _begin_time_s(self, step: PlannedStep) -> float:
        match step.when:
            case "answered":
                return self._answered_s + step.after_s
            case "agent-speaks":
                is_answering = self._ear.is_hearing and self._is_answer()
                return self._ear.began_at_s + step.after_s if is_answering else math.inf
            case "agent-stops":
                return self._ear.stopped_at_s + step.after_s if self._is_answered() else math.inf
            case _:
                assert_never(step.when)

    def _is_answer(self) -> bool:
        # What the agent began to say over the party's own words is not the answer to them.
        return self._ear.began_at_s >= self._spoke_until_s - ROUNDING_S

    def _is_answered(self) -> bool:
        if self._ear.is_hearing:
            return False
        # An agent that was not to be interrupted may yet finish what it was saying.
        finished = self._ear.has_heard and self._ear.stopped_at_s >= self._waits_since_s
        return finished or self._is_answer()

    def _is_done(self, now_s: float) -> bool:
        if not self._plan.steps or not self._plan.hang_up_when_done:
            return False
        if self._is_answered():
            return True
        # Nobody puts the receiver down in the middle of a sentence.
        return now_s >= self._impatient_at_s - ROUNDING_S and not self._ear.is_hearing
