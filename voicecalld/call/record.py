"""What is remembered of a call: its summary, what was said, and how long answers took."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from voicecalld.ids import CallId, ProviderCallId

Json: TypeAlias = str | int | float | bool | list["Json"] | dict[str, "Json"] | None


class CallState(StrEnum):
    """The states of a call as clients see them; the last nine are terminal."""

    INITIATED = "initiated"
    RINGING = "ringing"
    ANSWERED = "answered"
    ACTIVE = "active"
    SPEAKING = "speaking"
    LISTENING = "listening"
    COMPLETED = "completed"
    HANGUP_USER = "hangup-user"
    HANGUP_BOT = "hangup-bot"
    TIMEOUT = "timeout"
    ERROR = "error"
    FAILED = "failed"
    NO_ANSWER = "no-answer"
    BUSY = "busy"
    VOICEMAIL = "voicemail"


LIVE_STATES = frozenset(
    {
        CallState.INITIATED,
        CallState.RINGING,
        CallState.ANSWERED,
        CallState.ACTIVE,
        CallState.SPEAKING,
        CallState.LISTENING,
    }
)


class Mode(StrEnum):
    """What a call is for: to deliver a message, or to talk."""

    NOTIFY = "notify"
    CONVERSATION = "conversation"


class Speaker(StrEnum):
    """Who said something: the other party, or our side."""

    USER = "user"
    BOT = "bot"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """The summary of a call; times are seconds of wall time since 1970.

    ``end_cause`` says what the last state leaves open, such as why a call was not taken.
    """

    call_id: CallId
    provider: str
    direction: str
    mode: Mode
    state: CallState
    from_number: str
    to_number: str
    started_unix_s: float
    provider_call_id: ProviderCallId | None = None
    answered_unix_s: float | None = None
    ended_unix_s: float | None = None
    idempotency_key: str | None = None
    end_cause: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One stretch of speech, with only the words that were heard; ``unix_s`` is its beginning.

    ``interrupted`` means that the other party cut it short behind the last word of ``text``.
    ``ended_unix_s`` is unknown where the carrier makes out the words, and tells no times.
    """

    speaker: Speaker
    text: str
    unix_s: float
    interrupted: bool = False
    ended_unix_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnLatency:
    """How long the other party waited for an answer, stage by stage, in seconds.

    Every figure counts from the end of their speech, except where ``None`` says that the stage
    did not happen, or that nobody could measure it: without a media stream none is measured.
    ``first_frame_s`` is the sum that a caller feels. ``speech_ended_unix_s`` is that end of their
    speech, and ``unix_s`` the end of our turn.
    """

    turn: int
    unix_s: float
    endpoint_s: float | None = None
    transcript_s: float | None = None
    first_text_s: float | None = None
    first_audio_s: float | None = None
    first_frame_s: float | None = None
    first_mark_s: float | None = None
    speech_ended_unix_s: float | None = None
    first_clause_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLatency:
    """How long the other party waited for one answer, and on which call of which carrier."""

    call_id: CallId
    provider: str
    latency: TurnLatency


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the journal: what happened, and the call's summary after it.

    ``event`` is a name such as ``call.ringing``; ``details`` are its JSON members.
    """

    event: str
    unix_s: float
    record: CallRecord
    details: Mapping[str, Json] = field(default_factory=dict)
    utterance: Utterance | None = None
    latency: TurnLatency | None = None
