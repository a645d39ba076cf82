"""Everything that the rules of a call can ask for: requests, in the imperative."""

from dataclasses import dataclass
from typing import TypeAlias

from voicecalld.call.events import EndReason
from voicecalld.call.record import CallState


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerTiming:
    """When the other party's turn ended, and when we knew: seconds of the call's clock."""

    speech_ended_s: float
    endpointed_s: float
    transcribed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowState:
    """Tell everybody that the call is in *state* now."""

    state: CallState


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """The call is over: tell the carrier if it does not know, release everything.

    ``cause`` says in a few words what the reason leaves open; empty if it says all.
    """

    reason: EndReason
    carrier_knows: bool
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Speak *text* as turn *turn*."""

    turn: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskAgent:
    """Let the agent answer the other party's turn, and speak the answer as turn *turn*.

    ``again``: it has been asked before, in vain, and the other party is told to have patience.
    For ``waited_s`` they have waited for it before, and broken that off by saying something.
    """

    turn: int
    text: str
    digits: str
    timing: CallerTiming
    again: bool = False
    waited_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AskAhead:
    """Let the agent think of an answer to what it will probably be asked; say nothing of it."""

    text: str
    digits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetAhead:
    """What the agent thinks of ahead is not what it will be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SayFiller:
    """Say *text* while turn *turn* has no sound yet; it is no part of what was said.

    Turn 0: there is no turn yet, for their words are still being made out.
    """

    turn: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeTurn:
    """Speak as turn *turn* what of the turn that was stopped last has not been heard.

    That begins with the clause that was cut; nothing is said if all was heard.
    """

    turn: int
    ends_call: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StopTurn:
    """Stop turn *turn* at once: drop its sound, cancel the agent, keep what was heard."""

    turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteHeard:
    """Turn *turn* has been heard to its end: it belongs to the transcript now."""

    turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteWords:
    """The other party said *text* in utterance *utterance*."""

    utterance: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteKey:
    """The other party pressed *digit*."""

    digit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteIgnored:
    """An event came that means nothing in this state; remember it for those who search faults."""

    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginUtterance:
    """Tell the transcriber that speech has begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitUtterance:
    """Ask the transcriber for the words of what was begun."""

    utterance: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscardUtterance:
    """Tell the transcriber that what was begun was nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPrompt:
    """Whoever asked for prompt *prompt* may know that its turn *turn* is over."""

    prompt: int
    turn: int
    interrupted: bool = False
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerReply:
    """Whoever waits for the words after prompt *prompt* gets *text* and *digits*."""

    prompt: int
    text: str
    digits: str


Command: TypeAlias = (
    ShowState
    | Finish
    | Say
    | AskAgent
    | AskAhead
    | ForgetAhead
    | SayFiller
    | ResumeTurn
    | StopTurn
    | NoteHeard
    | NoteWords
    | NoteKey
    | NoteIgnored
    | BeginUtterance
    | CommitUtterance
    | DiscardUtterance
    | AnswerPrompt
    | AnswerReply
)
