"""Asking the agent before it is certain that the other party has ended.

Rule 1: they have paused, and as far as their words are known they are no beginning of something:
then the agent thinks of an answer already, of which nothing is said.
Rule 2: who goes on after all is answered anew, and twice a turn we guess wrong at most.
Rule 3: words that somebody else awaits are not the agent's to think of.
"""

from typing import TypeAlias

from voicecalld.call.commands import AskAgent, AskAhead, Command, ForgetAhead
from voicecalld.call.endpointing import Close, read_close
from voicecalld.call.floor import Floor
from voicecalld.call.our_side import OurSide
from voicecalld.call.words import split_words

Commands: TypeAlias = tuple[Command, ...]

# Each costs as much as an answer.
MOST_IN_A_TURN = 2


class ThinkingAhead:
    """What the agent thinks of ahead in one call."""

    def __init__(self) -> None:
        self.asked: AskAhead | None = None
        self.times = 0  # in this turn of theirs

    def follow(self, commands: Commands, side: OurSide, now_s: float) -> Commands:
        """What is to be done beside *commands*, to which the rules of turns have just come."""
        if not side.policy.is_speculative:
            return ()
        if any(isinstance(command, AskAgent) for command in commands):
            self.asked, self.times = None, 0
            return ()
        match side.floor:
            case Floor.PAUSED:
                return self.ask(side, now_s)
            case Floor.TRANSCRIBING:
                return ()
            case Floor.CALLER:
                return self.forget()
            case _:
                self.times = 0
                return self.forget()

    def ask(self, side: OurSide, now_s: float) -> Commands:
        """They have paused: what they have said may be all."""
        text = likely_text(side)
        if not text or not is_for_agent(side, now_s) or self.times >= MOST_IN_A_TURN:
            return ()
        if self.asked is not None and is_same(self.asked.text, text):
            return ()
        self.times += 1
        self.asked = AskAhead(text=text, digits=side.hearing.digits)
        return (self.asked,)

    def forget(self) -> Commands:
        """They go on, or somebody else has the floor."""
        if self.asked is None:
            return ()
        self.asked = None
        return (ForgetAhead(),)


def likely_text(side: OurSide) -> str:
    """What the agent will probably be asked; empty: nobody can tell."""
    hearing = side.hearing
    if not hearing.pending:
        return "" if read_close(hearing.text) is Close.TRAILING else hearing.text
    if read_close(hearing.guess) is not Close.WHOLE:
        return ""
    return f"{hearing.text} {hearing.guess}".lstrip()


def is_for_agent(side: OurSide, now_s: float) -> bool:
    """Whether nobody but the agent will answer."""
    return side.prompts.awaited is None and side.patience.leaves_it_to_agent(now_s)


def is_same(text: str, other: str) -> bool:
    """Whether two texts have the same words; their marks do not count."""
    return split_words(text) == split_words(other)
