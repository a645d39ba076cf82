"""What the other party has said and pressed on a call whose carrier tells it piece by piece."""

import math
from dataclasses import dataclass

import trio

from voicecalld.provider.base import KeyHeard, Listen, WordsHeard

# A recogniser that has guessed at words says soon what they were for certain. It need not guess
# again while somebody goes on talking, so this is longer than most people talk without a pause.
FINAL_S = 8.0

# Who presses the keys of one number pauses for less.
KEYS_PAUSE_S = 1.0

# By when nothing comes any more of words that were taken; a carrier's clock may jump later on.
LATE_FINAL_S = 10.0

# By how much a guess may be overtaken by the words that it became.
OVERTAKEN_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What was heard, all of it in order; empty if nothing was."""

    text: str
    digits: str


class Heard:
    """Grows by what the carrier tells, until somebody takes it all."""

    def __init__(self) -> None:
        self.final: list[WordsHeard] = []  # as they were made out
        self.guess = ""  # what the recogniser may still change
        self.guess_unix_s = 0.0  # when it made that out
        self.digits = ""
        self.news_s = 0.0  # when the last piece came
        self.final_s = 0.0  # when the last certain one came
        self.was_key = False  # that piece
        self.taken = Taken(text="", digits="")  # at last
        self.taken_unix_s = 0.0  # when the carrier had made that out, as far as it has told
        self.taken_s = -math.inf  # when it was taken
        self.changed = trio.Event()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing yet."""
        return not (self.final or self.guess or self.digits)

    def on_progress(self, progress: WordsHeard | KeyHeard, now_s: float) -> None:
        """Take what has come at *now_s*."""
        match progress:
            case WordsHeard(is_final=True, unix_s=unix_s):
                if not (unix_s and unix_s < self.guess_unix_s):  # else it is of what came before
                    self.forget_guess()
                self.add_final(progress)
                self.final_s = now_s
            case WordsHeard() if self.is_old(progress, now_s):
                pass  # unless somebody begins with the same words again: so it is news
            case WordsHeard(text=text, unix_s=unix_s):
                self.guess, self.guess_unix_s = text.strip(), unix_s
            case KeyHeard(digit=digit):
                self.digits += digit
        self.news_s = now_s
        self.was_key = isinstance(progress, KeyHeard)
        self.changed.set()
        self.changed = trio.Event()

    def add_final(self, words: WordsHeard) -> None:
        """Put *words* behind what was made out before them: webhooks overtake each other."""
        if words.text.strip():
            self.final.append(words)
        if all(piece.unix_s for piece in self.final):
            self.final.sort(key=lambda piece: piece.unix_s)

    def is_old(self, guess: WordsHeard, now_s: float) -> bool:
        """Whether *guess* is of words that are certain by now, and was overtaken by them."""
        if not self.final:
            return False
        last = self.final[-1]
        if guess.unix_s and last.unix_s and guess.unix_s != last.unix_s:
            return guess.unix_s < last.unix_s
        is_recent = now_s - self.final_s < OVERTAKEN_S
        return is_recent and last.text.strip().startswith(guess.text.strip())

    def forget_words(self) -> None:
        """What was said so far was no answer to what has just been said."""
        self.final.clear()
        self.forget_guess()

    def forget_guess(self) -> None:
        """The recogniser has changed its mind, or has made it up."""
        self.guess, self.guess_unix_s = "", 0.0

    def was_taken(self, words: WordsHeard, now_s: float) -> bool:
        """Whether *words*, by the carrier's clock, are of what was taken not long before."""
        is_older = words.unix_s and words.unix_s <= self.taken_unix_s
        return bool(is_older) and now_s < self.taken_s + LATE_FINAL_S

    def take(self, now_s: float) -> Taken:
        """All that was heard until *now_s*, which is forgotten here."""
        certain = (words.text.strip() for words in self.final)
        text = " ".join((*certain, self.guess)).strip()
        self.taken = Taken(text=text, digits=self.digits)
        self.taken_unix_s = max((words.unix_s for words in self.final), default=0.0)
        self.taken_s = now_s
        self.forget_words()
        self.digits = ""
        return self.taken

    async def wait_over(self, listen: Listen) -> None:
        """Wait until they have finished, or have not begun in time, as *listen* has it."""
        began_s = trio.current_time()
        while (over_s := self.over_s(listen, began_s)) > trio.current_time():
            with trio.move_on_at(over_s):
                await self.changed.wait()

    def over_s(self, listen: Listen, began_s: float) -> float:
        """When they have finished if nothing more comes; we listen since *began_s*."""
        if self.is_empty:
            return began_s + listen.begin_s
        if self.guess:
            return self.news_s + FINAL_S
        if self.was_key:
            return max(self.news_s, began_s) + KEYS_PAUSE_S
        return self.news_s + listen.end_s
