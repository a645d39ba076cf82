"""What the other party has said and pressed since we last answered."""

from voicecalld.call.commands import (
    AskAgent,
    CallerTiming,
    Command,
    CommitUtterance,
    NoteWords,
)
from voicecalld.call.events import Transcribed


class Hearing:
    """Words and keys on their way to an answer."""

    def __init__(self) -> None:
        self.utterance = 0
        self.pending: set[int] = set()
        self.words: list[str] = []
        self.digits = ""
        self.speech_ended_s = 0.0
        self.endpointed_s = 0.0  # when we knew that it had

    @property
    def text(self) -> str:
        """The words of the turn so far."""
        return " ".join(self.words)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to answer."""
        return not self.words and not self.digits

    def ask(self, turn: int, transcribed_s: float) -> AskAgent:
        """Have the agent answer it all as turn *turn*; the words are known at *transcribed_s*."""
        timing = CallerTiming(
            speech_ended_s=self.speech_ended_s,
            endpointed_s=self.endpointed_s,
            transcribed_s=transcribed_s,
        )
        return AskAgent(turn=turn, text=self.text, digits=self.digits, timing=timing)

    def commit(self) -> tuple[Command, ...]:
        """An utterance has ended: its words are to be made out."""
        self.utterance += 1
        self.pending.add(self.utterance)
        return (CommitUtterance(utterance=self.utterance),)

    def take(self, event: Transcribed) -> tuple[Command, ...]:
        """Keep the words of an utterance; too late to be answered, they still were said."""
        is_awaited = event.utterance in self.pending
        self.pending.discard(event.utterance)
        text = event.text.strip()
        if not text:
            return ()
        if is_awaited:
            self.words.append(text)
        return (NoteWords(utterance=event.utterance, text=text),)

    def forget(self, *, keeps_keys: bool = False) -> None:
        """What was said and pressed has been answered, or needs no answer."""
        self.words.clear()
        if not keeps_keys:
            self.digits = ""
