"""How one call speaks and listens: over a media stream, or by the carrier's own means."""

import math
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from typing import Final, Protocol

import trio

from voicecalld.agent.base import AgentOutput, EndCall, SayText
from voicecalld.call.events import Remedy, TurnQueued
from voicecalld.errors import HopelessServiceError, RemoteError, ServiceError
from voicecalld.provider.base import Answer, Performed
from voicecalld.speech.base import Transcription
from voicecalld.switchboard.media_pump import Line
from voicecalld.switchboard.overheard import Overheard

# What the agent is called in errors, as long as nobody knows which one it is.
AGENT: Final = "the agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """What came of a turn that was stopped: the words that were heard, and whether any sound.

    ``unheard`` is what was still to be said, from the beginning of the clause that was cut, and
    ``ends_call`` whether the call was to be ended behind that.
    """

    heard: str = ""
    unheard: str = ""
    ends_call: bool = False
    was_audible: bool = False


class Talk(Protocol):
    """The mouth and the ears of one call; what they notice becomes events of the call."""

    @property
    def is_timed(self) -> bool:
        """Whether it is known when the other party stops speaking, and when they hear us."""

    @property
    def is_at_turn(self) -> bool:
        """Whether a turn has begun that is neither over nor stopped."""

    def at_work(self, transcription: Transcription) -> AbstractAsyncContextManager[None]:
        """Speak and listen inside the block."""

    def start_turn(
        self,
        nursery: trio.Nursery,
        turn: int,
        outputs: AsyncGenerator[AgentOutput, None],
        waits_since_s: float | None = None,
    ) -> None:
        """Speak *outputs* as turn *turn*, in a task of *nursery*.

        The other party waits for it since *waits_since_s* of Trio's clock, if that is known.
        """

    def apologize(self) -> None:
        """Ask the other party for patience until our turn, which is tried again, is heard."""

    def say_filler(self, nursery: trio.Nursery, turn: int, text: str) -> None:
        """Say *text* while nothing of turn *turn* can be heard; no record is made of it."""

    def said(self, now_s: float) -> str:
        """What of our words may have been heard in the last seconds."""

    def stop_turn(self, now_s: float) -> Stopped:
        """Stop speaking at once."""

    def end_turn(self, now_s: float) -> str:
        """The turn is over: the words of it that were heard."""

    def begin_utterance(self) -> None:
        """The other party begins to say something."""

    def commit_utterance(self, utterance: int) -> None:
        """They have said it; its words are wanted, as utterance *utterance*."""

    def discard_utterance(self) -> None:
        """It was not worth making out."""

    async def press(self, digits: str) -> None:
        """Press keys towards the other party.

        Raises:
            CarrierError: they could not be pressed.
        """

    async def hear(self, line: Line) -> bool:
        """Take what comes on *line*, to its end; False if another line has taken over."""

    async def next_answer(self, asked_under: str) -> Answer:
        """What the carrier is to do next on a call that is not over.

        It has asked under the turn token *asked_under*, which is empty at the first time.
        """

    async def take_performed(self, performed: Performed) -> None:
        """The carrier has done what it was told."""

    def on_spoken(self, token: str) -> None:
        """The carrier has spoken all that it was told under the turn token *token*."""

    def on_overheard(self, overheard: Overheard) -> None:
        """The carrier has made out words that are no answer, or not yet."""

    def on_answered(self) -> None:
        """The other party has picked up."""

    def on_change(self) -> None:
        """The rules of the call have drawn their conclusions from an event."""


async def said(text: str, *, ends_call: bool = False) -> AsyncGenerator[AgentOutput, None]:
    """The output of an agent that knows what to say."""
    yield SayText(text=text)
    if ends_call:
        yield EndCall()


async def hurried(
    outputs: AsyncGenerator[AgentOutput, None], first_s: float, agent_name: str = AGENT
) -> AsyncGenerator[AgentOutput, None]:
    """*outputs* of *agent_name*, who has kept somebody waiting before: the first in *first_s*.

    Raises:
        ServiceError: it took longer.
    """
    async with aclosing(outputs):
        patience_s = first_s
        while (output := await next_output(outputs, patience_s, agent_name)) is not None:
            yield output  # noqa: ASYNC119 - whoever makes the turn closes it
            patience_s = math.inf


def remedy_of(error: RemoteError) -> Remedy:
    """What may help against *error*, which has broken off a turn."""
    match error:
        case HopelessServiceError():
            return Remedy.FAREWELL
        case ServiceError():
            return Remedy.AGAIN
        case _:  # the carrier's fault, of which another answer knows nothing
            return Remedy.NONE


def queued(
    turn: int, lasts_s: float, failure: RemoteError | None, *, ends_call: bool
) -> TurnQueued:
    """The news that turn *turn* is made, as far as *failure* has let it."""
    if failure is None:
        return TurnQueued(turn=turn, lasts_s=lasts_s, ends_call=ends_call)
    return TurnQueued(
        turn=turn,
        lasts_s=lasts_s,
        failed=True,
        remedy=remedy_of(failure),
        reason=str(failure),
    )


async def next_output(
    outputs: AsyncGenerator[AgentOutput, None], patience_s: float, agent_name: str = AGENT
) -> AgentOutput | None:
    """What the agent, whose name is *agent_name*, wants next; None when it has done.

    Raises:
        ServiceError: it took longer than *patience_s*.
    """
    try:
        with trio.fail_after(patience_s):
            return await anext(outputs, None)
    except trio.TooSlowError:
        raise ServiceError(f"{agent_name} said nothing in time") from None
