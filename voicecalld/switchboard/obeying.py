"""What the rules of one call ask for, done by those whose business it is."""

from collections.abc import Callable
from typing import assert_never

import trio

from voicecalld.agent.base import AgentSession
from voicecalld.call.commands import (
    AnswerPrompt,
    AnswerReply,
    AskAgent,
    AskAhead,
    BeginUtterance,
    Command,
    CommitUtterance,
    DiscardUtterance,
    Finish,
    ForgetAhead,
    NoteHeard,
    NoteIgnored,
    NoteKey,
    NoteWords,
    ResumeTurn,
    Say,
    SayFiller,
    ShowState,
    StopTurn,
)
from voicecalld.switchboard.minutes import Minutes
from voicecalld.switchboard.prompting import Prompting
from voicecalld.switchboard.speaking import Speaking
from voicecalld.switchboard.talk import Talk


class Obeying:
    """Those who obey; ``finish`` takes the end of the call."""

    def __init__(
        self,
        talk: Talk,
        speaking: Speaking,
        minutes: Minutes,
        prompting: Prompting,
        finish: Callable[[Finish], None],
    ) -> None:
        self.talk = talk
        self.speaking = speaking
        self.minutes = minutes
        self.notes = minutes.notes
        self.prompting = prompting
        self.finish = finish

    def obey(self, nursery: trio.Nursery, session: AgentSession, command: Command) -> None:
        """Do what the rules ask for, with tasks in *nursery*; nothing here waits."""
        match command:
            case ShowState(state=state):
                self.notes.on_state(state)
            case Finish():
                self.finish(command)
            case AskAgent() | AskAhead():
                self.speaking.ask(nursery, session, command)
            case Say() | SayFiller() | ResumeTurn() | StopTurn() | NoteHeard() | ForgetAhead():
                self.speaking.obey(nursery, command)
            case NoteWords(utterance=utterance, text=text):
                self.minutes.on_words(utterance, text, trio.current_time())
            case NoteKey(digit=digit):
                self.notes.on_keys(digit, "in")
            case NoteIgnored(what=what):
                self.notes.on_ignored(what)
            case BeginUtterance() | CommitUtterance() | DiscardUtterance():
                self.listen(command)
            case AnswerPrompt():
                self.prompting.on_answer(command, self.minutes.heard)
            case AnswerReply():
                self.prompting.on_reply(command)
            case _:
                assert_never(command)

    def listen(self, command: BeginUtterance | CommitUtterance | DiscardUtterance) -> None:
        """Do what the rules ask for of the other party's words."""
        match command:
            case BeginUtterance():
                self.minutes.on_utterance_begun()
                self.talk.begin_utterance()
            case CommitUtterance(utterance=utterance):
                self.minutes.on_utterance_over(utterance)
                self.talk.commit_utterance(utterance)
            case DiscardUtterance():
                self.talk.discard_utterance()
            case _:
                assert_never(command)
