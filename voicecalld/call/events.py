"""Everything that can happen to a call: facts, in the past tense."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from voicecalld.ids import ProviderCallId, StreamId


class EndReason(StrEnum):
    """Why a call is over; the word is also the call's last state."""

    COMPLETED = "completed"
    HANGUP_USER = "hangup-user"
    HANGUP_BOT = "hangup-bot"
    TIMEOUT = "timeout"
    ERROR = "error"
    FAILED = "failed"
    NO_ANSWER = "no-answer"
    BUSY = "busy"
    VOICEMAIL = "voicemail"


# --- the leg: what the carrier says ---------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The carrier has taken the call and will dial, or is ringing us with it."""

    provider_call_id: ProviderCallId


@dataclass(frozen=True, slots=True, kw_only=True)
class Rang:
    """The other party's telephone rings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The leg was picked up; carriers may say so zero, one or many times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """The media stream carries audio both ways, which proves an answer."""

    stream_id: StreamId


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnected:
    """The media stream is gone, although nobody has said that the call is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HungUp:
    """The call is over: the carrier says so, or (``by_us``) we have decided so."""

    reason: EndReason
    by_us: bool = False


LegEvent: TypeAlias = Placed | Rang | Answered | Connected | Disconnected | HungUp


# --- the turn: what is said -----------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechBegan:
    """The other party's voice began, ``ago_s`` before this event was noticed."""

    ago_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechSustained:
    """Their voice has gone on for long enough to be meant, ``ago_s`` before it was noticed."""

    ago_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechStopped:
    """The other party's voice stopped, ``ago_s`` before this event was noticed."""

    ago_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsGuessed:
    """The transcriber takes what is being said for *text* so far, in place of what it took it for.

    ``said`` is what of our own words was heard in the last seconds. ``utterance`` is the number
    that the words have, or will have when they are over; 0: whatever is being said.
    """

    text: str
    said: str = ""
    utterance: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcribed:
    """The transcriber has made *text* of an utterance; empty if it made out nothing.

    ``said`` is what of our own words was heard in the last seconds.
    """

    utterance: int
    text: str
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PressedKey:
    """The other party pressed a key."""

    digit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptRequested:
    """Somebody wants *text* to be said, and perhaps the other party's next words."""

    prompt: int
    text: str
    expects_reply: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptAbandoned:
    """Whoever asked for prompt *prompt* waits no longer, neither for it nor for a reply."""

    prompt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnAudible:
    """The first frame of turn *turn* is on its way."""

    turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLost:
    """There is nobody any more to understand the other party, or to answer; *reason* says why."""

    reason: str


class Remedy(StrEnum):
    """What may help where a turn of ours has failed."""

    NONE = "none"  # it was no fault of what makes our turns
    AGAIN = "again"  # the agent can be asked once more
    FAREWELL = "farewell"  # nothing: it has been tried


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnQueued:
    """All sound of turn *turn* is in the playout; ``lasts_s`` is how long it will still play.

    ``failed`` means that the agent or the synthesizer broke off before its end, for ``reason``.
    """

    turn: int
    lasts_s: float = 0.0
    ends_call: bool = False
    failed: bool = False
    remedy: Remedy = Remedy.NONE
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnHeard:
    """The other party has heard turn *turn* to its end."""

    turn: int


TurnEvent: TypeAlias = (
    SpeechBegan
    | SpeechSustained
    | SpeechStopped
    | WordsGuessed
    | Transcribed
    | PressedKey
    | PromptRequested
    | PromptAbandoned
    | ServiceLost
    | TurnAudible
    | TurnQueued
    | TurnHeard
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Woke:
    """A moment that the call had asked to be woken at has come."""


CallEvent: TypeAlias = LegEvent | TurnEvent | Woke
