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
    """Let the agent answer the other party's turn, and speak the answer as turn *turn*."""

    turn: int
    text: str
    digits: str
    timing: CallerTiming


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
