"""What an agent must do, whichever program or service is behind it."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefing:
    """What an agent is told of a call before it begins."""

    call_id: str
    direction: str
    from_number: str
    to_number: str
    language: str
    opening: str
    """What was said first on our side: the greeting or the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerTurn:
    """What the other party said and pressed in their turn.

    ``heard_before`` is what they heard of our side since the turn before, in order: the answer,
    and what others had us say, such as a question whether they are still there; an ellipsis
    stands where words were cut short and others came. If nothing was heard it is as it was, and
    not ``is_heard_anew``.
    ``interrupted`` says whether they cut the last of it short: an agent that keeps a history must
    not keep more of its words than that. With ``is_guess`` they may go on: if nothing of the
    answer is heard, and the next turn says about the same and more, it takes the place of this
    one.
    """

    text: str
    digits: str = ""
    heard_before: str = ""
    is_heard_anew: bool = False
    interrupted: bool = False
    is_guess: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SayText:
    """Some text to be spoken; pieces may break anywhere, like tokens do."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PressKeys:
    """Keys to press towards the other party."""

    digits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndCall:
    """Hang up when everything said before this has been heard."""


AgentOutput: TypeAlias = SayText | PressKeys | EndCall


class AgentSession(Protocol):
    """The agent's side of one call."""

    def reply(self, turn: CallerTurn) -> AsyncGenerator[AgentOutput, None]:
        """What to say and do about *turn*, as it is thought of; close the generator to stop early.

        Raises:
            ServiceError: the agent failed; a later turn may succeed.
        """


class Agent(Protocol):
    """Decides what to say; one serves many calls at once."""

    def open(self, briefing: Briefing) -> AbstractAsyncContextManager[AgentSession]:
        """Take part in one call."""
