"""Doing by commands what other carriers are told in a document: press, speak, pause, listen."""

import math
from collections.abc import Callable
from typing import Final, Protocol

import structlog
import trio

from voicecalld.call.words import Meaning, split_words
from voicecalld.errors import CarrierError
from voicecalld.ids import CallId
from voicecalld.provider.base import (
    CommandApi,
    KeyHeard,
    NamedCall,
    Perform,
    SpeechEnded,
    WordsHeard,
)
from voicecalld.provider.http import HttpRequest
from voicecalld.provider.voice import split_text
from voicecalld.switchboard.carrier_leg import CarrierLeg, LegOverError
from voicecalld.switchboard.commanding import Commanding, Task
from voicecalld.switchboard.heard import Heard
from voicecalld.switchboard.native_steps import KEY_S, Step, Underway
from voicecalld.switchboard.overheard import Overheard, judge, repeats

log: Final = structlog.get_logger()

# No carrier that takes commands says fewer characters at a time; Telnyx says 3000.
MOST_SAID_CHARACTERS = 2500

# Between the turn token and the number of a part that is said under it.
PART_SIGN: Final = "."

# For the news that something has been said, beyond the longest that it may take.
LATE_NEWS_S = 1.5

# For the news that a voice has stopped which was told to.
STOPPED_S = 1.0

# By when nothing comes any more of what was said before our words.
LATE_WORDS_S = 2.0

# How far the voice may be ahead of where we think that it is; its echo is known by its words.
AHEAD_S = 1.0

# For the answer to a command that nobody needs any more: what undoes it must not overtake it.
LANDING_S = 5.0


class Audience(Protocol):
    """Who wants to know how far the carrier has come."""

    def on_spoken(self, token: str) -> None:
        """What was to be said under *token* has been said: so the carrier tells, or it must be."""

    def on_overheard(self, overheard: Overheard) -> None:
        """There were words that are no answer, or not yet."""


class Performance:
    """The carrier's mouth and ears, used one thing after the other; the ears also meanwhile.

    ``start_task`` runs what goes on when a performance is broken off.
    """

    def __init__(
        self,
        leg: CarrierLeg,
        commands: CommandApi,
        call_id: CallId,
        audience: Audience,
        start_task: Callable[[Task], None],
    ) -> None:
        self.leg = leg
        self.commands = commands
        self.call_id = call_id
        self.audience = audience
        self.start_task = start_task
        self.heard = Heard()
        self.saying: str | None = None  # the turn token of what is being said, or was at last
        self.spoken = trio.Event()  # it has been, as the carrier tells
        self.over = trio.Event()  # it has been, or they have interrupted it
        self.was_cut = False  # by the end of the call
        self.is_interrupted = False
        self.began_s = 0.0  # when the carrier had begun to speak, as far as we know
        self.voice: Underway | None = None  # what it has taken to be said
        self.said = ""  # in front of that, in the same turn
        self.heard_s = math.inf  # when the last of that may have been heard
        self.hushed = trio.Event()  # a voice that was interrupted
        self.hushed.set()
        self.listening: str | None = None  # the turn token under which the recogniser works
        self.stopped = trio.Event()  # the recogniser
        self.stopped.set()
        self.commanding = Commanding(leg, start_task)

    @property
    def call(self) -> NamedCall:
        """The call by both its names.

        Raises:
            CarrierError: the carrier has not named it yet.
        """
        return NamedCall(call_id=self.call_id, provider_call_id=self.leg.known_call())

    # --- what is to be done --------------------------------------------------------------

    async def perform(self, perform: Perform) -> None:
        """Do *perform*; what the other party says and presses is in ``heard`` afterwards.

        Raises:
            LegOverError: the call is over.
            CarrierError: the carrier refuses to speak.
        """
        listen = perform.listen
        self.is_interrupted = False
        if perform.press:
            await self.press(perform.press)
        if perform.say:
            await self.speak(perform.say, perform.next_turn, listens=listen is not None)
        elif listen is not None:
            await self.start_listening(perform.next_turn)
        if not self.is_interrupted:
            if perform.say or listen is not None:
                self.audience.on_spoken(perform.next_turn)
            await trio.sleep(perform.pause_s)
        if listen is not None:
            await self.heard.wait_over(listen)
            self.stop_listening()

    async def press(self, digits: str) -> None:
        """Press keys, and wait until they have sounded."""
        try:
            await self.leg.press(digits)
        except LegOverError:
            raise
        except CarrierError as error:
            log.warning("keys not pressed", reason=str(error))
            return
        await trio.sleep(len(digits) * KEY_S)

    async def speak(self, text: str, turn: str, *, listens: bool) -> None:
        """Have *text* spoken, until they interrupt it; if it ``listens``, the recogniser works.

        Raises:
            LegOverError: the call is over.
            CarrierError: the carrier refuses to speak.
        """
        self.voice, self.said = None, ""
        *parts, last = split_text(text, MOST_SAID_CHARACTERS)
        for number, part in enumerate(parts):
            await self.say(part, f"{turn}{PART_SIGN}{number}", turn if listens else None)
            if self.is_interrupted:
                return
            self.said = f"{self.said} {part}"
        await self.say(last, turn, turn if listens else None, is_last=True)

    async def say(
        self, text: str, turn: str, listens_under: str | None, *, is_last: bool = False
    ) -> None:
        """Have *text* spoken as one part, with the recogniser at work from its beginning.

        Raises:
            LegOverError: the call is over.
            CarrierError: the carrier refuses to speak.
        """
        await self.hushed.wait()  # or what stops the last voice would stop this one
        self.spoken, self.over = trio.Event(), trio.Event()
        self.was_cut = False
        self.saying, self.heard_s = turn, math.inf
        request, step = self.commands.say(self.call, text, turn), Step(say=text)
        await self.commanding.fly(lambda: self.commanding.order(request, "the words"))
        now_s = trio.current_time()
        self.began_s = now_s if self.voice is None else self.began_s
        self.voice = Underway(step=step, since_s=now_s)
        self.heard_s = now_s + step.shortest_s if is_last else math.inf
        if listens_under is not None and self.listening is None:
            await self.start_listening(listens_under)
        with trio.move_on_at(now_s + step.longest_s + LATE_NEWS_S):
            await self.over.wait()  # its end may never be told
        if self.was_cut and not self.is_interrupted:
            raise LegOverError("the call ended while the carrier spoke")

    async def start_listening(self, turn: str) -> None:
        """Have the recogniser begin; without it, there are still the keys."""
        await self.stopped.wait()
        self.listening = turn
        request = self.commands.listen(self.call, turn)
        await self.commanding.fly(lambda: self.commanding.attempt(request, "listening"))

    # --- what is to be done no more ------------------------------------------------------

    async def break_off(self) -> None:
        """Have the carrier drop what it is doing.

        Raises:
            LegOverError: the call is over.
        """
        with trio.move_on_after(LANDING_S):
            await self.commanding.landed()
            await self.hushed.wait()
        if self.saying is not None and not self.spoken.is_set():
            await self.commanding.attempt(self.commands.stop_saying(self.call), "silence")
            with trio.move_on_after(STOPPED_S):  # else its end would be taken for the next one's
                await self.spoken.wait()
            self.saying = None
        self.stop_listening()

    def stop_listening(self) -> None:
        """Have the recogniser end, if it is at work; nobody waits for that but the next one."""
        if self.listening is not None:
            request = self.commands.stop_listening(self.call, self.listening)
            self.listening = None
            self.stopped = trio.Event()
            self.start_task(lambda: self.run_stopping(request, self.stopped))

    async def run_stopping(self, request: HttpRequest, stopped: trio.Event) -> None:
        """Have the recogniser end by *request*."""
        try:
            await self.commanding.attempt(request, "not listening")
        finally:
            stopped.set()

    # --- what has come of it ---------------------------------------------------------------

    def on_progress(self, progress: SpeechEnded | WordsHeard | KeyHeard) -> None:
        """Take what the carrier reports; words that nobody listens for are only noted."""
        match progress:
            case SpeechEnded(turn=turn, was_cut=was_cut):
                if turn == self.saying:
                    self.was_cut = was_cut
                    self.spoken.set()
                    self.over.set()
            case WordsHeard() if not self.listens_under(progress.turn) or self.is_late(progress):
                self.note(progress, Meaning.STRAY)
            case WordsHeard() if self.is_speaking:
                self.overhear(progress)
            case WordsHeard() | KeyHeard():
                self.heard.on_progress(progress, trio.current_time())

    @property
    def is_speaking(self) -> bool:
        """Whether our words are being said, and nobody has interrupted them."""
        return self.saying is not None and not self.over.is_set()

    def listens_under(self, turn: str) -> bool:
        """Whether words of the turn token *turn* are wanted; an empty one may be any."""
        return self.listening is not None and turn.partition(PART_SIGN)[0] in {"", self.listening}

    def is_late(self, words: WordsHeard) -> bool:
        """Whether *words* are of what was taken before, whatever turn token they have.

        A carrier may give them that of a turn of ours which has begun meanwhile.
        """
        if self.heard.was_taken(words, trio.current_time()):
            return True
        beginning_s = min(self.began_s + LATE_WORDS_S, self.heard_s)
        is_beginning = self.is_speaking and trio.current_time() < beginning_s
        return is_beginning and repeats(words, self.heard.taken.text)

    def overhear(self, words: WordsHeard) -> None:
        """Take *words* that came over ours: they interrupt, or answer the last of ours."""
        now_s = trio.current_time()
        said = "" if self.voice is None else self.voice.heard(now_s + AHEAD_S)
        meaning = judge(words, f"{self.said} {said}")
        if meaning is not Meaning.INTERRUPTION and now_s < self.heard_s:
            self.note(words, meaning)
            return
        self.heard.on_progress(words, now_s)
        if meaning is Meaning.INTERRUPTION:
            self.interrupt(words)

    def interrupt(self, words: WordsHeard) -> None:
        """Have the voice stop, and listen on to whom has said *words*."""
        self.is_interrupted = True
        self.over.set()
        self.hushed = trio.Event()
        self.start_task(lambda: self.run_hushing(self.spoken, self.hushed))
        self.tell(words, Meaning.INTERRUPTION)

    async def run_hushing(self, spoken: trio.Event, hushed: trio.Event) -> None:
        """Have the voice stop, of which the carrier tells by *spoken*."""
        try:
            with trio.move_on_after(LANDING_S):
                await self.commanding.landed()
            await self.commanding.attempt(self.commands.stop_saying(self.call), "silence")
            with trio.move_on_after(STOPPED_S):  # else its end would be taken for the next one's
                await spoken.wait()
        finally:
            hushed.set()

    def note(self, words: WordsHeard, meaning: Meaning) -> None:
        """Let *words* be known that count for nothing else, once they are certain."""
        if words.is_final and split_words(words.text):
            self.tell(words, meaning)

    def tell(self, words: WordsHeard, meaning: Meaning) -> None:
        """Tell of *words* and their *meaning*."""
        spoken_s = trio.current_time() - self.began_s
        overheard = Overheard(text=words.text.strip(), meaning=meaning, spoken_s=spoken_s)
        self.audience.on_overheard(overheard)
