"""One call as a whole: the leg, the floor, and the times that a call may take."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never

from voicecalld.call.commands import Finish, NoteIgnored, ShowState
from voicecalld.call.deadlines import Deadlines
from voicecalld.call.events import (
    Answered,
    CallEvent,
    Connected,
    Disconnected,
    EndReason,
    HungUp,
    LegEvent,
    Placed,
    Rang,
    ServiceLost,
    Transcribed,
    Woke,
)
from voicecalld.call.floor import Floor
from voicecalld.call.leg import Leg, LegState
from voicecalld.call.our_side import Commands
from voicecalld.call.record import CallState
from voicecalld.call.thinking_ahead import ThinkingAhead
from voicecalld.call.turn import Turn
from voicecalld.call.turn_policy import TurnPolicy

# A carrier connects audio within a second of the answer. Ten without it is a line that nobody can
# hear us on.
CONNECT_S = 10.0

# A carrier's network may hiccup and come back; a party who hung up is reported within this time.
RECONNECT_S = 2.0


class Limit(StrEnum):
    """The times that a call may take."""

    RING = "ring"
    CONNECT = "connect"
    RECONNECT = "reconnect"
    LONGEST = "longest"
    STALE = "stale"


REASONS: Final = {
    Limit.RING: EndReason.NO_ANSWER,
    Limit.CONNECT: EndReason.FAILED,
    Limit.RECONNECT: EndReason.COMPLETED,
    Limit.LONGEST: EndReason.TIMEOUT,
    Limit.STALE: EndReason.TIMEOUT,
}

NEVER_CONNECTED: Final = "its sound was never connected"

# What is reported of a call that somebody has hung up: the other party, or a carrier that could
# not connect the sound and had nothing else to do. Whoever it was has heard nothing.
PLAIN_ENDS: Final = frozenset({EndReason.COMPLETED, EndReason.HANGUP_USER})

UNANSWERED: Final = frozenset({LegState.DIALING, LegState.RINGING})

TALKING: Final = frozenset({CallState.SPEAKING, CallState.LISTENING})


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPolicy:
    """How long a call may take, and how its turns are taken; a stale time of 0 is for ever."""

    ring_s: float
    longest_s: float
    stale_s: float
    turn: TurnPolicy


class CallMachine:
    """Takes events, gives commands; says in `wake_at_s` when it wants to be told `Woke`."""

    def __init__(self, policy: CallPolicy, now_s: float) -> None:
        self.policy = policy
        self.leg = Leg()
        self.turn = Turn(policy.turn)
        self.ahead = ThinkingAhead()
        self.limits = Deadlines[Limit]()
        self.shown = CallState.INITIATED
        self.has_connected = False
        if policy.stale_s > 0:
            self.limits.set(Limit.STALE, now_s + policy.stale_s)

    @property
    def is_over(self) -> bool:
        """Whether the call has ended."""
        return self.leg.state is LegState.ENDED

    @property
    def is_connected(self) -> bool:
        """Whether sound goes both ways."""
        return self.leg.state is LegState.CONNECTED

    @property
    def wake_at_s(self) -> float | None:
        """When something is to be done although nothing happens."""
        moments = (self.limits.next_s, self.turn.waits.next_s)
        return min((moment for moment in moments if moment is not None), default=None)

    def handle(self, event: CallEvent, now_s: float) -> Commands:
        """Take one event that happened at *now_s*; one that means nothing changes nothing."""
        if self.is_over:
            return (NoteIgnored(what=type(event).__name__),)
        match event:
            case Placed() | Rang() | Answered() | Connected() | Disconnected() | HungUp():
                commands = self._on_leg(event, now_s)
            case Woke():
                commands = self._on_woke(now_s)
            case ServiceLost(reason=reason) if not self.has_connected:
                self.turn.note_lost(reason)
                commands = ()
            # Not only while audio flows: what a short break hid would be missed for ever.
            case _ if self.has_connected:
                commands = self.turn.handle(event, now_s)
            case _:
                commands = (NoteIgnored(what=type(event).__name__),)
        commands = (*commands, *self.ahead.follow(commands, self.turn, now_s))
        return self._finish(commands) + self._show_state()

    # --- when it is over -----------------------------------------------------------------

    @property
    def awaits_words(self) -> bool:
        """Whether something that the other party has said is still being made out."""
        return bool(self.turn.hearing.pending)

    def hear_out(self) -> Commands:
        """The call is over: have made out what they were saying."""
        return self.turn.hearing.finish()

    def take_last(self, event: Transcribed) -> Commands:
        """Take words that come after the end: they were said before it."""
        return self.turn.take_words(event)

    def give_up_words(self) -> Commands:
        """What has not been made out by now never will be: keep the guess at it, as what it is."""
        guessed = self.turn.hearing.guessed
        taken = () if guessed is None else self.turn.take_words(guessed)
        return (*taken, *self.turn.hearing.give_up())

    # --- its parts -----------------------------------------------------------------------

    def _on_leg(self, event: LegEvent, now_s: float) -> Commands:
        if not self.leg.handle(event):
            return (NoteIgnored(what=type(event).__name__),)
        match event:
            case Placed() | Rang():
                if self.leg.state in UNANSWERED and Limit.RING not in self.limits.at_s:
                    self.limits.set(Limit.RING, now_s + self.policy.ring_s)
                return ()
            case Answered():
                self._on_answered(now_s)
                return ()
            case Connected():
                return self._on_connected(now_s)
            case Disconnected():
                self.limits.set(Limit.RECONNECT, now_s + RECONNECT_S)
                self.turn.ours.hold(now_s)
                return ()
            case HungUp():
                return (self._judge_end(event),)
            case _:
                assert_never(event)

    def _judge_end(self, ended: HungUp) -> Finish:
        """The end that was reported or decided; a call without any sound has failed."""
        if not (ended.by_us or self.has_connected) and ended.reason in PLAIN_ENDS:
            return Finish(reason=EndReason.FAILED, carrier_knows=True, cause=NEVER_CONNECTED)
        return Finish(reason=ended.reason, carrier_knows=not ended.by_us)

    def _on_answered(self, now_s: float) -> None:
        if Limit.LONGEST in self.limits.at_s:  # a second answer must not buy more time
            return
        self.limits.forget(Limit.RING, Limit.STALE)
        self.limits.set(Limit.LONGEST, now_s + self.policy.longest_s)
        self.limits.set(Limit.CONNECT, now_s + CONNECT_S)

    def _on_connected(self, now_s: float) -> Commands:
        self._on_answered(now_s)
        self.limits.forget(Limit.CONNECT, Limit.RECONNECT)
        if self.has_connected:
            self.turn.ours.release(now_s)
            return ()
        self.has_connected = True
        return self.turn.open(now_s)

    def _on_woke(self, now_s: float) -> Commands:
        due = self.limits.take_due(now_s)
        if due is not None:
            cause = NEVER_CONNECTED if due is Limit.CONNECT else ""
            return (Finish(reason=REASONS[due], carrier_knows=False, cause=cause),)
        return self.turn.wake(now_s)

    def _finish(self, commands: Commands) -> Commands:
        """Let nothing follow the end of the call."""
        for number, command in enumerate(commands):
            if isinstance(command, Finish):
                self.leg.handle(HungUp(reason=command.reason))
                self.limits.clear()
                self.turn.waits.clear()
                return commands[: number + 1]
        return commands

    def _show_state(self) -> Commands:
        state = self.state
        if state is self.shown or self.is_over:
            return ()
        self.shown = state
        return (ShowState(state=state),)

    @property
    def state(self) -> CallState:
        """The state that clients see while the call lives."""
        match self.leg.state:
            case LegState.NEW | LegState.DIALING:
                return CallState.INITIATED
            case LegState.RINGING:
                return CallState.RINGING
            case LegState.ANSWERED | LegState.CONNECTED:
                return self._connected_state if self.has_connected else CallState.ANSWERED
            case LegState.ENDED:
                return self.shown
            case _:
                assert_never(self.leg.state)

    @property
    def _connected_state(self) -> CallState:
        """Before our first words the call is active; from then on we speak or listen."""
        if self.turn.floor is Floor.AGENT:
            return CallState.SPEAKING
        if self.turn.floor is Floor.THINKING and self.shown not in TALKING:
            return CallState.ACTIVE
        return CallState.LISTENING
