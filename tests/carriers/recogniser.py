"""The recogniser behind a carrier's listening: collects words and keys until somebody is done."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import trio

from tests.carriers.line import Sounding

ROUNDING_S = 0.01  # times are sums of floats, and a tick is 20 ms


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRules:
    """What is listened for, and how long: for the beginning, after a key, after a word."""

    takes_speech: bool
    takes_digits: bool
    begin_s: float
    digit_end_s: float
    speech_end_s: float
    most_digits: int | None = None
    finish_key: str = "#"
    barge_in: bool = True
    longest_s: float = math.inf  # behind the prompts, whatever happens


class InputEar:
    """A listener; ``done`` is set when it has heard enough, or has waited too long."""

    def __init__(self, rules: InputRules, *, stop_prompts: Callable[[], None]) -> None:
        self.done = trio.Event()
        self.has_input = False  # they have begun to speak or to press, so prompts are over
        self.words: list[str] = []
        self.digits = ""
        self.finish_key = ""
        self._rules = rules
        self._stop_prompts = stop_prompts
        self._prompting = True
        self._speaking = False
        self._gives_up_s = math.inf
        self._ends_s = math.inf

    def begin_waiting(self, now_s: float) -> None:
        """The prompts are over: now they have to begin."""
        self._prompting = False
        self._ends_s = now_s + self._rules.longest_s
        if not self.has_input:
            self._gives_up_s = now_s + self._rules.begin_s

    def hear(self, sounding: Sounding) -> None:
        """Take 20 ms."""
        if self.done.is_set():
            return
        if self._rules.takes_digits:
            for digit in sounding.digits:
                self._press(sounding.now_s, digit)
        if self._rules.takes_speech and (self._rules.barge_in or not self._prompting):
            self._listen(sounding)
        if sounding.now_s >= min(self._gives_up_s, self._ends_s) - ROUNDING_S:
            self.done.set()

    def return_mark(self, mark: str) -> None:
        """There are no marks outside of media streams."""

    def _press(self, now_s: float, digit: str) -> None:
        self._begin_input()
        if digit == self._rules.finish_key:
            self.finish_key = digit
            self.done.set()
            return
        self.digits += digit
        self._gives_up_s = now_s + self._rules.digit_end_s
        if len(self.digits) == self._rules.most_digits:
            self.done.set()

    def _listen(self, sounding: Sounding) -> None:
        if sounding.is_speaking and not self._speaking:
            self._begin_input()
        if sounding.is_speaking:
            self._gives_up_s = math.inf
        elif self._speaking:
            self._gives_up_s = sounding.now_s + self._rules.speech_end_s
        if sounding.words:
            self.words.append(sounding.words)
        self._speaking = sounding.is_speaking

    def _begin_input(self) -> None:
        self.has_input = True
        if self._prompting:
            self._stop_prompts()
