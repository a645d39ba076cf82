"""The recogniser behind Gather: collects words and keys until somebody has finished."""

import math
from collections.abc import Callable

import trio

from tests.carriers.line import Sounding
from tests.carriers.twilio.twiml import Gather

ROUNDING_S = 0.01  # times are sums of floats, and a tick is 20 ms

CONFIDENCE = "0.9318"


class GatherEar:
    """A listener; ``done`` is set when it has heard enough, or has waited too long."""

    def __init__(self, gather: Gather, *, stop_prompts: Callable[[], None]) -> None:
        self.done = trio.Event()
        self.has_input = False  # they have begun to speak or to press, so prompts are over
        self._gather = gather
        self._stop_prompts = stop_prompts
        self._prompting = True
        self._speaking = False
        self._words: list[str] = []
        self._digits = ""
        self._finish_key = ""
        self._gives_up_s = math.inf

    def begin_waiting(self, now_s: float) -> None:
        """The prompts are over: now they have to begin."""
        self._prompting = False
        if not self.has_input:
            self._gives_up_s = now_s + self._gather.begin_s

    def hear(self, sounding: Sounding) -> None:
        """Take 20 ms."""
        if self.done.is_set():
            return
        if self._gather.takes_digits:
            for digit in sounding.digits:
                self._press(sounding.now_s, digit)
        if self._gather.takes_speech and (self._gather.barge_in or not self._prompting):
            self._listen(sounding)
        if sounding.now_s >= self._gives_up_s - ROUNDING_S:
            self.done.set()

    def return_mark(self, mark: str) -> None:
        """There are no marks outside of media streams."""

    def _press(self, now_s: float, digit: str) -> None:
        self._begin_input()
        if digit == self._gather.finish_key:
            self._finish_key = digit
            self.done.set()
            return
        self._digits += digit
        self._gives_up_s = now_s + self._gather.begin_s
        if len(self._digits) == self._gather.most_digits:
            self.done.set()

    def _listen(self, sounding: Sounding) -> None:
        if sounding.is_speaking and not self._speaking:
            self._begin_input()
        if sounding.is_speaking:
            self._gives_up_s = math.inf
        elif self._speaking:
            self._gives_up_s = sounding.now_s + self._gather.end_s
        if sounding.words:
            self._words.append(sounding.words)
        self._speaking = sounding.is_speaking

    def _begin_input(self) -> None:
        self.has_input = True
        if self._prompting:
            self._stop_prompts()

    def result(self) -> dict[str, str] | None:
        """The parameters of the action's webhook; None: there was no input."""
        if self._digits or self._finish_key:
            fields = {"Digits": self._digits}
            return {**fields, "FinishedOnKey": self._finish_key} if self._finish_key else fields
        if self._words:
            text = " ".join(self._words)
            language = self._gather.language
            return {"SpeechResult": text, "Confidence": CONFIDENCE, "Language": language}
        if not self._gather.acts_on_empty:
            return None
        digits = {"Digits": ""} if self._gather.takes_digits else {}
        return {**digits, "SpeechResult": ""} if self._gather.takes_speech else digits
