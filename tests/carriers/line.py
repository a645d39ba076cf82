"""One telephone line from its answer to its end: sound both ways, 20 ms at a time."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import trio

from tests.carriers.callee import Person
from tests.carriers.ledger import CallEntry, Ledger
from tests.carriers.tone_ear import ToneEar
from voicecalld.audio.frame import SILENT_FRAME
from voicecalld.audio.keys import render_keys
from voicecalld.exchange.party import is_loud
from voicecalld.exchange.play_buffer import PlayBuffer

OWN_MARK = "\0"  # no carrier's mark can begin so


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounding:
    """What comes from the person in one tick; ``words`` are those that it has just finished.

    ``saying`` are the words that it is about to finish, which nobody else can know yet.
    """

    now_s: float
    frame: bytes
    digits: str
    is_speaking: bool
    words: str | None
    saying: str = ""


class Listener(Protocol):
    """Whoever of the carrier listens to the person: a recogniser, or a media stream."""

    def hear(self, sounding: Sounding) -> None:
        """Take 20 ms."""

    def return_mark(self, mark: str) -> None:
        """Everything before *mark* has been played, or was dropped."""


class Line:
    """A member of the wheel."""

    def __init__(
        self, person: Person, entry: CallEntry, ledger: Ledger, *, hang_up: Callable[[], None]
    ) -> None:
        self.buffer = PlayBuffer()
        self._keys = PlayBuffer()
        self.listener: Listener | None = None
        self._person = person
        self._entry = entry
        self._ledger = ledger
        self._hang_up = hang_up
        self._plays: dict[str, trio.Event] = {}
        self._numbers = itertools.count()
        self._speaking: int | None = None
        self._tones = ToneEar()

    def tick(self, now_s: float) -> None:
        """Play and listen to one frame."""
        played, marks = self.buffer.play()
        self.give_back(marks)
        key, _ = self._keys.play()
        if key is not None and is_loud(key):
            played = key
        is_heard = played is not None and is_loud(played)
        moment = self._person.tick(now_s, agent_is_loud=is_heard)
        self._hear(played or SILENT_FRAME)
        self._entry.said += moment.frame
        self._entry.pressed += moment.digits
        words = self._finish_words()
        sounding = Sounding(
            now_s=now_s,
            frame=moment.frame,
            digits=moment.digits,
            is_speaking=self._speaking is not None,
            words=words,
            saying="" if self._speaking is None else self._person.words_of(self._speaking),
        )
        for digit in moment.digits:
            self._ledger.note(self._entry.call, f"the callee presses {digit}")
        if self.listener is not None:
            self.listener.hear(sounding)
        if moment.hangs_up:
            self._hang_up()

    def _hear(self, frame: bytes) -> None:
        self._entry.heard += frame
        self._tones.hear(frame)
        if self._tones.digits != self._entry.digits_heard:
            self._entry.digits_heard = self._tones.digits
            self._ledger.note(self._entry.call, f"the callee hears key {self._tones.digits[-1]}")

    def _finish_words(self) -> str | None:
        before, self._speaking = self._speaking, self._person.speaking
        if before is None or before == self._speaking:
            return None
        words = self._person.words_of(before)
        self._entry.spoken.append(words)
        self._ledger.note(self._entry.call, f"the callee has said: {words}")
        return words

    def give_back(self, marks: tuple[str, ...]) -> None:
        """Hand marks to those who set them."""
        for mark in marks:
            if mark in self._plays:
                self._plays.pop(mark).set()
            elif self.listener is not None:
                self.listener.return_mark(mark)

    async def play(self, sound: bytes) -> None:
        """Play mu-law to the person; returns when it is over, played or dropped by `clear`."""
        mark = f"{OWN_MARK}{next(self._numbers)}"
        over = self._plays[mark] = trio.Event()
        self.buffer.add_sound(sound)
        self.give_back(self.buffer.add_mark(mark))
        try:
            await over.wait()
        except trio.Cancelled:
            self.clear()
            raise

    def press(self, digits: str) -> None:
        """Press keys towards the person at once, over whatever is being said."""
        self._ledger.note(self._entry.call, f"presses {digits}")
        self._keys.add_sound(render_keys(digits))

    def clear(self) -> None:
        """Drop the sound that has not begun to be played."""
        self.give_back(self.buffer.clear())
