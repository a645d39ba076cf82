"""Those who asked for something to be said on a call, and wait for what comes of it."""

from collections.abc import Callable
from dataclasses import dataclass

import trio

from voicecalld.call.commands import AnswerPrompt, AnswerReply
from voicecalld.call.events import CallEvent, PromptAbandoned, PromptRequested
from voicecalld.errors import CallBusyError, NoReplyError, NotSpokenError, RequestError
from voicecalld.switchboard.outcome import Outcome

# More people do not talk through one telephone; and a client gone wild must not fill the memory.
MAX_PROMPTS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What became of a prompt: the words that were heard, and whether it was cut short."""

    heard: str
    interrupted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the other party said and pressed after a prompt."""

    text: str
    digits: str


class Prompting:
    """The prompts of one call that somebody waits for."""

    def __init__(self, tell: Callable[[CallEvent], None], reply_patience_s: float) -> None:
        self.tell = tell
        self.reply_patience_s = reply_patience_s
        self.number = 0
        self.spoken: dict[int, Outcome[Spoken]] = {}
        self.replies: dict[int, Outcome[Reply]] = {}

    async def speak(self, text: str) -> Spoken:
        """Have *text* said, and wait until it has been heard or cut short.

        Raises:
            CallBusyError: too much waits to be said already.
            NotSpokenError: the words could not be turned into speech.
        """
        number = self.request(text, expects_reply=False)
        spoken = self.spoken[number]
        try:
            return await spoken.wait()
        finally:
            del self.spoken[number]
            self.abandon_unless(spoken, number)

    async def ask(self, text: str) -> Reply:
        """Have *text* said, and wait for the other party's next words.

        Raises:
            CallBusyError: somebody else waits for their words already, or too much to be said.
            NotSpokenError: the words could not be turned into speech.
            NoReplyError: they said nothing in time.
        """
        if self.replies:
            raise CallBusyError("the call is already waiting for the other party's words")
        number = self.request(text, expects_reply=True)
        reply = self.replies[number] = Outcome[Reply]()
        try:
            await self.spoken[number].wait()
            with trio.fail_after(self.reply_patience_s):
                return await reply.wait()
        except trio.TooSlowError:
            raise NoReplyError("the other party said nothing in time") from None
        finally:
            del self.spoken[number], self.replies[number]
            self.abandon_unless(reply, number)

    def request(self, text: str, *, expects_reply: bool) -> int:
        """Have *text* said; gives the prompt's number."""
        if len(self.spoken) >= MAX_PROMPTS:
            raise CallBusyError(f"{MAX_PROMPTS} messages wait to be said on the call already")
        self.number += 1
        self.spoken[self.number] = Outcome()
        self.tell(PromptRequested(prompt=self.number, text=text, expects_reply=expects_reply))
        return self.number

    def abandon_unless(self, outcome: Outcome[Spoken] | Outcome[Reply], number: int) -> None:
        """Whoever asked for prompt *number* goes: unless they leave with *outcome*, let it be."""
        if not outcome.known.is_set():
            self.tell(PromptAbandoned(prompt=number))

    def on_answer(self, answer: AnswerPrompt, heard: str) -> None:
        """A prompt has been heard, cut short, or could not be said."""
        outcome = self.spoken.get(answer.prompt)
        if outcome is None:
            return  # nobody waits any more
        if answer.failed:
            outcome.fail(NotSpokenError("the words could not be turned into speech"))
        else:
            outcome.succeed(Spoken(heard=heard, interrupted=answer.interrupted))

    def on_reply(self, reply: AnswerReply) -> None:
        """The other party has answered a prompt."""
        outcome = self.replies.get(reply.prompt)
        if outcome is not None:
            outcome.succeed(Reply(text=reply.text, digits=reply.digits))

    def fail_all(self, error: RequestError) -> None:
        """Nothing more will be said or heard."""
        for spoken in self.spoken.values():
            spoken.fail(error)
        for reply in self.replies.values():
            reply.fail(error)
