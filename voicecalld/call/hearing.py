"""What the other party has said and pressed since we last answered."""

from voicecalld.call.commands import (
    AskAgent,
    BeginUtterance,
    CallerTiming,
    Command,
    CommitUtterance,
    DiscardUtterance,
    NoteIgnored,
    NoteWords,
)
from voicecalld.call.events import Transcribed, WordsGuessed
from voicecalld.call.words import Meaning


class Hearing:
    """Words and keys on their way to an answer."""

    def __init__(self) -> None:
        self.utterance = 0
        self.pending: set[int] = set()
        self.over_ours: set[int] = set()  # those of them that began while we spoke
        self.is_over_ours = False  # what was begun last
        self.is_begun = False  # it is being said
        self.is_sustained = False  # and it is no mere noise
        self.sustained: set[int] = set()  # those of what is pending of which that is known
        self.made_out: set[int] = set()  # utterances whose words have come
        self.words: dict[int, str] = {}  # by utterance: they may come in another order
        self.answered: set[int] = set()  # our answer is heard, but they may not have ended
        self.guess = ""  # at the words of what is pending, or being said
        self.guessed_over = ""  # our words at that time
        self.digits = ""
        self.speech_ended_s = 0.0
        self.endpointed_s = 0.0  # when we knew that it had

    @property
    def text(self) -> str:
        """The words of the turn so far."""
        return " ".join(text for _, text in sorted(self.words.items()))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to answer."""
        return not (self.has_news or self.digits)

    @property
    def has_news(self) -> bool:
        """Whether there are words that our side has not begun to answer aloud."""
        return not self.words.keys() <= self.answered

    @property
    def has_words(self) -> bool:
        """Whether something was said that is to be answered, or not yet made out."""
        return bool(self.words or self.pending)

    @property
    def is_something(self) -> bool:
        """Whether they have said something, as far as can be told before it is made out."""
        return bool(self.words or self.guess or self.sustained)

    def ask(self, turn: int, transcribed_s: float) -> AskAgent:
        """Have the agent answer it all as turn *turn*; the words are known at *transcribed_s*."""
        timing = CallerTiming(
            speech_ended_s=self.speech_ended_s,
            endpointed_s=self.endpointed_s,
            transcribed_s=transcribed_s,
        )
        self.answered.clear()
        return AskAgent(turn=turn, text=self.text, digits=self.digits, timing=timing)

    def begin(self, *, is_over_ours: bool = False) -> tuple[Command, ...]:
        """An utterance begins; what was guessed belongs to one before it."""
        self.is_over_ours = is_over_ours
        self.is_begun = True
        self.is_sustained = False
        self.guess = ""
        return (BeginUtterance(),)

    def sustain(self) -> None:
        """What is being said is a voice, not a noise."""
        self.is_sustained = self.is_begun

    def commit(self) -> tuple[Command, ...]:
        """An utterance has ended: its words are to be made out."""
        self.is_begun = False
        self.utterance += 1
        self.pending.add(self.utterance)
        if self.is_over_ours:
            self.over_ours.add(self.utterance)
        if self.is_sustained:
            self.sustained.add(self.utterance)
        return (CommitUtterance(utterance=self.utterance),)

    def finish(self) -> tuple[Command, ...]:
        """They say no more: what they were saying is to be made out, if it was no noise."""
        return self.commit() if self.is_begun and (self.is_sustained or self.guess) else ()

    def discard(self) -> tuple[Command, ...]:
        """It was nothing that is worth making out."""
        self.is_begun = False
        self.guess = ""
        return (DiscardUtterance(),)

    def guess_at(self, event: WordsGuessed) -> bool:
        """These may be the words of what is being said; whether they are not too late for it."""
        if event.utterance and event.utterance != self.newest:
            return False
        self.guess = event.text.strip()
        self.guessed_over = event.said
        return True

    @property
    def newest(self) -> int:
        """The number of what is being said, or of what was said last and is not made out."""
        if self.is_begun:
            return self.utterance + 1
        return self.utterance if self.utterance in self.pending else -1

    def take(
        self, event: Transcribed, meaning: Meaning = Meaning.INTERRUPTION
    ) -> tuple[Command, ...]:
        """Keep the words of an utterance; too late to be answered, they still were said.

        Nothing but an `INTERRUPTION` needs an answer, and our own words were said by nobody else.
        Words of one utterance that come a second time were said once.
        """
        if event.utterance in self.made_out:
            return ()
        if event.utterance > 0:  # what a carrier hears by itself has no number
            self.made_out.add(event.utterance)
        is_awaited = event.utterance in self.pending
        self.pending.discard(event.utterance)
        self.over_ours.discard(event.utterance)
        self.sustained.discard(event.utterance)
        if is_awaited:
            self.guess = ""
        text = event.text.strip()
        if not text:
            return ()
        if meaning is Meaning.ECHO:
            return (NoteIgnored(what=f"our own words, come back: {text}"),)
        if is_awaited and meaning is Meaning.INTERRUPTION:
            self.words[event.utterance] = text
        return (NoteWords(utterance=event.utterance, text=text),)

    @property
    def guessed(self) -> Transcribed | None:
        """The guess, as if it were the words of what was said last, if those are pending."""
        if not (self.guess and self.pending):
            return None
        return Transcribed(utterance=max(self.pending), text=self.guess, said=self.guessed_over)

    def give_up(self) -> tuple[Command, ...]:
        """What is pending has taken too long: a guess at its words is better than none."""
        guessed = self.guessed
        noted = () if guessed is None else self.take(guessed)
        self.pending.clear()
        self.over_ours.clear()
        self.sustained.clear()
        return noted

    def hold_answered(self) -> None:
        """The answer is heard, but they are saying something: perhaps what they said goes on."""
        self.answered = set(self.words)
        self.digits = ""

    def drop_answered(self) -> None:
        """It did not go on."""
        for utterance in self.answered:
            self.words.pop(utterance, None)
        self.answered.clear()

    def forget(self, *, keeps_keys: bool = False) -> None:
        """What was said and pressed has been answered, or needs no answer."""
        self.words.clear()
        self.answered.clear()
        if not keeps_keys:
            self.digits = ""
