"""What we were asked to say: waiting, being said, and whose reply is awaited."""

from collections import deque
from dataclasses import replace

from voicecalld.call.commands import AnswerPrompt, AnswerReply, Command
from voicecalld.call.events import PromptRequested

NOBODY = 0
"""The number of what nobody waits for: the opening, the question after a long silence."""


class Prompts:
    """The prompts of one call, in the order in which they were asked for."""

    def __init__(self) -> None:
        self.waiting: deque[PromptRequested] = deque()
        self.current: PromptRequested | None = None
        self.awaited: int | None = None

    def add(self, prompt: PromptRequested) -> None:
        """Say *prompt* when all before it has been said."""
        self.waiting.append(prompt)

    def add_own(self, text: str) -> None:
        """Say *text*, which nobody waits for."""
        self.add(PromptRequested(prompt=NOBODY, text=text))

    def begin_next(self) -> PromptRequested:
        """The prompt that is to be said now."""
        self.current = self.waiting.popleft()
        return self.current

    def end_current(
        self, turn: int, *, interrupted: bool = False, failed: bool = False
    ) -> tuple[Command, ...]:
        """Turn *turn* is over: tell whoever asked for it, if somebody did."""
        prompt, self.current = self.current, None
        if prompt is None or prompt.prompt == NOBODY:
            return ()
        if prompt.expects_reply and not failed:
            self.awaited = prompt.prompt
        number = prompt.prompt
        return (AnswerPrompt(prompt=number, turn=turn, interrupted=interrupted, failed=failed),)

    def take_reply(self, text: str, digits: str) -> tuple[Command, ...]:
        """Hand the other party's turn to whoever awaits it; nothing if nobody does."""
        if self.awaited is None:
            return ()
        awaited, self.awaited = self.awaited, None
        return (AnswerReply(prompt=awaited, text=text, digits=digits),)

    def abandon(self, number: int) -> bool:
        """Nobody waits for prompt *number* any longer; once begun it is said to its end.

        Gives whether it had been said, and the other party's words were awaited.
        """
        was_awaited = self.awaited == number
        if was_awaited:
            self.awaited = None
        if self.current is not None and self.current.prompt == number:
            self.current = replace(self.current, expects_reply=False)
        self.waiting = deque(prompt for prompt in self.waiting if prompt.prompt != number)
        return was_awaited
